"""Small twins of `EscrowReader`, `EscrowLogs` and `Signatures` over a `FakeChain`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.chain import typed
from bot.domain.errors import UpstreamError
from bot.domain.mandate import (
    MICRO,
    EscrowEvent,
    EscrowState,
    Mandate,
    MandateWord,
    MicroUsd,
    Standing,
)
from bot.domain.money import Bps
from tests.fakes.chain import FakeChain
from tests.fakes.contracts import CHAIN_ID, FakeContracts, fake_signature


@dataclass(frozen=True)
class FakeEscrows:
    """`EscrowReader` of a `FakeChain`."""

    chain: FakeChain

    async def read_escrow(self, escrow: str) -> EscrowState:
        self.chain.answer("read_escrow")
        return self._state(escrow)

    async def read_standing(self, escrow: str, sell: str, buy: str) -> Standing:
        self.chain.answer("read_standing")
        contracts = self.chain.contracts
        terms = contracts.terms_of(sell), contracts.terms_of(buy)
        return Standing(self._state(escrow), *terms, dict(contracts.venues))

    async def find_mandate(self, escrow: str, word: MandateWord) -> Mandate | None:
        self.chain.answer("find_mandate")
        for event in self.chain.contracts.events:
            if event.emitter == escrow and event.mandate and typed.word_of(event.mandate) == word:
                return event.mandate
        return None

    def _state(self, escrow: str) -> EscrowState:
        state = self.chain.contracts.state_of(escrow)
        if state is None:
            raise UpstreamError("chain", f"{escrow} is no escrow", retryable=False)
        return state


@dataclass(frozen=True)
class FakeLogs:
    """`EscrowLogs` of a `FakeChain`."""

    chain: FakeChain

    async def read_events(
        self, emitters: Sequence[str], first: int, last: int
    ) -> Sequence[EscrowEvent]:
        self.chain.answer("read_events")
        return [
            event
            for event in self.chain.contracts.events
            if event.emitter in emitters and first <= event.block <= last
        ]


@dataclass(frozen=True)
class FakeSignatures:
    """`Signatures`: what `fake_signature` makes is an owner's own. Another needs the chain."""

    chain: FakeChain

    def type_mandate(self, escrow: str, mandate: Mandate) -> Mapping[str, object]:
        return typed.type_mandate(CHAIN_ID, escrow, mandate)

    def type_revocation(self, escrow: str, nonce: int) -> Mapping[str, object]:
        return typed.type_revocation(CHAIN_ID, escrow, nonce)

    def word_of(self, mandate: Mandate) -> MandateWord:
        return typed.word_of(mandate)

    async def is_signed(self, owner: str, message: Mapping[str, object], signature: bytes) -> bool:
        return self._is_signed(fake_signature(owner, message), signature)

    async def is_text_signed(self, owner: str, text: str, signature: bytes) -> bool:
        return self._is_signed(fake_signature(owner, text), signature)

    def _is_signed(self, expected: bytes, signature: bytes) -> bool:
        if signature == expected:
            return True
        self.chain.answer("is_signed")
        return False


def wide_mandate(contracts: FakeContracts, **changes: object) -> Mandate:
    """Everything listed, for ten years, and more money than any test has."""
    now = contracts.now()
    most = MicroUsd(10**8 * MICRO)
    fields: dict[str, object] = {
        "nonce": 1,
        "issued_at": now,
        "valid_until": now + timedelta(days=3_650),
        "sign_by": now + timedelta(hours=1),
        "slippage": Bps(9_999),
        "trade_cap": most,
        "daily_volume": most,
        "daily_loss": most,
        "tokens": tuple(contracts.tokens),
        "adapters": tuple(contracts.venues),
        **changes,
    }
    return Mandate(**fields)  # type: ignore[arg-type]

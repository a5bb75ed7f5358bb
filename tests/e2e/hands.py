"""Whoever acts on the chain without the bot: the owner, the admin, a stranger; and past its checks.

Keys are anvil's well-known ones: worthless anywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from typing_extensions import override
from web3.exceptions import ContractCustomError
from web3.types import RPCEndpoint

from bot.chain import typed
from bot.chain.artifacts import load_artifact
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.deployment import Deployment
from bot.chain.errors import name_revert
from bot.domain.mandate import MICRO, Mandate, MicroUsd, SignedMandate
from bot.domain.money import Bps
from bot.domain.people import UserId
from bot.domain.trade import Intent, IntentState, Side
from bot.local.chain.accounts import sign_as_test_wallet
from bot.policy.amounts import parse_amount
from bot.services.intents import Origin
from bot.services.propose import Proposal, Propose
from tests.e2e.scene import Scene
from tests.e2e.stage import Person

STRANGER_KEY = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"
STRANGER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
ALL = 2**256 - 1
_DAYS = timedelta(days=30)
_WIDE: Mapping[str, Decimal] = {
    "trade_cap": Decimal(50_000),
    "daily_volume": Decimal(1_000_000),
    "daily_loss": Decimal(100_000),
}


@dataclass(frozen=True)
class Hands:
    """Transactions and reads of anybody's, straight at the node."""

    rpc_url: str
    deployment: Deployment

    async def send(self, key: str, to: str, contract: str, name: str, *arguments: object) -> str:
        """Send a contract call and wait until it is mined; its hash.

        Raises:
            ChainRefusedError: it would revert, with a custom error.
        """
        async with connected(self.rpc_url) as w3:
            at = w3.eth.contract(w3.to_checksum_address(to), abi=load_artifact(contract).abi)
            data, account = at.encode_abi(name, args=arguments), KeyedAccount(w3, key)
            try:
                await w3.eth.estimate_gas({"from": account.address, "to": at.address, "data": data})
            except ContractCustomError as error:
                raise name_revert(bytes.fromhex(str(error.data)[2:])) from error
            receipt = await account.transact(at.address, data)
            return receipt["transactionHash"].to_0x_hex()

    async def to_escrow(self, key: str, escrow: str, name: str, *arguments: object) -> str:
        return await self.send(key, escrow, "CaretEscrow", name, *arguments)

    async def to_orchestrator(self, key: str, name: str, *arguments: object) -> str:
        at = self.deployment.orchestrator
        return await self.send(key, at, "CaretOrchestrator", name, *arguments)

    async def give(self, key: str, to: str, symbol: str, units: str) -> None:
        """Pay tokens (SEI: native) from an account, as any wallet would."""
        token = self.deployment.token(symbol)
        raw = token.amount(Decimal(units)).raw
        if token == self.deployment.sei:
            async with connected(self.rpc_url) as w3:
                await KeyedAccount(w3, key).transact(w3.to_checksum_address(to), value=raw)
        else:
            await self.send(key, token.address, "TestToken", "transfer", to, raw)

    async def now(self) -> datetime:
        """The time of the latest block."""
        async with connected(self.rpc_url) as w3:
            return datetime.fromtimestamp((await w3.eth.get_block("latest"))["timestamp"], UTC)

    async def is_dropped(self, escrow: str) -> bool:
        """Whether a mandate was revoked or dropped, by the escrow itself."""
        async with connected(self.rpc_url) as w3:
            abi = load_artifact("CaretEscrow").abi
            at = w3.eth.contract(w3.to_checksum_address(escrow), abi=abi)
            dropped, _ = await at.functions.stopped().call()
            return bool(dropped)

    async def bring_in(self, escrow: str, **terms: Any) -> Mandate:
        """Have the test wallet sign a mandate (USD, wide by default); a stranger brings it in."""
        signed = self.sign(escrow, await self.now(), **terms)
        struct = typed.mandate_struct(signed.mandate)
        await self.to_escrow(STRANGER_KEY, escrow, "setMandate", struct, signed.signature)
        return signed.mandate

    def sign(
        self, escrow: str, now: datetime, nonce: int = 1, lasts: timedelta = _DAYS, **usd: Decimal
    ) -> SignedMandate:
        """A mandate over every token with a feed and every exchange, signed by the test wallet."""
        caps = {name: MicroUsd(int(value * MICRO)) for name, value in {**_WIDE, **usd}.items()}
        mandate = Mandate(
            nonce=nonce,
            issued_at=now,
            valid_until=now + lasts,
            sign_by=now + _DAYS,
            slippage=Bps(500),
            tokens=tuple(token.address for token in self.deployment.tokens if token.feed),
            adapters=tuple(venue.adapter for venue in self.deployment.venues),
            **caps,
        )
        message = typed.type_mandate(self.deployment.chain_id, escrow, mandate)
        return SignedMandate(mandate, sign_as_test_wallet(message))

    def sign_revocation(self, escrow: str, nonce: int) -> bytes:
        return sign_as_test_wallet(typed.type_revocation(self.deployment.chain_id, escrow, nonce))

    async def move_time(self, span: timedelta) -> None:
        """Set the chain's clock forward; feeds grow old with it."""
        async with connected(self.rpc_url) as w3:
            for method, arguments in (
                ("evm_increaseTime", [int(span.total_seconds())]),
                ("evm_mine", []),
            ):
                answer = await w3.provider.make_request(RPCEndpoint(method), arguments)
                assert "error" not in answer, answer


def hands_of(on: Scene) -> Hands:
    return Hands(on.local.edges.rpc_url, on.local.edges.deployment)


async def days_pass(on: Scene, **span: float) -> None:
    """Time passes for the bot, the chain and the market alike."""
    await hands_of(on).move_time(timedelta(**span))
    await on.time_passes(**span)


class Unchecked(Propose):
    """Whoever has taken the server over: nothing is asked before the chain is."""

    @override
    async def _guard(self, *_: object) -> None:
        return

    @override
    def _require_mandate(self, *_: object) -> None:
        return


async def smuggle(on: Scene, person: Person, side: Side, symbol: str, amount: str) -> Intent:
    """Drive a trade as the actor past everything the bot checks; what became of it, once told."""
    services, seen = on.service.services, person.last["message_id"]
    user = await services.people.load_user(UserId(person.id))
    assert user is not None
    checked = services.propose
    propose = Unchecked(*(getattr(checked, field.name) for field in fields(Propose)))
    request = await propose.size(await on.agent_of(person), symbol, side, parse_amount(amount))
    proposal: Proposal = await propose.propose(request, Origin(user, person.id, "smuggled"))
    intent = proposal.intent
    answer = await services.journal.confirm(intent.id, services.clock.now(), Decimal(10**9))
    assert answer is not None
    assert answer.fresh
    done: Intent = await services.execute.drive(intent.id, intent.account)
    await person.sees("ought" if done.state is IntentState.SETTLED else "was traded", after=seen)
    return done

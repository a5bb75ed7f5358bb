"""What our contracts keep, check and say, in memory: escrows, lists, feeds and events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from eth_utils.address import to_checksum_address

from bot.chain import typed
from bot.domain.mandate import (
    EscrowEvent,
    EscrowState,
    Mandate,
    MandateWord,
    MicroUsd,
    TokenTerms,
    VenueTerms,
)
from bot.domain.money import BPS, NATIVE, Amount, Bps, Token, Wei
from bot.domain.people import Agent
from bot.domain.trade import Intent, Order
from bot.policy.mandates import appraise, bounds_of
from bot.ports.chain import ChainRefusedError
from bot.ports.clock import Clock

CHAIN_ID = 31337
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID_WINDOW = 1024
MICRO_SEI = 10**12
_DAY_S = 86_400
_DAILY_GAS = 2_000_000
_FOREVER = timedelta(days=36_500)


def fake_address(name: str) -> str:
    """The same checksummed address for the same name."""
    return to_checksum_address(f"0x{sha256(name.encode()).hexdigest()[:40]}")


def fake_signature(owner: str, message: Mapping[str, object] | str) -> bytes:
    """What stands for `owner`'s signature of a typed message, or of a text."""
    said = message if isinstance(message, str) else typed.encode(message).body.hex()
    where = "" if isinstance(message, str) else str(message["domain"])
    return sha256(f"{owner} {where} {said}".encode()).digest()


def mandate_hash(mandate: Mandate) -> str:
    """The hash of a mandate's struct, as the MandateSet event tells it."""
    return f"0x{typed.encode(typed.type_mandate(0, NATIVE, mandate)).body.hex()}"


ORCHESTRATOR = fake_address("orchestrator")


@dataclass
class Book:
    """One escrow. `loss` and `volume` are micro-USD at `since`, `gas` micro-SEI at `gas_at`."""

    owner: str
    actor: str = ""
    exit_hash: str = ""
    dropped: bool = False
    exited: bool = False
    nonce: int = 0
    sequence: int = 0
    mandate: Mandate | None = None
    loss: int = 0
    volume: int = 0
    since: datetime = EPOCH
    gas: int = 0
    gas_at: datetime = EPOCH

    @property
    def word(self) -> MandateWord:
        return typed.word_of(self.mandate) if self.mandate else MandateWord(0)

    def require_in_force(self, now: datetime) -> None:
        if self.exited:
            raise ChainRefusedError("Exited")
        if self.dropped or (self.mandate is None and not self.exit_hash):
            raise ChainRefusedError("NoMandate")
        if self.mandate is not None and now > self.mandate.valid_until:
            raise ChainRefusedError("MandateExpired", _times(self.mandate.valid_until, now))

    def gas_room(self, now: datetime) -> int:
        """Wei the actor may draw now."""
        gas = _leaked(self.gas, _DAILY_GAS, now - self.gas_at)
        return _room(gas, _DAILY_GAS) * MICRO_SEI


@dataclass
class FakeContracts:
    """The orchestrator and all escrows. Whatever is unset is as after the deployment."""

    clock: Clock
    paused: bool = False
    books: dict[str, Book] = field(default_factory=dict)
    tokens: dict[str, TokenTerms] = field(default_factory=dict)
    venues: dict[str, VenueTerms] = field(default_factory=dict)
    events: list[EscrowEvent] = field(default_factory=list)

    def now(self) -> datetime:
        """The block's time: whole seconds."""
        return self.clock.now().replace(microsecond=0)

    def list_token(self, token: Token, usd: str | Decimal, epsilon: int = 50) -> None:
        """A token with a feed that never ages, listed since ever."""
        self.tokens[token.address] = TokenTerms(
            address=token.address,
            on=True,
            listed_at=EPOCH,
            feed=fake_address(f"feed of {token.symbol}"),
            decimals=token.decimals,
            epsilon=Bps(epsilon),
            price=int(Decimal(usd) * 10**8),
            updated_at=self.now(),
            max_age=_FOREVER,
            usable=True,
        )

    def list_venue(self, adapter: str) -> None:
        self.venues[adapter] = VenueTerms(adapter, on=True, listed_at=EPOCH)

    def terms_of(self, address: str) -> TokenTerms:
        """A token's listing and feed now; all zero where it was never listed."""
        terms = self.tokens.get(address)
        if terms is None:
            zero = timedelta(0)
            return TokenTerms(address, False, EPOCH, "", 0, Bps(0), 0, EPOCH, zero, False)  # noqa: FBT003
        fresh = timedelta(0) <= self.now() - terms.updated_at <= terms.max_age
        return replace(terms, usable=terms.usable and fresh)

    def open(self, escrow: str, agent: Agent) -> int:
        """Register an agent's escrow; returns its index among its owner's."""
        index = sum(book.owner == agent.owner for book in self.books.values())
        self.books[escrow] = Book(agent.owner, agent.actor, agent.exit_hash)
        return index

    def state_of(self, escrow: str) -> EscrowState | None:
        """How an escrow stands; None where there is none."""
        book = self.books.get(escrow)
        if book is None:
            return None
        return EscrowState(
            at=self.now(),
            paused=self.paused,
            dropped=book.dropped,
            exited=book.exited,
            nonce=book.nonce,
            sequence=book.sequence,
            word=book.word,
            loss=MicroUsd(book.loss),
            volume=MicroUsd(book.volume),
            since=book.since,
            gas_available=Wei(book.gas_room(self.now())),
        )

    def emit(
        self,
        block: int,
        tx_hash: str,
        emitter: str,
        name: str,
        fields: Mapping[str, object],
        mandate: Mandate | None = None,
    ) -> EscrowEvent:
        said = {field: str(value) for field, value in fields.items()}
        at = sum(event.block == block for event in self.events)
        self.events.append(EscrowEvent(emitter, name, said, block, tx_hash, at, mandate))
        return self.events[-1]

    # ------------------------------------------------------------ checks, in the contracts' order

    def check_set(self, escrow: str, order: Order) -> None:
        book, now, mandate = self.books[escrow], self.now(), order.mandate
        assert mandate is not None
        if book.exited:
            raise ChainRefusedError("Exited")
        if mandate.nonce <= book.nonce:
            raise ChainRefusedError("NonceTooLow", (mandate.nonce, book.nonce))
        if now > mandate.sign_by:
            raise ChainRefusedError("SignatureTooLate", _times(mandate.sign_by, now))
        if mandate.issued_at > now:
            raise ChainRefusedError("MandateNotIssuedYet", _times(mandate.issued_at, now))
        if mandate.valid_until < now:
            raise ChainRefusedError("MandateExpired", _times(mandate.valid_until, now))
        if mandate.slippage >= BPS:
            raise ChainRefusedError("SlippageNotAllowed", (mandate.slippage,))
        self._require_signed(book, typed.type_mandate(CHAIN_ID, escrow, mandate), order.signature)

    def check_revoke(self, escrow: str, order: Order) -> None:
        book = self.books[escrow]
        message = typed.type_revocation(CHAIN_ID, escrow, order.nonce)
        self._require_signed(book, message, order.signature)
        if order.nonce < book.nonce:
            raise ChainRefusedError("NonceTooLow", (order.nonce, book.nonce))

    def check_fund(self, escrow: str, amount: Amount) -> None:
        book, now = self.books[escrow], self.now()
        if self.paused:
            raise ChainRefusedError("TradingPaused")
        book.require_in_force(now)
        if amount.raw > book.gas_room(now):
            raise ChainRefusedError("GasLimitExceeded", (amount.raw, book.gas_room(now)))

    def check_mandate(self, escrow: str, intent: Intent) -> None:
        """What a swap is refused for before anything is exchanged."""
        book, order = self.books[escrow], intent.order
        if not book.sequence < intent.sequence <= book.sequence + ID_WINDOW:
            raise ChainRefusedError("IdOutOfRange", (intent.sequence, book.sequence))
        book.require_in_force(self.now())
        pair = [order.sell.token.address, order.min_buy.token.address if order.min_buy else ""]
        if book.mandate is not None:
            if order.mandate != book.mandate:
                raise ChainRefusedError("NotTheMandate")
            for token in pair:
                if token not in book.mandate.tokens:
                    raise ChainRefusedError("TokenNotInMandate", (token,))
            if order.adapter not in book.mandate.adapters:
                raise ChainRefusedError("VenueNotInMandate", (order.adapter,))
        if self.paused:
            raise ChainRefusedError("TradingPaused")
        self._check_lists(book, order.adapter, pair)

    def _check_lists(self, book: Book, adapter: str, pair: list[str]) -> None:
        listed_by = bounds_of(book.mandate, self.now()).listed_by
        venue = self.venues.get(adapter)
        if venue is None or not venue.on or venue.listed_at > listed_by:
            raise ChainRefusedError("VenueNotListed", (adapter,))
        terms = [self.terms_of(token) for token in pair]
        for token in terms:
            if not token.on or token.listed_at > listed_by:
                raise ChainRefusedError("TokenNotListed", (token.address,))
        for token in terms:
            if not token.feed:
                raise ChainRefusedError("NoFeed", (token.address,))

    def charge(self, escrow: str, sell: Amount, buy: Amount) -> tuple[int, int]:
        """What a swap counts as: value and charge, or why it is refused for them."""
        book, now = self.books[escrow], self.now()
        bounds = bounds_of(book.mandate, now)
        terms = [self.terms_of(token.address) for token in (sell.token, buy.token)]
        for token in terms:
            if not token.usable:
                raise ChainRefusedError("FeedUnusable", (token.feed, token.price, 0))
        worth = appraise(terms[0], sell.raw, terms[1], buy.raw)
        least = -(-worth.value_in * (BPS - bounds.slippage) // BPS)
        loss, volume = self._leaked(book, now)
        rooms = _room(loss, bounds.daily_loss), _room(volume, bounds.daily_volume)
        cap = bounds.trade_cap
        _require(worth.value_in <= cap, "TradeCapExceeded", worth.value_in, cap)
        _require(worth.value_out >= least, "SlippageExceeded", worth.value_out, least)
        _require(worth.charge <= rooms[0], "LossBudgetExceeded", worth.charge, rooms[0])
        _require(worth.value_in <= rooms[1], "VolumeExceeded", worth.value_in, rooms[1])
        return worth.value_in, worth.charge

    # ------------------------------------------------------------ effects

    def count(self, escrow: str, sell: Amount, buy: Amount, sequence: int) -> tuple[int, int]:
        """Write a swap into the buckets; what it counted as."""
        book, now = self.books[escrow], self.now()
        value, charge = self.charge(escrow, sell, buy)
        loss, volume = self._leaked(book, now)
        book.loss, book.volume, book.since = loss + charge, volume + value, now
        book.sequence = sequence
        return value, charge

    def draw_gas(self, escrow: str, amount: Amount) -> None:
        book, now = self.books[escrow], self.now()
        gas = _leaked(book.gas, _DAILY_GAS, now - book.gas_at)
        book.gas, book.gas_at = gas - (-amount.raw // MICRO_SEI), now

    def _leaked(self, book: Book, now: datetime) -> tuple[int, int]:
        bounds, elapsed = bounds_of(book.mandate, now), now - book.since
        return (
            _leaked(book.loss, bounds.daily_loss, elapsed),
            _leaked(book.volume, bounds.daily_volume, elapsed),
        )

    def _require_signed(self, book: Book, message: Mapping[str, object], signature: bytes) -> None:
        if signature != fake_signature(book.owner, message):
            raise ChainRefusedError("NotSignedByOwner", (book.owner,))


def swapped(order: Order, sequence: int, got: int, value: int, charge: int) -> dict[str, object]:
    """The fields of a Swapped event."""
    assert order.min_buy is not None
    return {
        "id": sequence,
        "adapter": order.adapter,
        "tokenIn": order.sell.token.address,
        "tokenOut": order.min_buy.token.address,
        "spent": order.sell.raw,
        "got": got,
        "valueIn": value,
        "charge": charge,
    }


def paid_as(token: Token) -> str:
    """SEI is paid natively."""
    return NATIVE if token.is_wrapped_native else token.address


def _require(fine: bool, name: str, *figures: int) -> None:  # noqa: FBT001
    if not fine:
        raise ChainRefusedError(name, figures)


def _leaked(drawn: int, daily: int, elapsed: timedelta) -> int:
    out = int(elapsed.total_seconds()) * max(drawn, daily // 2) // _DAY_S
    return max(0, drawn - out)


def _room(drawn: int, daily: int) -> int:
    return max(0, daily // 2 - drawn)


def _times(*times: datetime) -> tuple[int, ...]:
    return tuple(int(at.timestamp()) for at in times)

"""A trade from request to receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NewType

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.mandate import Mandate
from bot.domain.money import NO_BPS, Amount, Bps, Token, Wei

IntentId = NewType("IntentId", str)
"""Opaque and unguessable: it is also what a Confirm button carries."""

TxHash = NewType("TxHash", str)
"""0x and 64 hexadecimal digits."""


class Side(StrEnum):
    """A buy spends the quote token, a sell returns to it."""

    BUY = "BUY"
    SELL = "SELL"


class TradeRequest(BaseModel):
    """The one form every wish to trade takes, whoever uttered it.

    `amount` is in units of what is given away: the quote token for a buy, the token for a sell.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    agent_id: Annotated[int, Field(gt=0)]
    symbol: Annotated[str, Field(min_length=1, max_length=10)]
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,30}(\.[0-9]{1,18})?$")]
    side: Side


@dataclass(frozen=True, slots=True)
class Quote:
    """What a venue promises now. `path` has every hop; `data` is the adapter's encoding of it.

    `price_impact` compares the fill with the pool's own marginal price, fees excluded.
    `fee` is the sum of the pools' fees along the path.
    """

    venue: str
    adapter: str
    path: tuple[Token, ...]
    data: bytes
    sell: Amount
    buy: Amount
    price_impact: Bps
    fee: Bps


class IntentKind(StrEnum):
    """Everything that moves money, or allows or forbids it on the chain, is one of these."""

    SWAP = "swap"
    WITHDRAW = "withdraw"
    OPEN_AGENT = "open_agent"
    FUND_ACTOR = "fund_actor"
    SET_MANDATE = "set_mandate"
    REVOKE_MANDATE = "revoke_mandate"
    DROP_MANDATE = "drop_mandate"
    PAUSE_CHAIN = "pause_chain"


class IntentState(StrEnum):
    """The journal's states; a state is written before the step it names is taken.

    PROPOSED -> CONFIRMED -> SIGNED -> SENT -> MINED -> SETTLED | REVERTED
    PROPOSED -> DECLINED | EXPIRED;  CONFIRMED -> REFUSED | EXPIRED;  SIGNED | SENT -> DROPPED

    REFUSED: nothing was signed. REVERTED: the chain undid it, only gas was spent. DROPPED: its
    nonce was used by another transaction, so it can never run.
    """

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    SETTLED = "settled"
    REVERTED = "reverted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REFUSED = "refused"
    DROPPED = "dropped"


OPEN = frozenset({IntentState.CONFIRMED, IntentState.SIGNED, IntentState.SENT, IntentState.MINED})
"""States that a restart must carry on from."""

IN_FLIGHT = frozenset({IntentState.SIGNED, IntentState.SENT, IntentState.MINED})
"""States in which a nonce of the account is taken; an account has one such intent at a time."""

STEPS: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.PROPOSED: frozenset({IntentState.DECLINED, IntentState.EXPIRED}),
    IntentState.CONFIRMED: frozenset(
        {IntentState.SIGNED, IntentState.REFUSED, IntentState.EXPIRED}
    ),
    IntentState.SIGNED: frozenset({IntentState.SENT, IntentState.MINED, IntentState.DROPPED}),
    IntentState.SENT: frozenset({IntentState.MINED, IntentState.DROPPED}),
    IntentState.MINED: frozenset({IntentState.SETTLED, IntentState.REVERTED}),
}
"""Steps the journal accepts; only `Journal.confirm` leads to CONFIRMED, ends have none.

SIGNED may be found MINED at once: the process ended between sending and writing SENT.
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What an intent will do on the chain, fixed when it is proposed.

    SWAP: sell at most `sell`, get at least `min_buy`, through `adapter` with `data`.
    WITHDRAW and FUND_ACTOR: move `sell`. OPEN_AGENT: `sell` is the actor's first gas.
    SET_MANDATE brings in `mandate` with the owner's `signature`, REVOKE_MANDATE the owner's word
    that all up to `nonce` is void. A swap carries the `mandate` it runs under; None: the default.
    `native_usd` is USD for one SEI when it was proposed, to value gas by; `buy_price_usd` is USD
    for one unit of what a swap buys, at the same time.
    """

    sell: Amount
    expected_buy: Amount | None = None
    min_buy: Amount | None = None
    venue: str = ""
    adapter: str = ""
    path: tuple[str, ...] = ()
    data: bytes = b""
    price_impact: Bps = NO_BPS
    fee: Bps = NO_BPS
    native_usd: Decimal = Decimal(0)
    buy_price_usd: Decimal = Decimal(0)
    mandate: Mandate | None = None
    signature: bytes = b""
    nonce: int = 0


@dataclass(frozen=True, slots=True)
class SignedTx:
    """A transaction bound to `account` and `nonce`: sending it again can only do the same once."""

    account: str
    nonce: int
    tx_hash: TxHash
    raw: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the chain did. For a swap `spent` and `got` are the measured deltas in base units.

    `escrow` and `index` (which of its owner's escrows it is) are filled for OPEN_AGENT.
    """

    tx_hash: TxHash
    block: int
    succeeded: bool
    gas_used: int
    gas_paid: Wei
    spent: int = 0
    got: int = 0
    escrow: str = ""
    index: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """One row of the journal. `account` signs; `sequence` is the id the escrow consumes."""

    id: IntentId
    kind: IntentKind
    state: IntentState
    user_id: int
    agent_id: int
    chat_id: int
    account: str
    sequence: int
    side: Side | None
    order: Order
    notional_usd: Decimal
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    correlation_id: str
    decision_id: int | None = None
    message_id: int | None = None
    signed: SignedTx | None = None
    receipt: Receipt | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """A settled trade, as `trade_history` keeps it. `price_usd` is USD for one token."""

    intent_id: IntentId
    agent_id: int
    symbol: str
    side: Side
    quantity: Decimal
    value_usd: Decimal
    price_usd: Decimal
    expected_price_usd: Decimal
    gas_sei: Decimal
    gas_usd: Decimal
    venue: str
    tx_hash: TxHash
    at: datetime


class DeniedReason(StrEnum):
    """Why our own limits said no; each has a sentence in `chat/render`."""

    TRADING_PAUSED = "trading_paused"
    AGENT_NOT_ACTIVE = "agent_not_active"
    TRADE_CAP = "trade_cap"
    DAY_CAP = "day_cap"
    BALANCE = "balance"
    DUST = "dust"
    STALE_PRICE = "stale_price"
    PRICE_IMPACT = "price_impact"
    UNFAIR_QUOTE = "unfair_quote"
    CHAIN_PAUSED = "chain_paused"
    EXITED = "exited"
    NO_MANDATE = "no_mandate"
    UNKNOWN_MANDATE = "unknown_mandate"
    MANDATE_EXPIRED = "mandate_expired"
    TOKEN_NOT_IN_MANDATE = "token_not_in_mandate"  # noqa: S105
    VENUE_NOT_IN_MANDATE = "venue_not_in_mandate"
    TOKEN_NOT_LISTED = "token_not_listed"  # noqa: S105
    VENUE_NOT_LISTED = "venue_not_listed"
    NO_FEED = "no_feed"
    FEED_UNUSABLE = "feed_unusable"
    MANDATE_TRADE_CAP = "mandate_trade_cap"
    MANDATE_SLIPPAGE = "mandate_slippage"
    MANDATE_LOSS = "mandate_loss"
    MANDATE_VOLUME = "mandate_volume"


@dataclass(frozen=True, slots=True)
class Approved:
    """Within every limit."""


@dataclass(frozen=True, slots=True)
class Denied:
    """Over a limit: `limit` is what is allowed, `actual` what was asked, in the reason's unit.

    `subject` is the address of the token or adapter concerned, where it is one.
    """

    reason: DeniedReason
    limit: Decimal = Decimal(0)
    actual: Decimal = Decimal(0)
    subject: str = ""


Verdict = Approved | Denied

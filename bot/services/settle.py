"""What a mined transaction means: the fill, the balances, the last state. Pure of I/O."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from bot.domain.money import Amount, exact
from bot.domain.trade import Fill, Intent, IntentKind, IntentState, Receipt, Side
from bot.ports.ledger import Notice, Step

_WEI = Decimal(10) ** 18
_NONE = Decimal(0)


def settled_step(intent: Intent, now: datetime, notice: Notice | None) -> Step:
    """The step out of MINED: SETTLED with its bookkeeping, or REVERTED with none."""
    receipt = receipt_of(intent)
    if not receipt.succeeded:
        return Step(
            IntentState.MINED, IntentState.REVERTED, now, reason=receipt.reason, notice=notice
        )
    return Step(
        IntentState.MINED,
        IntentState.SETTLED,
        now,
        notice=notice,
        fill=fill_of(intent, now) if intent.kind is IntentKind.SWAP else None,
        balance_changes=_balance_changes(intent, receipt),
        escrow=receipt.escrow,
        escrow_index=receipt.index,
    )


def receipt_of(intent: Intent) -> Receipt:
    """The receipt of a mined intent.

    Raises:
        LookupError: it has none: a bug.
    """
    if intent.receipt is None:
        raise LookupError(f"intent {intent.id} is {intent.state} without a receipt")
    return intent.receipt


def fill_of(intent: Intent, at: datetime) -> Fill:
    """A settled swap in token units and USD.

    The quote token's side is valued at the price the intent was proposed with, so a fill's price
    is what the swap really gave, not what the feed says now.
    """
    order, receipt = intent.order, receipt_of(intent)
    if order.expected_buy is None or intent.side is None:
        raise LookupError(f"swap {intent.id} has no expectation")
    spent = Amount(order.sell.token, receipt.spent).value
    got = Amount(order.expected_buy.token, receipt.got).value
    buying = intent.side is Side.BUY
    quantity, paid = (got, spent) if buying else (spent, got)
    expected_units = order.expected_buy.value if buying else order.sell.value
    expected_paid = order.sell.value if buying else order.expected_buy.value
    with exact():
        quote_usd = intent.notional_usd / order.sell.value if buying else order.buy_price_usd
        value_usd = paid * quote_usd
        gas_sei = Decimal(receipt.gas_paid) / _WEI
        return Fill(
            intent_id=intent.id,
            agent_id=intent.agent_id,
            symbol=(order.expected_buy if buying else order.sell).token.symbol,
            side=intent.side,
            quantity=quantity,
            value_usd=value_usd,
            price_usd=value_usd / quantity if quantity else _NONE,
            expected_price_usd=expected_paid * quote_usd / expected_units,
            gas_sei=gas_sei,
            gas_usd=gas_sei * order.native_usd,
            venue=order.venue,
            tx_hash=receipt.tx_hash,
            at=at,
        )


def _balance_changes(intent: Intent, receipt: Receipt) -> Mapping[str, int]:
    order = intent.order
    match intent.kind:
        case IntentKind.SWAP if order.expected_buy is not None:
            return {
                order.sell.token.symbol: -receipt.spent,
                order.expected_buy.token.symbol: receipt.got,
            }
        case IntentKind.WITHDRAW | IntentKind.FUND_ACTOR:
            return {order.sell.token.symbol: -order.sell.raw}
        case _:
            return {}

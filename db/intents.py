"""Rows of the journal as intents and fills, and the queries over them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from bot.domain.money import exact
from bot.domain.trade import (
    OPEN,
    Fill,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
    Side,
    TxHash,
)
from db.codec import dump_order, dump_receipt, dump_signed, load_order, load_receipt, load_signed
from db.schema import intents, nonces, trade_history

DAY = timedelta(hours=24)

BY_ID = sa.select(intents).where(intents.c.id == sa.bindparam("intent_id"))
OPEN_ONES = (
    sa.select(intents)
    .where(intents.c.state.in_(sorted(OPEN)))
    .order_by(intents.c.confirmed_at, intents.c.sequence, intents.c.number)
)
RECENT = (
    sa.select(intents)
    .where(
        intents.c.agent_id == sa.bindparam("agent_id"),
        intents.c.state.in_(sa.bindparam("states", expanding=True)),
    )
    .order_by(intents.c.updated_at.desc(), intents.c.number.desc())
    .limit(sa.bindparam("at_most", type_=sa.Integer))
)
VOLUMES = sa.select(intents.c.notional_usd).where(
    intents.c.agent_id == sa.bindparam("agent_id"),
    intents.c.kind == IntentKind.SWAP,
    intents.c.id != sa.bindparam("but", type_=sa.Text),
    intents.c.state.in_(sorted(OPEN))
    | (
        (intents.c.state == IntentState.SETTLED)
        & (intents.c.updated_at > sa.bindparam("since", type_=intents.c.updated_at.type))
    ),
)
"""What counts against the day's cap: whatever may still run, and what settled since then."""

FILLS = (
    sa.select(trade_history)
    .where(trade_history.c.agent_id == sa.bindparam("agent_id"))
    .order_by(trade_history.c.timestamp.desc(), trade_history.c.id.desc())
)
FILLS_PAGE = FILLS.limit(sa.bindparam("at_most", type_=sa.Integer)).offset(
    sa.bindparam("start", type_=sa.Integer)
)
FILL_COUNT = sa.select(sa.func.count().label("fills")).where(
    trade_history.c.agent_id == sa.bindparam("agent_id")
)
NONCE = sa.select(nonces.c.next).where(nonces.c.account == sa.bindparam("account"))


def total(rows: Any) -> Decimal:  # noqa: ANN401
    """The sum of `VOLUMES`."""
    with exact():
        return sum((row.notional_usd for row in rows), Decimal(0))


def intent_values(intent: Intent) -> dict[str, Any]:
    """An intent as a row."""
    confirmed = intent.state is not IntentState.PROPOSED
    return {
        "id": intent.id,
        "kind": intent.kind,
        "state": intent.state,
        "user_id": intent.user_id,
        "agent_id": intent.agent_id,
        "chat_id": intent.chat_id,
        "account": intent.account,
        "sequence": intent.sequence,
        "side": intent.side,
        "order": dump_order(intent.order),
        "notional_usd": intent.notional_usd,
        "expires_at": intent.expires_at,
        "created_at": intent.created_at,
        "confirmed_at": intent.updated_at if confirmed else None,
        "updated_at": intent.updated_at,
        "correlation_id": intent.correlation_id,
        "decision_id": intent.decision_id,
        "message_id": intent.message_id,
        "nonce": intent.signed and intent.signed.nonce,
        "tx_hash": intent.signed and intent.signed.tx_hash,
        "signed": intent.signed and dump_signed(intent.signed),
        "receipt": intent.receipt and dump_receipt(intent.receipt),
        "reason": intent.reason,
    }


def intent_of(row: Any) -> Intent:  # noqa: ANN401
    """A row as an intent."""
    return Intent(
        id=IntentId(row.id),
        kind=IntentKind(row.kind),
        state=IntentState(row.state),
        user_id=row.user_id,
        agent_id=row.agent_id,
        chat_id=row.chat_id,
        account=row.account,
        sequence=row.sequence,
        side=row.side and Side(row.side),
        order=load_order(row.order),
        notional_usd=row.notional_usd,
        expires_at=row.expires_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        correlation_id=row.correlation_id,
        decision_id=row.decision_id,
        message_id=row.message_id,
        signed=row.signed and load_signed(row.signed),
        receipt=row.receipt and load_receipt(row.receipt),
        reason=row.reason,
    )


def fill_values(fill: Fill) -> dict[str, Any]:
    """A fill as a row of `trade_history`."""
    return {
        "agent_id": fill.agent_id,
        "intent_id": fill.intent_id,
        "token_symbol": fill.symbol,
        "trade_type": fill.side,
        "amount": fill.quantity,
        "price": fill.price_usd,
        "timestamp": fill.at,
        "tx_hash": fill.tx_hash,
        "value_usd": fill.value_usd,
        "expected_price_usd": fill.expected_price_usd,
        "gas_sei": fill.gas_sei,
        "gas_usd": fill.gas_usd,
        "venue": fill.venue,
    }


def fill_of(row: Any) -> Fill:  # noqa: ANN401
    """A row of `trade_history` as a fill."""
    return Fill(
        intent_id=IntentId(row.intent_id),
        agent_id=row.agent_id,
        symbol=row.token_symbol,
        side=Side(row.trade_type),
        quantity=row.amount,
        value_usd=row.value_usd,
        price_usd=row.price,
        expected_price_usd=row.expected_price_usd,
        gas_sei=row.gas_sei,
        gas_usd=row.gas_usd,
        venue=row.venue,
        tx_hash=TxHash(row.tx_hash),
        at=row.timestamp,
    )

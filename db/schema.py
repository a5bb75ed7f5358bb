"""The tables. A change here needs a revision in `db/migrations/versions`; a test compares them.

`user_agents` and `trade_history` keep the names they have had from the start, with their indexes.
"""

import sqlalchemy as sa

import db.alert_schema  # noqa: F401 (its tables stand in the same metadata)
from bot.domain.people import AgentState
from bot.domain.trade import IN_FLIGHT, OPEN, IntentState
from bot.ports.ledger import OutboxState
from db.base import Key, listed, partial
from db.base import metadata as metadata
from db.columns import Exact, Json, Prose, UtcTime

_WAITING = listed("state", (OutboxState.PENDING, OutboxState.SENDING))
_SENDING = listed("state", (OutboxState.SENDING,))
_ENDED = listed("state", (OutboxState.AMBIGUOUS, OutboxState.FAILED, OutboxState.LOST))
_IN_GROUP = sa.text("chat_id < 0")

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", Prose, nullable=False),
    sa.Column("username", Prose),
    sa.Column("accepted_terms", sa.Text),
    sa.Column("accepted_at", UtcTime),
    sa.Column("slippage_bps", sa.Integer, nullable=False),
    sa.Column("trade_cap_usd", Exact, nullable=False),
    sa.Column("day_cap_usd", Exact, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
    sa.Column("quiet_hours", Json),
)

user_agents = sa.Table(
    "user_agents",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("agent_name", Prose, nullable=False),
    sa.Column("name_key", Prose, nullable=False),
    sa.Column("instructions", Prose, nullable=False),
    sa.Column("owner_address", sa.Text, nullable=False),
    sa.Column("escrow_address", sa.Text, nullable=False),
    sa.Column("actor_address", sa.Text, nullable=False),
    sa.Column("seed_version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("exit_hash", sa.Text, nullable=False, server_default=""),
    sa.Column("escrow_index", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("public_from", sa.BigInteger),
    sa.Column("public_from_trade", sa.BigInteger),
    sa.Index("idx_user_agents_user_id", "user_id"),
    partial(
        "uq_user_agents_name",
        "user_id",
        "name_key",
        where=sa.text(f"state <> '{AgentState.CLOSED}'"),
        unique=True,
    ),
    sqlite_autoincrement=True,  # an actor's key hangs on the id: never hand one out again
)

mandates = sa.Table(
    "mandates",
    metadata,
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), primary_key=True),
    sa.Column("word", sa.Text, primary_key=True),
    sa.Column("mandate", Json, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

escrow_events = sa.Table(
    "escrow_events",
    metadata,
    sa.Column("tx_hash", sa.Text, primary_key=True),
    sa.Column("log_index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), nullable=False),
    sa.Column("block", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Index("idx_escrow_events_agent_id", "agent_id", "block"),
)

chats = sa.Table(
    "chats",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id")),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("number", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), nullable=False),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("side", sa.Text),
    sa.Column("order", Json, nullable=False),
    sa.Column("notional_usd", Exact, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("decision_id", sa.BigInteger),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("nonce", sa.BigInteger),
    sa.Column("tx_hash", sa.Text),
    sa.Column("signed", Json),
    sa.Column("receipt", Json),
    sa.Column("reason", Prose, nullable=False),
    sa.Index("idx_intents_agent", "agent_id", "state", "updated_at"),
    sa.Index("idx_intents_tx_hash", "tx_hash"),
    partial("idx_intents_open", "confirmed_at", where=listed("state", OPEN)),
    partial("uq_intents_in_flight", "account", where=listed("state", IN_FLIGHT), unique=True),
    partial(
        "uq_intents_sequence", "agent_id", "sequence", where=sa.text("sequence > 0"), unique=True
    ),
    partial(
        "uq_intents_nonce",
        "account",
        "nonce",
        where=sa.text(f"state <> '{IntentState.DROPPED}'"),
        unique=True,
    ),
    sqlite_autoincrement=True,
)

intent_events = sa.Table(
    "intent_events",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("intent_id", sa.Text, sa.ForeignKey("intents.id"), nullable=False),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("reason", Prose, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("idx_intent_events_intent_id", "intent_id"),
    sqlite_autoincrement=True,
)

nonces = sa.Table(
    "nonces",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)

trade_history = sa.Table(
    "trade_history",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), nullable=False),
    sa.Column("intent_id", sa.Text, sa.ForeignKey("intents.id"), nullable=False, unique=True),
    sa.Column("token_symbol", sa.Text, nullable=False),
    sa.Column("trade_type", sa.Text, nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("price", Exact, nullable=False),
    sa.Column("timestamp", UtcTime, nullable=False),
    sa.Column("tx_hash", sa.Text, nullable=False),
    sa.Column("value_usd", Exact, nullable=False),
    sa.Column("expected_price_usd", Exact, nullable=False),
    sa.Column("gas_sei", Exact, nullable=False),
    sa.Column("gas_usd", Exact, nullable=False),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Index("idx_trade_history_agent_id", "agent_id"),
    sa.Index("idx_trade_history_timestamp", sa.text("timestamp DESC")),
    sqlite_autoincrement=True,
)

seen_balances = sa.Table(
    "seen_balances",
    metadata,
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("raw", Json, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("data", Json, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("repeat", sa.Boolean, nullable=False),
    sa.Column("reason", Prose, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("thread_id", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("not_before", UtcTime),
    partial("idx_outbox_waiting", "chat_id", "priority", "id", where=_WAITING),
    partial("idx_outbox_order", "priority", "id", where=_WAITING),
    partial("idx_outbox_sending", "chat_id", where=_SENDING),
    partial("idx_outbox_ended", "state", "id", where=_ENDED),
    partial("idx_outbox_in_groups", "sent_at", where=_IN_GROUP),
    sqlite_autoincrement=True,
)

dialogues = sa.Table(
    "dialogues",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("agent_id", sa.BigInteger, nullable=False),
    sa.Column("question", Prose, nullable=False),
    sa.Column("answer", Prose, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("idx_turns_chat_id", "chat_id", "agent_id", "at"),
    sa.Index("idx_turns_at", "at"),
    sqlite_autoincrement=True,
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("agent_id", sa.BigInteger, nullable=False),
    sa.Column("question", Prose, nullable=False),
    sa.Column("decision", Json, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("answered_at", UtcTime),
    sa.Index("idx_decisions_agent_id", "agent_id"),
    sqlite_autoincrement=True,
)

market_cache = sa.Table(
    "market_cache",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body", Json),
    sa.Column("fetched_at", UtcTime, nullable=False),
)

switches = sa.Table(
    "switches",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

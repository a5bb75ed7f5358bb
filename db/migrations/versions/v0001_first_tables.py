"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

TABLES = (
    "users",
    "user_agents",
    "chats",
    "intents",
    "intent_events",
    "nonces",
    "trade_history",
    "seen_balances",
    "outbox",
    "dialogues",
    "turns",
    "decisions",
    "market_cache",
    "switches",
)
"""In the order of their foreign keys."""


def upgrade() -> None:
    """Create everything."""
    _create_users()
    _create_user_agents()
    _create_chats()
    _create_intents()
    _create_intent_events()
    _create_nonces()
    _create_trade_history()
    _create_seen_balances()
    _create_outbox()
    _create_dialogues()
    _create_turns()
    _create_decisions()
    _create_market_cache()
    _create_switches()


def downgrade() -> None:
    """Drop everything."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("accepted_terms", sa.Text()),
        sa.Column("accepted_at", TIME),
        sa.Column("slippage_bps", sa.Integer(), nullable=False),
        sa.Column("trade_cap_usd", sa.Text(), nullable=False),
        sa.Column("day_cap_usd", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_user_agents() -> None:
    op.create_table(
        "user_agents",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("owner_address", sa.Text(), nullable=False),
        sa.Column("escrow_address", sa.Text(), nullable=False),
        sa.Column("actor_address", sa.Text(), nullable=False),
        sa.Column("seed_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_user_agents_user_id", "user_agents", ["user_id"])
    op.create_index(
        "uq_user_agents_name",
        "user_agents",
        ["user_id", "name_key"],
        unique=True,
        **_where("state <> 'closed'"),
    )


def _create_chats() -> None:
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent_id", KEY),
        sa.ForeignKeyConstraint(["agent_id"], ["user_agents.id"]),
        sa.PrimaryKeyConstraint("chat_id"),
    )


def _create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("number", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", KEY, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text()),
        sa.Column("order", sa.Text(), nullable=False),
        sa.Column("notional_usd", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("nonce", sa.BigInteger()),
        sa.Column("signed", sa.Text()),
        sa.Column("receipt", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["user_agents.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_intents_agent", "intents", ["agent_id", "state", "updated_at"])
    op.create_index(
        "idx_intents_open",
        "intents",
        ["confirmed_at"],
        **_where("state IN ('confirmed', 'mined', 'sent', 'signed')"),
    )
    op.create_index(
        "uq_intents_in_flight",
        "intents",
        ["account"],
        unique=True,
        **_where("state IN ('mined', 'sent', 'signed')"),
    )
    op.create_index(
        "uq_intents_nonce",
        "intents",
        ["account", "nonce"],
        unique=True,
        **_where("state <> 'dropped'"),
    )
    op.create_index(
        "uq_intents_sequence",
        "intents",
        ["agent_id", "sequence"],
        unique=True,
        **_where("sequence > 0"),
    )


def _create_intent_events() -> None:
    op.create_table(
        "intent_events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text()),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_intent_events_intent_id", "intent_events", ["intent_id"])


def _create_nonces() -> None:
    op.create_table(
        "nonces",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )


def _create_trade_history() -> None:
    op.create_table(
        "trade_history",
        sa.Column("id", KEY, nullable=False),
        sa.Column("agent_id", KEY, nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("token_symbol", sa.Text(), nullable=False),
        sa.Column("trade_type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("timestamp", TIME, nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("value_usd", sa.Text(), nullable=False),
        sa.Column("expected_price_usd", sa.Text(), nullable=False),
        sa.Column("gas_sei", sa.Text(), nullable=False),
        sa.Column("gas_usd", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["user_agents.id"]),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("intent_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_trade_history_agent_id", "trade_history", ["agent_id"])
    op.create_index("idx_trade_history_timestamp", "trade_history", [sa.text("timestamp DESC")])


def _create_seen_balances() -> None:
    op.create_table(
        "seen_balances",
        sa.Column("agent_id", KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["user_agents.id"]),
        sa.PrimaryKeyConstraint("agent_id"),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", KEY, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("sent_at", TIME),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "idx_outbox_waiting",
        "outbox",
        ["chat_id", "id"],
        **_where("state IN ('pending', 'sending')"),
    )


def _create_dialogues() -> None:
    op.create_table(
        "dialogues",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("chat_id"),
    )


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", KEY, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_turns_at", "turns", ["at"])
    op.create_index("idx_turns_chat_id", "turns", ["chat_id", "agent_id", "at"])


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_decisions_agent_id", "decisions", ["agent_id"])


def _create_market_cache() -> None:
    op.create_table(
        "market_cache",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text()),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _create_switches() -> None:
    op.create_table(
        "switches",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )

"""The tables of alerts, of the prices they are measured by, and of who is told.

`market_alerts` keeps the seven columns it has had from the start. A look at prices reads nothing
but `idx_market_alerts_trigger`: see `bot/ports/alerts.py`.
"""

import sqlalchemy as sa

from db.base import Key, metadata, partial
from db.columns import Exact, Json, Prose, UtcTime

Series = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Sorted by bytes on both databases: a meter's series are a range of the index."""

market_alerts = sa.Table(
    "market_alerts",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("token_symbol", sa.Text, nullable=False),
    sa.Column("condition_type", sa.Text, nullable=False),
    sa.Column("threshold_value", Exact, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger, nullable=False),
    sa.Column("span", sa.Text, nullable=False),
    sa.Column("agent_id", sa.BigInteger, nullable=False),
    sa.Column("repeats", sa.Text, nullable=False),
    sa.Column("cooldown_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at", UtcTime),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("note", Prose, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("series", Series, nullable=False),
    sa.Column("direction", sa.SmallInteger, nullable=False),
    sa.Column("level", sa.BigInteger),
    sa.Column("due_at", UtcTime),
    sa.Column("seen_value", Exact),
    sa.Column("seen_at", UtcTime),
    sa.Column("rang_at", UtcTime),
    sa.Column("rings", sa.Integer, nullable=False),
    sa.Column("share", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("idx_market_alerts_user_token", "user_id", "token_symbol"),
    partial("idx_market_alerts_place", "chat_id", "thread_id", where=sa.text("is_active")),
    # When a group gets another id, what has ended there goes along.
    partial(
        "idx_market_alerts_ended",
        "chat_id",
        where=sa.text("NOT is_active AND chat_id < 0"),
    ),
    # A comparison with `level` says that it is not null, so both databases use this index.
    partial(
        "idx_market_alerts_trigger",
        "series",
        "direction",
        "level",
        where=sa.text("level IS NOT NULL"),
    ),
    partial("idx_market_alerts_due", "due_at", where=sa.text("due_at IS NOT NULL")),
    # Ended ones would pile up before the present.
    partial(
        "idx_market_alerts_end",
        "expires_at",
        where=sa.text("is_active AND expires_at IS NOT NULL"),
    ),
    partial("uq_market_alerts_share", "share", where=sa.text("share IS NOT NULL"), unique=True),
    sqlite_autoincrement=True,
)

alert_firings = sa.Table(
    "alert_firings",
    metadata,
    sa.Column("alert_id", Key, sa.ForeignKey("market_alerts.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("met_at", UtcTime, nullable=False),
    sa.Column("value", Exact),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
    sa.Index("idx_alert_firings_recorded", "alert_id", "recorded_at"),
)

price_ticks = sa.Table(
    "price_ticks",
    metadata,
    sa.Column("at", UtcTime, primary_key=True),
    sa.Column("prices", Json, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),
)

price_doubts = sa.Table(
    "price_doubts",
    metadata,
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

series_marks = sa.Table(
    "series_marks",
    metadata,
    sa.Column("series", sa.Text, primary_key=True),
    sa.Column("upto", UtcTime, nullable=False),
)

groups = sa.Table(
    "groups",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("title", Prose, nullable=False),
    sa.Column("lost", sa.Text, nullable=False),
    sa.Column("topics", Json, nullable=False),
)

followings = sa.Table(
    "followings",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger, nullable=False),
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), nullable=False),
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Index("uq_followings", "chat_id", "thread_id", "agent_id", unique=True),
    sa.Index("idx_followings_agent_id", "agent_id"),
    sqlite_autoincrement=True,
)

passed_signals = sa.Table(
    "passed_signals",
    metadata,
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), primary_key=True),
    sa.Column("symbol", Prose, primary_key=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("entry", Exact, nullable=False),
    sa.Column("stop_loss", Exact),
    sa.Column("take_profit", Exact),
    sa.Column("decided_at", UtcTime, nullable=False),
)

deposits = sa.Table(
    "deposits",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("agent_id", Key, sa.ForeignKey("user_agents.id"), nullable=False),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("raw", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("idx_deposits_agent_id", "agent_id", "id"),
    sqlite_autoincrement=True,
)

job_runs = sa.Table(
    "job_runs",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("started_at", UtcTime),
    sa.Column("took_ms", sa.BigInteger, nullable=False),
    sa.Column("next_at", UtcTime),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("error", Prose, nullable=False),
    sa.Column("dead_at", UtcTime),
)

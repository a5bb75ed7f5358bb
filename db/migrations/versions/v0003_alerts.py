"""Alerts, the prices they are measured by, groups, precedence in the outbox, and job runs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
SERIES = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
END = "is_active AND expires_at IS NOT NULL"
WAITING = "state IN ('pending', 'sending')"
SENDING = "state IN ('sending')"
ENDED = "state IN ('ambiguous', 'failed', 'lost')"
IN_GROUP = "chat_id < 0"

TABLES = (
    "market_alerts",
    "alert_firings",
    "price_ticks",
    "price_doubts",
    "series_marks",
    "groups",
    "followings",
    "passed_signals",
    "deposits",
    "job_runs",
)


def upgrade() -> None:
    """What waits in the outbox is about money, as everything was before."""
    op.add_column("users", sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"))
    op.add_column("users", sa.Column("quiet_hours", sa.Text))
    op.add_column("user_agents", sa.Column("public_from", sa.BigInteger))
    op.add_column("user_agents", sa.Column("public_from_trade", sa.BigInteger))
    op.add_column("outbox", sa.Column("priority", sa.Integer, nullable=False, server_default="0"))
    op.add_column(
        "outbox", sa.Column("thread_id", sa.BigInteger, nullable=False, server_default="0")
    )
    op.add_column("outbox", sa.Column("not_before", TIME))
    op.drop_index("idx_outbox_waiting", "outbox")
    _index("idx_outbox_waiting", "outbox", "chat_id", "priority", "id", where=WAITING)
    _index("idx_outbox_order", "outbox", "priority", "id", where=WAITING)
    _index("idx_outbox_sending", "outbox", "chat_id", where=SENDING)
    _index("idx_outbox_ended", "outbox", "state", "id", where=ENDED)
    _index("idx_outbox_in_groups", "outbox", "sent_at", where=IN_GROUP)
    _create_market_alerts()
    _index_market_alerts()
    _create_alert_firings()
    op.create_index("idx_alert_firings_recorded", "alert_firings", ["alert_id", "recorded_at"])
    _create_price_ticks()
    _create_price_doubts()
    _create_series_marks()
    _create_groups()
    _create_followings()
    op.create_index(
        "uq_followings", "followings", ["chat_id", "thread_id", "agent_id"], unique=True
    )
    op.create_index("idx_followings_agent_id", "followings", ["agent_id"])
    _create_passed_signals()
    _create_deposits()
    op.create_index("idx_deposits_agent_id", "deposits", ["agent_id", "id"])
    _create_job_runs()


def downgrade() -> None:
    """Forget them; what waits is sent as it was before, in order of queuing."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("UPDATE outbox SET due_at = not_before WHERE not_before > due_at")
    op.drop_index("idx_outbox_in_groups", "outbox")
    op.drop_index("idx_outbox_ended", "outbox")
    op.drop_index("idx_outbox_sending", "outbox")
    op.drop_index("idx_outbox_order", "outbox")
    op.drop_index("idx_outbox_waiting", "outbox")
    _index("idx_outbox_waiting", "outbox", "chat_id", "id", where=WAITING)
    op.drop_column("outbox", "not_before")
    op.drop_column("outbox", "thread_id")
    op.drop_column("outbox", "priority")
    op.drop_column("user_agents", "public_from_trade")
    op.drop_column("user_agents", "public_from")
    op.drop_column("users", "quiet_hours")
    op.drop_column("users", "time_zone")


def _index(name: str, table: str, *columns: str, where: str, unique: bool = False) -> None:
    condition: dict[str, Any] = {
        "sqlite_where": sa.text(where),
        "postgresql_where": sa.text(where),
    }
    op.create_index(name, table, list(columns), unique=unique, **condition)


def _index_market_alerts() -> None:
    table = "market_alerts"
    op.create_index("idx_market_alerts_user_token", table, ["user_id", "token_symbol"])
    _index("idx_market_alerts_place", table, "chat_id", "thread_id", where="is_active")
    _index("idx_market_alerts_ended", table, "chat_id", where=f"NOT is_active AND {IN_GROUP}")
    trigger = "series", "direction", "level"
    _index("idx_market_alerts_trigger", table, *trigger, where="level IS NOT NULL")
    _index("idx_market_alerts_due", table, "due_at", where="due_at IS NOT NULL")
    _index("idx_market_alerts_end", table, "expires_at", where=END)
    _index("uq_market_alerts_share", table, "share", where="share IS NOT NULL", unique=True)


def _create_market_alerts() -> None:
    op.create_table(
        "market_alerts",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("token_symbol", sa.Text, nullable=False),
        sa.Column("condition_type", sa.Text, nullable=False),
        sa.Column("threshold_value", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("thread_id", sa.BigInteger, nullable=False),
        sa.Column("span", sa.Text, nullable=False),
        sa.Column("agent_id", sa.BigInteger, nullable=False),
        sa.Column("repeats", sa.Text, nullable=False),
        sa.Column("cooldown_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("series", SERIES, nullable=False),
        sa.Column("direction", sa.SmallInteger, nullable=False),
        sa.Column("level", sa.BigInteger),
        sa.Column("due_at", TIME),
        sa.Column("seen_value", sa.Text),
        sa.Column("seen_at", TIME),
        sa.Column("rang_at", TIME),
        sa.Column("rings", sa.Integer, nullable=False),
        sa.Column("share", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )


def _create_alert_firings() -> None:
    op.create_table(
        "alert_firings",
        sa.Column("alert_id", KEY, sa.ForeignKey("market_alerts.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("met_at", TIME, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
    )


def _create_price_ticks() -> None:
    op.create_table(
        "price_ticks",
        sa.Column("at", TIME, primary_key=True),
        sa.Column("prices", sa.Text, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
    )


def _create_price_doubts() -> None:
    op.create_table(
        "price_doubts",
        sa.Column("symbol", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )


def _create_series_marks() -> None:
    op.create_table(
        "series_marks",
        sa.Column("series", sa.Text, primary_key=True),
        sa.Column("upto", TIME, nullable=False),
    )


def _create_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("lost", sa.Text, nullable=False),
        sa.Column("topics", sa.Text, nullable=False),
    )


def _create_followings() -> None:
    op.create_table(
        "followings",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("thread_id", sa.BigInteger, nullable=False),
        sa.Column("agent_id", KEY, sa.ForeignKey("user_agents.id"), nullable=False),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )


def _create_passed_signals() -> None:
    op.create_table(
        "passed_signals",
        sa.Column("agent_id", KEY, sa.ForeignKey("user_agents.id"), primary_key=True),
        sa.Column("symbol", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("stop_loss", sa.Text),
        sa.Column("take_profit", sa.Text),
        sa.Column("decided_at", TIME, nullable=False),
    )


def _create_deposits() -> None:
    op.create_table(
        "deposits",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("agent_id", KEY, sa.ForeignKey("user_agents.id"), nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )


def _create_job_runs() -> None:
    op.create_table(
        "job_runs",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("started_at", TIME),
        sa.Column("took_ms", sa.BigInteger, nullable=False),
        sa.Column("next_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("dead_at", TIME),
    )

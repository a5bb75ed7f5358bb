"""Mandates, exit codes, and what happened on the chain to escrows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Agents of before have neither exit code nor index; their contracts are of before, too."""
    exit_hash = sa.Column("exit_hash", sa.Text, nullable=False, server_default="")
    index = sa.Column("escrow_index", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("user_agents", exit_hash)
    op.add_column("user_agents", index)
    op.add_column("intents", sa.Column("tx_hash", sa.Text))
    op.create_index("idx_intents_tx_hash", "intents", ["tx_hash"])
    op.create_table(
        "mandates",
        sa.Column("agent_id", KEY, sa.ForeignKey("user_agents.id"), primary_key=True),
        sa.Column("word", sa.Text, primary_key=True),
        sa.Column("mandate", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "escrow_events",
        sa.Column("tx_hash", sa.Text, primary_key=True),
        sa.Column("log_index", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agent_id", KEY, sa.ForeignKey("user_agents.id"), nullable=False),
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
    )
    op.create_index("idx_escrow_events_agent_id", "escrow_events", ["agent_id", "block"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("escrow_events")
    op.drop_table("mandates")
    op.drop_index("idx_intents_tx_hash", "intents")
    op.drop_column("intents", "tx_hash")
    op.drop_column("user_agents", "escrow_index")
    op.drop_column("user_agents", "exit_hash")

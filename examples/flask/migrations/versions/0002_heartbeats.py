"""Heartbeats: when the worker last finished a round."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of heartbeats."""
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release", sa.String(80), nullable=False),
    )


def downgrade() -> None:
    """Drop the table of heartbeats."""
    op.drop_table("heartbeats")

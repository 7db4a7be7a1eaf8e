"""Jobs: the runner's heartbeat, and the price that it puts on each lead."""

from alembic import op
import sqlalchemy as sa

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the heartbeats table and the nullable price of a lead."""
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release", sa.String(80), nullable=False, server_default=""),
    )
    op.add_column("leads", sa.Column("total_cents", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop the heartbeats table and the price of a lead."""
    op.drop_column("leads", "total_cents")
    op.drop_table("heartbeats")

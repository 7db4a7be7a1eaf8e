"""Leads: people who asked for a visit."""

from alembic import op
import sqlalchemy as sa

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the leads table."""
    op.create_table(
        "leads",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("beds", sa.SmallInteger(), nullable=False),
        sa.Column("baths", sa.SmallInteger(), nullable=False),
        sa.Column("cleaning_type", sa.String(40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, server_default=""),
        sa.Column("status", sa.String(20), nullable=False, server_default="new"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("status IN ('new', 'contacted', 'won', 'lost')", name="leads_status_known"),
    )
    op.create_index("leads_created_at", "leads", ["created_at"])


def downgrade() -> None:
    """Drop the leads table."""
    op.drop_table("leads")

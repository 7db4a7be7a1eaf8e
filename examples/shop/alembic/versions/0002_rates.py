"""Rates: what each cleaning type costs."""

from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RATES = [
    {"cleaning_type": "standard", "title": "Standard cleaning", "base": 4900, "bed": 1800, "bath": 2200},
    {"cleaning_type": "deep", "title": "Deep cleaning", "base": 8900, "bed": 3200, "bath": 3900},
    {"cleaning_type": "move_out", "title": "Move-out cleaning", "base": 11900, "bed": 3600, "bath": 4400},
]


def upgrade() -> None:
    """Create the rates table with the prices of the opening day."""
    rates = op.create_table(
        "rates",
        sa.Column("cleaning_type", sa.String(40), primary_key=True),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("bed", sa.Integer(), nullable=False),
        sa.Column("bath", sa.Integer(), nullable=False),
        sa.CheckConstraint("base >= 0 AND bed >= 0 AND bath >= 0", name="rates_not_negative"),
    )
    op.bulk_insert(rates, RATES)


def downgrade() -> None:
    """Drop the rates table."""
    op.drop_table("rates")

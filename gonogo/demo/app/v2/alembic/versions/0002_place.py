"""Where a guest came from: a nullable column, so that the release before can live with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("notes", sa.Column("place", sa.String(80), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("notes", "place")

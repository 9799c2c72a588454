"""A credential knows when the sign-in behind it proved the account: what lasts needs a proof of the last minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credentials", sa.Column("proven_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("credentials", "proven_at")

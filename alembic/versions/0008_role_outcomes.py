"""Accounts know whether their role came from the provider, and the sign-in log has the role before and after."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("role_from_claim", sa.Boolean(), nullable=False, server_default=sa.false()))
    for column in ("role_before", "role_after", "warning"):
        op.add_column("sign_ins", sa.Column(column, sa.Text()))


def downgrade() -> None:
    for column in ("role_before", "role_after", "warning"):
        op.drop_column("sign_ins", column)
    op.drop_column("accounts", "role_from_claim")

"""Received claims in the sign-in log, and an index by correlation id."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("received", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_sign_ins_correlation_id"), "sign_ins", ["correlation_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_sign_ins_correlation_id"), "sign_ins")
    op.drop_column("sign_ins", "received")

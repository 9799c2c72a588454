"""Failed password tries, counted for throttling."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "password_failures",
        sa.Column("key", EXACT, nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_password_failures")),
    )
    op.create_index(op.f("ix_password_failures_last_at"), "password_failures", ["last_at"])


def downgrade() -> None:
    op.drop_table("password_failures")

"""Counters of wrong passwords recognise a repeated one, and addresses that an account signed in from are known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("password_failures", sa.Column("tried", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "known_addresses",
        sa.Column("key", EXACT, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_known_addresses")),
    )
    op.create_index(op.f("ix_known_addresses_seen_at"), "known_addresses", ["seen_at"])


def downgrade() -> None:
    op.drop_table("known_addresses")
    op.drop_column("password_failures", "tried")

"""The provider's session id of a session, and used logout tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("credentials", sa.Column("sid", EXACT))
    for column in ("sid", "subject"):
        op.create_index(op.f(f"ix_credentials_{column}"), "credentials", [column])
    op.create_table(
        "logout_tokens",
        sa.Column("digest", EXACT, nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_logout_tokens")),
    )
    op.create_index(op.f("ix_logout_tokens_forgotten_at"), "logout_tokens", ["forgotten_at"])


def downgrade() -> None:
    op.drop_table("logout_tokens")
    for column in ("sid", "subject"):
        op.drop_index(op.f(f"ix_credentials_{column}"), "credentials")
    op.drop_column("credentials", "sid")

"""An index for the credentials of one kind of an account, which every sign-in reads."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_credentials_account_id_kind", "credentials", ["account_id", "kind"])
    op.drop_index(op.f("ix_credentials_account_id"), "credentials")


def downgrade() -> None:
    op.create_index(op.f("ix_credentials_account_id"), "credentials", ["account_id"])
    op.drop_index("ix_credentials_account_id_kind", "credentials")

"""No query reads a whole table: indexes for lists, searches, administrators and legacy hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_accounts_admins", "accounts", "enabled", "level = 'admin'"),
    ("ix_accounts_legacy_hash", "accounts", "substr(password_hash, 5)", "substr(password_hash, 1, 2) = '$2'"),
    ("ix_accounts_waiting", "accounts", "username", "reset_asked_at IS NOT NULL"),
    ("ix_accounts_disabled", "accounts", "username", "NOT enabled"),
    ("ix_accounts_never", "accounts", "username", "last_login IS NULL"),
    ("ix_accounts_managed", "accounts", "username", "role_from_claim"),
    ("ix_credentials_client_token", "credentials", "id", "kind = 'client_token'"),
    ("ix_credentials_invitation", "credentials", "id", "kind = 'invitation'"),
)
NEWEST_OF = ("outcome", "account_id", "email", "address", "code")
"""Of the sign-in log."""

REPLACED = ("account_id", "email")


def upgrade() -> None:
    for name, table, column, where in PARTIAL:
        op.create_index(name, table, [sa.text(column)], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    for column in NEWEST_OF:
        op.create_index(f"ix_sign_ins_{column}_id", "sign_ins", [column, "id"])
    for column in REPLACED:
        op.drop_index(op.f(f"ix_sign_ins_{column}"), "sign_ins")


def downgrade() -> None:
    for column in REPLACED:
        op.create_index(op.f(f"ix_sign_ins_{column}"), "sign_ins", [column])
    for column in NEWEST_OF:
        op.drop_index(f"ix_sign_ins_{column}_id", "sign_ins")
    for name, table, _column, _where in PARTIAL:
        op.drop_index(name, table)

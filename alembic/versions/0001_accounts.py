"""Accounts, their identities and credentials, login attempts and the sign-in log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("username", EXACT, nullable=False),
        sa.Column("email", EXACT),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("password_set_at", TIME),
        sa.Column("version", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("last_login", TIME),
        sa.Column("last_active", TIME),
        sa.CheckConstraint("level IN ('viewer', 'editor', 'admin')", name=op.f("ck_accounts_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identities",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("issuer", EXACT, nullable=False),
        sa.Column("subject", EXACT, nullable=False),
        sa.Column("linked_at", TIME, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_identities_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
        sa.UniqueConstraint("account_id", "issuer", name=op.f("uq_identities_account_id_issuer")),
    )
    op.create_table(
        "credentials",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("digest", EXACT, nullable=False),
        sa.Column("kind", EXACT, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("issuer", EXACT),
        sa.Column("subject", EXACT),
        sa.Column("id_token", sa.Text()),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_credentials_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("digest", "kind", name=op.f("uq_credentials_digest_kind")),
    )
    op.create_index(op.f("ix_credentials_account_id"), "credentials", ["account_id"])
    op.create_index(op.f("ix_credentials_expires_at"), "credentials", ["expires_at"])
    op.create_table(
        "login_attempts",
        sa.Column("state_digest", EXACT, nullable=False),
        sa.Column("browser_key_digest", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text()),
        sa.Column("code_verifier", sa.Text()),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", ID),
        sa.Column("session_digest", sa.Text()),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("taken_at", TIME),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("pk_login_attempts")),
    )
    op.create_index(op.f("ix_login_attempts_expires_at"), "login_attempts", ["expires_at"])
    op.create_table(
        "sign_ins",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("issuer", sa.Text()),
        sa.Column("subject_digest", sa.Text()),
        sa.Column("account_id", ID),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_at"), "sign_ins", ["at"])


def downgrade() -> None:
    for table in ("sign_ins", "login_attempts", "credentials", "identities", "accounts"):
        op.drop_table(table)

"""An account's address knows whose word it is, and a sign-in can wait for the answer to “Is this your account?”.

Before this, only a provider's word was recorded (`email_verified`). Of all other addresses nobody wrote down who typed them,
so each gets the source that keeps open what was open yesterday, without trusting an address that a stranger may have typed:

- An administrator's account: `administrator`. It was made at set-up, by another administrator or on the command line, and
  administrators may type any address anyway.
- An account without a password and without a link: `administrator`. Only its address can open it, and only an administrator
  makes such an account. As `owner` it could be proved by nothing.
- An account that is as it was brought along from an existing RomM: `administrator`. Nothing changed it (version 1), and it is
  older than its row. Many of these people have never signed in here, and where passwords are closed they could prove nothing.
- A disabled account: `administrator`. It kept its person out yesterday, and does so until an administrator decides otherwise.
- All others: `owner`. Each has a password, so its owner links by typing it once; or it is linked already, and does not need
  its address. Where passwords are closed, an administrator confirms the address on the person's page.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_SOURCES = """
UPDATE accounts SET email_source = CASE
    WHEN email_verified THEN 'provider'
    WHEN level = 'admin' OR NOT enabled THEN 'administrator'
    WHEN version = 1 AND created_at <> updated_at THEN 'administrator'
    WHEN password_hash IS NULL
        AND NOT EXISTS (SELECT 1 FROM identities WHERE identities.account_id = accounts.id) THEN 'administrator'
    ELSE 'owner'
END
"""


def upgrade() -> None:
    op.add_column("accounts", sa.Column("email_source", sa.Text(), nullable=False, server_default="owner"))
    op.add_column("accounts", sa.Column("address_removed_at", sa.DateTime(timezone=True)))
    op.execute(_SOURCES)
    op.drop_column("accounts", "email_verified")
    op.create_table(
        "pending_sign_ins",
        sa.Column("digest", EXACT, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("sid", EXACT),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_pending_sign_ins_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pending_sign_ins")),
    )
    for column in ("account_id", "expires_at"):
        op.create_index(op.f(f"ix_pending_sign_ins_{column}"), "pending_sign_ins", [column])


def downgrade() -> None:
    op.drop_table("pending_sign_ins")
    op.add_column("accounts", sa.Column("email_verified", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE accounts SET email_verified = (email_source = 'provider')")
    op.drop_column("accounts", "address_removed_at")
    op.drop_column("accounts", "email_source")

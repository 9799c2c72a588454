"""Login attempts live in their browsers, sealed; the database has the keys, and a row of each attempt that was used.

Sign-ins that are under way during the migration have to begin again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sealing_keys",
        sa.Column("id", EXACT, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_keys")),
    )
    op.drop_table("login_attempts")
    op.create_table(
        "login_attempts",
        sa.Column("state_digest", EXACT, nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("pk_login_attempts")),
    )
    op.create_index(op.f("ix_login_attempts_expires_at"), "login_attempts", ["expires_at"])


def downgrade() -> None:
    op.drop_table("login_attempts")
    op.drop_table("sealing_keys")
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

"""ID tokens of sessions, and sign-ins that wait for an answer, are sealed for their browser.

Those in the clear are deleted: such sessions sign out at the provider without naming themselves, and people who are being
asked “Is this your account?” sign in again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.drop_column("credentials", "id_token")
    op.add_column("credentials", sa.Column("sealed_id_token", sa.Text()))
    op.drop_table("pending_sign_ins")
    _pending_sign_ins(sa.Column("sealed", sa.Text(), nullable=False))


def downgrade() -> None:
    op.drop_table("pending_sign_ins")
    _pending_sign_ins(
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("id_token_alg", sa.Text()),
        sa.Column("sid", EXACT),
        sa.Column("return_to", sa.Text(), nullable=False),
    )
    op.drop_column("credentials", "sealed_id_token")
    op.add_column("credentials", sa.Column("id_token", sa.Text()))


def _pending_sign_ins(*content: sa.Column[str]) -> None:
    op.create_table(
        "pending_sign_ins",
        sa.Column("digest", EXACT, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        *content,
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_pending_sign_ins_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pending_sign_ins")),
    )
    for column in ("account_id", "expires_at"):
        op.create_index(op.f(f"ix_pending_sign_ins_{column}"), "pending_sign_ins", [column])

"""Sign-ins are found by person: a refusal keeps its facts and the person's address; the deciding claims can be explained again.

The doctor's last verdict has a row. Lines from before have the address of their outline and no facts.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("facts", sa.Text(), nullable=False, server_default=""))
    op.add_column("sign_ins", sa.Column("email", EXACT))
    op.add_column("sign_ins", sa.Column("claims", sa.Text(), nullable=False, server_default=""))
    for column in ("account_id", "email"):
        op.create_index(op.f(f"ix_sign_ins_{column}"), "sign_ins", [column])
    _fill_in_addresses()
    op.create_table(
        "checkups",
        sa.Column("name", EXACT, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_checkups")),
    )


def downgrade() -> None:
    op.drop_table("checkups")
    for column in ("email", "account_id"):
        op.drop_index(op.f(f"ix_sign_ins_{column}"), "sign_ins")
    for column in ("claims", "email", "facts"):
        op.drop_column("sign_ins", column)


def _fill_in_addresses() -> None:
    lines = sa.table("sign_ins", sa.column("id"), sa.column("received"), sa.column("email"))
    connection = op.get_bind()
    found = connection.execute(sa.select(lines.c.id, lines.c.received).where(lines.c.received != "")).all()
    addresses = [{"line": line, "address": json.loads(received).get("email", "")} for line, received in found]
    known = [each for each in addresses if "@" in each["address"]]
    if known:
        filled = sa.update(lines).where(lines.c.id == sa.bindparam("line")).values(email=sa.bindparam("address"))
        connection.execute(filled, known)

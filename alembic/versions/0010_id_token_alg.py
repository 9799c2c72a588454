"""Sessions know which algorithm signed their ID token, so that logout tokens are held to it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = ("credentials", "pending_sign_ins")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("id_token_alg", sa.Text()))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "id_token_alg")

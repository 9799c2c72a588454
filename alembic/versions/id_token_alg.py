"""Sessions know which algorithm signed their ID token, so that logout tokens are held to it."""

import sqlalchemy as sa
from alembic import op

revision = "id_token_alg"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credentials", sa.Column("id_token_alg", sa.Text()))


def downgrade() -> None:
    op.drop_column("credentials", "id_token_alg")

"""Apps register devices and keep facts of them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXTS = {"ip_address": "", "mac_address": "", "hostname": "", "sync_mode": "api", "sync_config": ""}


def upgrade() -> None:
    for name, default in TEXTS.items():
        op.add_column("devices", sa.Column(name, sa.Text(), nullable=False, server_default=default))
    op.add_column("devices", sa.Column("sync_enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
    long_ago = sa.text("'1970-01-01 00:00:00'")  # SQLite adds no column with a default that is no constant
    op.add_column(
        "devices", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=long_ago)
    )
    devices = sa.table("devices", sa.column("updated_at"), sa.column("last_paired_at"))
    op.execute(sa.update(devices).values(updated_at=devices.c.last_paired_at))


def downgrade() -> None:
    for name in (*TEXTS, "sync_enabled", "updated_at"):
        op.drop_column("devices", name)

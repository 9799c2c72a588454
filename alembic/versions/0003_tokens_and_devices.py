"""Links, tokens and devices: more columns of credentials, devices, and forgotten passwords."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)
ADDED = ("name", "client", "family", "level", "binding", "salt", "spent_at", "device_id")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("reset_asked_at", TIME))
    op.add_column("accounts", sa.Column("email_verified", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "devices",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("client_device_identifier", EXACT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "client", "platform", "client_version")),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_paired_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_devices_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint(
            "account_id", "client_device_identifier", name="uq_devices_account_id_client_device_identifier"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "device_authorizations",
        sa.Column("device_code_digest", EXACT, nullable=False),
        sa.Column("user_code_digest", EXACT, nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("client_device_identifier", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "client", "platform", "client_version")),
        sa.Column("requested_scopes", sa.Text(), nullable=False),
        sa.Column("approved_scopes", sa.Text(), nullable=False),
        sa.Column("account_id", ID),
        sa.Column("account_version", ID),
        sa.Column("device_id", ID),
        sa.Column("token_expires_at", TIME),
        sa.Column("interval_seconds", ID, nullable=False),
        sa.Column("last_polled_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_device_authorizations_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_device_authorizations_device_id_devices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_code_digest", name=op.f("pk_device_authorizations")),
        sa.UniqueConstraint("user_code_digest", name=op.f("uq_device_authorizations_user_code_digest")),
    )
    for column in ("account_id", "device_id", "expires_at"):
        op.create_index(op.f(f"ix_device_authorizations_{column}"), "device_authorizations", [column])
    with op.batch_alter_table("credentials", table_kwargs={"sqlite_autoincrement": True}) as credentials:
        for name in ("name", "client", "binding", "salt"):
            credentials.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        credentials.add_column(sa.Column("family", EXACT, nullable=False, server_default=""))
        credentials.add_column(sa.Column("level", sa.Text()))
        credentials.add_column(sa.Column("spent_at", TIME))
        credentials.add_column(sa.Column("device_id", ID))
        credentials.create_foreign_key(
            op.f("fk_credentials_device_id_devices"), "devices", ["device_id"], ["id"], ondelete="CASCADE"
        )
        credentials.create_index(op.f("ix_credentials_family"), ["family"])
        credentials.create_index(op.f("ix_credentials_device_id"), ["device_id"])


def downgrade() -> None:
    op.execute("DELETE FROM credentials WHERE kind NOT IN ('session', 'known_browser')")
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_index(op.f("ix_credentials_device_id"))
        credentials.drop_index(op.f("ix_credentials_family"))
        credentials.drop_constraint(op.f("fk_credentials_device_id_devices"), type_="foreignkey")
        for name in ADDED:
            credentials.drop_column(name)
    op.drop_table("device_authorizations")
    op.drop_table("devices")
    op.drop_column("accounts", "email_verified")
    op.drop_column("accounts", "reset_asked_at")

"""Their meaning is in `romm.domain`."""

from datetime import datetime
from typing import Annotated

from advanced_alchemy.base import CommonTableAttributes, create_registry
from advanced_alchemy.types import BigIntIdentity
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Text, UniqueConstraint, true
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from romm.adapters.database.indexes import OF_ACCOUNTS, OF_CREDENTIALS, OF_SIGN_INS
from romm.domain.model import AccessLevel, EmailSource

# Compared and sorted by bytes: PostgreSQL's default collation depends on the operating system.
EXACT = Text().with_variant(Text(collation="C"), "postgresql")

Exact = Annotated[str, mapped_column(EXACT)]
Id = Annotated[int, mapped_column(BigIntIdentity, Identity(), primary_key=True)]


class Level(TypeDecorator[AccessLevel]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: AccessLevel | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.label

    def process_result_value(self, value: str | None, dialect: Dialect) -> AccessLevel | None:  # noqa: ARG002
        return None if value is None else AccessLevel[value.upper()]


class Source(TypeDecorator[EmailSource]):
    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> EmailSource | None:  # noqa: ARG002
        return None if value is None else EmailSource(value)


class Base(CommonTableAttributes, DeclarativeBase):
    """advanced-alchemy's naming convention and UTC times, without its sentinel column."""

    registry = create_registry({str: Text(), int: BigIntIdentity, AccessLevel: Level(), EmailSource: Source()})


class AccountRow(Base):
    """`version` grows with each change that a decision may depend on. `email` is canonical."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("username"),
        UniqueConstraint("email"),
        CheckConstraint("level IN ('viewer', 'editor', 'admin')", name="level"),
        *OF_ACCOUNTS,
        {"sqlite_autoincrement": True},  # ids of deleted accounts are never reused
    )

    id: Mapped[Id]
    username: Mapped[Exact]
    email: Mapped[Exact | None]
    enabled: Mapped[bool]
    level: Mapped[AccessLevel]
    password_hash: Mapped[str | None]
    password_set_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_login: Mapped[datetime | None]
    last_active: Mapped[datetime | None]
    reset_asked_at: Mapped[datetime | None]
    email_source: Mapped[EmailSource]
    address_removed_at: Mapped[datetime | None]
    role_from_claim: Mapped[bool]


class IdentityRow(Base):
    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_identities_issuer_subject"),
        UniqueConstraint("account_id", "issuer", name="uq_identities_account_id_issuer"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    issuer: Mapped[Exact]
    subject: Mapped[Exact]
    linked_at: Mapped[datetime]
    rule: Mapped[str]
    retired_at: Mapped[datetime | None]


class CredentialRow(Base):
    """`scopes` is space-separated."""

    __tablename__ = "credentials"
    __table_args__ = (
        UniqueConstraint("digest", "kind", name="uq_credentials_digest_kind"),
        *OF_CREDENTIALS,
        {"sqlite_autoincrement": True},  # ids are never reused
    )

    id: Mapped[Id]
    digest: Mapped[Exact]
    kind: Mapped[Exact]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    scopes: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str]
    user_agent: Mapped[str]
    issuer: Mapped[Exact | None]
    subject: Mapped[Exact | None] = mapped_column(index=True)
    sid: Mapped[Exact | None] = mapped_column(index=True)
    sealed_id_token: Mapped[str | None]
    id_token_alg: Mapped[str | None]
    name: Mapped[str]
    client: Mapped[str]
    family: Mapped[Exact] = mapped_column(index=True)
    level: Mapped[AccessLevel | None]
    binding: Mapped[str]
    salt: Mapped[str]
    spent_at: Mapped[datetime | None]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    proven_at: Mapped[datetime | None]


class DeviceRow(Base):
    """`sync_config` is JSON or empty."""

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint(
            "account_id", "client_device_identifier", name="uq_devices_account_id_client_device_identifier"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    client_device_identifier: Mapped[Exact]
    name: Mapped[str]
    client: Mapped[str]
    platform: Mapped[str]
    client_version: Mapped[str]
    created_at: Mapped[datetime]
    last_paired_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ip_address: Mapped[str] = mapped_column(server_default="")
    mac_address: Mapped[str] = mapped_column(server_default="")
    hostname: Mapped[str] = mapped_column(server_default="")
    sync_mode: Mapped[str] = mapped_column(server_default="api")
    sync_enabled: Mapped[bool] = mapped_column(server_default=true())
    sync_config: Mapped[str] = mapped_column(server_default="")


class DeviceAuthorizationRow(Base):
    """RFC 8628. Scopes are space-separated."""

    __tablename__ = "device_authorizations"

    device_code_digest: Mapped[Exact] = mapped_column(primary_key=True)
    user_code_digest: Mapped[Exact] = mapped_column(unique=True)
    shape: Mapped[str]
    state: Mapped[str]
    client_device_identifier: Mapped[str]
    name: Mapped[str]
    client: Mapped[str]
    platform: Mapped[str]
    client_version: Mapped[str]
    requested_scopes: Mapped[str]
    approved_scopes: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    account_version: Mapped[int | None]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    token_expires_at: Mapped[datetime | None]
    interval_seconds: Mapped[int]
    last_polled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AttemptRow(Base):
    """`outcome` is an `Outcome` as JSON, null while the sign-in continues."""

    __tablename__ = "login_attempts"

    state_digest: Mapped[Exact] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    outcome: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SealingKeyRow(Base):
    """`id` and `secret` are hexadecimal; `expires_at` is null for the newest."""

    __tablename__ = "sealing_keys"

    id: Mapped[Exact] = mapped_column(primary_key=True)
    secret: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class PendingSignInRow(Base):
    """`sealed` is a `PendingSignIn` as JSON, which only the secret behind `digest` opens."""

    __tablename__ = "pending_sign_ins"

    digest: Mapped[Exact] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInRow(Base):
    """No foreign key: the log outlives the account."""

    __tablename__ = "sign_ins"
    __table_args__ = OF_SIGN_INS

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    method: Mapped[str]
    outcome: Mapped[str]
    rule: Mapped[str | None]
    code: Mapped[str | None]
    issuer: Mapped[str | None]
    subject_digest: Mapped[str | None]
    account_id: Mapped[int | None]
    address: Mapped[str]
    correlation_id: Mapped[str] = mapped_column(index=True)
    received: Mapped[str]
    facts: Mapped[str]
    email: Mapped[Exact | None]
    claims: Mapped[str]
    role_before: Mapped[AccessLevel | None]
    role_after: Mapped[AccessLevel | None]
    warning: Mapped[str | None]


class CheckupRow(Base):
    """`findings` is JSON; `at` is null before the first examination has ended."""

    __tablename__ = "checkups"

    name: Mapped[Exact] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]
    at: Mapped[datetime | None]
    findings: Mapped[str]


class LogoutTokenRow(Base):
    """Kept until it expires."""

    __tablename__ = "logout_tokens"

    digest: Mapped[Exact] = mapped_column(primary_key=True)
    forgotten_at: Mapped[datetime] = mapped_column(index=True)


class FailuresRow(Base):
    """Consecutive failures of a key of `domain.sign_in.throttle`."""

    __tablename__ = "password_failures"

    key: Mapped[Exact] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    tried: Mapped[str] = mapped_column(server_default="")


class KnownAddressRow(Base):
    """`key`: digest of an account and an address where its password was used."""

    __tablename__ = "known_addresses"

    key: Mapped[Exact] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)

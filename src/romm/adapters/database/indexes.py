"""The indexes beside those of constraints and of single columns."""

from sqlalchemy import Index, TextClause, text

HAS_LEGACY_HASH = "substr(password_hash, 1, 2) = '$2'"
HASH_COST = "substr(password_hash, 5)"
"""Of a legacy hash, from the costliest down if sorted so."""


def partial(name: str, column: str | TextClause, where: str) -> Index:
    """A query uses it only with the same words in its text, not in parameters."""
    return Index(name, column, sqlite_where=text(where), postgresql_where=text(where))


OF_ACCOUNTS = (
    partial("ix_accounts_admins", "enabled", "level = 'admin'"),
    partial("ix_accounts_legacy_hash", text(HASH_COST), HAS_LEGACY_HASH),
    partial("ix_accounts_waiting", "username", "reset_asked_at IS NOT NULL"),
    partial("ix_accounts_disabled", "username", "NOT enabled"),
    partial("ix_accounts_never", "username", "last_login IS NULL"),
    partial("ix_accounts_managed", "username", "role_from_claim"),
)

OF_CREDENTIALS = (
    Index("ix_credentials_account_id_kind", "account_id", "kind"),
    partial("ix_credentials_client_token", "id", "kind = 'client_token'"),
    partial("ix_credentials_invitation", "id", "kind = 'invitation'"),
)

OF_SIGN_INS = (
    Index("ix_sign_ins_outcome_id", "outcome", "id"),
    Index("ix_sign_ins_account_id_id", "account_id", "id"),
    Index("ix_sign_ins_email_id", "email", "id"),
    Index("ix_sign_ins_address_id", "address", "id"),
    Index("ix_sign_ins_code_id", "code", "id"),
)

"""Codes of all refusals; `catalogue.py` has their texts."""

import enum
import reprlib
from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Struct

from romm.domain.printable import escaped, shortened

MAX_FACT_LENGTH = 400  # characters; fosite (Authelia, Hydra) puts a fixed sentence of 160 before the reason

MAX_FACTS_LISTED = 20

T = TypeVar("T")

_OUTLINE = reprlib.Repr()  # unlike repr(), bounded in depth and length for hostile documents

_OUTLINE.maxtuple = _OUTLINE.maxlist = _OUTLINE.maxdict = MAX_FACTS_LISTED

_OUTLINE.maxstring = _OUTLINE.maxother = 200


class Code(enum.StrEnum):
    """Stable: used in URLs, problem bodies, the log and the docs."""

    # before the provider
    OIDC_OFF = "oidc_off"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_ANSWER_INVALID = "provider_answer_invalid"
    PROVIDER_TLS = "provider_tls"
    ISSUER_MISMATCH = "issuer_mismatch"
    ISSUER_PLACEHOLDER = "issuer_placeholder"
    INITIATION_ISSUER = "initiation_issuer"
    ENDPOINT_INSECURE = "endpoint_insecure"
    # the authorization response
    STATE_UNKNOWN = "state_unknown"
    BROWSER_MISMATCH = "browser_mismatch"
    BROWSER_WITHOUT_TLS = "browser_without_tls"
    NAVIGATION_REQUIRED = "navigation_required"
    ATTEMPT_EXPIRED = "attempt_expired"
    ATTEMPT_USED = "attempt_used"
    ATTEMPT_OUTDATED = "attempt_outdated"
    RESPONSE_INVALID = "response_invalid"
    RESPONSE_ISSUER = "response_issuer"
    ACCESS_DENIED = "access_denied"
    INVALID_SCOPE = "invalid_scope"
    REQUEST_REFUSED = "request_refused"
    PROVIDER_ERROR = "provider_error"
    # the token endpoint
    CLIENT_REJECTED = "client_rejected"
    CLIENT_METHOD_UNSUPPORTED = "client_method_unsupported"
    CODE_REJECTED = "code_rejected"
    TOKEN_RESPONSE_INVALID = "token_response_invalid"
    # the ID token
    ID_TOKEN_MISSING = "id_token_missing"
    ID_TOKEN_MALFORMED = "id_token_malformed"
    ID_TOKEN_ENCRYPTED = "id_token_encrypted"
    ID_TOKEN_ALGORITHM = "id_token_algorithm"
    ID_TOKEN_KEY_UNKNOWN = "id_token_key_unknown"
    ID_TOKEN_KEY_UNREADABLE = "id_token_key_unreadable"
    ID_TOKEN_SIGNATURE = "id_token_signature"
    ID_TOKEN_ISSUER = "id_token_issuer"
    ID_TOKEN_AUDIENCE = "id_token_audience"
    ID_TOKEN_AUTHORIZED_PARTY = "id_token_authorized_party"
    ID_TOKEN_EXPIRED = "id_token_expired"
    ID_TOKEN_ISSUED_AT = "id_token_issued_at"
    ID_TOKEN_NOT_YET = "id_token_not_yet"
    ID_TOKEN_NONCE = "id_token_nonce"
    ID_TOKEN_AT_HASH = "id_token_at_hash"
    ID_TOKEN_AUTH_TIME = "id_token_auth_time"
    ID_TOKEN_ACR = "id_token_acr"
    ID_TOKEN_SUBJECT = "id_token_subject"
    ID_TOKEN_CLAIM_TYPE = "id_token_claim_type"
    HOSTED_DOMAIN = "hosted_domain"
    USERINFO_MISMATCH = "userinfo_mismatch"
    USERINFO_INVALID = "userinfo_invalid"
    # the logout token
    LOGOUT_TOKEN_INVALID = "logout_token_invalid"
    LOGOUT_TOKEN_USED = "logout_token_used"
    # which account
    SETUP_REQUIRED = "setup_required"
    NO_ROLE = "no_role"
    ACCOUNT_DISABLED = "account_disabled"
    IDENTITY_IN_USE = "identity_in_use"
    LINK_SESSION_CHANGED = "link_session_changed"
    EMAIL_MISSING = "email_missing"
    EMAIL_INVALID = "email_invalid"
    EMAIL_NOT_VERIFIED = "email_not_verified"
    EMAIL_AMBIGUOUS = "email_ambiguous"
    ALREADY_LINKED = "already_linked"
    ACCOUNT_LINKED = "account_linked"
    ISSUER_NOT_LINKED = "issuer_not_linked"
    LINK_FROM_ACCOUNT = "link_from_account"
    QUESTION_EXPIRED = "question_expired"
    REGISTRATION_CLOSED = "registration_closed"
    # local accounts
    CREDENTIALS_WRONG = "credentials_wrong"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_REQUESTS = "too_many_requests"
    PASSWORDS_OFF = "passwords_off"
    SETUP_CLOSED = "setup_closed"
    SETUP_HOST = "setup_host"
    USERNAME_INVALID = "username_invalid"
    USERNAME_TAKEN = "username_taken"
    EMAIL_TAKEN = "email_taken"
    ADDRESS_INVALID = "address_invalid"
    PASSWORD_WEAK = "password_weak"
    PASSWORD_WRONG = "password_wrong"
    CONFIRMATION_REQUIRED = "confirmation_required"
    LAST_WAY_IN = "last_way_in"
    LINK_INVALID = "link_invalid"
    ACCOUNT_CHANGED = "account_changed"
    # tokens that we issue
    TOKEN_REQUEST_INVALID = "token_request_invalid"
    GRANT_TYPE_UNSUPPORTED = "grant_type_unsupported"
    PASSWORD_GRANT_OFF = "password_grant_off"
    CLIENT_UNKNOWN = "client_unknown"
    SCOPE_UNKNOWN = "scope_unknown"
    SCOPE_EXCEEDED = "scope_exceeded"
    REFRESH_TOKEN_INVALID = "refresh_token_invalid"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    TOKEN_MISPLACED = "token_misplaced"
    # tokens
    NAME_INVALID = "name_invalid"
    SCOPES_INVALID = "scopes_invalid"
    SCOPES_EXCEEDED = "scopes_exceeded"
    LIFETIME_EXCEEDED = "lifetime_exceeded"
    TOKENS_FULL = "tokens_full"
    PAIRING_CODE_INVALID = "pairing_code_invalid"
    # apps that send a browser here
    APP_UNKNOWN = "app_unknown"
    APP_ADDRESS_UNKNOWN = "app_address_unknown"
    APP_CODE_INVALID = "app_code_invalid"
    APP_CODE_REUSED = "app_code_reused"
    # administration
    ADMIN_REQUIRED = "admin_required"
    OWN_ACCOUNT = "own_account"
    ROLE_MANAGED = "role_managed"
    LAST_ADMIN = "last_admin"
    ACCOUNT_UNKNOWN = "account_unknown"
    CREDENTIAL_UNKNOWN = "credential_unknown"
    NOT_AN_ADMIN = "not_an_admin"
    CLAIMS_UNREADABLE = "claims_unreadable"
    IMPORT_UNREADABLE = "import_unreadable"
    # devices
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DEVICE_DENIED = "device_denied"
    DEVICE_CODE_EXPIRED = "device_code_expired"
    DEVICE_CODE_INVALID = "device_code_invalid"
    DEVICE_CODE_UNKNOWN = "device_code_unknown"
    DEVICE_CODE_DECIDED = "device_code_decided"
    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_EXISTS = "device_exists"
    DEVICES_FULL = "devices_full"
    DEVICE_SCOPES_MISSING = "device_scopes_missing"
    DEVICE_SCOPES_EXCEEDED = "device_scopes_exceeded"
    # every request
    NOT_SIGNED_IN = "not_signed_in"
    FORBIDDEN = "forbidden"
    FORWARDED_ELSEWHERE = "forwarded_elsewhere"
    PROXY_UNTRUSTED = "proxy_untrusted"
    HAND_OVER_FAILED = "hand_over_failed"
    CROSS_SITE = "cross_site"
    REQUEST_INVALID = "request_invalid"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    SESSION_NOT_ENDED = "session_not_ended"
    BUSY = "busy"
    UNEXPECTED = "unexpected"


UNVERIFIABLE = frozenset(
    {
        Code.ID_TOKEN_MALFORMED,
        Code.ID_TOKEN_ENCRYPTED,
        Code.ID_TOKEN_ALGORITHM,
        Code.ID_TOKEN_KEY_UNKNOWN,
        Code.ID_TOKEN_KEY_UNREADABLE,
        Code.ID_TOKEN_SIGNATURE,
    }
)
"""The token's signer is unknown."""


class Refuse(Struct, frozen=True):
    """The facts are for the operator's log only."""

    code: Code
    facts: Mapping[str, Any] = {}


class Refused(Exception):
    """The only exception of this program.

    `return_to`: the target for the next try. `page`: where the person came from. `received`: an outline of the refused
    claims; `claims`: those that decide. `provider`: its id.
    """

    def __init__(self, code: Code, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = {name: bounded(fact) for name, fact in facts.items()}
        self.return_to: str | None = None
        self.page: str | None = None
        self.received: Mapping[str, str] = {}
        self.claims: Mapping[str, Any] = {}
        self.provider: str | None = None

    @classmethod
    def by(cls, refuse: Refuse) -> "Refused":
        return cls(refuse.code, **refuse.facts)


def required(result: T | Refuse) -> T:
    """Raises `Refused` for a refusal."""
    if isinstance(result, Refuse):
        raise Refused.by(result)
    return result


def bounded(fact: Any) -> str | int | float | bool | None:
    """For a log line."""
    if fact is None or isinstance(fact, float) or (isinstance(fact, int) and fact.bit_length() <= 64):
        return fact
    text = _outline(fact)
    return escaped(shortened(text, MAX_FACT_LENGTH))


def _outline(fact: Any) -> str:
    if isinstance(fact, tuple):
        return ", ".join(map(_OUTLINE.repr, fact[:MAX_FACTS_LISTED])) or "nothing"
    return fact if isinstance(fact, str) else _OUTLINE.repr(fact)

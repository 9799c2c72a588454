"""Authorization request and response (RFC 6749, 4.1; RFC 7636; RFC 9207). Only `accept` returns a response's code."""

import enum
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain.credentials.credential import FRESH_SESSION
from romm.domain.digests import code_challenge
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.discovery import Metadata, is_issuer
from romm.domain.sign_in.providers import FIRST
from romm.domain.urls import with_query

ATTEMPT_LIFETIME = timedelta(minutes=10)

WITHOUT_ISS = "a provider that sent no `iss`"

_STATE = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits, base64url

_PARAMETERS = ("code", "state", "iss", "error", "error_description")

_PERSON_DECIDED = {
    "access_denied",
    "consent_required",
    "interaction_required",
    "login_required",
    "account_selection_required",
}

_REQUEST_WRONG = {"invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_client"}


class Purpose(enum.StrEnum):
    SIGN_IN = "sign_in"
    LINK = "link"
    CONFIRM = "confirm"
    PREVIEW = "trial"


class Client(Struct, frozen=True, kw_only=True):
    """`scope` and `acr_values` are space-separated. `max_age`: seconds, 0 for any.

    `pushed_requests`: even if not required by the metadata (RFC 9126, 6). `stays_there`: the preset's.
    """

    client_id: str
    redirect_uri: str
    scope: str
    response_mode: str = ""
    max_age: int = 0
    acr_values: str = ""
    pushed_requests: bool = False
    reauthentication_prompt: str = "login"
    stays_there: str = ""


class Initiation(Struct, frozen=True, kw_only=True):
    """Unverified (OpenID Connect Core 1.0, 4)."""

    iss: str = ""
    target_link_uri: str = ""
    login_hint: str = ""


class LoginAttempt(Struct, frozen=True, kw_only=True):
    """In an encrypted cookie between request and response. `invitation`: the digest of its link."""

    state_digest: str
    nonce: str
    code_verifier: str
    return_to: str
    issuer: str
    client_id: str
    expires_at: datetime
    provider: str = FIRST
    purpose: Purpose = Purpose.SIGN_IN
    account_id: int | None = None
    session_digest: str | None = None
    invitation: str = ""


class AuthorizationResponse(Struct, frozen=True, kw_only=True):
    """Unverified."""

    code: str | None = None
    state: str | None = None
    iss: str | None = None
    error: str | None = None
    error_description: str | None = None


class Accepted(Struct, frozen=True):
    code: str


def request_parameters(client: Client, *, state: str, nonce: str, code_verifier: str) -> dict[str, str]:
    optional = {
        "response_mode": client.response_mode,
        "max_age": str(client.max_age or ""),
        "acr_values": client.acr_values,
    }
    return {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": code_challenge(code_verifier),
        "code_challenge_method": "S256",
    } | {name: value for name, value in optional.items() if value}


def reauthentication(client: Client) -> dict[str, str]:
    """OpenID Connect Core 1.0, 3.1.2.1."""
    longest = int(FRESH_SESSION.total_seconds())
    return {"prompt": client.reauthentication_prompt, "max_age": str(min(client.max_age or longest, longest))}


def initiated(initiation: Initiation, metadata: Metadata) -> dict[str, str] | Refuse:
    if not initiation.iss:
        return Refuse(Code.REQUEST_INVALID, {"problem": f"`iss` is missing; send iss={metadata.issuer}"})
    if not is_issuer(initiation.iss, metadata.issuer):
        return Refuse(Code.INITIATION_ISSUER, {"found": initiation.iss, "expected": metadata.issuer})
    return {"login_hint": initiation.login_hint} if initiation.login_hint else {}


def authorization_url(metadata: Metadata, parameters: dict[str, str]) -> str:
    """Keeps the endpoint's own query (RFC 6749, 3.1)."""
    return with_query(metadata.authorization_endpoint, parameters)


def response(query: Sequence[tuple[str, str]]) -> AuthorizationResponse | Refuse:
    """Refuses repeated parameters (RFC 6749, 3.1) and NUL characters."""
    found: dict[str, str] = {}
    for name, value in query:
        if name not in _PARAMETERS:
            continue
        if name in found or "\x00" in value:
            return Refuse(Code.RESPONSE_INVALID, {"problem": f"{name} comes twice or is not text"})
        found[name] = value
    if "code" in found and "error" in found:
        return Refuse(Code.RESPONSE_INVALID, {"problem": "code and error together"})
    return AuthorizationResponse(**found)


def is_state(text: str | None) -> bool:
    return text is not None and _STATE.fullmatch(text) is not None


def mixed_up(attempt: LoginAttempt, provider: str) -> Refuse | None:
    """The response came by the redirect URI of `provider` (RFC 9700, 4.4.2.2)."""
    if attempt.provider == provider:
        return None
    found, expected = (f"the redirect URI of {each}" for each in (provider, attempt.provider))
    return Refuse(Code.RESPONSE_ISSUER, {"found": found, "expected": expected})


def accept(
    answer: AuthorizationResponse, attempt: LoginAttempt, metadata: Metadata, client: Client, now: datetime
) -> Accepted | Refuse:
    """RFC 6749, 4.1.2 and 4.1.2.1; `iss`: RFC 9207, 2.4."""
    if now >= attempt.expires_at:
        return Refuse(
            Code.ATTEMPT_EXPIRED, {"age": round((now - attempt.expires_at + ATTEMPT_LIFETIME).total_seconds())}
        )
    if (attempt.issuer, attempt.client_id) != (metadata.issuer, client.client_id):
        return Refuse(Code.ATTEMPT_OUTDATED, {"issuer": attempt.issuer, "client_id": attempt.client_id})
    if answer.iss != metadata.issuer and (
        answer.iss is not None or metadata.authorization_response_iss_parameter_supported
    ):
        return Refuse(Code.RESPONSE_ISSUER, {"found": answer.iss or WITHOUT_ISS, "expected": metadata.issuer})
    if answer.error is not None:
        return provider_error(answer.error, answer.error_description, client)
    if not answer.code:
        return Refuse(Code.RESPONSE_INVALID, {"problem": "neither code nor error"})
    return Accepted(answer.code)


def provider_error(error: str, description: str | None, client: Client) -> Refuse:
    """RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6."""
    facts = {
        "error": error,
        "description": description,
        "redirect_uri": client.redirect_uri,
        "scopes": client.scope,
    }
    if error in _PERSON_DECIDED:
        return Refuse(Code.ACCESS_DENIED, facts)
    if error == "invalid_scope":
        return Refuse(Code.INVALID_SCOPE, facts)
    return Refuse(Code.REQUEST_REFUSED if error in _REQUEST_WRONG else Code.PROVIDER_ERROR, facts)

"""The authorization request we send and the authorization response we accept (RFC 6749, 4.1; RFC 7636; RFC 9207).

The only way from a response to its code is `accept`.
"""

import base64
import enum
import hashlib
import posixpath
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from romm.domain.discovery import Metadata
from romm.domain.errors import Code, Refuse

ATTEMPT_LIFETIME = timedelta(minutes=10)
MAX_RETURN_TO_LENGTH = 2048

_PARAMETERS = ("code", "state", "iss", "error", "error_description")
_URL_CHARACTERS = "/?#[]@!$&'()*+,;=:%~"
_PAGES_OF_THE_API = ("/api/authorize", "/api/docs")
_PERSON_DECIDED = {
    "access_denied",
    "consent_required",
    "interaction_required",
    "login_required",
    "account_selection_required",
}
_REQUEST_WRONG = {"invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_client"}


class Purpose(enum.StrEnum):
    """Why an attempt was started."""

    SIGN_IN = "sign_in"
    LINK = "link"
    TRIAL = "trial"


class Client(Struct, frozen=True, kw_only=True):
    """Us, as the provider sees us. `scope` is space-separated."""

    client_id: str
    redirect_uri: str
    scope: str


class Initiation(Struct, frozen=True, kw_only=True):
    """What another site says when it sends a browser here to sign in (OpenID Connect Core 1.0, 4). Nothing is believed."""

    iss: str = ""
    target_link_uri: str = ""
    login_hint: str = ""


class LoginAttempt(Struct, frozen=True, kw_only=True):
    """What we remember between authorization request and response. State and browser key are kept as digests."""

    state_digest: str
    browser_key_digest: str
    nonce: str
    code_verifier: str
    return_to: str
    issuer: str
    client_id: str
    expires_at: datetime
    purpose: Purpose = Purpose.SIGN_IN
    account_id: int | None = None
    session_digest: str | None = None


class AuthorizationResponse(Struct, frozen=True, kw_only=True):
    """The parameters a browser brought to the callback; nothing here is believed yet."""

    code: str | None = None
    state: str | None = None
    iss: str | None = None
    error: str | None = None
    error_description: str | None = None


class Accepted(Struct, frozen=True):
    """A response that belongs to its attempt."""

    code: str


def request_parameters(client: Client, *, state: str, nonce: str, code_verifier: str) -> dict[str, str]:
    """The parameters of an authorization request; PKCE is always S256, whether or not the provider asks for it."""
    return {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": code_challenge(code_verifier),
        "code_challenge_method": "S256",
    }


def initiated(said: Initiation, metadata: Metadata) -> dict[str, str] | Refuse:
    """What a third-party initiated login adds to the authorization request (OpenID Connect Core 1.0, 4)."""
    if said.iss != metadata.issuer:
        return Refuse(Code.INITIATION_ISSUER, {"found": said.iss, "expected": metadata.issuer})
    return {"login_hint": said.login_hint} if said.login_hint else {}


def authorization_url(metadata: Metadata, parameters: dict[str, str]) -> str:
    """The provider's authorization endpoint with our parameters; a query that it already has is kept."""
    return with_query(metadata.authorization_endpoint, parameters)


def code_challenge(code_verifier: str) -> str:
    """RFC 7636, 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def response(query: Sequence[tuple[str, str]]) -> AuthorizationResponse | Refuse:
    """Read a callback's query. A parameter that comes twice, or hides a NUL, is refused instead of picked from."""
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


def accept(
    answer: AuthorizationResponse, attempt: LoginAttempt, metadata: Metadata, client: Client, now: datetime
) -> Accepted | Refuse:
    """Judge a response against the attempt it belongs to (RFC 6749, 4.1.2 and 4.1.2.1; `iss` by RFC 9207, 2.4)."""
    if now >= attempt.expires_at:
        return Refuse(Code.ATTEMPT_EXPIRED, {"age": (now - attempt.expires_at + ATTEMPT_LIFETIME).total_seconds()})
    if (attempt.issuer, attempt.client_id) != (metadata.issuer, client.client_id):
        return Refuse(Code.ATTEMPT_OUTDATED, {"issuer": attempt.issuer, "client_id": attempt.client_id})
    if answer.iss != metadata.issuer and (
        answer.iss is not None or metadata.authorization_response_iss_parameter_supported
    ):
        return Refuse(Code.RESPONSE_ISSUER, {"found": answer.iss, "expected": metadata.issuer})
    if answer.error is not None:
        return provider_error(answer.error, answer.error_description, client)
    if not answer.code:
        return Refuse(Code.RESPONSE_INVALID, {"problem": "neither code nor error"})
    return Accepted(answer.code)


def provider_error(error: str, description: str | None, client: Client) -> Refuse:
    """Our code for an error that the provider reports (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6)."""
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


def return_to(unverified_target: str | None) -> str:
    """A path of our own to go to after sign-in; anything else, and routes that act, become `/`."""
    target = unverified_target or "/"
    seen = target
    for _ in range(3):  # however often a proxy on the way may decode it
        if len(target) > MAX_RETURN_TO_LENGTH or not _is_own_path(seen):
            return "/"
        seen = unquote(seen)
    return "/" if _acts(target) else quote(target, safe=_URL_CHARACTERS)


def own_target(uri: str, origin: str) -> str:
    """The part of a URL of ours that `return_to` judges; what is none of ours is no path, and `/` to it."""
    return uri.removeprefix(origin)


def _is_own_path(target: str) -> bool:
    return target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()


def _acts(target: str) -> bool:
    """Is it a sign-in page, or a route that does something when a browser comes by? Nobody is sent there by a link."""
    # As browser and router will see it: `/x/../%6cogin` is `/login`.
    path = unquote(urlsplit(target).path)
    return any(map(_is_route_that_acts, (posixpath.normpath(path), _in_a_browser(path))))


def _in_a_browser(path: str) -> str:
    """For a browser there is something between two slashes, and `..` takes it back: `/login//..` is `/login/` (URL Standard)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(filter(None, kept))


def _is_route_that_acts(path: str) -> bool:
    api = path == "/api" or path.startswith("/api/")
    return path == "/login" or path.startswith("/login/") or (api and path not in _PAGES_OF_THE_API)


def with_query(url: str, parameters: dict[str, str]) -> str:
    """A URL with parameters added to the query it already has."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return urlunsplit(parts._replace(query=query, fragment=""))

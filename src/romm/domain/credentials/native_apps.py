"""Native apps (RFC 6749, 4.1; RFC 7636; RFC 8252).

The redirect URI identifies an app, which has no secret; PKCE ties the code to the request.
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from romm.domain.credentials import tokens
from romm.domain.credentials.credential import Credential
from romm.domain.digests import code_challenge, digest
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account
from romm.domain.urls import return_to

PATH = "/api/authorize"
CODE_LIFETIME = timedelta(seconds=60)
CODE_REMEMBERED = timedelta(minutes=10)  # reuse until then ends the tokens issued for the code

_PARAMETERS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_CHALLENGE = re.compile(r"[\w-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[\w.~-]{43,128}", re.ASCII)
_URI = re.compile(r"[\w.~:/?@!$&'()+,;=%\[\]-]{1,1000}", re.ASCII)
LARGEST_PORT = 65_535
_LOOPBACK = re.compile(
    r"(?P<host>http://(?:127\.0\.0\.1|\[::1\]|localhost))(?P<port>:[0-9]{1,5})?(?P<rest>(?:[/?].*)?)"
)
_HTTPS = re.compile(r"(?P<origin>https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?)(?:[/?].*)?")
_PRIVATE_USE = re.compile(r"(?P<scheme>[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+):.+")


class App(Struct, frozen=True, kw_only=True):
    """`name` is the `client_id`, shown to people."""

    name: str
    redirect_uris: tuple[str, ...]


class AppRequest(Struct, frozen=True, kw_only=True):
    app: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    code_challenge: str

    @property
    def parameters(self) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": self.app,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.scopes),
            "state": self.state,
            "code_challenge": self.code_challenge,
            "code_challenge_method": "S256",
        }

    @property
    def address(self) -> str:
        """For after sign-in."""
        return f"{PATH}?{urlencode(self.parameters)}"


class AppError(Struct, frozen=True, kw_only=True):
    """RFC 6749, 4.1.2.1."""

    redirect_uri: str
    state: str
    error: str
    description: str


def unfit(redirect_uri: str) -> str | None:
    """Why no app may register this redirect URI (RFC 8252, 7)."""
    if "*" in redirect_uri:
        return "has a wildcard; write out each address"
    if "#" in redirect_uri:
        return "has a fragment; leave out the # and what follows"
    if not _URI.fullmatch(redirect_uri):
        return "has characters that no URI has, or is longer than 1000; write them as %XX"
    if _loopback(redirect_uri) or _HTTPS.fullmatch(redirect_uri) or _PRIVATE_USE.fullmatch(redirect_uri):
        return None
    if redirect_uri.lower().startswith("http:"):
        return (
            "is plain http to another machine; use https, or http://127.0.0.1/… for an app on the person's own machine"
        )
    return (
        "has to begin with https://, http://127.0.0.1/ or a scheme of the app's own with a dot in it, in small letters, "
        "such as com.example.app:/…"
    )


def fits(redirect_uri: str, registered: str) -> bool:
    """Exact; loopback addresses match with any port (RFC 8252, 7.3)."""
    return redirect_uri == registered or _without_port(redirect_uri) == (_without_port(registered) or registered)


def form_target(redirect_uri: str) -> str:
    """The narrowest `form-action` source (CSP Level 3, 2.3.1)."""
    if loopback := _loopback(redirect_uri):
        # The grammar does not allow [::1].
        return "http:" if "[" in loopback["host"] else f"{loopback['host']}{loopback['port'] or ''}"
    if https := _HTTPS.fullmatch(redirect_uri):
        return https["origin"]
    return f"{redirect_uri.partition(':')[0]}:"


def validate_request(query: Iterable[tuple[str, str]], apps: Sequence[App]) -> AppRequest | AppError | Refuse:
    """`Refuse`: do not redirect.

    Empty parameters count as missing, repeated ones are errors, unknown ones are ignored (RFC 6749, 3.1).
    """
    pairs = [(name, value) for name, value in query if value and name in _PARAMETERS]
    given = dict.fromkeys(_PARAMETERS, "") | dict(pairs)
    twice = [name for name in _PARAMETERS if sum(name == other for other, _ in pairs) > 1]
    app = next((each for each in apps if each.name == given["client_id"]), None)
    if app is None or "client_id" in twice:
        return Refuse(Code.APP_UNKNOWN, {"client_id": given["client_id"]})
    redirect_uri = given["redirect_uri"]
    if "redirect_uri" in twice or not any(fits(redirect_uri, registered) for registered in app.redirect_uris):
        return Refuse(Code.APP_ADDRESS_UNKNOWN, {"client_id": app.name, "redirect_uri": redirect_uri})
    state = "" if "state" in twice else given["state"]
    if problem := f"{twice[0]} comes twice" if twice else _incomplete(given):
        return AppError(redirect_uri=redirect_uri, state=state, error="invalid_request", description=problem)
    return _request(app.name, given)


def _request(app: str, given: dict[str, str]) -> AppRequest | AppError:
    redirect_uri, state, requested = given["redirect_uri"], given["state"], tokens.requested_scopes(given["scope"])
    if given["response_type"] != "code":
        problem = ("unsupported_response_type", "response_type has to be code")
    elif isinstance(requested, Refuse) or not requested:
        problem = ("invalid_scope", "scope has to name scopes that exist here")
    else:
        request = AppRequest(
            app=app, redirect_uri=redirect_uri, scopes=requested, state=state, code_challenge=given["code_challenge"]
        )
        if return_to(request.address) != "/":
            return request
        problem = (
            "invalid_request",
            "the request is too long, or has characters that are lost on the way through sign-in",
        )
    return AppError(redirect_uri=redirect_uri, state=state, error=problem[0], description=problem[1])


def _incomplete(given: dict[str, str]) -> str | None:
    if not given["response_type"]:
        return "response_type is missing"
    if given["code_challenge_method"] != "S256" or not _CHALLENGE.fullmatch(given["code_challenge"]):
        return "PKCE is required: code_challenge with code_challenge_method=S256"
    return None


def answer(redirect_uri: str, parameters: dict[str, str]) -> str:
    """Omits empty parameters (RFC 6749, 4.1.2)."""
    given = urlencode({name: value for name, value in parameters.items() if value})
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{given}"


def binding(client_id: str, redirect_uri: str, challenge: str) -> str:
    """No part contains a line break."""
    return digest(f"{client_id}\n{redirect_uri}\n{challenge}")


def redeem(
    code: Credential, owner: Account, client_id: str, redirect_uri: str, verifier: str, now: datetime
) -> Refuse | None:
    """RFC 6749, 4.1.3; RFC 7636, 4.6."""
    if code.spent_at is not None:
        return Refuse(Code.APP_CODE_REUSED, {"account": owner.id, "client": code.client})
    if now >= code.created_at + CODE_LIFETIME:
        return _invalid("older than a minute")
    presented = binding(client_id, redirect_uri, code_challenge(verifier))
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(presented, code.binding):
        return _invalid("asked for with another client_id, redirect_uri or code_verifier")
    return None if owner.enabled else _invalid("that of a disabled account")


def _invalid(reason: str) -> Refuse:
    return Refuse(Code.APP_CODE_INVALID, {"reason": reason})


def _without_port(uri: str) -> str | None:
    found = _loopback(uri)
    return f"{found['host']}{found['rest']}" if found else None


def _loopback(uri: str) -> re.Match[str] | None:
    found = _LOOPBACK.fullmatch(uri)
    is_port = found is None or int((found["port"] or ":0").removeprefix(":")) <= LARGEST_PORT
    return found if is_port else None

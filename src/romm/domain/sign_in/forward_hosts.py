"""Forward authentication at other hosts, where RomM's session cookie does not reach.

A one-time code carries the sign-in over, as in RFC 6749, 4.1: the other host is the client, a key in its cookie the
code verifier (RFC 7636).
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from romm.domain import hosts, urls
from romm.domain.credentials.credential import CLIENT_TOKEN_PREFIX, Credential
from romm.domain.digests import code_challenge
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account

FOLDER = "/romm-forward"
BEGIN, HAND_OVER, FINISH = f"{FOLDER}/begin", f"{FOLDER}/hand-over", f"{FOLDER}/finish"

CODE_LIFETIME = timedelta(minutes=1)  # one redirect; RFC 6749, 4.1.2, allows ten minutes
KEY_LIFETIME = timedelta(hours=1)  # a sign-in at the provider may lie between

_KEY = _CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_OUR_COOKIE = re.compile(r"(__Host-)?romm_")


class Opened(Struct, frozen=True, tag=True):
    """A cookie of this host may be set; it ends with the session."""

    session: Credential
    account: Account


def origin_of(host: str, origins: Sequence[str]) -> str | None:
    """`host`: a request's `Host`."""
    return next((each for each in origins if hosts.is_at(host, each)), None)


def is_key(unverified_cookie: str | None) -> bool:
    """The other host's pages can write any."""
    return bool(_KEY.fullmatch(unverified_cookie or ""))


def begin_url(origin: str, uri: str) -> str:
    return f"{origin}{BEGIN}?{urlencode({'next': path_there(uri)})}"


def hand_over_path(origin: str, key: str, uri: str) -> str:
    """At RomM's own host. Without `next` where that is too long for the sign-in page."""
    parameters = {"host": hosts.display(origin), "challenge": code_challenge(key)}
    whole = f"{HAND_OVER}?{urlencode(parameters | {'next': path_there(uri)})}"
    return whole if urls.return_to(whole) == whole else f"{HAND_OVER}?{urlencode(parameters)}"


def finish_url(origin: str, code: str, uri: str) -> str:
    return f"{origin}{FINISH}?{urlencode({'code': code, 'next': path_there(uri)})}"


def path_there(unverified_uri: str) -> str:
    """`/` for anything but path and query, and for our routes, which would begin again."""
    path = urls.path_at_host(unverified_uri)
    return "/" if path.startswith(f"{FOLDER}/") else path


def binding(origin: str, challenge: str) -> str | Refuse:
    """The other host, and the browser that began there."""
    if not _CHALLENGE.fullmatch(challenge):
        return Refuse(Code.REQUEST_INVALID, {"problem": "the challenge is no SHA-256 digest"})
    return f"{origin} {challenge}"


def redeem(
    code: Credential | None, session: tuple[Credential, Account] | None, origin: str, key: str | None, now: datetime
) -> Opened | Refuse:
    """`code` is spent already; `session` is the live one behind it."""
    if code is None or now >= code.expires_at:
        return _refuse("the code is unknown, spent or older than a minute")
    host, _, challenge = code.binding.partition(" ")
    if host != origin:
        return _refuse(f"the code is for {host}")
    if key is None or code_challenge(key) != challenge:
        return _refuse("the browser is not the one that began, or it refuses cookies")
    if session is None:
        return _refuse("the session has ended meanwhile")
    return Opened(*session)


def is_open(forward: Credential, origin: str, now: datetime) -> bool:
    """The session behind it decides the rest."""
    return forward.binding == origin and now < forward.expires_at


def _refuse(reason: str) -> Refuse:
    return Refuse(Code.HAND_OVER_FAILED, {"reason": reason})


def for_application(cookies: str, authorization: str, *, by_header: bool) -> dict[str, str]:
    """Headers for the proxy to hand on, without RomM's own.

    `by_header`: the header was the credential. Otherwise a bearer token is the application's; a Basic password may be
    RomM's, which the application could ask for in RomM's name.
    """
    pairs = (each.strip(" \t") for each in cookies.split(";"))
    kept = "; ".join(each for each in pairs if each and not _OUR_COOKIE.match(each))
    return {"cookie": kept, "authorization": "" if by_header or _is_ours(authorization) else authorization}


def _is_ours(authorization: str) -> bool:
    scheme, _, value = authorization.strip().partition(" ")
    is_client_token = value.strip().lower().startswith(CLIENT_TOKEN_PREFIX)
    return scheme.lower() == "basic" or (scheme.lower() == "bearer" and is_client_token)

"""Forward authentication for a reverse proxy: authorization, identity headers, and where to sign in."""

from collections.abc import Collection, Sequence
from urllib.parse import quote

from msgspec import Struct

from romm.domain import hosts, scopes
from romm.domain.errors import Code, Refuse
from romm.domain.model import LEVEL_NAMES, AccessLevel, Account
from romm.domain.urls import return_to

LEAST = "me.read"
"""Required of every credential: without it, it does not name its account."""

_UNESCAPED = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"  # printable ASCII except `%`


class Forwarded(Struct, frozen=True, kw_only=True):
    """The request a trusted proxy asks about. `uri`: path and query. Empty if not sent.

    `opens_page`: a browser navigates.
    """

    uri: str
    host: str
    opens_page: bool


def required(level: str, scope: str, names: Sequence[str]) -> frozenset[str] | Refuse:
    """The scopes that the operator requires.

    `names` are the query's parameters: a misspelt one would require nothing, a repeated one may be the visitor's.
    """
    if sorted(names) not in ([], ["level"], ["scope"], ["level", "scope"]):
        return Refuse(Code.REQUEST_INVALID, {"problem": f"the query has {names}; it may have level and scope, once"})
    least = AccessLevel.named(level)
    if level and least is None:
        return Refuse(Code.REQUEST_INVALID, {"problem": f"level={level} is none of {', '.join(LEVEL_NAMES)}"})
    if scope and scope not in scopes.ALL:
        return Refuse(Code.REQUEST_INVALID, {"problem": f"scope={scope} is none of {', '.join(scopes.ALL)}"})
    of_level = scopes.granted(least) if least else ()
    return frozenset((*of_level, scope or LEAST, LEAST))


def allow(needed: frozenset[str], has: Collection[str]) -> Refuse | None:
    missing = [scope for scope in scopes.ALL if scope in needed and scope not in has]
    return Refuse(Code.FORBIDDEN, {"scope": missing[0]}) if missing else None


def headers(account: Account, has: Collection[str]) -> dict[str, str]:
    """Identity headers for the app behind the proxy. Always all four, so that no forged one remains.

    The groups are the access levels that the *credential* covers fully, so a narrow token gets no wide access. An address
    that only its owner typed is omitted: the app may identify people by it.
    """
    groups = [level.label for level in AccessLevel if set(scopes.granted(level)) <= set(has)]
    return {
        "remote-user": header_text(account.username),
        "remote-name": header_text(account.username),
        "remote-email": header_text(account.email or "" if account.has_vouched_email else ""),
        "remote-groups": ",".join(groups),
    }


def header_text(value: str) -> str:
    """Percent-encodes `%` and all but printable ASCII, as UTF-8. Unique, and without line breaks (RFC 9110, 5.5)."""
    return quote(value, safe=_UNESCAPED, errors="replace")


def sign_in_target(forwarded: Forwarded, base_url: str) -> str | Refuse | None:
    """Return path after sign-in, or None if the request should not be redirected.

    Refused from another host: our session cookie would not reach it.
    """
    if not (forwarded.uri and forwarded.opens_page):
        return None
    if forwarded.host and not hosts.is_at(forwarded.host, base_url):
        return Refuse(Code.FORWARDED_ELSEWHERE, {"host": forwarded.host, "base_url": base_url})
    return return_to(forwarded.uri)

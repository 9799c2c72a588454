"""Answer a reverse proxy's authorization subrequest."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from urllib.parse import quote, urlencode

from msgspec import Struct

from romm.domain import hosts, scopes
from romm.domain.errors import Code, Refuse
from romm.domain.model import LEVEL_NAMES, AccessLevel, Account
from romm.domain.sign_in import forward_hosts
from romm.domain.urls import return_to

LEAST = "me.read"
"""Required of every credential: the response names the account."""

_GROUPS = tuple((level.label, frozenset(scopes.granted(level))) for level in AccessLevel)
_UNESCAPED = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"  # printable ASCII except `%`


class Forwarded(Struct, frozen=True, kw_only=True):
    """`uri` is path and query; missing values are empty."""

    uri: str
    host: str
    opens_page: bool


def required(level: str, scope: str, names: Sequence[str]) -> frozenset[str] | Refuse:
    """Refuse misspelt `names`, which would require nothing, and repeated ones, which may be the visitor's."""
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
    missing = needed.difference(has)
    return Refuse(Code.FORBIDDEN, {"scope": scopes.ordered(missing)[0]}) if missing else None


def headers(account: Account, has: frozenset[str]) -> dict[str, str]:
    """Always all four, to replace forged ones.

    Groups are the levels whose scopes the *credential* has in full. Unverified addresses are omitted: applications may
    identify people by them.
    """
    name = header_text(account.username)
    return {
        "remote-user": name,
        "remote-name": name,
        "remote-email": header_text(account.email or "" if account.has_vouched_email else ""),
        "remote-groups": _groups(has),
    }


@lru_cache(64)
def _groups(has: frozenset[str]) -> str:
    return ",".join(label for label, granted in _GROUPS if granted.issubset(has))


def header_text(value: str) -> str:
    """Escape `%` and all but printable ASCII as %XX of UTF-8 (RFC 9110, 5.5)."""
    if value.isascii() and value.isalnum():
        return value
    return quote(value, safe=_UNESCAPED, errors="replace")


def sign_in_url(request: Forwarded, base_url: str, other_host: str | None) -> str | Refuse | None:
    """None: do not redirect. `other_host`: its origin, if a sign-in may be carried over."""
    if not (request.uri and request.opens_page):
        return None
    if other_host is not None:
        return forward_hosts.begin_url(other_host, request.uri)
    if request.host and not hosts.is_at(request.host, base_url):
        return Refuse(Code.FORWARDED_ELSEWHERE, {"host": request.host, "base_url": base_url})
    return f"{base_url}/login?{urlencode({'next': return_to(request.uri)})}"

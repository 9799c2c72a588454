"""What a reverse proxy asks about a request it got: may this person have it, who are they, and where to sign in if nobody."""

from collections.abc import Collection, Sequence
from urllib.parse import quote

from msgspec import Struct

from romm.domain import hosts, scopes
from romm.domain.errors import Code, Refuse
from romm.domain.model import LEVEL_NAMES, AccessLevel, Account
from romm.domain.urls import return_to

LEAST = "me.read"
"""The scope without which a credential does not even say whose it is."""

_AS_THEY_ARE = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"  # printable ASCII but `%`, which marks what is not


class Forwarded(Struct, frozen=True, kw_only=True):
    """What a trusted proxy says of the request: path with query, host, and whether it is a page that a browser opens.

    An empty text is what it does not say.
    """

    uri: str
    host: str
    opens_page: bool


def required(level: str, scope: str, names: Sequence[str]) -> frozenset[str] | Refuse:
    """The scopes that the operator asks for.

    `names` are those in the query: a misspelt one would ask for nothing, and the second of two may be the visitor's.
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
    """Has the credential all that is needed?"""
    missing = [scope for scope in scopes.ALL if scope in needed and scope not in has]
    return Refuse(Code.FORBIDDEN, {"scope": missing[0]}) if missing else None


def headers(account: Account, has: Collection[str]) -> dict[str, str]:
    """Who it is, for what stands behind the proxy. All four, always, so that a forged one never stays.

    The groups are the access levels that the *credential* has in full, so that a narrow token opens nothing wide. An
    address that only its owner typed is left out: what stands behind the proxy may find people by it.
    """
    groups = [level.label for level in AccessLevel if set(scopes.granted(level)) <= set(has)]
    return {
        "remote-user": header_text(account.username),
        "remote-name": header_text(account.username),
        "remote-email": header_text(account.email or "" if account.has_vouched_email else ""),
        "remote-groups": ",".join(groups),
    }


def header_text(value: str) -> str:
    """A value as a header can carry it: whatever is not printable ASCII as %XX of its UTF-8, and `%` itself as %25.

    Never two people with one value, and never a line break (RFC 9110, 5.5).
    """
    return quote(value, safe=_AS_THEY_ARE, errors="replace")


def wanted(asked: Forwarded, base_url: str) -> str | Refuse | None:
    """Where to come back to after signing in; None when there is no sense in sending anybody to sign in.

    The cookie of a sign-in reaches only our own host: sent there from another one, a person would come back as nobody.
    """
    if not (asked.uri and asked.opens_page):
        return None
    if asked.host and not hosts.is_at(asked.host, base_url):
        return Refuse(Code.FORWARDED_ELSEWHERE, {"host": asked.host, "base_url": base_url})
    return return_to(asked.uri)

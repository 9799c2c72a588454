"""Where authorization requests led.

A provider's own pages have no standard (RFC 6749, 4.1.2.1: no redirect for an unregistered URI or client). So the
answer to RomM's request is compared with the answer to one that must fail.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from msgspec import Struct

from romm.domain.diagnosis.evidence import INVENTED_PATH, ProbeResponse, scheme_and_host
from romm.domain.errors import Refuse
from romm.domain.printable import shortened

MAX_HOPS = 5
MAX_QUOTE_LENGTH = 400  # characters

_ERROR = re.compile(r"error", re.IGNORECASE)
_ERROR_TITLE = re.compile(r"\berror", re.IGNORECASE)
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_CHANGING = re.compile(r"[A-Za-z0-9_~-]*\d[A-Za-z0-9_~-]*")  # numbers, and ids with one in them


class Visit(Struct, frozen=True, kw_only=True):
    """Redirects within the provider's origin, then the last answer. `sent` may be echoed."""

    redirect_uri: str
    responses: tuple[ProbeResponse, ...]
    sent: tuple[str, ...] = ()

    @property
    def last(self) -> ProbeResponse:
        return self.responses[-1]

    @property
    def returned(self) -> bool:
        location = self.last.location
        return location is not None and is_at(location, self.redirect_uri)


class ProviderWords(Struct, frozen=True):
    """`code` is an OAuth error."""

    code: str
    text: str

    def __str__(self) -> str:
        if self.code:
            return f"{self.code} ({self.text})" if self.text else self.code
        return f"“{self.text}”" if self.text else ""


def follow(response: ProbeResponse, redirect_uri: str, authorization_endpoint: str) -> str | None:
    """None outside of the provider's origin, and at the redirect URI."""
    location = response.location
    if location is None or is_at(location, redirect_uri):
        return None
    return location if scheme_and_host(location) == scheme_and_host(authorization_endpoint) else None


def is_at(location: str, redirect_uri: str) -> bool:
    return location.partition("?")[0].partition("#")[0] == redirect_uri.partition("?")[0]


def invented_redirect_uri(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}{INVENTED_PATH}"


def is_error(visit: Visit) -> bool:
    if visit.last.status >= 400 or visit.last.error or _ERROR_TITLE.search(visit.last.words.title):
        return True
    return any(_names_error(each.location) for each in visit.responses if each.location)


def words(visit: Visit) -> ProviderWords:
    """Of an error the code and the whole description."""
    for response in visit.responses:
        query = dict(parse_qsl(urlsplit(response.location or "").query))
        if "error" in query:
            described = [query.get(name, "") for name in ("error_description", "error_hint")]
            return ProviderWords(query["error"], shortened(_joined(described), MAX_QUOTE_LENGTH))
    if error := visit.last.error:
        return ProviderWords(error, shortened(visit.last.description or "", MAX_QUOTE_LENGTH))
    page = [visit.last.words.title, visit.last.words.text]
    return ProviderWords("", shortened(_joined(page, ": "), MAX_QUOTE_LENGTH))


def address(visit: Visit) -> str:
    """The last page's, without query and session id."""
    locations = [each.location for each in visit.responses if each.location]
    return _path(locations[-1] if locations else None)


def alike(visit: Visit | Refuse, control: Visit | Refuse) -> bool:
    """Not even the words differ."""
    if isinstance(visit, Refuse) or isinstance(control, Refuse):
        return isinstance(visit, Refuse) and isinstance(control, Refuse) and visit.code is control.code
    return (_place(visit), _said(visit)) == (_place(control), _said(control))


def proves(visit: Visit | Refuse | None, control: Visit | Refuse | None) -> bool:
    """The provider knows the difference: only the control is an error or leads elsewhere."""
    if not isinstance(visit, Visit) or not isinstance(control, Visit) or is_error(visit):
        return False
    return is_error(control) or _place(visit) != _place(control)


def masked(text: str, sent: Sequence[str] = ()) -> str:
    """Without what was sent, and what differs between requests."""
    for value in sorted((spelled for each in sent for spelled in _spellings(each)), key=len, reverse=True):
        text = text.replace(value, "*")
    return _CHANGING.sub("#", text)


def _names_error(location: str) -> bool:
    parts = urlsplit(location)
    names = (name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return bool(_ERROR.search(parts.path)) or any(_ERROR.search(name) for name in names)


def _place(visit: Visit) -> tuple[object, ...]:
    places = ((each.status, masked(_path(each.location), visit.sent)) for each in visit.responses)
    return (*places, masked(visit.last.words.title, visit.sent))


def _path(location: str | None) -> str:
    return _SESSION_IN_PATH.sub("", (location or "").partition("?")[0].partition("#")[0])


def _said(visit: Visit) -> str:
    told = words(visit)
    return masked(f"{told.code} {told.text}", visit.sent)


def _spellings(value: str) -> Iterator[str]:
    if value:
        yield from {value, quote(value, safe=""), quote_plus(value), value.replace("/", "&#x2F;")}


def _joined(told: Sequence[str], between: str = " ") -> str:
    """Without texts that another contains."""
    return between.join(each for each in told if each and not any(each in other for other in told if other != each))

"""Our own URLs."""

import posixpath
import re
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from romm.domain import hosts

MAX_RETURN_TO_LENGTH = 1024
"""Characters, as sent. The attempt's cookie holds them; nginx takes 4 kB of response headers."""

MAX_PATH_LENGTH = 4096  # characters, of a page at another host

_URL_CHARACTERS = "/?#[]@!$&'()*+,;=:%~"

DOCUMENTATION = re.compile(r"(?<![\w/.])/docs(?:/[\w/-]*\w(?:#[\w-]*\w)?)?(?![\w/-])")
"""Its pages, as texts name them."""

_PAGES_OF_THE_API = ("/api/authorize", "/api/docs")


def return_to(unverified_target: str | None) -> str:
    """Other URLs, sign-in pages and routes with side effects become `/`."""
    target = own_page(unverified_target)
    return "/" if _acts(target) else target


def own_page(unverified_target: str | None) -> str:
    """Other URLs become `/`, sign-in pages stay."""
    target = unverified_target or "/"
    seen = target
    for _ in range(3):  # a proxy may decode it, even twice
        if len(target) > MAX_RETURN_TO_LENGTH or not _is_own_path(seen):
            return "/"
        seen = unquote(seen)
    sent = quote(target, safe=_URL_CHARACTERS)
    return "/" if len(sent) > MAX_RETURN_TO_LENGTH else sent


def path_at_host(unverified_target: str) -> str:
    """Path and query, percent-encoded; `/` for anything else, and for what no cookie or header holds."""
    fits = len(unverified_target) <= MAX_PATH_LENGTH and _is_own_path(unverified_target)
    return quote(unverified_target, safe=_URL_CHARACTERS) if fits else "/"


def own_target(uri: str, origin: str) -> str:
    """Path and query of a local URL; others stay absolute."""
    path = hosts.path(uri, origin)
    return uri if path is None else path


def _is_own_path(target: str) -> bool:
    return target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()


def _acts(target: str) -> bool:
    # As browser and router will see it: `/x/../%6cogin` is `/login`.
    path = unquote(urlsplit(target).path)
    return any(map(_is_route_that_acts, (posixpath.normpath(path), _in_a_browser(path))))


def _in_a_browser(path: str) -> str:
    """Browsers keep empty segments: `/login//..` is `/login/` (URL Standard)."""
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
    """Drops the fragment."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return urlunsplit(parts._replace(query=query, fragment=""))


def with_documentation(text: str, base_url: str) -> str:
    """For readers who are not on our pages: the documentation's whole address."""
    return DOCUMENTATION.sub(lambda found: base_url + found[0], text)

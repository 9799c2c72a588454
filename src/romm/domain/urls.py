"""URLs of our own: where a browser may return to."""

import posixpath
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from romm.domain import hosts

MAX_RETURN_TO_LENGTH = 1024
"""Characters, as they are sent. The attempt's cookie holds them: a stock nginx takes 4 kB of response headers at once."""

_URL_CHARACTERS = "/?#[]@!$&'()*+,;=:%~"

_PAGES_OF_THE_API = ("/api/authorize", "/api/docs")


def return_to(unverified_target: str | None) -> str:
    """A path of our own to go to after sign-in; anything else, and routes that act, become `/`."""
    target = unverified_target or "/"
    seen = target
    for _ in range(3):  # however often a proxy on the way may decode it
        if len(target) > MAX_RETURN_TO_LENGTH or not _is_own_path(seen):
            return "/"
        seen = unquote(seen)
    sent = quote(target, safe=_URL_CHARACTERS)
    return "/" if _acts(target) or len(sent) > MAX_RETURN_TO_LENGTH else sent


def own_target(uri: str, origin: str) -> str:
    """Path and query of one of our URLs; others stay absolute and become `/` in `return_to`."""
    path = hosts.path(uri, origin)
    return uri if path is None else path


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

"""Keeps prefetches, frames, images and scripts from routes that act on GET."""

from collections.abc import Mapping

from romm.api.http.requests import Request
from romm.domain.errors import Code, Refused

OWN_NAVIGATION = "own_navigation"
"""The option of a route that only a person's navigation opens."""

_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")
_WHOLE_PAGES = ("document", "empty")  # `empty`: a navigation passed on by a service worker


def check_navigation(request: Request) -> None:
    """Before every handler. Raises `Refused(NAVIGATION_REQUIRED)`."""
    if request.route_handler.opt.get(OWN_NAVIGATION) and (found := not_opened(request.headers)):
        raise Refused(Code.NAVIGATION_REQUIRED, found=found)


def not_opened(headers: Mapping[str, str]) -> str | None:
    """The header that rules out a person's navigation (Fetch Metadata Request Headers; Speculation Rules, 6), else
    None. Not `Sec-Fetch-Site`: the provider is another site.
    """
    for name in _PURPOSES:
        if any(word in headers.get(name, "").lower() for word in _AHEAD):
            return f"{name}: {headers[name]}"
    if (mode := headers.get("sec-fetch-mode", "navigate")) != "navigate":
        return f"sec-fetch-mode: {mode}"
    if (destination := headers.get("sec-fetch-dest", "document")) not in _WHOLE_PAGES:
        return f"sec-fetch-dest: {destination}"
    return None

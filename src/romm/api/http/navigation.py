"""Guards routes that act on GET against prefetches, frames, images and scripts."""

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from romm.domain.errors import Code, Refused

_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")
_WHOLE_PAGES = ("document", "empty")  # `empty`: a navigation passed on by a service worker


async def own_navigation(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard. Raises `Refused(NAVIGATION_REQUIRED)`."""
    if found := not_opened(request.headers):
        raise Refused(Code.NAVIGATION_REQUIRED, found=found)


def not_opened(headers: Mapping[str, str]) -> str | None:
    """The header that shows a request other than a person's navigation (Fetch Metadata Request Headers; Speculation
    Rules, 6), None without such headers. Not `Sec-Fetch-Site`: the provider is another site.
    """
    for name in _PURPOSES:
        if any(word in headers.get(name, "").lower() for word in _AHEAD):
            return f"{name}: {headers[name]}"
    if (mode := headers.get("sec-fetch-mode", "navigate")) != "navigate":
        return f"sec-fetch-mode: {mode}"
    if (destination := headers.get("sec-fetch-dest", "document")) not in _WHOLE_PAGES:
        return f"sec-fetch-dest: {destination}"
    return None

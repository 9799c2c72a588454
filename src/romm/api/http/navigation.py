"""May this request spend something that can be spent once? The one answer, for every route that acts on GET."""

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from romm.domain.errors import Code, Refused

_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")
_WHOLE_PAGES = ("document", "empty")  # a service worker that passes a navigation on may make it `empty`


async def own_navigation(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: only a page that the person opens now goes on. Raises `Refused(NAVIGATION_REQUIRED)`."""
    if found := not_opened(request.headers):
        raise Refused(Code.NAVIGATION_REQUIRED, found=found)


def not_opened(headers: Mapping[str, str]) -> str | None:
    """The header that says that no person opens this page now: a prefetch, a frame, an image, a script.

    Browsers without these headers pass (Fetch Metadata Request Headers; Speculation Rules, 6). `Sec-Fetch-Site` decides
    nothing here: the provider, which sends the browser back, is another site.
    """
    for name in _PURPOSES:
        if any(word in headers.get(name, "").lower() for word in _AHEAD):
            return f"{name}: {headers[name]}"
    if (mode := headers.get("sec-fetch-mode", "navigate")) != "navigate":
        return f"sec-fetch-mode: {mode}"
    if (destination := headers.get("sec-fetch-dest", "document")) not in _WHOLE_PAGES:
        return f"sec-fetch-dest: {destination}"
    return None

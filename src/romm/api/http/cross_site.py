"""Refuses writes that another site makes a signed-in browser send. No token that can go stale: browsers say where from."""

from dataclasses import dataclass

from romm.api.http.requests import Request
from romm.domain import hosts
from romm.domain.errors import Code, Refused

_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class CrossSiteCheck:
    """`Sec-Fetch-Site` decides where a browser sends it (https and localhost), else `Origin`.

    A route with the option `own_site` is checked although it is read with GET, one with `cross_site` never is. A program that
    brings its credential in a header, and one without any cookie, cannot be misused and needs neither. But a browser that
    remembers a Basic password sends it along with any site's form, and a page (`browser`) looks at the cookie alone.
    """

    base_url: str

    async def __call__(self, request: Request) -> None:
        """Raises `Refused(CROSS_SITE)`; to be run before every handler."""
        options = request.route_handler.opt
        safe = request.method in _SAFE and not options.get("own_site")
        if safe or options.get("cross_site") or (not options.get("browser") and _is_programs(request)):
            return
        if not self._is_own(request):
            origin = request.headers.get("origin", "absent")
            raise Refused(Code.CROSS_SITE, origin=origin, base_url=self.base_url)

    def _is_own(self, request: Request) -> bool:
        renderer, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if renderer is not None:
            return renderer in ("same-origin", "none")
        if origin is None:
            return not request.cookies
        asking = hosts.origin(origin)
        return asking is not None and (asking == self.base_url or hosts.is_at(request.headers.get("host", ""), asking))


def _is_programs(request: Request) -> bool:
    """Does a program bring its credential in a header? A browser adds a Basic password that it remembers by itself."""
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    said = "sec-fetch-site" in request.headers or "origin" in request.headers
    return scheme == "bearer" or bool(scheme and not said)

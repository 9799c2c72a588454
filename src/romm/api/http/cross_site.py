"""Protection against cross-site request forgery by request headers, without tokens that could expire."""

from dataclasses import dataclass

from romm.api.http.requests import Request
from romm.domain import hosts
from romm.domain.errors import Code, Refused

_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class CrossSiteCheck:
    """`Sec-Fetch-Site` decides if sent (browsers do over https and on localhost), else `Origin`.

    Route options: `own_site` also checks GET, `cross_site` checks nothing. Requests without a cookie are exempt, and
    programs with a credential in a header. Not exempt: a remembered Basic password, which browsers add to any site's
    form, and pages (`browser`), which use only the cookie.
    """

    base_url: str

    async def __call__(self, request: Request) -> None:
        """Before every handler. Raises `Refused(CROSS_SITE)`."""
        options = request.route_handler.opt
        safe = request.method in _SAFE and not options.get("own_site")
        if safe or options.get("cross_site"):
            return
        if not options.get("browser") and _is_from_program(request, by_cookie=bool(options.get("signs_out"))):
            return
        if not self._is_own(request):
            origin = request.headers.get("origin", "absent")
            raise Refused(Code.CROSS_SITE, origin=origin, base_url=self.base_url)

    def _is_own(self, request: Request) -> bool:
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site in ("same-origin", "none")
        if origin is None:
            return not request.cookies
        sender = hosts.origin(origin)
        return sender is not None and (sender == self.base_url or hosts.is_at(request.headers.get("host", ""), sender))


def _is_from_program(request: Request, *, by_cookie: bool) -> bool:
    """With a credential in a header. Browsers add remembered Basic passwords, so their requests do not count; nor does a
    bearer where only the cookie acts.
    """
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    by_browser = "sec-fetch-site" in request.headers or "origin" in request.headers
    return (scheme == "bearer" and not by_cookie) or bool(scheme and not by_browser)

"""Prevents cross-site request forgery by request headers, without tokens that could expire."""

from dataclasses import dataclass

from romm.api.http.requests import Request, is_from_browser, wants_page
from romm.domain import hosts
from romm.domain.errors import Code, Refused

_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN = ("same-origin", "none")


@dataclass(frozen=True)
class CrossSiteCheck:
    """`Sec-Fetch-Site` decides if sent (by browsers over https and on localhost), else `Origin`.

    Route options: `own_site` also checks GET, `cross_site` checks nothing, `apps` only refuses websites. Exempt are
    requests without a cookie, and programs: with a credential in a header, or with the cookie and neither header. Not
    exempt: a remembered Basic password, which browsers add to any site's form, pages (`browser`), and requests for
    HTML: Firefox before 70 sends no `Origin` with a form.
    """

    base_url: str

    async def __call__(self, request: Request) -> None:
        """Before every handler. Raises `Refused(CROSS_SITE)`."""
        options = request.route_handler.opt
        safe = request.method in _SAFE and not options.get("own_site")
        if options.get("apps"):
            if is_from_website(request, self.base_url):
                raise refused(request, self.base_url)
            return
        if safe or options.get("cross_site"):
            return
        if not options.get("browser") and _is_from_program(request, by_cookie=bool(options.get("signs_out"))):
            return
        by_program = not wants_page(request) and not is_from_browser(request)
        if not by_program and not self._is_own(request):
            raise refused(request, self.base_url)

    def _is_own(self, request: Request) -> bool:
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site in _OWN
        if origin is None:
            return not request.cookies
        return _is_ours(origin, request, self.base_url)


def is_from_website(request: Request, base_url: str) -> bool:
    """From a browser, for a page that is not ours, even at another host of our domain.

    Apps send neither header; web views an origin with a scheme of their own (`capacitor://localhost`), which no website
    can send. A website's sandboxed frame sends `null`.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if origin is not None and _is_of_app(origin):
        return False
    if site is not None:
        return site not in _OWN
    return origin is not None and not _is_ours(origin, request, base_url)


def refused(request: Request, base_url: str) -> Refused:
    return Refused(Code.CROSS_SITE, origin=request.headers.get("origin", "absent"), base_url=base_url)


def _is_ours(origin: str, request: Request, base_url: str) -> bool:
    sender = hosts.origin(origin)
    return sender is not None and (sender == base_url or hosts.is_at(request.headers.get("host", ""), sender))


def _is_of_app(origin: str) -> bool:
    scheme, separator, _ = origin.partition("://")
    return bool(separator) and scheme.lower() not in ("http", "https")


def _is_from_program(request: Request, *, by_cookie: bool) -> bool:
    """By a credential in a header. Not a browser's Basic password, which may be remembered, nor a bearer where only the
    cookie acts.
    """
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    return (scheme == "bearer" and not by_cookie) or bool(scheme and not is_from_browser(request))

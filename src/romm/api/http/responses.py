"""Responses of several routes."""

from collections.abc import Collection, Sequence

from litestar import Response
from litestar.datastructures import Cookie

from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request
from romm.sign_in.openid.flow import StartedSignIn

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
"""For responses that may contain a token (RFC 6749, 5.1)."""


def see_other(url: str, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    """303: GET, not stored (RFC 9700, 4.2)."""
    return Response(b"", status_code=303, headers={"location": url}, cookies=cookies, media_type="text/plain")


def to_provider(request: Request, our_cookies: Cookies, begun: StartedSignIn) -> Response[bytes]:
    return see_other(begun.url, our_cookies.attempt_begun(request, begun.attempt_id, begun.sealed))


def allow_header(methods: Collection[str]) -> str:
    """Every method of a path (RFC 9110, 10.2.1); each GET route also answers HEAD."""
    return ", ".join(sorted({*methods, *(("HEAD",) if "GET" in methods else ())}))

"""Answers that several routes give."""

from collections.abc import Sequence

from litestar import Response
from litestar.datastructures import Cookie

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
"""Around everything that has a token in it, or might (RFC 6749, 5.1)."""


def see_other(url: str, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    """303: go there with GET, and let nobody keep the way (RFC 9700, 4.2)."""
    return Response(b"", status_code=303, headers={"location": url}, cookies=cookies, media_type="text/plain")

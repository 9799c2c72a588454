"""Answers that several routes give."""

from collections.abc import Sequence

from litestar import Response
from litestar.datastructures import Cookie


def see_other(url: str, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    """303: go there with GET, and let nobody keep the way (RFC 9700, 4.2)."""
    return Response(b"", status_code=303, headers={"location": url}, cookies=cookies, media_type="text/plain")

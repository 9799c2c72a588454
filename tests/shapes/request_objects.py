"""Authorization requests as unsigned request objects (OpenID Connect Core 1.0, 6.1)."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping

from msgspec import json


def claims(request_object: str) -> Mapping[str, str]:
    """Of an unsigned one; nothing of any other."""
    header, _, rest = request_object.partition(".")
    claims, _, signature = rest.partition(".")
    if signature or _decoded(header).get("alg") != "none":
        return {}
    return _decoded(claims)


def _decoded(part: str) -> dict[str, str]:
    return json.decode(urlsafe_b64decode(f"{part}==") or b"{}", type=dict[str, str])

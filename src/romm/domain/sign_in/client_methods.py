"""Client authentication at the token endpoint (OpenID Connect Core 1.0, 9).

The client's registration decides, and RomM cannot query it. A second method is tried only if it reveals the same secret
to the same endpoint.
"""

from collections.abc import Collection, Iterator

from romm.domain.errors import Code, Refuse

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
SECRET_JWT, KEY_JWT = "client_secret_jwt", "private_key_jwt"


def client_methods(
    configured: str, offered: Collection[str], *, has_secret: bool, has_key: bool
) -> tuple[str, ...] | Refuse:
    """In the order to try."""
    usable = list(_usable(has_secret=has_secret, has_key=has_key))
    if configured or not usable:
        return (configured or NONE,)
    for methods in usable:
        if fitting := tuple(method for method in methods if method in (offered or (BASIC,))):
            return fitting
    named = " ".join(method for methods in usable for method in methods)
    return Refuse(Code.CLIENT_METHOD_UNSUPPORTED, {"offered": " ".join(offered), "usable": named})


def _usable(*, has_secret: bool, has_key: bool) -> Iterator[tuple[str, ...]]:
    """The strongest first; try all of one tuple."""
    if has_key:
        yield (KEY_JWT,)
    if has_secret:
        yield (BASIC, POST)
        yield (SECRET_JWT,)

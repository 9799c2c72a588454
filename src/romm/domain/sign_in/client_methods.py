"""How we authenticate at the token endpoint, by the registered names (OpenID Connect Core 1.0, 9).

The provider's metadata offers methods, but the client's registration there decides, and nobody can ask for it. Of two methods
that reveal the same secret to the same endpoint the second may be tried.
"""

from collections.abc import Collection

from romm.domain.errors import Code, Refuse

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"

SECRET_METHODS = (BASIC, POST)


def client_methods(configured: str, offered: Collection[str], *, has_secret: bool) -> tuple[str, ...] | Refuse:
    """The method to use, and those to try when the client is rejected. A `configured` one is the only one."""
    if configured or not has_secret:
        return (configured or NONE,)
    fitting = tuple(method for method in SECRET_METHODS if method in (offered or (BASIC,)))
    return fitting or Refuse(
        Code.CLIENT_METHOD_UNSUPPORTED, {"offered": " ".join(offered), "usable": " ".join(SECRET_METHODS)}
    )

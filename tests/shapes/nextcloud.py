"""Nextcloud's app OIDC Identity Provider, after public reports: of it the way to the discovery document is known alone."""

from tests.shapes.answers import away, back, form, page, refusal
from tests.shapes.model import Seen, Shape, State

NEXTCLOUD = Shape(
    name="nextcloud",
    product="Nextcloud",
    version="with OIDC Identity Provider",
    seen=Seen.REPORTS,
    settings={"OIDC_SCOPES": "openid profile email groups"},
    paths={
        "discovery": "/index.php/.well-known/openid-configuration",
        "authorize": "/index.php/apps/oidc/authorize",
        "token": "/index.php/apps/oidc/token",
        "userinfo": "/index.php/apps/oidc/userinfo",
        "jwks": "/index.php/apps/oidc/jwks",
        "end_session": "/index.php/apps/oidc/logout",
    },
    own_pages={
        "/.well-known/openid-configuration": away("/index.php/.well-known/openid-configuration", 301),
    },
    silent={
        State.CLIENT_ID: page(400, "Nextcloud", "Your client is not authorized to connect."),
        State.REDIRECT_URI: page(400, "Nextcloud", "The received redirect URI is not accepted to connect."),
        State.HEALTHY: back("login_required"),
    },
    asked={
        State.CLIENT_ID: page(400, "Nextcloud", "Your client is not authorized to connect."),
        State.REDIRECT_URI: page(400, "Nextcloud", "The received redirect URI is not accepted to connect."),
        State.HEALTHY: form("Nextcloud"),
    },
    token={
        State.CLIENT_ID: refusal("invalid_client", 400),
        State.SECRET: refusal("invalid_client", 400),
        State.HEALTHY: refusal("invalid_grant", 400),
    },
    metadata={
        "scopes_supported": ["openid", "profile", "email", "roles", "groups", "offline_access"],
        "claims_supported": ["iss", "sub", "aud", "exp", "auth_time", "iat", "acr", "azp", "preferred_username", "scope",
                             "email", "email_verified", "name", "groups", "roles"],
    },
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI),
)  # fmt: skip

SHAPES = (NEXTCLOUD,)

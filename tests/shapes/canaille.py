"""Canaille 0.3.6, run. It asks who the person is before it looks at the request, unless `prompt=none`."""

from tests.shapes.answers import back, form, page, refusal, returns
from tests.shapes.model import ABSENT, Seen, Shape, State, Table

_PAGES: Table = {
    State.CLIENT_ID: page(404, "Page not found", "The page you are looking for does not exist"),
    State.REDIRECT_URI: page(400, "Bad request", "The request you made is invalid"),
}

CANAILLE_03 = Shape(
    name="canaille-0.3",
    product="Canaille",
    version="0.3.6",
    seen=Seen.RUN,
    settings={"OIDC_SCOPES": "openid profile email groups", "OIDC_TRUST_EMAIL": "absent"},
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/oauth/authorize",
        "token": "/oauth/token",
        "userinfo": "/oauth/userinfo",
        "jwks": "/oauth/jwks.json",
        "end_session": "/oauth/end_session",
    },
    silent={**_PAGES, State.HEALTHY: back("login_required", without="iss")},
    asked={State.HEALTHY: form()},
    submitted=_PAGES,
    token={
        State.CLIENT_ID: refusal("invalid_client", 401, "The client does not exist on this server."),
        State.SECRET: refusal("invalid_client", 401, "The client cannot authenticate with methods"),
        State.HEALTHY: refusal("invalid_grant", 400, "Invalid 'code' in request."),
    },
    sign_out={State.HEALTHY: returns},
    metadata={
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "groups"],
        "claims_supported": ["sub", "iss", "auth_time", "acr", "name", "given_name", "family_name", "nickname", "profile",
                             "picture", "website", "email", "email_verified", "locale", "zoneinfo", "groups", "nonce"],
        "id_token_signing_alg_values_supported": ["none", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "request_object_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
    },
    claims={"email_verified": ABSENT, "preferred_username": ABSENT},
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI),
)  # fmt: skip

SHAPES = (CANAILLE_03,)

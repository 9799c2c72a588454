"""LemonLDAP::NG 2.16.1, run. Its authorization endpoint looks at nothing before the log-in."""

from tests.fake_provider import Response, json_response
from tests.shapes.answers import form, page, refusal, returns
from tests.shapes.model import Seen, Shape, State, Table, Turn

_ALWAYS: Table = {State.HEALTHY: form("Authentication portal")}
_NO_REASON = page(200, "Authentication portal", "Error")


def _invalid_client(turn: Turn) -> Response:
    """401 to Basic, 400 to a form."""
    return json_response({"error": "invalid_client"}, 400 if "client_secret" in turn.asked else 401)


LEMONLDAP_216 = Shape(
    name="lemonldap-2.16",
    product="LemonLDAP::NG",
    version="2.16.1",
    seen=Seen.RUN,
    settings={"OIDC_SCOPES": "openid profile email groups"},
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/oauth2/authorize",
        "token": "/oauth2/token",
        "userinfo": "/oauth2/userinfo",
        "jwks": "/oauth2/jwks",
        "end_session": "/oauth2/logout",
    },
    silent=_ALWAYS,
    asked=_ALWAYS,
    submitted={State.CLIENT_ID: _NO_REASON, State.REDIRECT_URI: _NO_REASON},
    token={
        State.CLIENT_ID: _invalid_client,
        State.SECRET: _invalid_client,
        State.HEALTHY: refusal("invalid_grant", 400),
    },
    sign_out={State.HEALTHY: returns},
    metadata={
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "groups"],
        "claims_supported": ["sub", "iss", "auth_time", "acr"],
        "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        "backchannel_logout_supported": False,
    },
    knobs={"sends_iss": False},
    only_userinfo=True,
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI),
)

SHAPES = (LEMONLDAP_216,)

"""Kanidm 1.10.5, run. Each refusal of its authorization endpoint is a page with status 200, so is the answer to `prompt=none`."""

from tests.fake_provider import Response
from tests.shapes.answers import empty, form, page
from tests.shapes.model import ABSENT, Seen, Shape, State

_ERROR = page(
    200, "Error", "An unrecoverable error occurred. Please contact your administrator. Error Code: InvalidState"
)
_DENIED = page(
    200,
    "Access Denied",
    "You do not have access to this service. If you believe this is in error, contact your administrator and quote the below "
    "Operation ID.",
)
_UNAUTHORIZED = empty(401, www_authenticate="Bearer")

KANIDM_110 = Shape(
    name="kanidm-1.10",
    product="Kanidm",
    version="1.10.5",
    seen=Seen.RUN,
    provider="kanidm",
    settings={"OIDC_ROLE_ADMIN": "romm-admins@idm.test"},
    issuer="https://idp.test/oauth2/openid/romm",
    paths={
        "discovery": "/oauth2/openid/romm/.well-known/openid-configuration",
        "authorize": "/ui/oauth2",
        "token": "/oauth2/token",
        "userinfo": "/oauth2/openid/romm/userinfo",
        "jwks": "/oauth2/openid/romm/public_key.jwk",
    },
    silent={State.HEALTHY: _ERROR},
    asked={State.CLIENT_ID: _ERROR, State.REDIRECT_URI: _ERROR, State.HEALTHY: form("Login", "o2-authreq=0f3a")},
    submitted={State.SCOPE: _DENIED, State.PERSON: _DENIED},
    token={
        State.CLIENT_ID: _UNAUTHORIZED,
        State.SECRET: _UNAUTHORIZED,
        State.HEALTHY: lambda turn: Response(400, b'{"error":"invalid_request"}', "text/plain; charset=utf-8"),
    },
    metadata={"scopes_supported": ["openid", "profile", "email", "groups"]},
    knobs={"algorithm": "ES256", "sends_iss": False},
    claims={"groups": ["6f1e7c3a-0b50-4b5c-8d3e-3d1d8f1b0001", "romm-admins@idm.test", "idm_all_persons@idm.test"]},
    id_token={"at_hash": ABSENT},
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.PERSON),
)

SHAPES = (KANIDM_110,)

"""oidc-provider (node) 9.13 and VoidAuth 1.9.4, which is made with it. Both were run."""

from msgspec.structs import replace

from tests.shapes.answers import back, on, page, refusal, returns
from tests.shapes.model import Seen, Shape, State, Table

_OOPS = "oops! something went wrong"
_NO_MATCH = "redirect_uri did not match any of the client's registered redirect_uris"
_CLIENT_FAILED = refusal("invalid_client", 401, "client authentication failed")

_AUTHORIZE: Table = {
    State.CLIENT_ID: page(400, _OOPS, "error: invalid_client error_description: client is invalid"),
    State.REDIRECT_URI: page(400, _OOPS, f"error: invalid_redirect_uri error_description: {_NO_MATCH}"),
    State.PAR: back("invalid_request", "Pushed Authorization Request must be used"),
    State.SCOPE: back("invalid_scope", "requested scope is not allowed"),
}
_LOGIN_REQUIRED = back("login_required", "End-User authentication is required")

OIDC_PROVIDER_9 = Shape(
    name="oidc-provider-9",
    product="oidc-provider",
    version="9.13",
    seen=Seen.RUN,
    settings={"OIDC_SCOPES": "openid profile email groups"},
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/auth",
        "token": "/token",
        "par": "/request",
        "userinfo": "/me",
        "jwks": "/jwks",
        "end_session": "/session/end",
    },
    form_at="/interaction/0001",
    silent={**_AUTHORIZE, State.HEALTHY: _LOGIN_REQUIRED},
    asked={**_AUTHORIZE, State.HEALTHY: on("/interaction/0001")},
    submitted={State.CONSENT: back("access_denied", "End-User aborted interaction")},
    token={
        State.CLIENT_ID: _CLIENT_FAILED,
        State.SECRET: _CLIENT_FAILED,
        State.HEALTHY: refusal("invalid_grant", 400, "grant request is invalid"),
    },
    par={
        State.CLIENT_ID: _CLIENT_FAILED,
        State.SECRET: _CLIENT_FAILED,
        State.SCOPE: refusal("invalid_scope", 400, "requested scope is not allowed"),
        State.REDIRECT_URI: refusal("invalid_request", 400, _NO_MATCH),
    },
    sign_out={
        State.POST_LOGOUT: page(400, _OOPS, "error: invalid_request error_description: post_logout_redirect_uri not registered"),
        State.HEALTHY: returns,
    },
    metadata={
        "scopes_supported": ["openid", "offline_access", "profile", "email", "groups"],
        "claims_supported": ["sub", "email", "email_verified", "name", "preferred_username", "groups", "sid", "auth_time",
                             "iss"],
    },
    only_userinfo=True,
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.PAR, State.POST_LOGOUT,
            State.CONSENT),
)  # fmt: skip

_BELOW = {name: f"/oidc{path}" for name, path in OIDC_PROVIDER_9.paths.items()}

VOIDAUTH_19 = replace(
    OIDC_PROVIDER_9,
    name="voidauth-1.9",
    product="VoidAuth",
    version="1.9.4",
    provider="voidauth",
    issuer="https://idp.test/oidc",
    settings={"OIDC_SERVER_METADATA_URL": "https://idp.test/oidc/.well-known/openid-configuration"},
    paths=_BELOW,
    metadata={
        **OIDC_PROVIDER_9.metadata,
        "backchannel_logout_supported": True,
    },  # though there is no field for the address
    submitted={State.PERSON: page(200, "VoidAuth", "You do not have access to this application.")},
    states=(
        State.CLIENT_ID,
        State.SECRET,
        State.REDIRECT_URI,
        State.PAR,
        State.POST_LOGOUT,
        State.PERSON,
        State.UNVERIFIED,
    ),
)

SHAPES = (OIDC_PROVIDER_9, VOIDAUTH_19)

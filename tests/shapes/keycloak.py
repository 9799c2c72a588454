"""Keycloak 26.4.5, run."""

from tests.shapes.answers import back, form, page, refusal, returns
from tests.shapes.model import Answer, Seen, Shape, State, Table

_SORRY = "We are sorry..."
_INVALID_CLIENT = refusal("invalid_client", 401, "Invalid client or Invalid client credentials")
_NO_FLOW = "Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client."
_NOT_AUTHENTICATED = refusal("invalid_request", 401, "Authentication failed.")


def _sorry(text: str) -> Answer:
    return page(400, _SORRY, text)


_AUTHORIZE: Table = {
    State.REALM: _sorry("Realm not enabled"),
    State.CLIENT_ID: _sorry("Client not found."),
    State.DISABLED: _sorry("Client disabled."),
    State.REQUEST_OBJECT: _sorry("Invalid Request"),
    State.REDIRECT_URI: _sorry("Invalid parameter: redirect_uri"),
    State.PAR: back("invalid_request", "Pushed Authorization Request is only allowed."),
    State.GRANTS: back("unauthorized_client", _NO_FLOW),
    State.SCOPE: back("invalid_scope", "Invalid scopes: openid profile email groups"),
}

KEYCLOAK_26 = Shape(
    name="keycloak-26",
    product="Keycloak",
    version="26.4",
    seen=Seen.RUN,
    provider="keycloak",
    settings={"OIDC_CLAIM_ROLES": "groups", "OIDC_SCOPES": "openid profile email groups"},
    issuer="https://idp.test/realms/home",
    paths={
        "discovery": "/realms/home/.well-known/openid-configuration",
        "authorize": "/realms/home/protocol/openid-connect/auth",
        "token": "/realms/home/protocol/openid-connect/token",
        "par": "/realms/home/protocol/openid-connect/ext/par/request",
        "userinfo": "/realms/home/protocol/openid-connect/userinfo",
        "jwks": "/realms/home/protocol/openid-connect/certs",
        "end_session": "/realms/home/protocol/openid-connect/logout",
    },
    silent={**_AUTHORIZE, State.HEALTHY: back("login_required")},
    asked={**_AUTHORIZE, State.HEALTHY: form("Sign in to home")},
    token={
        State.REALM: refusal("access_denied", 403, "Realm not enabled"),
        State.CLIENT_ID: _INVALID_CLIENT,
        State.DISABLED: _INVALID_CLIENT,
        State.SECRET: refusal("unauthorized_client", 401, "Invalid client or Invalid client credentials"),
        State.DPOP: refusal("invalid_request", 400, "DPoP proof is missing"),
        State.HEALTHY: refusal("invalid_grant", 400, "Code not valid"),
    },
    par={
        State.REALM: refusal("access_denied", 403, "Realm not enabled"),
        State.CLIENT_ID: _NOT_AUTHENTICATED,
        State.DISABLED: _NOT_AUTHENTICATED,
        State.SECRET: _NOT_AUTHENTICATED,
        State.REQUEST_OBJECT: refusal("invalid_request", 400, "invalidRequestMessage"),
        State.REDIRECT_URI: refusal("invalid_request", 400, "Invalid parameter: redirect_uri"),
        State.GRANTS: refusal("unauthorized_client", 401, _NO_FLOW),
        State.SCOPE: refusal("invalid_request", 400, "Invalid scopes: openid profile email groups"),
    },
    sign_out={State.POST_LOGOUT: page(400, _SORRY, "Invalid redirect uri"), State.HEALTHY: returns},
    metadata={
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access", "roles", "web-origins",
                             "microprofile-jwt", "acr", "basic", "organization", "service_account", "groups"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name", "family_name",
                             "preferred_username", "email", "acr", "azp", "nonce"],
        "request_object_signing_alg_values_supported": ["RS256", "HS256", "none"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    },
    knobs={"sends_date": False, "sid": "2f0d7c1e"},
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.PAR, State.POST_LOGOUT, State.DISABLED,
            State.REALM, State.GRANTS, State.REQUEST_OBJECT, State.DPOP, State.UNVERIFIED),
)  # fmt: skip

SHAPES = (KEYCLOAK_26,)

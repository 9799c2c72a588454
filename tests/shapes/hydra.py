"""Ory Hydra 2.3.0, run. The reason is in the address of its error page, behind a fixed sentence of ory/fosite."""

from tests.fake_provider import Response
from tests.shapes.answers import away, back, on, page, refusal, returns
from tests.shapes.model import ABSENT, Answer, Seen, Shape, State, Table, Turn

_CLIENT_FAILED = (
    "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication "
    "method). "
)
_MALFORMED = (
    "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, "
    "or is otherwise malformed. "
)
_GRANT = (
    "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, "
    "expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
)
_METHOD = (
    f"{_CLIENT_FAILED}The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method "
    "'client_secret_post' was requested. You must configure the OAuth 2.0 client's 'token_endpoint_auth_method' value to "
    "accept 'client_secret_post'."
)


def _error_page(error: str, description: str) -> Answer:
    return away("/oauth2/fallbacks/error", error=error, error_description=description)


def _fallback(turn: Turn) -> Response:
    """Hydra's own, as long as `urls.error` is not set."""
    return page(500, "An OAuth2 Error Occurred", turn.asked.get("error_description", ""))(turn)


_AUTHORIZE: Table = {
    State.CLIENT_ID: _error_page("invalid_client", f"{_CLIENT_FAILED}The requested OAuth 2.0 Client does not exist."),
    State.REDIRECT_URI: _error_page(
        "invalid_request",
        f"{_MALFORMED}The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls.",
    ),
    State.SCOPE: back(
        "invalid_scope",
        "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope 'groups'.",
    ),
}

HYDRA_23 = Shape(
    name="hydra-2.3",
    product="Ory Hydra",
    version="2.3.0",
    seen=Seen.RUN,
    settings={"OIDC_SCOPES": "openid profile email groups"},
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/oauth2/auth",
        "token": "/oauth2/token",
        "userinfo": "/userinfo",
        "jwks": "/.well-known/jwks.json",
        "end_session": "/oauth2/sessions/logout",
    },
    form_at="/login",
    own_pages={
        "/oauth2/fallbacks/error": _fallback
    },
    silent={**_AUTHORIZE, State.HEALTHY: back("login_required", "The Authorization Server requires End-User authentication.")},
    asked={**_AUTHORIZE, State.HEALTHY: on("/login")},
    submitted={State.CONSENT: back("access_denied", "The resource owner denied the request")},
    token={
        State.CLIENT_ID: refusal("invalid_client", 401, _CLIENT_FAILED.strip()),
        State.METHOD: refusal("invalid_client", 401, _METHOD),
        State.SECRET: refusal("invalid_client", 401, _CLIENT_FAILED.strip()),
        State.HEALTHY: refusal("invalid_grant", 400, _GRANT),
    },
    sign_out={State.POST_LOGOUT: _error_page("invalid_request", f"{_MALFORMED}Logout failed because query parameter "
                                             "post_logout_redirect_uri is not a whitelisted as a post_logout_redirect_uri "
                                             "for the client."),
              State.HEALTHY: returns},
    metadata={
        "scopes_supported": ["offline_access", "offline", "openid"],
        "claims_supported": ["sub"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    },
    knobs={"sid": "7d1a", "sends_iss": False},
    logout_token={"exp": ABSENT},
    states=(State.CLIENT_ID, State.SECRET, State.METHOD, State.REDIRECT_URI, State.SCOPE, State.CONSENT, State.POST_LOGOUT),
)  # fmt: skip

SHAPES = (HYDRA_23,)

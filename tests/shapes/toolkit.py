"""django-oauth-toolkit 3.4.1 on Django 5.2, run. `prompt=none` raises `NotImplementedError` there."""

from tests.shapes.answers import back, on, page, refusal, returns
from tests.shapes.model import Seen, Shape, State, Table

_PAGES: Table = {
    State.CLIENT_ID: page(400, "Error: invalid_request", "Invalid client_id parameter value."),
    State.REDIRECT_URI: page(400, "Error: invalid_request", "Mismatching redirect URI."),
}
_SCOPE: Table = {State.SCOPE: back("invalid_scope")}
_INVALID_CLIENT = refusal("invalid_client", 401)

DJANGO_OAUTH_TOOLKIT_3 = Shape(
    name="django-oauth-toolkit-3.4",
    product="django-oauth-toolkit",
    version="3.4.1",
    seen=Seen.RUN,
    issuer="https://idp.test/o",
    settings={"OIDC_SCOPES": "openid profile email groups"},
    paths={
        "discovery": "/o/.well-known/openid-configuration",
        "authorize": "/o/authorize/",
        "token": "/o/token/",
        "userinfo": "/o/userinfo/",
        "jwks": "/o/.well-known/jwks.json",
        "end_session": "/o/logout/",
    },
    form_at="/accounts/login/",
    silent={**_PAGES, **_SCOPE, State.HEALTHY: page(500, "Server Error (500)")},
    asked={State.HEALTHY: on("/accounts/login/")},  # the log-in comes before everything else
    submitted={**_PAGES, **_SCOPE, State.CONSENT: back("access_denied")},
    token={
        State.CLIENT_ID: _INVALID_CLIENT,
        State.SECRET: _INVALID_CLIENT,
        State.HEALTHY: refusal("invalid_grant", 400),
    },
    sign_out={State.POST_LOGOUT: page(400, "Error: invalid_request", "This client does not have this redirect uri registered."),
              State.HEALTHY: returns},
    metadata={
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "claims_supported": ["sub"],
    },
    knobs={"sends_iss": False},
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.CONSENT, State.POST_LOGOUT),
)  # fmt: skip

SHAPES = (DJANGO_OAUTH_TOOLKIT_3,)

"""Spring Authorization Server with the filter chains of its guide, run. Its errors are at /error, behind the log-in form."""

from msgspec.structs import replace

from tests.shapes.answers import away, back, page, refusal, returns, saved
from tests.shapes.model import ABSENT, Seen, Shape, State, Table

_LOG_IN = saved("/login", "JSESSIONID")
_WHITELABEL = page(
    500,
    "Whitelabel Error Page",
    "This application has no explicit mapping for /error, so you are seeing this as a fallback.",
)
_AUTHORIZE: Table = {
    State.CLIENT_ID: _LOG_IN,
    State.REDIRECT_URI: _LOG_IN,
    State.SCOPE: back("invalid_scope", "OAuth 2.0 Parameter: scope"),
}
_INVALID_CLIENT = refusal("invalid_client", 401)

SPRING_15 = Shape(
    name="spring-authorization-server-1.5",
    product="Spring Authorization Server",
    version="1.5.3",
    seen=Seen.RUN,
    settings={"OIDC_SCOPES": "openid profile email groups"},
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/oauth2/authorize",
        "token": "/oauth2/token",
        "userinfo": "/userinfo",
        "jwks": "/oauth2/jwks",
        "end_session": "/connect/logout",
    },
    form_at="/login",
    silent={**_AUTHORIZE, State.HEALTHY: back("login_required", "OAuth 2.0 Parameter: prompt")},
    asked={**_AUTHORIZE, State.HEALTHY: _LOG_IN},
    submitted={State.CLIENT_ID: _WHITELABEL, State.REDIRECT_URI: _WHITELABEL},
    token={
        State.CLIENT_ID: _INVALID_CLIENT,
        State.METHOD: _INVALID_CLIENT,
        State.SECRET: _INVALID_CLIENT,
        State.HEALTHY: refusal("invalid_grant", 400),
    },
    sign_out={State.POST_LOGOUT: _WHITELABEL, State.HEALTHY: returns},
    metadata={"scopes_supported": ["openid"]},
    knobs={"sid": "5e", "sends_iss": False},
    id_token={"at_hash": ABSENT},
    states=(State.CLIENT_ID, State.SECRET, State.METHOD, State.REDIRECT_URI, State.SCOPE, State.POST_LOGOUT),
)

SPRING_152 = replace(
    SPRING_15,
    name="spring-authorization-server-1.5.2",
    version="1.5.2",
    paths={**SPRING_15.paths, "par": "/oauth2/par"},
    par={  # announced, and switched off
        State.CLIENT_ID: _INVALID_CLIENT,
        State.METHOD: _INVALID_CLIENT,
        State.SECRET: _INVALID_CLIENT,
        State.HEALTHY: away("/login"),
    },
)

SPRING_7 = replace(
    SPRING_15,
    name="spring-authorization-server-7",
    version="7.0.6",
    silent={**_AUTHORIZE, State.HEALTHY: _LOG_IN},
)

SHAPES = (SPRING_15, SPRING_152, SPRING_7)

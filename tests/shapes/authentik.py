"""Authentik: a stand-in after its source, from 2025.8 to 2026.5. All errors of its token endpoint are 400."""

from msgspec.structs import replace

from tests.shapes.answers import back, empty, form, on, page, plain, refusal, returns
from tests.shapes.model import ABSENT, Seen, Shape, State, Table

_INVALID_CLIENT = refusal(
    "invalid_client",
    400,
    "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication "
    "method)",
)
_INVALID_GRANT = refusal(
    "invalid_grant",
    400,
    "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used "
    "in the authorization request, or was issued to another client",
)

_PAGES: Table = {
    State.CLIENT_ID: page(400, "Client ID Error", "The client identifier (client_id) is missing or invalid."),
    State.REDIRECT_URI: page(
        400,
        "Redirect URI Error",
        "The request fails due to a missing, invalid, or mismatching redirection URI (redirect_uri).",
    ),
}
_NO_GRANTS: Table = {State.GRANTS: back("invalid_request", "The request is otherwise malformed")}
_SILENT: Table = {State.HEALTHY: back("login_required", "The Authorization Server requires End-User authentication")}
_ASKED: Table = {State.HEALTHY: on("/if/flow/default-authentication-flow/")}
_TOKEN: Table = {
    State.CLIENT_ID: _INVALID_CLIENT,
    State.SECRET: _INVALID_CLIENT,
    State.REDIRECT_URI: _INVALID_CLIENT,  # raised after the secret was compared
    State.HEALTHY: _INVALID_GRANT,
}

AUTHENTIK_20258 = Shape(
    name="authentik-2025.8.1",
    product="Authentik",
    version="2025.8.0 and 2025.8.1",
    seen=Seen.STAND_IN,
    provider="authentik",
    issuer="https://idp.test/application/o/romm/",
    paths={
        "discovery": "/application/o/romm/.well-known/openid-configuration",
        "authorize": "/application/o/authorize/",
        "token": "/application/o/token/",
        "userinfo": "/application/o/userinfo/",
        "jwks": "/application/o/romm/jwks/",
        "end_session": "/application/o/romm/end-session/",
    },
    form_at="/if/flow/default-authentication-flow/",
    discovery={State.SLUG: page(404, "Not Found - authentik")},
    silent={**_PAGES, **_SILENT},
    asked={**_PAGES, **_ASKED},
    submitted={State.PERSON: page(200, "Permission denied - authentik", "Request has been denied.")},
    token=_TOKEN,
    userinfo={State.MAPPING: empty(403, www_authenticate='Bearer error="insufficient_scope", error_description="openid"')},
    sign_out={State.HEALTHY: form("authentik")},  # its parameters are ignored
    metadata={
        "scopes_supported": ["openid", "profile", "email"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email",
                             "email_verified", "name", "given_name", "preferred_username", "nickname", "groups"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    },
    knobs={"sid": "8a7c1d"},
    id_token={"at_hash": ABSENT, "acr": "goauthentik.io/providers/oauth2/default", "amr": ["pwd"]},
    logout_token={"exp": ABSENT},
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.HS256, State.ENCRYPTION, State.SLUG, State.MAPPING,
            State.UNVERIFIED, State.PERSON),
)  # fmt: skip

AUTHENTIK_20258_2 = replace(AUTHENTIK_20258, name="authentik-2025.8.2", version="2025.8.2 and later", logout_token={})

AUTHENTIK_202510 = replace(AUTHENTIK_20258_2, name="authentik-2025.10", version="2025.10 and 2025.12")
"""Of another e-mail mapping than the default one, which sends `email_verified: false` (`State.UNVERIFIED`)."""

AUTHENTIK_20265 = replace(
    AUTHENTIK_202510,
    name="authentik-2026.5",
    version="2026.5",
    silent={**_PAGES, **_NO_GRANTS, **_SILENT},
    asked={**_PAGES, **_NO_GRANTS, **_ASKED},
    token={State.CLIENT_ID: _INVALID_CLIENT, State.GRANTS: _INVALID_GRANT, **_TOKEN},  # before the secret
    sign_out={State.POST_LOGOUT: plain(400, "Bad Request"), State.HEALTHY: returns},
    states=(*AUTHENTIK_202510.states, State.GRANTS, State.POST_LOGOUT),
)

SHAPES = (AUTHENTIK_20258, AUTHENTIK_20258_2, AUTHENTIK_202510, AUTHENTIK_20265)

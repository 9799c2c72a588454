"""Dex 2.45.1 and its main branch (ab64ed77), run. `/auth` looks at the client only; `/auth/<connector>` at the rest."""

from msgspec.structs import replace

from tests.shapes.answers import back, form, on, page, refusal, returns
from tests.shapes.model import Seen, Shape, State, Table

_CLIENT = page(400, "Bad Request", "Invalid client_id provided.")
_REDIRECT = page(400, "Bad Request", "Unregistered redirect_uri.")
_INVALID_CLIENT = refusal("invalid_client", 401, "Invalid client credentials.")
_SCOPE = back("invalid_scope", "Unrecognized scope(s)")

_ONE_CONNECTOR: Table = {State.CLIENT_ID: _CLIENT, State.HEALTHY: on("/dex/auth/local")}
_CHOOSER: Table = {State.CLIENT_ID: _CLIENT, State.HEALTHY: form("dex: Log in to dex")}
_REJECTED: Table = {State.CONSENT: page(500, "Internal Server Error", "Approval rejected.")}

DEX_245 = Shape(
    name="dex-2.45",
    product="Dex",
    version="2.45.1",
    seen=Seen.RUN,
    provider="dex",
    issuer="https://idp.test/dex",
    paths={
        "discovery": "/dex/.well-known/openid-configuration",
        "authorize": "/dex/auth",
        "token": "/dex/token",
        "userinfo": "/dex/userinfo",
        "jwks": "/dex/keys",
    },
    form_at="/dex/auth/local",
    silent=_ONE_CONNECTOR,
    asked=_ONE_CONNECTOR,
    form={State.REDIRECT_URI: _REDIRECT, State.SCOPE: _SCOPE, State.HEALTHY: on("/dex/auth/local/login")},
    submitted=_REJECTED,
    token={
        State.CLIENT_ID: _INVALID_CLIENT,
        State.SECRET: _INVALID_CLIENT,
        State.HEALTHY: refusal("invalid_grant", 400, "Invalid or expired code parameter."),
    },
    metadata={
        "scopes_supported": ["openid", "email", "groups", "profile", "offline_access"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "email", "email_verified", "locale", "name",
                             "preferred_username", "at_hash"],
    },
    knobs={"sends_iss": False},
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.CONSENT),
)  # fmt: skip

DEX_245_CHOOSER = replace(
    DEX_245,
    name="dex-2.45-chooser",
    version="2.45.1 with two connectors",
    form_at="",
    form={},
    silent=_CHOOSER,
    asked=_CHOOSER,
    submitted={State.REDIRECT_URI: _REDIRECT, State.SCOPE: _SCOPE, **_REJECTED},
)

DEX_MAIN = replace(
    DEX_245,
    name="dex-main",
    version="after 2.45.1, with sessions",
    paths={**DEX_245.paths, "end_session": "/dex/logout"},
    sign_out={
        State.POST_LOGOUT: page(400, "Bad Request", "Unregistered post_logout_redirect_uri."),
        State.HEALTHY: returns,
    },
    metadata={**DEX_245.metadata, "backchannel_logout_supported": True, "backchannel_logout_session_supported": True},
    knobs={**DEX_245.knobs, "algorithm": "ES256", "sid": "c1"},
    states=(*DEX_245.states, State.POST_LOGOUT, State.UNVERIFIED),
)

SHAPES = (DEX_245, DEX_245_CHOOSER, DEX_MAIN)

"""Pocket ID, whose answers are a page made in the browser, and words where RFC 6749 wants codes."""

from msgspec.structs import replace

from tests.shapes.answers import back, form, page, refusal, returns
from tests.shapes.model import Seen, Shape, State, Table

_ALWAYS: Table = {State.HEALTHY: form("Pocket ID")}

POCKET_ID_29 = Shape(
    name="pocket-id-2.9",
    product="Pocket ID",
    version="2.9",
    seen=Seen.RUN,
    provider="pocket_id",
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/authorize",
        "token": "/api/oidc/token",
        "par": "/api/oidc/par",
        "userinfo": "/api/oidc/userinfo",
        "jwks": "/.well-known/jwks.json",
        "end_session": "/api/oidc/end-session",
    },
    silent=_ALWAYS,
    asked=_ALWAYS,
    submitted={
        State.CLIENT_ID: page(200, "Pocket ID", "Record not found"),
        State.REDIRECT_URI: page(200, "Pocket ID", "Invalid callback URL, it might be necessary for an admin to fix this"),
        State.PAR: page(200, "Pocket ID", "Pushed authorization requests are required"),
        State.PERSON: page(200, "Pocket ID", "You're not allowed to access this service."),
    },
    token={
        State.CLIENT_ID: refusal("Client not found", 404),
        State.SECRET: refusal("Invalid client secret", 401),
        State.HEALTHY: refusal("Invalid authorization code", 400),
    },
    par={
        State.METHOD: refusal("Client id or secret not provided", 400),  # by Basic
        State.CLIENT_ID: refusal("Client not found", 404),
        State.SECRET: refusal("Invalid client secret", 401),
        State.REDIRECT_URI: refusal("Invalid callback URL, it might be necessary for an admin to fix this", 400),
    },
    par_methods=("client_secret_post",),
    sign_out={State.POST_LOGOUT: page(200, "Sign out", "Do you want to sign out?"), State.HEALTHY: returns},
    metadata={
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "claims_supported": ["sub", "given_name", "family_name", "name", "email", "email_verified", "preferred_username",
                             "picture", "groups"],
    },
    states=(State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.PAR, State.POST_LOGOUT, State.PERSON, State.UNVERIFIED),
)  # fmt: skip

POCKET_ID_214 = replace(
    POCKET_ID_29,
    name="pocket-id-2.14",
    version="2.14",
    seen=Seen.SOURCE,
    submitted={**POCKET_ID_29.submitted, State.PERSON: back("access_denied")},
)

SHAPES = (POCKET_ID_29, POCKET_ID_214)

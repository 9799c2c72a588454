"""What is wrong at a server: how its client is registered then, and which requests show it."""

from collections.abc import Mapping
from typing import Any, Protocol

from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from tests.shapes.model import State

JWE = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d"

REGISTERED: Mapping[State, Mapping[str, Any]] = {
    State.CLIENT_ID: {"client_id": f"another-{CLIENT_ID}"},
    State.SECRET: {"client_secret": f"another_{CLIENT_SECRET}"},
    State.METHOD: {"registered_method": "client_secret_basic"},
    State.REDIRECT_URI: {"redirect_uri": f"{REDIRECT_URI}/"},
    State.SCOPE: {"allowed_scopes": ("openid", "profile", "email")},
    State.PAR: {"client_requires_par": True},
    State.POST_LOGOUT: {"post_logout_uris": ()},
    State.HS256: {"algorithm": "HS256"},
}
"""How each state differs from a client that is registered by the guide."""


def persons(state: State) -> Mapping[str, Any]:
    return {"email_verified": False} if state is State.UNVERIFIED else {}


class Registered(Protocol):
    """The client as it is registered at a server."""

    state: State
    client_id: str
    client_secret: str
    redirect_uri: str
    auth_methods: tuple[str, ...]
    registered_method: str
    client_requires_par: bool
    allowed_scopes: tuple[str, ...]
    post_logout_uris: tuple[str, ...]


def applies(idp: Registered, state: State, asked: Mapping[str, str]) -> bool:
    """Whether a request shows what is wrong, or the server is in that state."""
    match state:
        case State.CLIENT_ID:
            return asked.get("client_id") != idp.client_id
        case State.REDIRECT_URI:
            return asked.get("redirect_uri") != idp.redirect_uri
        case State.SECRET:
            return asked.get("secret") != idp.client_secret
        case State.METHOD:
            accepted = (idp.registered_method,) if idp.registered_method else idp.auth_methods
            return asked.get("method") not in accepted
        case State.SCOPE:
            return not set(asked.get("scope", "").split()) <= set(idp.allowed_scopes)
        case State.PAR:
            return idp.client_requires_par and not asked.get("pushed")
        case State.REQUEST_OBJECT:
            return idp.state is state and not asked.get("as_object")
        case State.POST_LOGOUT:
            return asked.get("post_logout_redirect_uri", "") not in ("", *idp.post_logout_uris)
        case _:
            return idp.state is state

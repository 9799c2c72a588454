"""Authelia. 4.38 was run; what 4.39 changed is from its source. Texts are those of ory/fosite: a fixed sentence, then the reason."""

from msgspec.structs import replace

from tests.fake_provider import Response
from tests.shapes.answers import away, back, on, page, plain, refusal
from tests.shapes.model import Seen, Shape, State, Table, Turn

_CLIENT_FAILED = (
    "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported "
    "authentication method). "
)
_MALFORMED = (
    "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than "
    "once, or is otherwise malformed. "
)
_SCOPE = "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope 'groups'."
_DENIED = "The resource owner or authorization server denied the request. "
_GRANT = (
    "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is "
    "invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to "
    "another client. "
)
_NO_CLIENT = "The requested OAuth 2.0 Client does not exist."
_NO_REDIRECT = "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls."
_PUSHED_ONLY = f"{_MALFORMED}Pushed Authorization Requests are enforced for this client but no such request was sent."
_METHOD = (
    f"{_CLIENT_FAILED}The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method "
    "'client_secret_post' was requested. You must configure the OAuth 2.0 client's 'token_endpoint_auth_method' value to "
    "accept 'client_secret_post'."
)

_AUTHORIZE_438: Table = {
    State.CLIENT_ID: refusal("invalid_client", 401, _CLIENT_FAILED + _NO_CLIENT),
    State.REDIRECT_URI: refusal("invalid_request", 400, _MALFORMED + _NO_REDIRECT),
    State.SCOPE: back("invalid_scope", _SCOPE),
    State.PAR: back("invalid_request", _PUSHED_ONLY),
    State.HEALTHY: on("/"),
}
_AUTHORIZE_439: Table = {
    **_AUTHORIZE_438,
    State.CLIENT_ID: away(
        "/consent/completion", error="invalid_client", error_description=_CLIENT_FAILED.strip(), error_hint=_NO_CLIENT
    ),
    State.REDIRECT_URI: away(
        "/consent/completion", error="invalid_request", error_description=_MALFORMED.strip(), error_hint=_NO_REDIRECT
    ),
}


def _completion(turn: Turn) -> Response:
    """Made in the browser from its address."""
    return page(200, "Login - Authelia", turn.asked.get("error_hint", ""))(turn)


AUTHELIA_438 = Shape(
    name="authelia-4.38",
    product="Authelia",
    version="4.38",
    seen=Seen.RUN,
    provider="authelia",
    paths={
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/api/oidc/authorization",
        "token": "/api/oidc/token",
        "par": "/api/oidc/pushed-authorization-request",
        "userinfo": "/api/oidc/userinfo",
        "jwks": "/jwks.json",
    },
    form_at="/",
    silent=_AUTHORIZE_438,
    asked=_AUTHORIZE_438,
    submitted={
        State.PERSON: back("access_denied", f"{_DENIED}The user was denied access to this client."),
        State.CONSENT: back("access_denied", f"{_DENIED}The resource owner denied the request."),
    },
    token={
        State.CLIENT_ID: refusal("invalid_client", 401, _CLIENT_FAILED + _NO_CLIENT),
        State.METHOD: refusal("invalid_client", 401, _METHOD),
        State.SECRET: refusal("invalid_client", 401, f"{_CLIENT_FAILED}The client secret is not correct."),
        State.HEALTHY: refusal("invalid_grant", 400, _GRANT),
    },
    par={
        State.CLIENT_ID: refusal("invalid_client", 401, _CLIENT_FAILED + _NO_CLIENT),
        State.METHOD: refusal("invalid_client", 401, _METHOD),
        State.SECRET: refusal("invalid_client", 401, f"{_CLIENT_FAILED}The client secret is not correct."),
        State.REDIRECT_URI: refusal("invalid_request", 400, _MALFORMED + _NO_REDIRECT),
        State.SCOPE: refusal("invalid_scope", 400, _SCOPE),
    },
    metadata={
        "scopes_supported": ["offline_access", "openid", "profile", "groups", "email"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "email", "email_verified", "alt_emails", "groups",
                             "preferred_username", "name"],
        "backchannel_logout_supported": False,
    },
    states=(State.CLIENT_ID, State.SECRET, State.METHOD, State.REDIRECT_URI, State.SCOPE, State.PAR, State.PERSON,
            State.CONSENT, State.UNVERIFIED),
)  # fmt: skip

AUTHELIA_439 = replace(
    AUTHELIA_438,
    name="authelia-4.39",
    version="4.39.3 to 4.39.16",
    seen=Seen.SOURCE,
    own_pages={"/consent/completion": _completion},
    silent=_AUTHORIZE_439,
    asked=_AUTHORIZE_439,
    only_userinfo=True,
)

AUTHELIA_43917 = replace(
    AUTHELIA_439,
    name="authelia-4.39.17",
    version="4.39.17 and later",
    discovery={State.FORWARDED: plain(400, "400 Bad Request")},
    states=(*AUTHELIA_439.states, State.FORWARDED),
)

SHAPES = (AUTHELIA_438, AUTHELIA_439, AUTHELIA_43917)

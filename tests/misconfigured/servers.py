"""The corpus at real servers: each state that a shape is known in, what the person sees there, and what has to be named.

Rows are states. What is different at one server is in `AT`, by the beginning of the shape's name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from romm.domain.diagnosis.findings import Check
from romm.domain.errors import Code
from tests.misconfigured.scenarios import PERSON, ROMM, SIGNED_IN, Household, Journey, Scenario
from tests.shapes.model import Shape, State
from tests.shapes.register import SERVERS

BEFORE_LOG_IN = "the server answers alike to a registered and to an invented request before somebody signs in"
SIGN_OUT = "a provider shows it only at a sign-out"
RP_LOGOUT = {"OIDC_RP_INITIATED_LOGOUT": "true", "OIDC_POST_LOGOUT_REDIRECT_URI": f"{ROMM}/login"}


def _row(wrong: str, sees: Code | str, names: tuple[str, ...], doctor: Check | None = None, **more: Any) -> Scenario:
    blind = "" if doctor else more.pop("blind", PERSON)
    return Scenario(id="", wrong=wrong, sees=sees, names=names, doctor=doctor, blind=blind, alone=True, **more)


ROWS: Mapping[State, Scenario] = {
    State.HEALTHY: _row("Nothing is wrong", SIGNED_IN, (), blind="nothing is wrong", silent=True),
    State.CLIENT_ID: _row("The client id is unknown", "", ("OIDC_CLIENT_ID",), Check.CLIENT),
    State.SECRET: _row("The secret is wrong", Code.CLIENT_REJECTED, ("OIDC_CLIENT_SECRET",), Check.CLIENT),
    State.METHOD: _row(
        "The secret is sent in a way that the client is not registered for",
        Code.CLIENT_REJECTED,
        ("OIDC_TOKEN_ENDPOINT_AUTH_METHOD",),
        Check.CLIENT,
        settings={"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"},
    ),
    State.REDIRECT_URI: _row("The redirect URI is not registered", "", ("OIDC_REDIRECT_URI",), Check.REDIRECT_URI),
    State.SCOPE: _row("The client may not have groups", Code.INVALID_SCOPE, ("OIDC_SCOPES",), Check.SCOPES),
    State.PAR: _row(
        "The client has to push its requests", Code.REQUEST_REFUSED, ("OIDC_PUSHED_REQUESTS",), Check.REQUEST
    ),
    State.POST_LOGOUT: _row(
        "The address after signing out is not registered",
        "",
        ("OIDC_POST_LOGOUT_REDIRECT_URI",),
        blind=SIGN_OUT,
        settings=RP_LOGOUT,
        journey=Journey.SIGN_OUT,
    ),
    State.DISABLED: _row("The client is disabled", "Client disabled.", ("OIDC_CLIENT_ID",), Check.CLIENT),
    State.REALM: _row("The realm is disabled", "Realm not enabled", (), Check.CLIENT, says=("Realm not enabled",)),
    State.GRANTS: _row("The client may not use the code flow", Code.REQUEST_REFUSED, ("rant",), Check.REQUEST),
    State.REQUEST_OBJECT: _row(
        "The client has to send request objects",
        "Invalid Request",
        (),
        Check.REQUEST,
        says=("Invalid Request", "must send request objects"),
    ),
    State.DPOP: _row("The client has to bind tokens by DPoP", Code.TOKEN_RESPONSE_INVALID, ("DPoP",), Check.CLIENT),
    State.HS256: _row(
        "ID tokens are signed with the secret",
        Code.ID_TOKEN_ALGORITHM,
        ("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS", "Signing Key"),
        Check.ALGORITHMS,
    ),
    State.ENCRYPTION: _row("ID tokens are encrypted", Code.ID_TOKEN_ENCRYPTED, ("Encryption Key",), Check.ALGORITHMS),
    State.FORWARDED: _row(
        "The proxy does not say https", Code.PROVIDER_ANSWER_INVALID, ("X-Forwarded-Proto",), Check.DISCOVERY
    ),
    State.SLUG: _row(
        "The slug is wrong", Code.PROVIDER_ANSWER_INVALID, ("slug", "OIDC_SERVER_APPLICATION_URL"), Check.DISCOVERY
    ),
    State.MAPPING: _row("The openid mapping is not selected", SIGNED_IN, ("openid",)),
    State.UNVERIFIED: _row(
        "The address is not verified", Code.EMAIL_NOT_VERIFIED, ("verif",), household=Household.NAMESAKE
    ),
    State.PERSON: _row("The person may not use RomM", Code.ACCESS_DENIED, ()),
    State.CONSENT: _row("The person does not consent", Code.ACCESS_DENIED, ()),
}

AT: Mapping[tuple[str, State], Mapping[str, Any]] = {
    ("authelia-4", State.CLIENT_ID): {"sees": "The requested OAuth 2.0 Client does not exist."},
    ("authelia-4", State.REDIRECT_URI): {"sees": "parameter does not match any of the OAuth 2.0 Client"},
    ("authentik", State.CLIENT_ID): {"sees": "Client ID Error"},
    ("authentik", State.REDIRECT_URI): {"sees": "Redirect URI Error"},
    ("authentik", State.PERSON): {"sees": "Request has been denied.", "names": ("not bound to the person",)},
    ("authentik", State.POST_LOGOUT): {"sees": "Bad Request"},
    ("authentik", State.GRANTS): {"names": ("Grant Types",)},
    ("authentik", State.UNVERIFIED): {"names": ("Property Mappings",)},
    ("keycloak", State.CLIENT_ID): {"sees": "Client not found."},
    ("keycloak", State.REDIRECT_URI): {"sees": "Invalid parameter: redirect_uri"},
    ("keycloak", State.POST_LOGOUT): {"sees": "Invalid redirect uri"},
    ("keycloak", State.GRANTS): {"names": ("Standard flow",)},
    ("keycloak", State.UNVERIFIED): {"names": ("Email verified",)},
    ("pocket-id", State.CLIENT_ID): {"sees": "Record not found"},
    ("pocket-id", State.REDIRECT_URI): {"sees": "Invalid callback URL"},
    ("pocket-id", State.PAR): {
        "sees": "Pushed authorization requests are required", "doctor": None, "blind": BEFORE_LOG_IN,
    },
    ("pocket-id", State.POST_LOGOUT): {"sees": "Do you want to sign out?"},
    ("pocket-id-2.9", State.PERSON): {"sees": "You're not allowed to access this service.", "names": ("Allowed User Groups",)},
    ("oidc-provider", State.CLIENT_ID): {"sees": "client is invalid"},
    ("oidc-provider", State.REDIRECT_URI): {"sees": "redirect_uri did not match"},
    ("oidc-provider", State.POST_LOGOUT): {"sees": "post_logout_redirect_uri not registered"},
    ("voidauth", State.CLIENT_ID): {"sees": "client is invalid"},
    ("voidauth", State.REDIRECT_URI): {"sees": "redirect_uri did not match"},
    ("voidauth", State.POST_LOGOUT): {"sees": "post_logout_redirect_uri not registered"},
    ("voidauth", State.PERSON): {"sees": "You do not have access to this application.", "names": ("Groups",)},
    ("dex", State.CLIENT_ID): {"sees": "Invalid client_id provided."},
    ("dex", State.REDIRECT_URI): {"sees": "Unregistered redirect_uri."},
    ("dex", State.CONSENT): {"sees": "Approval rejected."},
    ("dex", State.POST_LOGOUT): {"sees": "Unregistered post_logout_redirect_uri."},
    ("dex-2.45-chooser", State.REDIRECT_URI): {"doctor": None, "blind": BEFORE_LOG_IN},
    ("django", State.CLIENT_ID): {"sees": "Invalid client_id parameter value."},
    ("django", State.REDIRECT_URI): {"sees": "Mismatching redirect URI.", "says": ("Mismatching redirect URI.",)},
    ("django", State.POST_LOGOUT): {"sees": "This client does not have this redirect uri registered."},
    ("nextcloud", State.CLIENT_ID): {"sees": "Your client is not authorized to connect."},
    ("nextcloud", State.REDIRECT_URI): {"sees": "The received redirect URI is not accepted"},
    ("hydra", State.CLIENT_ID): {"sees": "The requested OAuth 2.0 Client does not exist."},
    ("hydra", State.REDIRECT_URI): {"sees": "parameter does not match any of the OAuth 2.0 Client"},
    ("hydra", State.POST_LOGOUT): {"sees": "not a whitelisted"},
    ("spring", State.CLIENT_ID): {"sees": "Whitelabel Error Page"},
    ("spring", State.REDIRECT_URI): {"sees": "Whitelabel Error Page"},
    ("spring", State.POST_LOGOUT): {"sees": "Whitelabel Error Page"},
    ("spring-authorization-server-7", State.REDIRECT_URI): {
        "doctor": None, "blind": BEFORE_LOG_IN, "untold": (Check.REDIRECT_URI,),
    },
    ("kanidm", State.CLIENT_ID): {"sees": "An unrecoverable error occurred"},
    ("kanidm", State.REDIRECT_URI): {"sees": "An unrecoverable error occurred"},
    ("kanidm", State.SCOPE): {"sees": "Access Denied", "names": ("scope map",), "doctor": None, "blind": BEFORE_LOG_IN},
    ("kanidm", State.PERSON): {"sees": "Access Denied", "names": ("scope map",)},
    ("canaille", State.CLIENT_ID): {"sees": "The page you are looking for does not exist"},
    ("canaille", State.REDIRECT_URI): {"sees": "The request you made is invalid", "says": ("The request you made",)},
    ("lemonldap", State.CLIENT_ID): {"sees": "Authentication portal"},
    ("lemonldap", State.REDIRECT_URI): {"sees": "Authentication portal", "doctor": None, "blind": BEFORE_LOG_IN},
}  # fmt: skip

UNTOLD: Mapping[str, tuple[Check, ...]] = {
    "dex-2.45-chooser": (Check.REDIRECT_URI,),
    "lemonldap-2.16": (Check.REDIRECT_URI,),
    "pocket-id-2.9": (Check.REQUEST,),
    "pocket-id-2.14": (Check.REQUEST,),
}
"""What no request without a session decides there."""


def _rows() -> Iterator[Scenario]:
    for server in SERVERS.values():
        for state in (State.HEALTHY, *server.shape.states):
            yield at(server.shape, state)


def at(shape: Shape, state: State) -> Scenario:
    """The row of a state at one server."""
    row = ROWS[state]
    known = (changes for (name, other), changes in AT.items() if other is state and shape.name.startswith(name))
    changes = {field: value for each in known for field, value in each.items()}
    changes.setdefault("untold", UNTOLD.get(shape.name, ()))
    return replace(
        row,
        id=f"{shape.name}-{state}",
        wrong=f"{row.wrong} ({shape.title})",
        server=shape.name,
        state=state,
        **changes,
    )


AT_SERVERS = tuple(_rows())

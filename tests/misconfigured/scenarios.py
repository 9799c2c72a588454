"""The misconfiguration corpus: what people get wrong, and what must then be told to whom.

One row per scenario. It is data only, so that docs/tables.py prints the troubleshooting table from it.
"""

import enum
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from romm.domain.diagnosis.findings import Check
from romm.domain.errors import Code

ABSENT = "(absent)"  # a member that is taken out
ROMM, IDP = "https://romm.test", "https://idp.test"
AUTHENTIK = f"{IDP}/application/o/romm/"

JWE = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d"


class Journey(enum.StrEnum):
    """What the person does."""

    SIGN_IN = "sign in with the provider"
    SIGN_OUT = "sign in with the provider, then sign out"
    PASSWORD = "sign in with a local password"
    GUESSED_AT = "sign in with a local password, after somebody else guessed wrongly"


class Household(enum.StrEnum):
    """Which local accounts there are, beside what the scenario makes."""

    ADMIN = "an administrator"
    EMPTY = "nobody"
    NAMESAKE = "an administrator, and an account with Alice's address"
    DISABLED = "an administrator, and a disabled account with Alice's address"
    LINKED = "an administrator, and an account with Alice's address that another identity opens"


class Storage(enum.StrEnum):
    """The state of the database."""

    GOOD = "up to date"
    AS_CONFIGURED = "the real one that ROMM_DATABASE_URL names"
    EMPTY = "there, but never migrated"
    OLDER = "of an older version"


class Certificate(enum.StrEnum):
    """What a real provider on a socket shows; `NONE` is plain http there, `UNUSED` no socket at all."""

    UNUSED = "no socket"
    NONE = "plain http"
    GOOD = "one of a private authority"
    OTHER_NAME = "one for another name"
    EXPIRED = "one that is out of date"


class Provider(Struct, frozen=True, kw_only=True):
    """How the scripted provider differs from an honest one. `knobs` are its attributes, `instead` canned answers by name.

    The others change documents: `ABSENT` takes a member out.
    """

    knobs: Mapping[str, Any] = {}
    instead: Mapping[str, str] = {}
    metadata: Mapping[str, Any] = {}
    keys: Mapping[str, Any] | None = {}
    header: Mapping[str, Any] = {}
    response: Mapping[str, Any] = {}
    tokens: Mapping[str, Any] = {}
    id_token: Mapping[str, Any] = {}
    userinfo: Mapping[str, Any] = {}
    claims: Mapping[str, Any] = {}
    seconds_ahead: int = 0
    certificate: Certificate = Certificate.UNUSED


class Scenario(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, in words, and as settings (an empty text unsets) or at the provider.

    The person reads the page of `sees`, or these words. What the operator reads and the doctor's fix for `doctor` have all
    of `names`, and the operator sees the values `shows` that came. Where the doctor cannot know of it, `blind` says why.
    `{provider}`, `{romm}` and `{folder}` in settings are filled in. `shape` is the certified provider's issuer at which it is
    played too.

    `server` and `state` are a shape of `tests/shapes` in the place of the scripted provider. `says` is what the doctor's
    finding has beside `names`. `untold` are checks that no evidence decides there: never ok, never failed. With `alone` the
    doctor has no finding but that of `doctor`; with `silent` the log has nothing to say.
    """

    id: str
    wrong: str
    settings: Mapping[str, str] = {}
    provider: Provider = Provider()
    household: Household = Household.ADMIN
    storage: Storage = Storage.GOOD
    opened_at: str = ROMM
    journey: Journey = Journey.SIGN_IN
    sees: Code | str
    names: tuple[str, ...]
    shows: tuple[str, ...] = ()
    doctor: Check | None = None
    blind: str = ""
    shape: str = ""
    server: str = ""
    state: str = ""
    says: tuple[str, ...] = ()
    untold: tuple[Check, ...] = ()
    alone: bool = False
    silent: bool = False


NOT_STARTED = "RomM does not start"
NO_BUTTON = "Single sign-on is configured but off"
NO_MENTION = "User name"
SIGNED_IN = "How you sign in"
AT_PROVIDER = "This client, redirect_uri or request_uri is not known here"

IN_WORDS = {
    NOT_STARTED: "nothing: RomM does not start",
    NO_BUTTON: "no button: single sign-on is configured but off",
    NO_MENTION: "no button",
    SIGNED_IN: "that it works",
    AT_PROVIDER: "an error page of the provider's own",
}
"""What people see, where the words of the page would not tell a reader enough."""

PERSON = "it is about one person"
TOKEN = "only a sign-in brings an ID token"
BROWSER = "it is about the browser"


def _unread(key: str, wrong: str, settings: Mapping[str, str], *names: str) -> Scenario:
    """A setting that cannot be understood, so that RomM does not start."""
    return Scenario(id=key, wrong=wrong, settings=settings, sees=NOT_STARTED, names=names, doctor=Check.SETTINGS)


def _off(key: str, wrong: str, settings: Mapping[str, str], *names: str) -> Scenario:
    """A setting without which single sign-on is off, while the rest works."""
    return Scenario(id=key, wrong=wrong, settings=settings, sees=NO_BUTTON, names=names, doctor=Check.SINGLE_SIGN_ON)


def _weak(key: str, wrong: str, settings: Mapping[str, str], *names: str, **more: Any) -> Scenario:
    """A setting that works, but not as its operator thinks; RomM says so at start."""
    return Scenario(
        id=key, wrong=wrong, settings=settings, names=names, doctor=Check.SETTINGS, **{"sees": SIGNED_IN, **more}
    )


_SETTINGS = (
    _unread("boolean-typo", "A slip in a switch", {"OIDC_ENABLED": "treu"}, "OIDC_ENABLED"),
    _unread("port-word", "A word where a number belongs", {"ROMM_PORT": "eighty"}, "ROMM_PORT"),
    _unread("log-level", "A level of the log that there is not", {"LOGLEVEL": "verbose"}, "LOGLEVEL"),
    _unread("both-forms", "A secret as variable and as file", {"OIDC_CLIENT_SECRET_FILE": "{folder}/secret"},
            "OIDC_CLIENT_SECRET_FILE"),
    _unread("unreadable-secret", "The file with the secret is not mounted",
            {"OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": "{folder}/absent"}, "OIDC_CLIENT_SECRET_FILE"),
    _unread("two-names", "One setting under two names, with two values", {"ROMM_OIDC__CLIENT_ID": "other"},
            "OIDC_CLIENT_ID", "ROMM_OIDC__CLIENT_ID"),
    _unread("settings-file-absent", "The settings file is not there", {"ROMM_SETTINGS_FILE": "{folder}/absent.toml"},
            "ROMM_SETTINGS_FILE"),
    _unread("base-url-without-scheme", "RomM's address without https://", {"ROMM_BASE_URL": "romm.test"},
            "ROMM_BASE_URL"),
    _unread("proxy-by-name", "A trusted proxy by name instead of address", {"ROMM_TRUSTED_PROXIES": "traefik"},
            "ROMM_TRUSTED_PROXIES"),
    _unread("database-mysql", "The database URL of the old RomM", {"ROMM_DATABASE_URL": "mysql://romm@db/romm"},
            "ROMM_DATABASE_URL"),
    _unread("database-driver", "The database driver of the old RomM", {"ROMM_DB_DRIVER": "mariadb"}, "ROMM_DB_DRIVER"),
    _unread("database-name", "PostgreSQL without the database's name",
            {"ROMM_DB_DRIVER": "postgresql", "DB_HOST": "db"}, "DB_NAME"),

    _off("client-id-missing", "The client id is missing", {"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID"),
    _off("client-id-misspelt", "A slip in a variable's name", {"OIDC_CLIENT_ID": "", "OIDC_CLIENTID": "romm"},
         "OIDC_CLIENT_ID"),
    _off("server-missing", "The provider's address is missing", {"OIDC_SERVER_APPLICATION_URL": ""},
         "OIDC_SERVER_APPLICATION_URL"),
    _off("server-without-scheme", "The provider's address without https://",
         {"OIDC_SERVER_APPLICATION_URL": "idp.test"}, "OIDC_SERVER_APPLICATION_URL"),
    _off("redirect-host-only", "The redirect URI without its path", {"OIDC_REDIRECT_URI": ROMM}, "OIDC_REDIRECT_URI"),
    _off("redirect-other-path", "The redirect URI has the path of another app",
         {"OIDC_REDIRECT_URI": f"{ROMM}/oauth2/callback"}, "OIDC_REDIRECT_URI"),
    _off("redirect-fragment", "The redirect URI has a #", {"OIDC_REDIRECT_URI": f"{ROMM}/#/api/oauth/openid"},
         "OIDC_REDIRECT_URI"),
    _off("auth-method-word", "A way to authenticate that there is not", {"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "basic"},
         "OIDC_TOKEN_ENDPOINT_AUTH_METHOD"),
    _off("auth-method-without-secret", "A way to send a secret, but no secret",
         {"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post", "OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET"),
    _off("trust-email-word", "A word that OIDC_TRUST_EMAIL does not know", {"OIDC_TRUST_EMAIL": "true"},
         "OIDC_TRUST_EMAIL"),
    _off("shape-word", "A shape of the roles that there is not", {"OIDC_CLAIM_ROLES_SHAPE": "list"},
         "OIDC_CLAIM_ROLES_SHAPE"),
    _off("algorithm-none", "`none` as signature algorithm", {"OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS": "none"},
         "OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS"),
    _off("ca-file-absent", "The file with the private authority is not mounted",
         {"OIDC_TLS_CACERTFILE": "{folder}/absent.pem"}, "OIDC_TLS_CACERTFILE"),
    _off("ca-file-der", "The private authority's certificate is not in PEM form",
         {"OIDC_TLS_CACERTFILE": "{folder}/secret"}, "OIDC_TLS_CACERTFILE"),
    Scenario(id="not-enabled", wrong="The provider is configured, but the master switch is not set",
             settings={"OIDC_ENABLED": ""}, sees=NO_MENTION, names=("OIDC_ENABLED",), doctor=Check.SINGLE_SIGN_ON),
    Scenario(id="nobody-gets-in", wrong="Passwords are off, and single sign-on is off too",
             settings={"DISABLE_USERPASS_LOGIN": "true", "OIDC_ENABLED": "false"},
             sees="There is no way to sign in here", names=("DISABLE_USERPASS_LOGIN",), doctor=Check.SETTINGS),

    _weak("quotes", "A value in quotes", {"OIDC_CLIENT_ID": '"romm"'}, "OIDC_CLIENT_ID"),
    _weak("unknown-variable", "A slip in an optional variable's name", {"OIDC_ALLOW_REGISTRATIONS": "false"},
          "OIDC_ALLOW_REGISTRATION"),
    _weak("mariadb-left", "The variables of the old RomM's MariaDB", {"DB_HOST": "db", "DB_NAME": "romm"}, "DB_HOST",
          "ROMM_DB_DRIVER"),
    _weak("roles-without-claim", "Groups are mapped, but no claim is named", {"OIDC_CLAIM_ROLES": ""},
          "OIDC_CLAIM_ROLES"),
    _weak("claim-without-roles", "A claim is named, but no group is mapped",
          {"OIDC_ROLE_ADMIN": "", "OIDC_ROLE_EDITOR": "", "OIDC_ROLE_VIEWER": ""}, "OIDC_ROLE_VIEWER",
          sees=Code.NO_ROLE),
    _weak("trust-always", "Every address is trusted", {"OIDC_TRUST_EMAIL": "always"}, "OIDC_TRUST_EMAIL"),
    _weak("hs256-allowed", "HS256 is allowed", {"OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS": "RS256 HS256"},
          "OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS"),
    _weak("google-open", "Google, where everyone has an account, and registration is open",
          {"OIDC_PROVIDER": "google"}, "OIDC_ALLOW_REGISTRATION", provider=Provider(id_token={"hd": "example.org"})),
    _weak("scope-openid-missing", "OIDC_SCOPES without openid", {"OIDC_SCOPES": "profile email groups"}, "OIDC_SCOPES",
          sees=Code.INVALID_SCOPE),
)  # fmt: skip

_ADDRESSES = (
    Scenario(id="base-url-inside", wrong="RomM's address is the one inside the proxy",
             settings={"ROMM_BASE_URL": "http://romm:8080", "OIDC_REDIRECT_URI": f"{ROMM}/api/oauth/openid"},
             sees=SIGNED_IN, names=("ROMM_BASE_URL",), doctor=Check.ADDRESSES),
    Scenario(id="base-url-missing", wrong="Neither RomM's address nor the redirect URI is set",
             settings={"ROMM_BASE_URL": ""}, sees=AT_PROVIDER, names=("ROMM_BASE_URL",), doctor=Check.ADDRESSES),
    Scenario(id="other-host", wrong="RomM is opened at another host than the redirect URI's", opened_at="https://nas.test",
             sees=Code.BROWSER_MISMATCH, names=("OIDC_REDIRECT_URI",), blind=BROWSER),
    Scenario(id="opened-by-http", wrong="RomM is opened over http, but its address is https",
             opened_at="http://romm.test", sees=Code.BROWSER_MISMATCH, names=("ROMM_BASE_URL",), blind=BROWSER),
    Scenario(id="password-over-http", wrong="The same, with a local password", opened_at="http://romm.test",
             household=Household.NAMESAKE, journey=Journey.PASSWORD, sees=Code.BROWSER_WITHOUT_TLS,
             names=("ROMM_BASE_URL",), blind=BROWSER),
    Scenario(id="proxies-missing", wrong="The reverse proxy is not named as trusted",
             settings={"ROMM_TRUSTED_PROXIES": ""}, household=Household.NAMESAKE, journey=Journey.GUESSED_AT,
             sees=Code.TOO_MANY_ATTEMPTS, names=("ROMM_TRUSTED_PROXIES",), doctor=Check.PROXY),
    Scenario(id="passwords-off", wrong="Passwords are off, and an old page with the form is still open",
             settings={"DISABLE_USERPASS_LOGIN": "true"}, household=Household.NAMESAKE, journey=Journey.PASSWORD,
             sees=Code.PASSWORDS_OFF, names=("DISABLE_USERPASS_LOGIN",), blind="nothing is wrong with the provider"),
    Scenario(id="database-down", wrong="The database does not answer",
             settings={"ROMM_DATABASE_URL": "postgresql://romm:secret@127.0.0.1:1/romm"}, storage=Storage.AS_CONFIGURED,
             sees=Code.STORAGE_UNAVAILABLE, names=("ROMM_DATABASE_URL",), doctor=Check.DATABASE),
    Scenario(id="database-unmigrated", wrong="The database was never migrated", storage=Storage.EMPTY,
             sees=Code.STORAGE_UNAVAILABLE, names=("romm db upgrade",), doctor=Check.DATABASE),
)  # fmt: skip

_WAY = (
    Scenario(id="host-typo", wrong="A slip in the provider's host",
             settings={"OIDC_SERVER_APPLICATION_URL": "https://ipd.test"}, sees=Code.PROVIDER_UNAVAILABLE,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DNS),
    Scenario(id="wrong-port", wrong="The provider's port is closed",
             settings={"OIDC_SERVER_APPLICATION_URL": "{provider}:9443"}, sees=Code.PROVIDER_UNAVAILABLE,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.CONNECT),
    Scenario(id="localhost", wrong="`localhost`, which in a container is the container",
             settings={"OIDC_SERVER_APPLICATION_URL": "http://127.0.0.1:1"}, provider=Provider(certificate=Certificate.NONE),
             sees=Code.PROVIDER_UNAVAILABLE, names=("OIDC_SERVER_APPLICATION_URL", "container"), doctor=Check.CONNECT,
             shape="authelia"),
    Scenario(id="http-for-https", wrong="http:// for a provider that has https",
             settings={"OIDC_SERVER_APPLICATION_URL": "http://idp.test"}, sees=Code.PROVIDER_ANSWER_INVALID,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DISCOVERY),
    Scenario(id="https-for-http", wrong="https:// for a port that speaks plain http",
             settings={"OIDC_SERVER_APPLICATION_URL": "https://{authority}"},
             provider=Provider(certificate=Certificate.NONE), sees=Code.PROVIDER_TLS,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.TLS, shape="authelia"),
    Scenario(id="unknown-authority", wrong="The provider's certificate is of a private authority",
             provider=Provider(certificate=Certificate.GOOD), sees=Code.PROVIDER_TLS, names=("OIDC_TLS_CACERTFILE",),
             doctor=Check.TLS),
    Scenario(id="other-authority", wrong="Another authority than the provider's is trusted",
             settings={"OIDC_TLS_CACERTFILE": "{folder}/other/ca.pem"}, provider=Provider(certificate=Certificate.GOOD),
             sees=Code.PROVIDER_TLS, names=("OIDC_TLS_CACERTFILE",), doctor=Check.TLS),
    Scenario(id="certificate-name", wrong="The provider's certificate is for another name",
             settings={"OIDC_TLS_CACERTFILE": "{folder}/ca.pem"}, provider=Provider(certificate=Certificate.OTHER_NAME),
             sees=Code.PROVIDER_TLS, names=("the provider's certificate",), doctor=Check.TLS),
    Scenario(id="certificate-expired", wrong="The provider's certificate is out of date",
             settings={"OIDC_TLS_CACERTFILE": "{folder}/ca.pem"}, provider=Provider(certificate=Certificate.EXPIRED),
             sees=Code.PROVIDER_TLS, names=("the provider's certificate",), doctor=Check.TLS),
    Scenario(id="server-root", wrong="The provider's root instead of the application's address (Authentik)",
             settings={"OIDC_PROVIDER": "authentik", "OIDC_SERVER_APPLICATION_URL": IDP},
             provider=Provider(knobs={"issuer": AUTHENTIK}), sees=Code.PROVIDER_ANSWER_INVALID,
             names=("OIDC_SERVER_APPLICATION_URL", "slug"), doctor=Check.DISCOVERY),
    Scenario(id="no-such-path", wrong="No provider is at that path",
             settings={"OIDC_SERVER_APPLICATION_URL": "{provider}/nowhere"},
             sees=Code.PROVIDER_ANSWER_INVALID, names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DISCOVERY,
             shape="authelia"),
    Scenario(id="voidauth-path", wrong="VoidAuth's own address, without /oidc",
             settings={"OIDC_PROVIDER": "voidauth", "OIDC_SERVER_APPLICATION_URL": IDP},
             provider=Provider(knobs={"issuer": f"{IDP}/oidc"}), sees=Code.PROVIDER_ANSWER_INVALID,
             names=("OIDC_SERVER_METADATA_URL",), doctor=Check.DISCOVERY),
    Scenario(id="discovery-html", wrong="A proxy wants a sign-in before the discovery document",
             provider=Provider(instead={"discovery": "HTML"}), sees=Code.PROVIDER_ANSWER_INVALID,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DISCOVERY),
    Scenario(id="discovery-500", wrong="The provider is broken", provider=Provider(instead={"discovery": "BROKEN"}),
             sees=Code.PROVIDER_UNAVAILABLE, names=("the log of the provider",), doctor=Check.DISCOVERY),
    Scenario(id="discovery-hangs", wrong="The provider does not answer in time",
             provider=Provider(instead={"discovery": "HANGING"}), sees=Code.PROVIDER_UNAVAILABLE,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DISCOVERY),
    Scenario(id="discovery-incomplete", wrong="It is JSON, but no discovery document",
             provider=Provider(metadata={"token_endpoint": ABSENT}), sees=Code.PROVIDER_ANSWER_INVALID,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DISCOVERY),
    Scenario(id="autologin-down", wrong="OIDC_AUTOLOGIN is on, and the provider is broken",
             settings={"OIDC_AUTOLOGIN": "true"}, provider=Provider(instead={"discovery": "BROKEN"}),
             sees=Code.PROVIDER_UNAVAILABLE, names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.DISCOVERY),
    Scenario(id="issuer-inner-name", wrong="The provider calls itself by another host",
             provider=Provider(metadata={"issuer": "http://authelia:9091"}), sees=Code.ISSUER_MISMATCH,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.ISSUER),
    Scenario(id="issuer-http", wrong="The provider does not know that its proxy speaks https",
             provider=Provider(metadata={"issuer": "http://idp.test"}), sees=Code.ISSUER_MISMATCH,
             names=("X-Forwarded-Proto",), doctor=Check.ISSUER),
    Scenario(id="entra-common", wrong="Entra ID's address for every tenant in the world",
             settings={"OIDC_PROVIDER": "entra"}, provider=Provider(metadata={"issuer": f"{IDP}/{{tenantid}}/v2.0"}),
             sees=Code.ISSUER_PLACEHOLDER, names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.ISSUER),
    Scenario(id="endpoint-http", wrong="The provider's endpoints are http behind an https proxy",
             provider=Provider(metadata={"token_endpoint": "http://idp.test/token"}), sees=Code.ENDPOINT_INSECURE,
             names=("X-Forwarded-Proto",), doctor=Check.ENDPOINTS),
)  # fmt: skip

_REQUEST = (
    Scenario(id="client-id-wrong", wrong="The client id is not the registered one", settings={"OIDC_CLIENT_ID": "rom"},
             sees=AT_PROVIDER, names=("OIDC_CLIENT_ID",), doctor=Check.CLIENT, shape="authelia"),
    Scenario(id="redirect-host", wrong="The redirect URI is registered with another host",
             provider=Provider(knobs={"redirect_uri": "https://games.test/api/oauth/openid"}), sees=AT_PROVIDER,
             names=("OIDC_REDIRECT_URI",), doctor=Check.REDIRECT_URI),
    Scenario(id="redirect-scheme", wrong="The redirect URI is registered with http",
             provider=Provider(knobs={"redirect_uri": "http://romm.test/api/oauth/openid"}), sees=AT_PROVIDER,
             names=("OIDC_REDIRECT_URI",), doctor=Check.REDIRECT_URI),
    Scenario(id="redirect-slash", wrong="A slash at the end of the redirect URI, which is registered without",
             settings={"OIDC_REDIRECT_URI": "{romm}/api/oauth/openid/"}, sees=AT_PROVIDER, names=("OIDC_REDIRECT_URI",),
             doctor=Check.REDIRECT_URI, shape="authelia"),
    Scenario(id="redirect-path", wrong="The redirect URI is below another path than the registered one",
             settings={"OIDC_REDIRECT_URI": "{romm}/romm/api/oauth/openid"}, sees=AT_PROVIDER,
             names=("OIDC_REDIRECT_URI",), doctor=Check.REDIRECT_URI, shape="authelia"),
    Scenario(id="scope-refused", wrong="The client may not have the scope groups",
             provider=Provider(knobs={"scopes": ("openid", "profile", "email")}), sees=Code.INVALID_SCOPE,
             names=("OIDC_SCOPES",), doctor=Check.SCOPES, shape="authelia-without-groups"),
    Scenario(id="response-type", wrong="The client may not use the authorization code flow",
             provider=Provider(knobs={"authorization_error": "unauthorized_client"}), sees=Code.REQUEST_REFUSED,
             names=("grant types",), doctor=Check.REQUEST),
    Scenario(id="par-required", wrong="The client must push its requests, but the discovery document does not say so",
             provider=Provider(knobs={"requires_par": True},
                               metadata={"require_pushed_authorization_requests": False}),
             sees=Code.REQUEST_REFUSED, names=("pushed requests",), doctor=Check.REQUEST),
    Scenario(id="pkce-plain", wrong="The client takes PKCE with `plain` only",
             provider=Provider(knobs={"authorization_error": "invalid_request"},
                               metadata={"code_challenge_methods_supported": ["plain"]}),
             sees=Code.REQUEST_REFUSED, names=("PKCE",), doctor=Check.PKCE),
    Scenario(id="policy-denies", wrong="The provider's policy does not let this person in",
             provider=Provider(knobs={"authorization_error": "access_denied"}), sees=Code.ACCESS_DENIED,
             names=("authorization policy",), blind=PERSON),
    Scenario(id="provider-error", wrong="The provider reports a problem of its own",
             provider=Provider(knobs={"authorization_error": "server_error"}), sees=Code.PROVIDER_ERROR,
             names=("Its own log",), doctor=Check.REQUEST),
    Scenario(id="iss-missing", wrong="The answer lacks the iss that the provider announces",
             provider=Provider(response={"iss": ABSENT}), sees=Code.RESPONSE_ISSUER, names=("proxy",),
             doctor=Check.REQUEST),
    Scenario(id="iss-other", wrong="The answer is from the provider under another name",
             provider=Provider(response={"iss": "https://auth.test"}), sees=Code.RESPONSE_ISSUER,
             names=("OIDC_SERVER_APPLICATION_URL",), doctor=Check.REQUEST),
)  # fmt: skip

_CLIENT = (
    Scenario(id="secret-wrong", wrong="The client secret is not the registered one",
             settings={"OIDC_CLIENT_SECRET": "wrong"}, sees=Code.CLIENT_REJECTED, names=("OIDC_CLIENT_SECRET",),
             doctor=Check.CLIENT, shape="authelia"),
    Scenario(id="secret-hashed", wrong="The hash of the secret is pasted instead of the secret",
             settings={"OIDC_CLIENT_SECRET": "$pbkdf2-sha512$310000$c8p78n7pUMln0jzvd4aK4Q$JNRBzwAo0ek5qKn50cFzzvE9RX"},
             sees=Code.CLIENT_REJECTED, names=("OIDC_CLIENT_SECRET", "hash"), doctor=Check.CLIENT, shape="authelia"),
    Scenario(id="secret-line-break", wrong="The file with the secret has a blank at the end",
             settings={"OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": "{folder}/secret-and-blank"},
             sees=Code.CLIENT_REJECTED, names=("OIDC_CLIENT_SECRET_FILE",), doctor=Check.SETTINGS, shape="authelia"),
    Scenario(id="method-wrong", wrong="The secret is sent in another way than the client is registered for",
             settings={"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"},
             provider=Provider(knobs={"auth_methods": ("client_secret_basic",)}), sees=Code.CLIENT_REJECTED,
             names=("OIDC_TOKEN_ENDPOINT_AUTH_METHOD",), doctor=Check.CLIENT, shape="authelia"),
    Scenario(id="secret-missing", wrong="The client has a secret, and RomM does not know it",
             settings={"OIDC_CLIENT_SECRET": ""}, sees=Code.CLIENT_REJECTED, names=("OIDC_CLIENT_SECRET",),
             doctor=Check.CLIENT, shape="authelia"),
    Scenario(id="public-client", wrong="The client is a public one, and RomM has a secret",
             provider=Provider(knobs={"auth_methods": ("none",)}), sees=Code.CLIENT_METHOD_UNSUPPORTED,
             names=("OIDC_CLIENT_SECRET", "public client"), doctor=Check.CLIENT),
    Scenario(id="secret-unused", wrong="A secret, but OIDC_TOKEN_ENDPOINT_AUTH_METHOD is none",
             settings={"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "none"}, sees=Code.CLIENT_REJECTED,
             names=("OIDC_TOKEN_ENDPOINT_AUTH_METHOD",), doctor=Check.CLIENT, shape="authelia"),
    Scenario(id="grant-type", wrong="The client may not exchange codes",
             provider=Provider(instead={"token": "unauthorized_client"}), sees=Code.TOKEN_RESPONSE_INVALID,
             names=("authorization_code",), doctor=Check.CLIENT),
    Scenario(id="token-html", wrong="A proxy wants a sign-in before the token endpoint",
             provider=Provider(instead={"token": "HTML"}), sees=Code.TOKEN_RESPONSE_INVALID, names=("proxy",),
             doctor=Check.CLIENT),
    Scenario(id="token-500", wrong="The token endpoint is broken", provider=Provider(instead={"token": "BROKEN"}),
             sees=Code.PROVIDER_UNAVAILABLE, names=("the log of the provider",), doctor=Check.CLIENT),
    Scenario(id="plain-oauth", wrong="The client speaks plain OAuth 2, without ID tokens",
             provider=Provider(tokens={"id_token": ABSENT}), sees=Code.ID_TOKEN_MISSING, names=("OIDC_SCOPES",),
             blind=TOKEN),
)  # fmt: skip

_ID_TOKEN = (
    Scenario(id="hs256", wrong="The client has no signing key, so the provider signs with its secret (HS256)",
             settings={"OIDC_PROVIDER": "authentik"}, provider=Provider(knobs={"algorithm": "HS256"}),
             sees=Code.ID_TOKEN_ALGORITHM, names=("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS", "Signing Key"),
             doctor=Check.ALGORITHMS),
    Scenario(id="hs256-here", wrong="The provider signs with HS256 for this client only",
             provider=Provider(header={"alg": "HS256"}),
             sees=Code.ID_TOKEN_ALGORITHM, names=("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS",), blind=TOKEN, shape="hs256"),
    Scenario(id="unsigned", wrong="ID tokens are not signed", provider=Provider(knobs={"algorithm": "none"}),
             sees=Code.ID_TOKEN_ALGORITHM, names=("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS",), doctor=Check.ALGORITHMS),
    Scenario(id="algorithm-excluded", wrong="The provider's algorithm is not in OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS",
             settings={"OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS": "RS256"}, provider=Provider(knobs={"algorithm": "ES256"}),
             sees=Code.ID_TOKEN_ALGORITHM, names=("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS",), doctor=Check.ALGORITHMS),
    Scenario(id="encrypted", wrong="ID tokens are encrypted", settings={"OIDC_PROVIDER": "authentik"},
             provider=Provider(tokens={"id_token": JWE}, keys={"use": "enc"}), sees=Code.ID_TOKEN_ENCRYPTED,
             names=("Encryption Key",), doctor=Check.ALGORITHMS),
    Scenario(id="no-keys", wrong="The provider publishes no key", provider=Provider(keys=None),
             sees=Code.PROVIDER_ANSWER_INVALID, names=("signing key",), doctor=Check.KEYS),
    Scenario(id="key-unknown", wrong="The key that signs is not among the published ones",
             provider=Provider(keys={"kid": "yesterday"}), sees=Code.ID_TOKEN_KEY_UNKNOWN,
             names=("several instances",), blind=TOKEN),
    Scenario(id="signature", wrong="The key that signs is another than the published one of that name",
             provider=Provider(keys={"n": "tampered"}), sees=Code.ID_TOKEN_SIGNATURE, names=("several instances",),
             blind=TOKEN),
    Scenario(id="token-issuer", wrong="ID tokens name another issuer than the discovery document",
             settings={"OIDC_PROVIDER": "authentik"}, provider=Provider(id_token={"iss": f"{IDP}/other"}),
             sees=Code.ID_TOKEN_ISSUER, names=("Issuer mode",), blind=TOKEN),
    Scenario(id="audience", wrong="Another audience stands in the ID token (Zitadel's project)",
             settings={"OIDC_PROVIDER": "zitadel"}, provider=Provider(id_token={"aud": ["romm", "280170"]}),
             sees=Code.ID_TOKEN_AUDIENCE, names=("OIDC_EXTRA_AUDIENCES",), blind=TOKEN),
    Scenario(id="nonce", wrong="The provider does not pass the nonce on", provider=Provider(id_token={"nonce": ABSENT}),
             sees=Code.ID_TOKEN_NONCE, names=("no setting for that",), blind=TOKEN),
    Scenario(id="clock-ahead", wrong="The provider's clock is five minutes ahead", provider=Provider(seconds_ahead=300),
             sees=Code.ID_TOKEN_ISSUED_AT, names=("NTP",), doctor=Check.CLOCK),
    Scenario(id="clock-behind", wrong="The provider's clock is an hour behind", provider=Provider(seconds_ahead=-3600),
             sees=Code.ID_TOKEN_EXPIRED, names=("NTP",), doctor=Check.CLOCK),
    Scenario(id="userinfo-mismatch", wrong="UserInfo names the person differently from the ID token",
             provider=Provider(userinfo={"sub": "alice@example.org"}), sees=Code.USERINFO_MISMATCH,
             names=("subject mode",), blind=PERSON),
    Scenario(id="userinfo-500", wrong="UserInfo is broken, and the ID token has no address",
             provider=Provider(knobs={"thin_id_token": True}, instead={"userinfo": "BROKEN"}),
             sees=Code.PROVIDER_UNAVAILABLE, names=("the log of the provider",), shows=("/userinfo",), blind=PERSON),
    Scenario(id="userinfo-signed", wrong="UserInfo is signed with the client secret",
             provider=Provider(instead={"userinfo": "SIGNED_OTHERWISE"}), sees=Code.USERINFO_INVALID,
             names=("userinfo_signed_response_alg",), blind=PERSON),
)  # fmt: skip

_PERSON = (
    Scenario(id="scope-email-missing", wrong="OIDC_SCOPES without email", settings={"OIDC_SCOPES": "openid profile groups"},
             provider=Provider(claims={"email": ABSENT, "email_verified": ABSENT}), sees=Code.EMAIL_MISSING,
             names=("OIDC_SCOPES",), doctor=Check.CLAIMS, shape="authelia"),
    Scenario(id="email-missing", wrong="The person has no e-mail address at the provider",
             provider=Provider(claims={"email": ABSENT, "email_verified": ABSENT}), sees=Code.EMAIL_MISSING,
             names=("Add the scope email",), blind=PERSON),
    Scenario(id="email-unverified", wrong="The address is not verified at the provider (Keycloak)",
             settings={"OIDC_PROVIDER": "keycloak"}, provider=Provider(claims={"email_verified": False}),
             sees=Code.EMAIL_NOT_VERIFIED, names=("Email verified",), blind=PERSON),
    Scenario(id="authentik-2025-10", wrong="Authentik since 2025.10 says that no address is verified",
             settings={"OIDC_PROVIDER": "authentik"}, provider=Provider(claims={"email_verified": False}),
             sees=Code.EMAIL_NOT_VERIFIED, names=("Property Mappings",), blind=PERSON, shape="application/o/romm"),
    Scenario(id="email-flag-absent", wrong="The provider says nothing about the address (Entra ID)",
             settings={"OIDC_PROVIDER": "entra"}, provider=Provider(claims={"email_verified": ABSENT}),
             sees=Code.EMAIL_NOT_VERIFIED, names=("OIDC_TRUST_EMAIL=absent",), blind=PERSON),
    Scenario(id="email-flag-text", wrong="`email_verified` is the text true instead of a truth value",
             provider=Provider(claims={"email_verified": "true"}), sees=Code.EMAIL_NOT_VERIFIED,
             names=("OIDC_TRUST_EMAIL", "not a text"), blind=PERSON),
    Scenario(id="email-lookalike", wrong="The address has a letter that looks like another",
             provider=Provider(claims={"email": "аlice@example.org"}), sees=Code.EMAIL_INVALID, names=("look-alike letters",),
             blind=PERSON),
    Scenario(id="role-claim-misspelt", wrong="The claim with the groups has another name",
             settings={"OIDC_CLAIM_ROLES": "group"}, sees=SIGNED_IN, names=("OIDC_CLAIM_ROLES",), doctor=Check.CLAIMS),
    Scenario(id="scope-groups-missing", wrong="OIDC_SCOPES without groups",
             settings={"OIDC_SCOPES": "openid profile email"}, provider=Provider(claims={"groups": ABSENT}),
             sees=SIGNED_IN, names=("OIDC_SCOPES",), doctor=Check.CLAIMS, shape="authelia"),
    Scenario(id="role-value-misspelt", wrong="The groups are called otherwise",
             settings={"OIDC_ROLE_ADMIN": "romm_admins", "OIDC_ROLE_VIEWER": "romm_users"}, sees=Code.NO_ROLE,
             names=("OIDC_ROLE_VIEWER",), shows=("romm-admins",), blind=PERSON, shape="authelia"),
    Scenario(id="role-value-case", wrong="The groups differ in upper and lower case",
             settings={"OIDC_ROLE_ADMIN": "Romm-Admins", "OIDC_ROLE_VIEWER": "Users"}, sees=Code.NO_ROLE,
             names=("OIDC_ROLE_VIEWER", "upper and lower case"), shows=("romm-admins",), blind=PERSON, shape="authelia"),
    Scenario(id="keycloak-path", wrong="Keycloak sends groups with their whole path",
             settings={"OIDC_PROVIDER": "keycloak"}, provider=Provider(claims={"groups": ["/team/romm-admins"]}),
             sees=Code.NO_ROLE, names=("Full group path",), shows=("/team/romm-admins",), blind=PERSON),
    Scenario(id="zitadel-object", wrong="Zitadel's roles are an object, and OIDC_PROVIDER is not zitadel",
             settings={"OIDC_PROVIDER": "", "OIDC_SCOPES": "openid profile email"},
             provider=Provider(claims={"groups": {"romm-admins": {"280170": "example.org"}}}), sees=SIGNED_IN,
             names=("OIDC_CLAIM_ROLES_SHAPE=keys",), blind=PERSON),
    Scenario(id="roles-csv", wrong="The groups are one text with commas",
             provider=Provider(claims={"groups": "romm-admins,users"}), sees=Code.NO_ROLE,
             names=("OIDC_CLAIM_ROLES_SHAPE=csv",), blind=PERSON),
    Scenario(id="overage", wrong="Entra ID leaves the groups out because there are too many",
             settings={"OIDC_PROVIDER": "entra"},
             provider=Provider(claims={"groups": ABSENT, "_claim_names": {"groups": "src1"}}), sees=SIGNED_IN,
             names=("OIDC_CLAIM_ROLES", "too many groups"), blind=PERSON),
    Scenario(id="no-group", wrong="The person is in no group at all", provider=Provider(claims={"groups": []}),
             sees=Code.NO_ROLE, names=("OIDC_ROLE_VIEWER",), blind=PERSON),
    Scenario(id="no-group-null", wrong="Authelia sends null for a person in no group",
             provider=Provider(claims={"groups": None}), sees=Code.NO_ROLE, names=("in no group",), blind=PERSON),
    Scenario(id="no-group-left-out", wrong="Dex leaves the claim out for a person in no group",
             settings={"OIDC_PROVIDER": "dex"}, provider=Provider(claims={"groups": ABSENT}), sees=Code.NO_ROLE,
             names=("OIDC_CLAIM_ROLES_ABSENT",), blind=PERSON),
    Scenario(id="email-list", wrong="The person has two addresses, and the claim is a list",
             provider=Provider(claims={"email": ["alice@example.org", "a@example.org"]}), sees=Code.EMAIL_MISSING,
             names=("a list of 2",), blind=PERSON),
    Scenario(id="registration-off", wrong="New accounts are not made, and this person has none",
             settings={"OIDC_ALLOW_REGISTRATION": "false"}, sees=Code.REGISTRATION_CLOSED,
             names=("OIDC_ALLOW_REGISTRATION",), blind=PERSON, shape="authelia"),
    Scenario(id="link-by-email-off", wrong="The person has an account, and accounts are not linked by address",
             settings={"OIDC_LINK_BY_EMAIL": "false"}, household=Household.NAMESAKE, sees=Code.LINK_FROM_ACCOUNT,
             names=("OIDC_LINK_BY_EMAIL",), blind=PERSON, shape="authelia"),
    Scenario(id="account-disabled", wrong="The person's account is disabled", household=Household.DISABLED,
             sees=Code.ACCOUNT_DISABLED, names=("/admin/users/",), blind=PERSON, shape="authelia"),
    Scenario(id="already-linked", wrong="The provider was installed again, so every person has a new subject",
             household=Household.LINKED, sees=Code.ALREADY_LINKED, names=("/admin/users/",), blind=PERSON,
             shape="authelia"),
    Scenario(id="setup-required", wrong="There is no administrator yet, and this person does not become one",
             settings={"OIDC_ROLE_ADMIN": ""}, household=Household.EMPTY, sees=Code.SETUP_REQUIRED,
             names=("OIDC_ROLE_ADMIN", "/setup"), blind=PERSON, shape="authelia"),
    Scenario(id="hosted-domain", wrong="Google: a person of another Workspace",
             settings={"OIDC_PROVIDER": "google", "OIDC_HOSTED_DOMAINS": "example.org"}, sees=Code.HOSTED_DOMAIN,
             names=("OIDC_HOSTED_DOMAINS",), blind=PERSON),
)  # fmt: skip

_SIGNING_OUT = (
    Scenario(id="end-session-missing", wrong="Signing out at the provider is on, but the provider has no address for it",
             settings={"OIDC_PROVIDER": "cloudflare", "OIDC_RP_INITIATED_LOGOUT": "true"},
             provider=Provider(metadata={"end_session_endpoint": ABSENT}),
             journey=Journey.SIGN_OUT, sees="You are signed out", names=("OIDC_RP_INITIATED_LOGOUT",),
             doctor=Check.END_SESSION),
    Scenario(id="post-logout-elsewhere", wrong="After signing out people come back to another host",
             settings={"OIDC_RP_INITIATED_LOGOUT": "true", "OIDC_POST_LOGOUT_REDIRECT_URI": "https://nas.test/login"},
             journey=Journey.SIGN_OUT, sees="Sign in", names=("OIDC_POST_LOGOUT_REDIRECT_URI",),
             doctor=Check.ADDRESSES),
    Scenario(id="post-logout-unregistered", wrong="The address after signing out is not registered",
             settings={"OIDC_RP_INITIATED_LOGOUT": "true", "OIDC_POST_LOGOUT_REDIRECT_URI": f"{ROMM}/goodbye"},
             provider=Provider(instead={"end_session": "NOT_FOUND"}), journey=Journey.SIGN_OUT, sees="Not Found",
             names=("OIDC_POST_LOGOUT_REDIRECT_URI",), blind="a provider shows it only at a sign-out"),
)  # fmt: skip

SCENARIOS = (*_SETTINGS, *_ADDRESSES, *_WAY, *_REQUEST, *_CLIENT, *_ID_TOKEN, *_PERSON, *_SIGNING_OUT)

HARMLESS: Mapping[str, Mapping[str, str]] = {
    "nothing is wrong": {},
    "blanks around values": {"OIDC_CLIENT_ID": " romm ", "OIDC_ROLE_ADMIN": " romm-admins , more "},
    "a slash at the end of the provider's address": {"OIDC_SERVER_APPLICATION_URL": f"{IDP}/"},
    "the discovery document's address": {"OIDC_SERVER_APPLICATION_URL": f"{IDP}/.well-known/openid-configuration"},
    "scopes with commas": {"OIDC_SCOPES": "openid,profile,email,groups"},
    "an empty variable": {"OIDC_EXTRA_AUDIENCES": ""},
}
"""Slips that do no harm: everybody signs in, and nothing is remarked."""

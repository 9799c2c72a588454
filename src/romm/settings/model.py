"""The settings as frozen structs."""

from collections.abc import Iterator, Mapping
from enum import EnumType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from romm.domain.credentials.native_apps import App
from romm.domain.providers.register import preset
from romm.domain.sign_in.linking.rules import TrustEmail
from romm.domain.sign_in.logout_token import LogoutScope
from romm.domain.sign_in.providers import FIRST, variable


class Variable(Struct, frozen=True):
    """`commas`: only commas separate values."""

    name: str
    secret: bool = False
    commas: bool = False
    least: int = 1
    most: int = 2**31 - 1


class Server(Struct, frozen=True, kw_only=True):
    """`base_url` and `forward_hosts` are origins; `trusted_proxies` are networks in CIDR notation. `api_version`: of
    the RomM whose names, types and scopes the routes have (tests/compatibility/romm.toml).
    """

    base_url: Annotated[str, Variable("ROMM_BASE_URL")]
    host: Annotated[str, Variable("ROMM_HOST")]
    port: Annotated[int, Variable("ROMM_PORT", most=65535)]
    workers: Annotated[int, Variable("WEB_SERVER_CONCURRENCY", most=64)]
    base_path: Annotated[str, Variable("ROMM_BASE_PATH")]
    trusted_proxies: Annotated[tuple[str, ...], Variable("ROMM_TRUSTED_PROXIES")]
    forward_hosts: Annotated[tuple[str, ...], Variable("ROMM_FORWARD_HOSTS")]
    doctor_every_seconds: Annotated[int, Variable("ROMM_DOCTOR_EVERY_SECONDS", least=0)]
    language: Annotated[Literal["", "en", "de", "es", "fr", "pt-BR", "zh-Hans"], Variable("ROMM_LANGUAGE")]
    api_version: Annotated[str, Variable("ROMM_API_VERSION")]


class Database(Struct, frozen=True, kw_only=True):
    """`url` is complete, with an asynchronous driver; the other fields are its source."""

    url: Annotated[str, Variable("ROMM_DATABASE_URL")]
    host: Annotated[str, Variable("DB_HOST")]
    port: Annotated[int, Variable("DB_PORT", most=65535)]
    user: Annotated[str, Variable("DB_USER")]
    password: Annotated[str, Variable("DB_PASSWD", secret=True)]
    name: Annotated[str, Variable("DB_NAME")]
    driver: Annotated[str, Variable("ROMM_DB_DRIVER")]

    @property
    def is_embedded(self) -> bool:
        return self.url.startswith("sqlite")


class Session(Struct, frozen=True, kw_only=True):
    max_age_seconds: Annotated[int, Variable("SESSION_MAX_AGE_SECONDS")]
    absolute_age_seconds: Annotated[int, Variable("SESSION_ABSOLUTE_AGE_SECONDS")]


class Accounts(Struct, frozen=True, kw_only=True):
    disable_userpass_login: Annotated[bool, Variable("DISABLE_USERPASS_LOGIN")]
    disable_setup_wizard: Annotated[bool, Variable("DISABLE_SETUP_WIZARD")]
    invite_token_expiry_seconds: Annotated[int, Variable("INVITE_TOKEN_EXPIRY_SECONDS", most=2592000)]


class Oauth(Struct, frozen=True, kw_only=True):
    password_grant: Annotated[bool, Variable("ROMM_PASSWORD_GRANT")]
    access_token_expire_seconds: Annotated[int, Variable("OAUTH_ACCESS_TOKEN_EXPIRE_SECONDS")]
    refresh_token_expire_seconds: Annotated[int, Variable("OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS")]


class Oidc(Struct, frozen=True, kw_only=True):
    """Empty `scopes`, `claim_roles_…` and method mean: from the preset or the provider.

    `redirect_uri` is verbatim; `scopes` is space-separated. Unreliable while the provider is off.
    """

    enabled: Annotated[bool, Variable("OIDC_ENABLED")]
    provider: Annotated[str, Variable("OIDC_PROVIDER")]
    name: Annotated[str, Variable("OIDC_NAME")]
    icon: Annotated[str, Variable("OIDC_ICON")]
    open_to_anyone: Annotated[bool, Variable("OIDC_OPEN_TO_ANYONE")]
    client_id: Annotated[str, Variable("OIDC_CLIENT_ID")]
    client_secret: Annotated[str, Variable("OIDC_CLIENT_SECRET", secret=True)]
    redirect_uri: Annotated[str, Variable("OIDC_REDIRECT_URI")]
    server_application_url: Annotated[str, Variable("OIDC_SERVER_APPLICATION_URL")]
    server_metadata_url: Annotated[str, Variable("OIDC_SERVER_METADATA_URL")]
    claim_roles: Annotated[str, Variable("OIDC_CLAIM_ROLES")]
    claim_roles_shape: Annotated[Literal["", "csv", "space", "keys"], Variable("OIDC_CLAIM_ROLES_SHAPE")]
    claim_roles_separator: Annotated[Literal["", ",", ";", "space"], Variable("OIDC_CLAIM_ROLES_SEPARATOR")]
    claim_roles_absent: Annotated[Literal["", "keep", "none"], Variable("OIDC_CLAIM_ROLES_ABSENT")]
    role_viewer: Annotated[tuple[str, ...], Variable("OIDC_ROLE_VIEWER", commas=True)]
    role_editor: Annotated[tuple[str, ...], Variable("OIDC_ROLE_EDITOR", commas=True)]
    role_admin: Annotated[tuple[str, ...], Variable("OIDC_ROLE_ADMIN", commas=True)]
    scopes: Annotated[str, Variable("OIDC_SCOPES")]
    username_attribute: Annotated[str, Variable("OIDC_USERNAME_ATTRIBUTE")]
    allow_registration: Annotated[bool, Variable("OIDC_ALLOW_REGISTRATION")]
    trust_email: Annotated[TrustEmail, Variable("OIDC_TRUST_EMAIL")]
    link_by_email: Annotated[bool, Variable("OIDC_LINK_BY_EMAIL")]
    autologin: Annotated[bool, Variable("OIDC_AUTOLOGIN")]
    rp_initiated_logout: Annotated[bool, Variable("OIDC_RP_INITIATED_LOGOUT")]
    end_session_endpoint: Annotated[str, Variable("OIDC_END_SESSION_ENDPOINT")]
    post_logout_redirect_uri: Annotated[str, Variable("OIDC_POST_LOGOUT_REDIRECT_URI")]
    backchannel_logout_scope: Annotated[LogoutScope, Variable("OIDC_BACKCHANNEL_LOGOUT_SCOPE")]
    untyped_logout_tokens: Annotated[bool, Variable("OIDC_UNTYPED_LOGOUT_TOKENS")]
    tls_cacertfile: Annotated[str, Variable("OIDC_TLS_CACERTFILE")]
    token_endpoint_auth_method: Annotated[
        Literal["", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
        Variable("OIDC_TOKEN_ENDPOINT_AUTH_METHOD"),
    ]
    client_key_file: Annotated[str, Variable("OIDC_CLIENT_KEY_FILE")]
    response_mode: Annotated[Literal["", "form_post"], Variable("OIDC_RESPONSE_MODE")]
    pushed_requests: Annotated[bool, Variable("OIDC_PUSHED_REQUESTS")]
    max_age: Annotated[int, Variable("OIDC_MAX_AGE", least=0)]
    acr_values: Annotated[str, Variable("OIDC_ACR_VALUES")]
    id_token_signed_response_algs: Annotated[tuple[str, ...], Variable("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS")]
    extra_audiences: Annotated[tuple[str, ...], Variable("OIDC_EXTRA_AUDIENCES")]
    hosted_domains: Annotated[tuple[str, ...], Variable("OIDC_HOSTED_DOMAINS")]
    former_issuers: Annotated[tuple[str, ...], Variable("OIDC_FORMER_ISSUERS")]


class Log(Struct, frozen=True, kw_only=True):
    """`format` empty: console on a terminal, else json."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], Variable("LOGLEVEL")]
    format: Annotated[Literal["", "console", "json"], Variable("LOG_FORMAT")]
    access: Annotated[bool, Variable("ROMM_ACCESS_LOG")]
    sign_in_retention_days: Annotated[int, Variable("ROMM_SIGN_IN_RETENTION_DAYS", most=36500)]


class Metrics(Struct, frozen=True, kw_only=True):
    """Off with port 0."""

    port: Annotated[int, Variable("ROMM_METRICS_PORT", least=0, most=65535)]
    host: Annotated[str, Variable("ROMM_METRICS_HOST")]
    token: Annotated[str, Variable("ROMM_METRICS_TOKEN", secret=True)]


class Traces(Struct, frozen=True, kw_only=True):
    """Off without an endpoint."""

    endpoint: Annotated[str, Variable("ROMM_TRACES_ENDPOINT")]


PROVIDERS = "providers"
"""The section of the further ones, a table for each."""


class DeclaredProvider(Struct, frozen=True, kw_only=True):
    """`off`: the reasons."""

    id: str
    oidc: Oidc
    off: str

    @property
    def section(self) -> str:
        return section_of(self.id)

    @property
    def label(self) -> str:
        return self.oidc.name or preset(self.oidc.provider).label

    @property
    def is_open_to_anyone(self) -> bool:
        """Strangers can have an account there."""
        return self.oidc.open_to_anyone or (preset(self.oidc.provider).open_to_anyone and not self.oidc.hosted_domains)


class Settings(Struct, frozen=True, kw_only=True):
    """`providers` are those besides the first, which is `oidc` and `oidc_off`. Only the file can hold `clients`."""

    server: Server
    database: Database
    session: Session
    accounts: Accounts
    oauth: Oauth
    oidc: Oidc
    log: Log
    metrics: Metrics
    traces: Traces
    oidc_off: str
    providers: tuple[DeclaredProvider, ...]
    clients: tuple[App, ...]

    @property
    def all_providers(self) -> tuple[DeclaredProvider, ...]:
        """In the declared order."""
        return (DeclaredProvider(id=FIRST, oidc=self.oidc, off=self.oidc_off), *self.providers)

    @property
    def working_providers(self) -> tuple[DeclaredProvider, ...]:
        return tuple(each for each in self.all_providers if not each.off)

    @property
    def former_issuers(self) -> tuple[str, ...]:
        """They were RomM's, so each provider's list counts for all."""
        return tuple(dict.fromkeys(issuer for each in self.all_providers for issuer in each.oidc.former_issuers))

    @property
    def default_provider(self) -> DeclaredProvider:
        """For requests that name none; mistakes may keep it off."""
        return next((each for each in self.all_providers if each.oidc.enabled), self.all_providers[0])

    def value(self, field: "Field") -> Any:
        sections = {each.section: each.oidc for each in self.all_providers}
        return getattr(sections.get(field.section) or getattr(self, field.section), field.key)


class Field(Struct, frozen=True, kw_only=True):
    """`choices` is empty for any value."""

    section: str
    key: str
    type: type
    choices: tuple[str, ...]
    variable: Variable

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}"

    @property
    def names(self) -> tuple[str, str]:
        """The flat name of RomM's guides, and the generic name."""
        return self.variable.name, f"ROMM_{self.path.replace('.', '__')}".upper()

    @property
    def is_of_provider(self) -> bool:
        return self.section == FIRST or self.section.startswith(f"{PROVIDERS}.")

    def of_provider(self, provider_id: str) -> "Field":
        named = replace(self.variable, name=variable(provider_id, self.key))
        return replace(self, section=section_of(provider_id), variable=named)


def section_of(provider_id: str) -> str:
    return FIRST if provider_id == FIRST else f"{PROVIDERS}.{provider_id}"


def _fields() -> Iterator[Field]:
    sections = {name: hint for name, hint in get_type_hints(Settings).items() if name not in _NO_SECTIONS}
    for section, struct in sections.items():
        for key, hint in get_type_hints(struct, include_extras=True).items():
            kind, choices = _kind(hint.__origin__)
            yield Field(section=section, key=key, type=kind, choices=choices, variable=hint.__metadata__[0])


def _kind(hint: Any) -> tuple[type, tuple[str, ...]]:
    if get_origin(hint) is Literal:
        return str, get_args(hint)
    return (str, tuple(hint)) if isinstance(hint, EnumType) else (get_origin(hint) or hint, ())


_NO_SECTIONS = ("oidc_off", PROVIDERS, "clients")

FIELDS = tuple(_fields())
"""Drives the environment, the file, `romm settings` and the table in the docs."""


class SettingsError(Exception):
    """A sentence for each mistake, with the variable and the fix."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Loaded(Struct, frozen=True, kw_only=True):
    """`origins`: `oidc.client_id` → `OIDC_CLIENT_ID`."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]

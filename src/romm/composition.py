"""From settings and ports to use cases: each is made once, here, and holds what it needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from romm.accounts import Setup
from romm.admission import Admission
from romm.credentials import Bearers, KnownBrowsers, Sessions
from romm.domain.claims import Reading
from romm.domain.credentials import SessionLimits
from romm.domain.end_session import EndSession
from romm.domain.linking import Policy
from romm.domain.native_apps import PATH
from romm.domain.presets import preset
from romm.domain.roles import RoleMapping
from romm.domain.tokens import TokenLimits
from romm.grants import PASSWORD, REFRESH_TOKEN, Grants, Offered, PasswordGrant
from romm.identification import Identification
from romm.login import PasswordSignIn, SignOut
from romm.native_apps import GRANT_TYPE, NativeApps
from romm.ports import (
    Accounts,
    Attempts,
    Clock,
    Credentials,
    Directory,
    Log,
    Passwords,
    Provider,
    SignInLog,
    Throttles,
)
from romm.settings import Settings
from romm.signin import OpenIDSignIn
from romm.signin_log import SignInJournal
from romm.throttle import Throttle
from romm.tokens import Tokens


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The outside world, as one process uses it. `provider` is None when single sign-on is off."""

    provider: Provider | None
    accounts: Accounts
    directory: Directory
    attempts: Attempts
    credentials: Credentials
    throttles: Throttles
    sign_in_log: SignInLog
    passwords: Passwords
    log: Log
    clock: Clock
    is_ready: Callable[[], Awaitable[bool]]
    close: Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """What the product does. The fields' names are those under which handlers and commands ask for them."""

    sessions: Sessions
    bearers: Bearers
    tokens: Tokens
    grants: Grants
    native_apps: NativeApps
    signin: OpenIDSignIn
    password_sign_in: PasswordSignIn
    signing_out: SignOut
    setup: Setup


def use_cases(settings: Settings, ports: Ports) -> UseCases:
    """All of them, as the operator wants them."""
    limits = SessionLimits(
        idle=timedelta(seconds=settings.session.max_age_seconds),
        absolute=timedelta(seconds=settings.session.absolute_age_seconds),
    )
    sessions = Sessions(ports.credentials, limits, ports.clock)
    journal = SignInJournal(ports.sign_in_log, ports.log, ports.clock)
    password_sign_in = _password_sign_in(settings, ports, sessions, journal)
    tokens = _tokens(settings, ports)
    native_apps = _native_apps(settings, ports, tokens)
    return UseCases(
        sessions=sessions,
        bearers=Bearers(ports.credentials, ports.clock),
        tokens=tokens,
        grants=_grants(password_sign_in, tokens, native_apps),
        native_apps=native_apps,
        signin=_openid_sign_in(settings, ports, sessions, journal),
        password_sign_in=password_sign_in,
        signing_out=_signing_out(settings, ports, sessions),
        setup=_setup(settings, ports),
    )


def identification(settings: Settings, ports: Ports) -> Identification | None:
    """How claims are read, by the operator's settings and the provider's preset. None when single sign-on is off."""
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    if ports.provider is None:
        return None
    return Identification(
        provider=ports.provider,
        reading=Reading(
            roles_claim=oidc.claim_roles,
            roles_shape=oidc.claim_roles_shape or known.roles_shape,
            booleans_as_text=known.booleans_as_text,
        ),
        extra_audiences=oidc.extra_audiences or known.extra_audiences,
        log=ports.log,
        clock=ports.clock,
    )


def admission(settings: Settings, ports: Ports) -> Admission:
    """Which roles and accounts the operator wants to give."""
    oidc = settings.oidc
    return Admission(
        accounts=ports.accounts,
        mapping=RoleMapping(admin=oidc.role_admin, editor=oidc.role_editor, viewer=oidc.role_viewer),
        policy=Policy(
            trust_email=oidc.trust_email, link_by_email=oidc.link_by_email, allow_registration=oidc.allow_registration
        ),
        username_attribute=oidc.username_attribute,
        log=ports.log,
        clock=ports.clock,
    )


def _openid_sign_in(settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal) -> OpenIDSignIn:
    return OpenIDSignIn(
        identification=identification(settings, ports),
        off=settings.oidc_off,
        admission=admission(settings, ports),
        attempts=ports.attempts,
        sessions=sessions,
        journal=journal,
        clock=ports.clock,
    )


def _password_sign_in(settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal) -> PasswordSignIn:
    return PasswordSignIn(
        enabled=not settings.accounts.disable_userpass_login,
        accounts=ports.accounts,
        passwords=ports.passwords,
        sessions=sessions,
        browsers=KnownBrowsers(ports.credentials, ports.clock),
        throttle=Throttle(ports.throttles, ports.clock),
        journal=journal,
        clock=ports.clock,
    )


def _tokens(settings: Settings, ports: Ports) -> Tokens:
    oauth = settings.oauth
    limits = TokenLimits(
        access=timedelta(seconds=oauth.access_token_expire_seconds),
        refresh=timedelta(seconds=oauth.refresh_token_expire_seconds),
        family=timedelta(seconds=settings.session.absolute_age_seconds),
    )
    return Tokens(credentials=ports.credentials, limits=limits, log=ports.log, clock=ports.clock)


def _native_apps(settings: Settings, ports: Ports, tokens: Tokens) -> NativeApps:
    return NativeApps(
        apps=settings.clients,
        issuer=settings.server.base_url,
        limits=tokens.limits,
        credentials=ports.credentials,
        log=ports.log,
        clock=ports.clock,
    )


def _native_apps_offered(native_apps: NativeApps) -> Offered:
    return Offered(
        grant=native_apps.grant,
        endpoints={"authorization_endpoint": PATH},
        facts={
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        },
    )


def _grants(password_sign_in: PasswordSignIn, tokens: Tokens, native_apps: NativeApps) -> Grants:
    """One row per `grant_type`; without passwords there is none for them, whether right or wrong, and without apps none."""
    table = {PASSWORD: Offered(grant=PasswordGrant(password_sign_in, tokens).grant)} if password_sign_in.enabled else {}
    if native_apps.apps:
        table |= {GRANT_TYPE: _native_apps_offered(native_apps)}
    return Grants(table | {REFRESH_TOKEN: Offered(grant=tokens.refresh)})


def _signing_out(settings: Settings, ports: Ports, sessions: Sessions) -> SignOut:
    oidc = settings.oidc
    wishes = EndSession(
        enabled=oidc.rp_initiated_logout,
        endpoint=oidc.end_session_endpoint,
        post_logout_redirect_uri=oidc.post_logout_redirect_uri,
    )
    return SignOut(sessions=sessions, provider=ports.provider, wishes=wishes)


def _setup(settings: Settings, ports: Ports) -> Setup:
    return Setup(
        wizard=not settings.accounts.disable_setup_wizard,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        accounts=ports.accounts,
        passwords=ports.passwords,
        log=ports.log,
        clock=ports.clock,
    )

"""From settings and ports to use cases: each is made once, here, and holds what it needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from romm.accounts import Setup
from romm.administration import Administration
from romm.admission import Admission
from romm.client_tokens import ClientTokens
from romm.credentials import Bearers, KnownBrowsers, Sessions
from romm.device_ports import DeviceAuthorizations, Devices
from romm.devices import DEVICE_CODE, DeviceApproval, DeviceGrant, DeviceList, DeviceSignIn
from romm.domain.claims import Reading
from romm.domain.credentials import SessionLimits
from romm.domain.end_session import EndSession
from romm.domain.linking import Policy
from romm.domain.presets import preset
from romm.domain.roles import RoleMapping
from romm.domain.tokens import TokenLimits
from romm.explanation import Explainer
from romm.grants import PASSWORD, REFRESH_TOKEN, Grants, Offered, PasswordGrant
from romm.identification import Identification
from romm.instruments import Instruments
from romm.invitations import Invitations
from romm.login import PasswordSignIn, SignOut
from romm.pairing import Pairing
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
from romm.profile import Profile
from romm.rates import Rates
from romm.recovery import Recovery
from romm.settings import Settings
from romm.signin import OpenIDSignIn
from romm.signin_log import SignInJournal
from romm.throttle import Throttle
from romm.tokens import Tokens
from romm.trial import Trials


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The outside world, as one process uses it. `provider` is None when single sign-on is off."""

    provider: Provider | None
    instruments: Instruments
    accounts: Accounts
    directory: Directory
    attempts: Attempts
    credentials: Credentials
    device_authorizations: DeviceAuthorizations
    devices: Devices
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
    signin: OpenIDSignIn
    password_sign_in: PasswordSignIn
    signing_out: SignOut
    setup: Setup
    profile: Profile
    administration: Administration
    invitations: Invitations
    recovery: Recovery
    journal: SignInJournal
    explainer: Explainer
    trials: Trials
    rates: Rates
    device_sign_in: DeviceSignIn
    device_approval: DeviceApproval
    device_list: DeviceList
    client_tokens: ClientTokens
    pairing: Pairing


def use_cases(settings: Settings, ports: Ports) -> UseCases:
    """All of them, as the operator wants them."""
    limits = SessionLimits(
        idle=timedelta(seconds=settings.session.max_age_seconds),
        absolute=timedelta(seconds=settings.session.absolute_age_seconds),
    )
    sessions = Sessions(ports.credentials, limits, ports.clock)
    journal = SignInJournal(ports.sign_in_log, ports.log, ports.clock)
    password_sign_in = _password_sign_in(settings, ports, sessions, journal)
    rates = Rates(ports.throttles, ports.clock)
    tokens = _tokens(settings, ports)
    explainer = _explainer(settings, ports)
    trials = Trials(explainer=explainer, attempts=ports.attempts)
    device_sign_in = _device_sign_in(ports, rates)
    client_tokens = ClientTokens(ports.credentials, ports.log, ports.clock)
    return UseCases(
        sessions=sessions,
        bearers=Bearers(ports.credentials, ports.clock),
        tokens=tokens,
        grants=_grants(password_sign_in, device_sign_in, tokens),
        signin=_openid_sign_in(settings, ports, sessions, journal, trials),
        password_sign_in=password_sign_in,
        signing_out=_signing_out(settings, ports, sessions),
        setup=_setup(settings, ports),
        profile=_profile(ports, password_sign_in),
        administration=_administration(settings, ports),
        invitations=_invitations(settings, ports),
        recovery=_recovery(settings, ports, sessions, journal),
        journal=journal,
        explainer=explainer,
        trials=trials,
        rates=rates,
        device_sign_in=device_sign_in,
        device_approval=_device_approval(ports, rates),
        device_list=DeviceList(ports.devices, ports.log),
        client_tokens=client_tokens,
        pairing=Pairing(client_tokens, ports.credentials, rates, ports.log, ports.clock),
    )


def identification(settings: Settings, ports: Ports) -> Identification | None:
    """How claims are read, by the operator's settings and the provider's preset. None when single sign-on is off."""
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    if ports.provider is None:
        return None
    return Identification(
        provider=ports.provider,
        reading=_reading(settings),
        extra_audiences=oidc.extra_audiences or known.extra_audiences,
        hosted_domains=oidc.hosted_domains,
        issuer_spellings=known.issuer_spellings,
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
        roles_claim=oidc.claim_roles,
        log=ports.log,
        clock=ports.clock,
    )


def _openid_sign_in(
    settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal, trials: Trials
) -> OpenIDSignIn:
    return OpenIDSignIn(
        identification=identification(settings, ports),
        off=settings.oidc_off,
        admission=admission(settings, ports),
        trials=trials,
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


def _device_sign_in(ports: Ports, rates: Rates) -> DeviceSignIn:
    return DeviceSignIn(
        authorizations=ports.device_authorizations,
        devices=ports.devices,
        rates=rates,
        log=ports.log,
        clock=ports.clock,
    )


def _device_approval(ports: Ports, rates: Rates) -> DeviceApproval:
    return DeviceApproval(
        authorizations=ports.device_authorizations,
        devices=ports.devices,
        credentials=ports.credentials,
        rates=rates,
        log=ports.log,
        clock=ports.clock,
    )


def _grants(password_sign_in: PasswordSignIn, device_sign_in: DeviceSignIn, tokens: Tokens) -> Grants:
    """One row per `grant_type`; without passwords there is none for them, whether right or wrong."""
    table = {PASSWORD: Offered(grant=PasswordGrant(password_sign_in, tokens).grant)} if password_sign_in.enabled else {}
    device = Offered(
        grant=DeviceGrant(device_sign_in, tokens).grant,
        endpoints={"device_authorization_endpoint": "/api/device_authorization"},
    )
    return Grants(table | {REFRESH_TOKEN: Offered(grant=tokens.refresh), DEVICE_CODE: device})


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


def _profile(ports: Ports, password_sign_in: PasswordSignIn) -> Profile:
    return Profile(
        accounts=ports.accounts,
        directory=ports.directory,
        passwords=ports.passwords,
        password_sign_in=password_sign_in,
        provider=ports.provider,
        log=ports.log,
        clock=ports.clock,
    )


def _administration(settings: Settings, ports: Ports) -> Administration:
    return Administration(
        accounts=ports.accounts,
        directory=ports.directory,
        credentials=ports.credentials,
        passwords=ports.passwords,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        roles_by_claim=ports.provider is not None and bool(settings.oidc.claim_roles),
        log=ports.log,
        clock=ports.clock,
    )


def _invitations(settings: Settings, ports: Ports) -> Invitations:
    return Invitations(
        accounts=ports.accounts,
        credentials=ports.credentials,
        passwords=ports.passwords,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        lifetime=timedelta(seconds=settings.accounts.invite_token_expiry_seconds),
        log=ports.log,
        clock=ports.clock,
    )


def _recovery(settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal) -> Recovery:
    return Recovery(
        accounts=ports.accounts,
        directory=ports.directory,
        credentials=ports.credentials,
        passwords=ports.passwords,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        sessions=sessions,
        journal=journal,
        log=ports.log,
        clock=ports.clock,
    )


def _reading(settings: Settings) -> Reading:
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    return Reading(
        roles_claim=oidc.claim_roles,
        roles_shape=oidc.claim_roles_shape or known.roles_shape,
        booleans_as_text=known.booleans_as_text,
    )


def _explainer(settings: Settings, ports: Ports) -> Explainer:
    return Explainer(
        reading=_reading(settings),
        admission=admission(settings, ports),
        provider=ports.provider,
        issuer=settings.oidc.server_application_url or settings.server.base_url,
    )

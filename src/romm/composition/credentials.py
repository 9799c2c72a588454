"""Use cases of tokens, devices and apps."""

from datetime import timedelta

from romm.composition.ports import Ports
from romm.credentials.devices import DEVICE_CODE, DeviceApproval, DeviceGrant, DeviceSignIn
from romm.credentials.grants import PASSWORD, REFRESH_TOKEN, Grants, Offered
from romm.credentials.native_apps import GRANT_TYPE, NativeApps
from romm.credentials.rate_limits import Rates
from romm.credentials.tokens import Tokens
from romm.domain.credentials.native_apps import PATH
from romm.domain.credentials.tokens import TokenLimits
from romm.settings.model import Settings
from romm.sign_in.password import PasswordSignIn
from romm.sign_in.password_grant import PasswordGrant


def tokens(settings: Settings, ports: Ports) -> Tokens:
    oauth = settings.oauth
    limits = TokenLimits(
        access=timedelta(seconds=oauth.access_token_expire_seconds),
        refresh=timedelta(seconds=oauth.refresh_token_expire_seconds),
        family=timedelta(seconds=settings.session.absolute_age_seconds),
    )
    return Tokens(credentials=ports.credentials, limits=limits, log=ports.log, clock=ports.clock)


def device_sign_in(ports: Ports, rates: Rates) -> DeviceSignIn:
    return DeviceSignIn(
        authorizations=ports.device_authorizations,
        devices=ports.devices,
        rates=rates,
        log=ports.log,
        clock=ports.clock,
    )


def device_approval(ports: Ports, rates: Rates) -> DeviceApproval:
    return DeviceApproval(
        authorizations=ports.device_authorizations,
        devices=ports.devices,
        credentials=ports.credentials,
        rates=rates,
        log=ports.log,
        clock=ports.clock,
    )


def native_apps(settings: Settings, ports: Ports, tokens: Tokens) -> NativeApps:
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


def grants(
    settings: Settings,
    password_sign_in: PasswordSignIn,
    device_sign_in: DeviceSignIn,
    tokens: Tokens,
    native_apps: NativeApps,
) -> Grants:
    """`password` and `authorization_code` only where enabled."""
    password_grant = settings.oauth.password_grant
    has_passwords = password_sign_in.enabled and password_grant
    table = {PASSWORD: Offered(grant=PasswordGrant(password_sign_in, tokens).grant)} if has_passwords else {}
    if native_apps.apps:
        table |= {GRANT_TYPE: _native_apps_offered(native_apps)}
    device = Offered(
        grant=DeviceGrant(device_sign_in, tokens).grant,
        endpoints={"device_authorization_endpoint": "/api/device_authorization"},
    )
    table |= {REFRESH_TOKEN: Offered(grant=tokens.refresh), DEVICE_CODE: device}
    return Grants(table, password_grant=password_grant)

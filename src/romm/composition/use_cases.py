"""What the product does, put together."""

from dataclasses import dataclass
from datetime import timedelta

from romm.accounts import Setup
from romm.administration import Administration
from romm.backchannel import BackchannelLogout
from romm.client_tokens import ClientTokens
from romm.composition import accounts, apps, sign_in
from romm.composition.outside import Ports
from romm.credentials import Bearers, Sessions
from romm.devices import DeviceApproval, DeviceList, DeviceSignIn
from romm.domain.credentials import SessionLimits
from romm.explanation import Explainer
from romm.grants import Grants
from romm.invitations import Invitations
from romm.login import PasswordSignIn, SignOut
from romm.native_apps import NativeApps
from romm.pairing import Pairing
from romm.profile import Profile
from romm.rates import Rates
from romm.recovery import Recovery
from romm.settings import Settings
from romm.signin import OpenIDSignIn
from romm.signin_log import SignInJournal
from romm.tokens import Tokens
from romm.trial import Trials


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """What the product does. The fields' names are those under which handlers and commands ask for them."""

    sessions: Sessions
    bearers: Bearers
    tokens: Tokens
    grants: Grants
    native_apps: NativeApps
    signin: OpenIDSignIn
    backchannel: BackchannelLogout
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
    sessions = Sessions(ports.credentials, limits, ports.log, ports.clock)
    rates = Rates(ports.throttles, ports.clock)
    journal = SignInJournal(ports.sign_in_log, ports.log, ports.clock, rates)
    password_sign_in = sign_in.password_sign_in(settings, ports, sessions, journal)
    tokens = apps.tokens(settings, ports)
    explainer = sign_in.explainer(settings, ports)
    trials = Trials(explainer=explainer, attempts=ports.attempts)
    device_sign_in = apps.device_sign_in(ports, rates)
    client_tokens = ClientTokens(ports.credentials, ports.log, ports.clock)
    signin = sign_in.openid_sign_in(settings, ports, sessions, journal, trials)
    native_apps = apps.native_apps(settings, ports, tokens)
    return UseCases(
        sessions=sessions,
        bearers=Bearers(ports.credentials, ports.clock),
        tokens=tokens,
        grants=apps.grants(password_sign_in, device_sign_in, tokens, native_apps),
        native_apps=native_apps,
        signin=signin,
        backchannel=sign_in.backchannel_logout(signin, ports, journal, rates),
        password_sign_in=password_sign_in,
        signing_out=sign_in.signing_out(settings, ports, sessions),
        setup=accounts.setup(settings, ports),
        profile=accounts.profile(ports, password_sign_in),
        administration=accounts.administration(settings, ports),
        invitations=accounts.invitations(settings, ports, rates),
        recovery=accounts.recovery(settings, ports, sessions, rates, journal),
        journal=journal,
        explainer=explainer,
        trials=trials,
        rates=rates,
        device_sign_in=device_sign_in,
        device_approval=apps.device_approval(ports, rates),
        device_list=DeviceList(ports.devices, ports.log),
        client_tokens=client_tokens,
        pairing=Pairing(client_tokens, ports.credentials, rates, ports.log, ports.clock),
    )

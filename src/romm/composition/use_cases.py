"""Every use case of one process."""

from dataclasses import dataclass
from datetime import timedelta

from romm.accounts.administration import Administration
from romm.accounts.invitations import Invitations
from romm.accounts.issuer_moves import IssuerMoves
from romm.accounts.profile import Profile
from romm.accounts.recovery import Recovery
from romm.accounts.setup import Setup
from romm.composition import accounts, credentials, sign_in
from romm.composition.ports import Ports
from romm.credentials.bearers import Bearers
from romm.credentials.client_tokens import ClientTokens
from romm.credentials.device_list import DeviceList
from romm.credentials.devices import DeviceApproval, DeviceSignIn
from romm.credentials.grants import Grants
from romm.credentials.native_apps import NativeApps
from romm.credentials.pairing import Pairing
from romm.credentials.rate_limits import Rates
from romm.credentials.sessions import Sessions
from romm.credentials.tokens import Tokens
from romm.diagnosis.explanation import Explainers
from romm.diagnosis.preview import Previews
from romm.domain.credentials.credential import SessionLimits
from romm.settings.model import Settings
from romm.sign_in.forward_hosts import ForwardHosts
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.backchannel_logout import BackchannelLogouts
from romm.sign_in.openid.confirmation import Confirmation
from romm.sign_in.openid.providers import SignIns
from romm.sign_in.password import PasswordSignIn
from romm.sign_in.sign_out import SignOut


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """Handlers and commands ask for a use case by its field's name."""

    sessions: Sessions
    bearers: Bearers
    tokens: Tokens
    grants: Grants
    native_apps: NativeApps
    sign_ins: SignIns
    confirmation: Confirmation
    backchannel: BackchannelLogouts
    password_sign_in: PasswordSignIn
    signing_out: SignOut
    forward_hosts: ForwardHosts
    setup: Setup
    profile: Profile
    administration: Administration
    issuer_moves: IssuerMoves
    invitations: Invitations
    recovery: Recovery
    journal: SignInJournal
    explainers: Explainers
    previews: Previews
    rates: Rates
    device_sign_in: DeviceSignIn
    device_approval: DeviceApproval
    device_list: DeviceList
    client_tokens: ClientTokens
    pairing: Pairing


def use_cases(settings: Settings, ports: Ports) -> UseCases:
    limits = SessionLimits(
        idle=timedelta(seconds=settings.session.max_age_seconds),
        absolute=timedelta(seconds=settings.session.absolute_age_seconds),
    )
    sessions = Sessions(
        ports.credentials, limits, ports.holder_seal, sign_in.keeps_id_tokens(settings), ports.log, ports.clock
    )
    rates = Rates(ports.throttles, ports.clock)
    journal = SignInJournal(ports.sign_in_log, ports.log, ports.clock, rates, ports.meter)
    password_sign_in = sign_in.password_sign_in(settings, ports, sessions, journal)
    tokens = credentials.tokens(settings, ports)
    explainers = sign_in.explainers(settings, ports)
    previews = {
        each: Previews(explainer=explainer, attempts=ports.attempts) for each, explainer in explainers.by_id.items()
    }
    device_sign_in = credentials.device_sign_in(ports, rates)
    client_tokens = ClientTokens(ports.credentials, ports.credential_lists, ports.log, ports.clock)
    sign_ins = sign_in.sign_ins(settings, ports, sessions, journal, previews, rates)
    native_apps = credentials.native_apps(settings, ports, tokens)
    return UseCases(
        sessions=sessions,
        bearers=Bearers(ports.credentials, ports.clock),
        tokens=tokens,
        grants=credentials.grants(settings, password_sign_in, device_sign_in, tokens, native_apps),
        native_apps=native_apps,
        sign_ins=sign_ins,
        confirmation=sign_in.confirmation(sign_ins, password_sign_in, ports, journal),
        backchannel=sign_in.backchannel_logouts(settings, sign_ins, ports, journal, rates),
        password_sign_in=password_sign_in,
        signing_out=sign_in.signing_out(settings, ports, sessions),
        forward_hosts=sign_in.forward_hosts(settings, ports, sessions),
        setup=accounts.setup(settings, ports),
        profile=accounts.profile(settings, ports, password_sign_in),
        administration=accounts.administration(settings, ports),
        issuer_moves=accounts.issuer_moves(settings, ports),
        invitations=accounts.invitations(settings, ports, rates),
        recovery=accounts.recovery(settings, ports, sessions, rates, journal),
        journal=journal,
        explainers=explainers,
        previews=previews[settings.default_provider.id],
        rates=rates,
        device_sign_in=device_sign_in,
        device_approval=credentials.device_approval(ports, rates),
        device_list=DeviceList(ports.devices, ports.log),
        client_tokens=client_tokens,
        pairing=Pairing(client_tokens, ports.credentials, rates, ports.log, ports.clock),
    )

"""Use cases of accounts."""

from datetime import timedelta

from romm.accounts.administration import Administration
from romm.accounts.invitations import Invitations
from romm.accounts.issuer_moves import IssuerMoves
from romm.accounts.profile import Profile
from romm.accounts.recovery import Recovery
from romm.accounts.setup import Setup
from romm.composition.ports import Ports
from romm.composition.sign_in import known_issuers
from romm.credentials.rate_limits import Rates
from romm.credentials.sessions import Sessions
from romm.settings.model import Settings
from romm.sign_in.journal import SignInJournal
from romm.sign_in.password import PasswordSignIn


def setup(settings: Settings, ports: Ports) -> Setup:
    return Setup(
        base_url=settings.server.base_url,
        wizard=not settings.accounts.disable_setup_wizard,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        accounts=ports.accounts,
        passwords=ports.passwords,
        log=ports.log,
        clock=ports.clock,
    )


def profile(settings: Settings, ports: Ports, password_sign_in: PasswordSignIn) -> Profile:
    return Profile(
        account_store=ports.account_store,
        passwords=ports.passwords,
        password_sign_in=password_sign_in,
        issuers=known_issuers(settings, ports),
        log=ports.log,
        clock=ports.clock,
    )


def administration(settings: Settings, ports: Ports) -> Administration:
    return Administration(
        accounts=ports.accounts,
        account_store=ports.account_store,
        account_lists=ports.account_lists,
        credentials=ports.credentials,
        passwords=ports.passwords,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        roles_by_claim=any(each.oidc.claim_roles for each in settings.working_providers),
        issuers=known_issuers(settings, ports),
        log=ports.log,
        clock=ports.clock,
    )


def issuer_moves(settings: Settings, ports: Ports) -> IssuerMoves:
    return IssuerMoves(
        accounts=ports.accounts,
        account_store=ports.account_store,
        account_lists=ports.account_lists,
        issuers=known_issuers(settings, ports),
        log=ports.log,
        clock=ports.clock,
    )


def invitations(settings: Settings, ports: Ports, rates: Rates) -> Invitations:
    return Invitations(
        accounts=ports.accounts,
        credentials=ports.credentials,
        credential_lists=ports.credential_lists,
        passwords=ports.passwords,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        single_sign_on=bool(settings.working_providers),
        lifetime=timedelta(seconds=settings.accounts.invite_token_expiry_seconds),
        rates=rates,
        log=ports.log,
        clock=ports.clock,
    )


def recovery(settings: Settings, ports: Ports, sessions: Sessions, rates: Rates, journal: SignInJournal) -> Recovery:
    return Recovery(
        accounts=ports.accounts,
        account_store=ports.account_store,
        credentials=ports.credentials,
        passwords=ports.passwords,
        passwords_enabled=not settings.accounts.disable_userpass_login,
        sessions=sessions,
        rates=rates,
        journal=journal,
        log=ports.log,
        clock=ports.clock,
    )

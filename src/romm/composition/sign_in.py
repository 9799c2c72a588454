"""Use cases of signing in and out, and their explanation."""

from romm.composition.ports import Ports
from romm.credentials.rate_limits import FairLimit, Rates
from romm.credentials.sessions import Sessions
from romm.diagnosis.explanation import Explainer
from romm.diagnosis.preview import Previews
from romm.domain.limits import FAILED_CALLBACKS, FAILED_LOGOUT_TOKENS, PUSHED_REQUESTS
from romm.domain.providers.register import preset
from romm.domain.sign_in import logout_token
from romm.domain.sign_in.claims.rules import ClaimMapping
from romm.domain.sign_in.discovery import WELL_KNOWN
from romm.domain.sign_in.end_session import EndSession
from romm.domain.sign_in.linking.rules import Policy
from romm.domain.sign_in.roles.rules import RoleMapping
from romm.domain.sign_in.roles.texts import SEPARATORS
from romm.settings.model import Settings
from romm.sign_in.admission import Admission
from romm.sign_in.attempts import LoginAttempts
from romm.sign_in.backchannel_logout import BackchannelLogout
from romm.sign_in.confirmation import Confirmation
from romm.sign_in.device_cookies import DeviceCookies
from romm.sign_in.identification import Identification
from romm.sign_in.issuers import KnownIssuers
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid import OpenIDSignIn
from romm.sign_in.password import PasswordSignIn
from romm.sign_in.repeated_responses import RepeatedResponses
from romm.sign_in.sign_out import SignOut
from romm.sign_in.throttle import Throttle


def identification(settings: Settings, ports: Ports) -> Identification | None:
    """None when single sign-on is off."""
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    if ports.provider is None:
        return None
    return Identification(
        provider=ports.provider,
        reading=reading(settings),
        extra_audiences=oidc.extra_audiences or known.extra_audiences,
        hosted_domains=oidc.hosted_domains,
        issuer_spellings=known.issuer_spellings,
        log=ports.log,
        clock=ports.clock,
    )


def admission(settings: Settings, ports: Ports) -> Admission:
    oidc = settings.oidc
    return Admission(
        accounts=ports.accounts,
        mapping=role_mapping(settings),
        policy=Policy(
            trust_email=oidc.trust_email,
            link_by_email=oidc.link_by_email,
            allow_registration=oidc.allow_registration,
            former_issuers=oidc.former_issuers,
        ),
        username_attribute=oidc.username_attribute,
        roles_claim=oidc.claim_roles,
        log=ports.log,
        clock=ports.clock,
    )


def known_issuers(settings: Settings, ports: Ports) -> KnownIssuers:
    """The provider's issuer, and those before it."""
    oidc = settings.oidc
    return KnownIssuers(provider=ports.provider, configured=configured_issuer(settings), former=oidc.former_issuers)


def configured_issuer(settings: Settings) -> str:
    """The provider's issuer as far as the settings tell it, but for a slash at the end; empty when they do not."""
    oidc = settings.oidc
    if oidc.server_metadata_url.endswith(WELL_KNOWN):
        return oidc.server_metadata_url.removesuffix(WELL_KNOWN)
    return "" if oidc.server_metadata_url else oidc.server_application_url.removesuffix(WELL_KNOWN)


def openid_sign_in(
    settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal, previews: Previews, rates: Rates
) -> OpenIDSignIn:
    attempts = LoginAttempts(seal=ports.seal, used=ports.attempts, clock=ports.clock)
    return OpenIDSignIn(
        identification=identification(settings, ports),
        off=settings.oidc_off,
        admission=admission(settings, ports),
        keep_preview=previews.keep,
        attempts=attempts,
        failures=FairLimit(rates, FAILED_CALLBACKS, ports.clock),
        pushes=FairLimit(rates, PUSHED_REQUESTS, ports.clock),
        pending=ports.pending_sign_ins,
        repeated=RepeatedResponses(
            attempts=attempts, pending=ports.pending_sign_ins, sessions=sessions, journal=journal, clock=ports.clock
        ),
        sessions=sessions,
        journal=journal,
        clock=ports.clock,
    )


def backchannel_logout(
    settings: Settings, signin: OpenIDSignIn, ports: Ports, journal: SignInJournal, rates: Rates
) -> BackchannelLogout:
    return BackchannelLogout(
        identification=signin.identification,
        off=signin.off,
        logouts=ports.logouts,
        journal=journal,
        failures=FairLimit(rates, FAILED_LOGOUT_TOKENS, ports.clock),
        clock=ports.clock,
        scope=settings.oidc.backchannel_logout_scope,
        types=_logout_types(settings),
        without_expiry=preset(settings.oidc.provider).logout_without_expiry,
    )


def _logout_types(settings: Settings) -> logout_token.Types:
    if settings.oidc.untyped_logout_tokens:
        return logout_token.UNTYPED
    return logout_token.LEGACY_TYPES if preset(settings.oidc.provider).legacy_logout_types else logout_token.TYPES


def password_sign_in(settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal) -> PasswordSignIn:
    return PasswordSignIn(
        enabled=not settings.accounts.disable_userpass_login,
        accounts=ports.accounts,
        passwords=ports.passwords,
        sessions=sessions,
        browsers=DeviceCookies(ports.credentials, ports.clock),
        throttle=Throttle(ports.throttles, ports.clock),
        journal=journal,
        clock=ports.clock,
    )


def confirmation(
    signin: OpenIDSignIn, password_sign_in: PasswordSignIn, ports: Ports, journal: SignInJournal
) -> Confirmation:
    """Asking whose account it is."""
    return Confirmation(
        signin=signin,
        password_sign_in=password_sign_in,
        pending=ports.pending_sign_ins,
        accounts=ports.accounts,
        journal=journal,
        clock=ports.clock,
    )


def signing_out(settings: Settings, ports: Ports, sessions: Sessions) -> SignOut:
    oidc = settings.oidc
    wishes = EndSession(
        enabled=oidc.rp_initiated_logout,
        client_id=oidc.client_id,
        endpoint=oidc.end_session_endpoint,
        post_logout_redirect_uri=oidc.post_logout_redirect_uri,
        page=preset(oidc.provider).sign_out_page,
        login_page=f"{settings.server.base_url}/login",
    )
    return SignOut(sessions=sessions, provider=ports.provider, wishes=wishes, log=ports.log)


def explainer(settings: Settings, ports: Ports) -> Explainer:
    return Explainer(
        reading=reading(settings),
        admission=admission(settings, ports),
        provider=ports.provider,
        issuer=settings.oidc.server_application_url or settings.server.base_url,
    )


def role_mapping(settings: Settings) -> RoleMapping:
    """Which values of the roles claim give which level, and what a claim that is not sent means."""
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    return RoleMapping(
        admin=oidc.role_admin,
        editor=oidc.role_editor,
        viewer=oidc.role_viewer,
        absent_is_none=oidc.claim_roles_absent == "none"
        or (not oidc.claim_roles_absent and known.leaves_empty_roles_out),
    )


def reading(settings: Settings) -> ClaimMapping:
    """How the provider words its claims, as the operator says or the preset knows."""
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    return ClaimMapping(
        roles_claim=oidc.claim_roles,
        roles_separator=SEPARATORS.get(oidc.claim_roles_separator or oidc.claim_roles_shape, ""),
        roles_keys=oidc.claim_roles_shape == "keys" or (not oidc.claim_roles_shape and known.roles_keys),
        booleans_as_text=known.booleans_as_text,
        own_email_domains=known.own_email_domains,
    )

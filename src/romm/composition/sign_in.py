"""Use cases of signing in and out, and their explanation."""

from collections.abc import Callable, Mapping

from romm.composition.ports import Ports
from romm.composition.provider import configured_providers, issuers
from romm.credentials.rate_limits import FairLimit, Rates
from romm.credentials.sessions import Sessions
from romm.diagnosis.explanation import Explainer, Explainers
from romm.diagnosis.preview import Previews
from romm.domain.limits import FAILED_CALLBACKS, FAILED_LOGOUT_TOKENS, PUSHED_REQUESTS, Bound
from romm.domain.providers.register import preset
from romm.domain.sign_in import logout_token
from romm.domain.sign_in.claims.rules import ClaimMapping
from romm.domain.sign_in.discovery import WELL_KNOWN
from romm.domain.sign_in.end_session import EndSession
from romm.domain.sign_in.linking.rules import Policy
from romm.domain.sign_in.providers import FIRST
from romm.domain.sign_in.roles.rules import RoleMapping
from romm.domain.sign_in.roles.texts import SEPARATORS
from romm.settings.model import DeclaredProvider, Oidc, Settings
from romm.sign_in.device_cookies import DeviceCookies
from romm.sign_in.forward_hosts import ForwardHosts
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.admission import Admission
from romm.sign_in.openid.attempts import LoginAttempts
from romm.sign_in.openid.backchannel_logout import BackchannelLogout, BackchannelLogouts
from romm.sign_in.openid.confirmation import Confirmation
from romm.sign_in.openid.flow import OpenIDSignIn
from romm.sign_in.openid.identification import Identification
from romm.sign_in.openid.issuers import KnownIssuers, ProviderIssuer
from romm.sign_in.openid.providers import SignIns
from romm.sign_in.openid.repeated_responses import RepeatedResponses
from romm.sign_in.password import PasswordSignIn
from romm.sign_in.sign_out import ProviderSignOut, SignOut
from romm.sign_in.throttle import Throttle


def identification(declared: DeclaredProvider, ports: Ports) -> Identification | None:
    """None when the provider is off."""
    oidc, known = declared.oidc, preset(declared.oidc.provider)
    if declared.id not in ports.providers:
        return None
    return Identification(
        provider=ports.providers[declared.id],
        reading=reading(oidc),
        extra_audiences=oidc.extra_audiences or known.extra_audiences,
        hosted_domains=oidc.hosted_domains,
        issuer_spellings=known.issuer_spellings,
        log=ports.log,
        clock=ports.clock,
    )


def admission(declared: DeclaredProvider, settings: Settings, ports: Ports) -> Admission:
    oidc = declared.oidc
    return Admission(
        accounts=ports.accounts,
        credentials=ports.credentials,
        mapping=role_mapping(oidc),
        policy=_policy(declared, settings),
        username_attribute=oidc.username_attribute,
        roles_claim=oidc.claim_roles,
        log=ports.log,
        clock=ports.clock,
        provider=declared.id,
    )


def _policy(declared: DeclaredProvider, settings: Settings) -> Policy:
    oidc, working = declared.oidc, settings.working_providers
    return Policy(
        trust_email=oidc.trust_email,
        link_by_email=oidc.link_by_email,
        allow_registration=oidc.allow_registration,
        current_issuers=tuple(issuer for each in working if each.id != declared.id for issuer in issuers(each)),
        former_issuers=settings.former_issuers,
        open_issuers=tuple(issuer for each in working if each.is_open_to_anyone for issuer in issuers(each)),
    )


def known_issuers(settings: Settings, ports: Ports) -> KnownIssuers:
    default = settings.default_provider
    others = [each for each in settings.working_providers if each.id != default.id]
    return KnownIssuers(
        default=_provider_issuer(default, ports),
        others=[_provider_issuer(each, ports) for each in others],
        former=settings.former_issuers,
    )


def _provider_issuer(declared: DeclaredProvider, ports: Ports) -> ProviderIssuer:
    return ProviderIssuer(
        id=declared.id,
        provider=ports.providers.get(declared.id),
        configured=configured_issuer(declared.oidc),
        link_by_email=declared.oidc.link_by_email,
    )


def configured_issuer(oidc: Oidc) -> str:
    """Perhaps without its final slash; empty if unknown."""
    if oidc.server_metadata_url.endswith(WELL_KNOWN):
        return oidc.server_metadata_url.removesuffix(WELL_KNOWN)
    return "" if oidc.server_metadata_url else oidc.server_application_url.removesuffix(WELL_KNOWN)


def sign_ins(
    settings: Settings,
    ports: Ports,
    sessions: Sessions,
    journal: SignInJournal,
    previews: Mapping[str, Previews],
    rates: Rates,
) -> SignIns:
    """Each provider's own: its failures count for no other."""
    attempts = LoginAttempts(seal=ports.seal, used=ports.attempts, clock=ports.clock)
    repeated = RepeatedResponses(
        attempts=attempts, pending=ports.pending_sign_ins, sessions=sessions, journal=journal, clock=ports.clock
    )
    by_id = {
        each.id: OpenIDSignIn(
            id=each.id,
            issuer=configured_issuer(each.oidc),
            identification=identification(each, ports),
            off=each.off,
            admission=admission(each, settings, ports),
            keep_preview=previews[each.id].keep,
            attempts=attempts,
            failures=FairLimit(rates, _at(each, FAILED_CALLBACKS), ports.clock),
            pushes=FairLimit(rates, _at(each, PUSHED_REQUESTS), ports.clock),
            pending=ports.pending_sign_ins,
            repeated=repeated,
            sessions=sessions,
            records=ports.sign_in_records,
            journal=journal,
            clock=ports.clock,
        )
        for each in settings.all_providers
    }
    return SignIns(by_id=by_id, providers=configured_providers(settings))


def _at(declared: DeclaredProvider, bound: Bound) -> Bound:
    return bound if declared.id == FIRST else bound.at(declared.id)


def backchannel_logouts(
    settings: Settings, sign_ins: SignIns, ports: Ports, journal: SignInJournal, rates: Rates
) -> BackchannelLogouts:
    by_id = {
        each.id: BackchannelLogout(
            identification=sign_ins.by_id[each.id].identification,
            off=each.off,
            logouts=ports.logouts,
            journal=journal,
            failures=FairLimit(rates, _at(each, FAILED_LOGOUT_TOKENS), ports.clock),
            clock=ports.clock,
            scope=each.oidc.backchannel_logout_scope,
            types=_logout_types(each.oidc),
            without_expiry=preset(each.oidc.provider).logout_without_expiry,
        )
        for each in settings.all_providers
    }
    return BackchannelLogouts(by_id=by_id, providers=sign_ins.providers)


def _logout_types(oidc: Oidc) -> logout_token.Types:
    if oidc.untyped_logout_tokens:
        return logout_token.UNTYPED
    return logout_token.LEGACY_TYPES if preset(oidc.provider).legacy_logout_types else logout_token.TYPES


def password_sign_in(settings: Settings, ports: Ports, sessions: Sessions, journal: SignInJournal) -> PasswordSignIn:
    return PasswordSignIn(
        enabled=not settings.accounts.disable_userpass_login,
        accounts=ports.accounts,
        passwords=ports.passwords,
        sessions=sessions,
        browsers=DeviceCookies(ports.credentials, ports.clock),
        records=ports.sign_in_records,
        throttle=Throttle(ports.throttles, ports.clock),
        journal=journal,
        clock=ports.clock,
    )


def confirmation(
    sign_ins: SignIns, password_sign_in: PasswordSignIn, ports: Ports, journal: SignInJournal
) -> Confirmation:
    return Confirmation(
        sign_ins=sign_ins,
        password_sign_in=password_sign_in,
        pending=ports.pending_sign_ins,
        accounts=ports.accounts,
        journal=journal,
        clock=ports.clock,
    )


def keeps_id_tokens(settings: Settings) -> Callable[[str], bool]:
    providers, wishes = configured_providers(settings), {each.id: each.oidc for each in settings.all_providers}

    def keeps(issuer: str) -> bool:
        found = providers.of_issuer_or_only(issuer)
        return found is not None and wishes[found.id].rp_initiated_logout

    return keeps


def forward_hosts(settings: Settings, ports: Ports, sessions: Sessions) -> ForwardHosts:
    return ForwardHosts(
        origins=settings.server.forward_hosts,
        base_url=settings.server.base_url,
        sessions=sessions,
        credentials=ports.credentials,
        log=ports.log,
        clock=ports.clock,
    )


def signing_out(settings: Settings, ports: Ports, sessions: Sessions) -> SignOut:
    providers = configured_providers(settings)
    there = {
        each.id: _provider_sign_out(each, settings, ports)
        for each in settings.all_providers
        if each.id in ports.providers
    }

    def at_provider(issuer: str) -> ProviderSignOut | None:
        found = providers.of_issuer_or_only(issuer)
        return there.get(found.id) if found else None

    return SignOut(sessions=sessions, at_provider=at_provider)


def _provider_sign_out(declared: DeclaredProvider, settings: Settings, ports: Ports) -> ProviderSignOut:
    oidc = declared.oidc
    wishes = EndSession(
        enabled=oidc.rp_initiated_logout,
        client_id=oidc.client_id,
        endpoint=oidc.end_session_endpoint,
        post_logout_redirect_uri=oidc.post_logout_redirect_uri,
        page=preset(oidc.provider).sign_out_page,
        login_page=f"{settings.server.base_url}/login",
    )
    return ProviderSignOut(provider=ports.providers[declared.id], wishes=wishes, log=ports.log, id=declared.id)


def explainers(settings: Settings, ports: Ports) -> Explainers:
    by_id = {
        each.id: Explainer(
            reading=reading(each.oidc),
            admission=admission(each, settings, ports),
            provider=ports.providers.get(each.id),
            issuer=each.oidc.server_application_url or settings.server.base_url,
        )
        for each in settings.all_providers
    }
    return Explainers(by_id=by_id, providers=configured_providers(settings))


def role_mapping(oidc: Oidc) -> RoleMapping:
    known = preset(oidc.provider)
    return RoleMapping(
        admin=oidc.role_admin,
        editor=oidc.role_editor,
        viewer=oidc.role_viewer,
        absent_is_none=oidc.claim_roles_absent == "none"
        or (not oidc.claim_roles_absent and known.leaves_empty_roles_out),
    )


def reading(oidc: Oidc) -> ClaimMapping:
    known = preset(oidc.provider)
    return ClaimMapping(
        roles_claim=oidc.claim_roles,
        roles_separator=SEPARATORS.get(oidc.claim_roles_separator or oidc.claim_roles_shape, ""),
        roles_keys=oidc.claim_roles_shape == "keys" or (not oidc.claim_roles_shape and known.roles_keys),
        booleans_as_text=known.booleans_as_text,
        own_email_domains=known.own_email_domains,
    )

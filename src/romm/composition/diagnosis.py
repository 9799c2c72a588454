"""The doctor and its instruments. Settings may be incomplete."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.diagnosis.probe import ProviderProbe
from romm.adapters.diagnosis.schema import DatabaseStorage
from romm.adapters.provider.openid import ProviderSettings
from romm.adapters.provider.transport import Transport
from romm.composition.ports import Ports
from romm.composition.provider import client as client_of
from romm.composition.provider import configured_providers, issuers, provider_settings
from romm.composition.reports import surroundings
from romm.composition.sign_in import configured_issuer
from romm.credentials.rate_limits import Rates
from romm.diagnosis.candidates import Candidates
from romm.diagnosis.doctor import Doctor
from romm.diagnosis.doctors import Doctors
from romm.diagnosis.reports import Reports
from romm.domain.diagnosis.evidence import Configured
from romm.domain.hosts import origin
from romm.domain.providers.register import preset
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.providers import FIRST, names_of
from romm.ports.diagnosis import Instruments, Probe
from romm.ports.process import Clock, Log
from romm.settings.candidate import ProviderCandidate, applied
from romm.settings.model import DeclaredProvider, Settings


def instruments(
    settings: Settings,
    provider: ProviderSettings,
    client: Client,
    log: Log,
    clock: Clock,
    transport: Transport | None = None,
) -> Instruments:
    """Opens nothing."""
    return Instruments(
        network=LocalNetwork(provider.tls_cacertfile, provider.limits),
        probe=_probe(provider, client, log, clock, transport),
        storage=DatabaseStorage(settings.database.url),
    )


def instruments_for(settings: Settings, *, log: Log, clock: Clock) -> Instruments:
    """Of the first provider."""
    return instruments(settings, provider_settings(settings.oidc), client_of(settings.oidc), log, clock)


def all_instruments(settings: Settings, log: Log, clock: Clock) -> Mapping[str, Instruments]:
    return {
        each.id: instruments(settings, provider_settings(each.oidc), client_of(each.oidc), log, clock)
        for each in settings.all_providers
    }


def doctors(
    settings: Settings, remarks: Sequence[str], instruments: Mapping[str, Instruments], clock: Clock
) -> Doctors:
    """`remarks`: as in `create_app`."""
    by_id = {
        each.id: doctor(settings, remarks, client_of(each.oidc), instruments[each.id], clock, each)
        for each in settings.all_providers
    }
    enabled = [each.id for each in settings.all_providers if each.oidc.enabled]
    return Doctors(
        by_id=by_id, providers=configured_providers(settings), examined=enabled or [settings.default_provider.id]
    )


def candidates(settings: Settings, ports: Ports) -> Candidates:
    rates = Rates(ports.throttles, ports.clock)

    @asynccontextmanager
    async def examine(candidate: ProviderCandidate) -> AsyncIterator[Doctor]:
        found = applied(settings, candidate)
        made = ports.instruments_for(found.settings)
        try:
            yield doctor(found.settings, found.warnings, client_of(found.settings.oidc), made, ports.clock)
        finally:
            await close({FIRST: made})

    return Candidates(examine=examine, rates=rates, log=ports.log, clock=ports.clock)


def reports(
    settings: Settings,
    doctors: Doctors,
    instruments: Mapping[str, Instruments],
    clock: Clock,
    origins: Mapping[str, str],
) -> Reports:
    storage = instruments[FIRST].storage
    return Reports(doctors=doctors, storage=storage, surroundings=surroundings(settings, origins), clock=clock)


def doctor(
    settings: Settings,
    remarks: Sequence[str],
    client: Client,
    instruments: Instruments,
    clock: Clock,
    declared: DeclaredProvider | None = None,
) -> Doctor:
    """`declared` is None for the first provider."""
    declared = declared or settings.all_providers[0]
    return Doctor(
        id=declared.id,
        configured=configured(settings, remarks, client, declared),
        known=preset(declared.oidc.provider),
        instruments=instruments,
        clock=clock,
    )


def configured(settings: Settings, remarks: Sequence[str], client: Client, declared: DeclaredProvider) -> Configured:
    oidc = declared.oidc
    others = [each for each in settings.all_providers if each.id != declared.id]
    return Configured(
        remarks=tuple(remarks),
        enabled=oidc.enabled,
        off=declared.off,
        provider=oidc.provider,
        client_id=client.client_id,
        has_secret=bool(oidc.client_secret),
        application_url=oidc.server_application_url,
        metadata_url=oidc.server_metadata_url,
        base_url=settings.server.base_url,
        redirect_uri=client.redirect_uri,
        scope=client.scope,
        roles_claim=oidc.claim_roles,
        algorithms=oidc.id_token_signed_response_algs,
        rp_initiated_logout=oidc.rp_initiated_logout,
        end_session_endpoint=oidc.end_session_endpoint,
        post_logout_redirect_uri=oidc.post_logout_redirect_uri,
        trusted_proxies=settings.server.trusted_proxies,
        issuer=configured_issuer(oidc),
        former_issuers=settings.former_issuers,
        other_issuers=tuple(issuer for each in others if not each.off for issuer in issuers(each)),
        other_names=tuple(name for each in others for name in names_of(each.id)),
    )


def _probe(
    provider: ProviderSettings, client: Client, log: Log, clock: Clock, transport: Transport | None
) -> Probe | None:
    """None without a provider URL or with invalid settings."""
    if origin(provider.location.url) is None:
        return None
    try:
        return ProviderProbe(provider, client, log=log, clock=clock, transport=transport)
    except ValueError:  # an unusable OIDC_TLS_CACERTFILE or authentication method, which other checks report
        return None


async def close(instruments: Mapping[str, Instruments]) -> None:
    for each in instruments.values():
        if each.probe is not None:
            await each.probe.aclose()

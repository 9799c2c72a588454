"""The doctor and its instruments, which also work with incomplete settings."""

from collections.abc import Sequence

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.diagnosis.probe import ProviderProbe
from romm.adapters.diagnosis.schema import DatabaseStorage
from romm.adapters.provider.openid import ProviderSettings
from romm.adapters.provider.transport import Transport
from romm.composition.provider import issuers
from romm.composition.sign_in import configured_issuer, former_issuers
from romm.diagnosis.doctor import Doctor
from romm.domain.diagnosis.evidence import Configured
from romm.domain.hosts import origin
from romm.domain.providers.register import preset
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.providers import FIRST
from romm.ports.diagnosis import Instruments, Probe
from romm.ports.process import Clock, Log
from romm.settings.model import Settings


def instruments(
    settings: Settings,
    provider: ProviderSettings,
    client: Client,
    log: Log,
    clock: Clock,
    transport: Transport | None = None,
) -> Instruments:
    """Opens nothing. `transport` is as in `ProviderProbe`."""
    return Instruments(
        network=LocalNetwork(provider.tls_cacertfile, provider.limits),
        probe=_probe(provider, client, log, clock, transport),
        storage=DatabaseStorage(settings.database.url),
    )


def doctor(
    settings: Settings, remarks: Sequence[str], client: Client, instruments: Instruments, clock: Clock
) -> Doctor:
    """`remarks` are the warnings of reading the settings."""
    return Doctor(
        configured=configured(settings, remarks, client),
        known=preset(settings.oidc.provider),
        instruments=instruments,
        clock=clock,
    )


def configured(settings: Settings, remarks: Sequence[str], client: Client) -> Configured:
    oidc = settings.oidc
    others = [each for each in settings.working_providers if each.id != FIRST]
    return Configured(
        remarks=tuple(remarks),
        enabled=oidc.enabled,
        off=settings.oidc_off,
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
        former_issuers=former_issuers(settings),
        other_issuers=tuple(issuer for each in others for issuer in issuers(each)),
    )


def _probe(
    provider: ProviderSettings, client: Client, log: Log, clock: Clock, transport: Transport | None
) -> Probe | None:
    """None without a provider URL, or if its settings are invalid."""
    if origin(provider.location.url) is None:
        return None
    try:
        return ProviderProbe(provider, client, log=log, clock=clock, transport=transport)
    except ValueError:  # an unusable OIDC_TLS_CACERTFILE or authentication method, which other checks report
        return None

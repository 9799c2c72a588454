"""The providers' settings, and our registration at each."""

from romm.adapters.provider.openid import ProviderSettings
from romm.domain.hosts import canonical
from romm.domain.providers.preset import DEFAULT_SCOPES
from romm.domain.providers.register import preset
from romm.domain.sign_in import discovery
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.providers import ConfiguredProvider, ConfiguredProviders
from romm.settings import providers
from romm.settings.model import DeclaredProvider, Oidc, Settings


def client(oidc: Oidc) -> Client:
    known = preset(oidc.provider)
    default = f"{DEFAULT_SCOPES} {known.scope_of(oidc.claim_roles)}" if oidc.claim_roles else DEFAULT_SCOPES
    return Client(
        client_id=oidc.client_id,
        redirect_uri=oidc.redirect_uri,
        scope=oidc.scopes or default.strip(),
        response_mode=oidc.response_mode,
        max_age=oidc.max_age,
        acr_values=oidc.acr_values,
        pushed_requests=oidc.pushed_requests,
        reauthentication_prompt=known.reauthentication_prompt,
        stays_there=known.stays_there,
    )


def provider_settings(oidc: Oidc) -> ProviderSettings:
    return ProviderSettings(
        location=discovery.location(oidc.server_application_url, oidc.server_metadata_url),
        client_secret=oidc.client_secret,
        client_key_file=oidc.client_key_file,
        token_endpoint_auth_method=oidc.token_endpoint_auth_method,
        signing_algorithms=oidc.id_token_signed_response_algs,
        tls_cacertfile=oidc.tls_cacertfile,
    )


def issuers(declared: DeclaredProvider) -> tuple[str, ...]:
    """Spelled as in a discovery document, but for a slash at the end."""
    return tuple(canonical(each) or each for each in providers.issuers(declared))


def configured_providers(settings: Settings) -> ConfiguredProviders:
    default = settings.default_provider.id
    return ConfiguredProviders(
        tuple(
            ConfiguredProvider(
                id=each.id,
                label=each.label,
                icon=each.oidc.icon,
                issuers=issuers(each),
                is_on=not each.off,
                is_default=each.id == default,
            )
            for each in settings.all_providers
        )
    )

"""The provider's settings and our registration there."""

from romm.adapters.provider.openid import ProviderSettings
from romm.domain.providers.preset import DEFAULT_SCOPES
from romm.domain.providers.register import preset
from romm.domain.sign_in import discovery
from romm.domain.sign_in.authorization import Client
from romm.settings.model import Settings


def client(settings: Settings) -> Client:
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    default = f"{DEFAULT_SCOPES} {known.roles_scope}" if oidc.claim_roles else DEFAULT_SCOPES
    return Client(
        client_id=oidc.client_id,
        redirect_uri=oidc.redirect_uri,
        scope=oidc.scopes or default.strip(),
        response_mode=oidc.response_mode,
        max_age=oidc.max_age,
        acr_values=oidc.acr_values,
        pushed_requests=oidc.pushed_requests,
        reauthentication_prompt=known.reauthentication_prompt,
    )


def provider_settings(settings: Settings) -> ProviderSettings:
    oidc = settings.oidc
    return ProviderSettings(
        location=discovery.location(oidc.server_application_url, oidc.server_metadata_url),
        client_secret=oidc.client_secret,
        client_key_file=oidc.client_key_file,
        token_endpoint_auth_method=oidc.token_endpoint_auth_method,
        signing_algorithms=oidc.id_token_signed_response_algs,
        tls_cacertfile=oidc.tls_cacertfile,
    )

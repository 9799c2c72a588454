"""Our public keys, for authentication at the provider by `private_key_jwt`."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from romm.api.openapi.operations import OPEN, gives
from romm.domain.sign_in.providers import FIRST

JWKSets = Mapping[str, Mapping[str, Any]]
"""By the provider's id."""

LIFETIME_SECONDS = 600  # for how long a provider may keep the keys

_EXAMPLE = {
    "keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig"}]
}


@get(
    "/oauth/openid/jwks.json",
    summary="RomM's public keys",
    responses=gives(200, dict[str, Any], "A JWK Set, empty without OIDC_CLIENT_KEY_FILE.", _EXAMPLE),
    security=OPEN,
)
async def client_keys(client_jwks: NamedDependency[JWKSets]) -> Response[Mapping[str, Any]]:
    """The keys of `OIDC_CLIENT_KEY_FILE` as a JWK Set: the first signs, all are valid."""
    return _published(client_jwks.get(FIRST))


@get(
    "/oauth/openid/{provider_id:str}/jwks.json",
    summary="RomM's public keys for a further provider",
    responses=gives(200, dict[str, Any], "A JWK Set, empty without a `client_key_file`.", _EXAMPLE),
    security=OPEN,
)
async def client_keys_at(
    provider_id: FromPath[str], client_jwks: NamedDependency[JWKSets]
) -> Response[Mapping[str, Any]]:
    """The keys of `client_key_file` in `[providers.<id>]` as a JWK Set: the first signs, all are valid."""
    return _published(client_jwks.get(provider_id))


def _published(keys: Mapping[str, Any] | None) -> Response[Mapping[str, Any]]:
    """Empty for a provider that is off."""
    headers = {"cache-control": f"public, max-age={LIFETIME_SECONDS}"}
    return Response({"keys": []} if keys is None else keys, headers=headers)

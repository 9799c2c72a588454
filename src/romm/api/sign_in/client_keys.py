"""Our public keys, by which the provider knows us when we authenticate by `private_key_jwt`."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from romm.api.http.openapi import OPEN, gives

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
async def client_keys(client_jwks: NamedDependency[Mapping[str, Any]]) -> Response[Mapping[str, Any]]:
    """The keys of `OIDC_CLIENT_KEY_FILE` as a JWK Set: the first signs, all are valid."""
    return Response(client_jwks, headers={"cache-control": f"public, max-age={LIFETIME_SECONDS}"})

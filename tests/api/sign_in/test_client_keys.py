"""Our own keys, as the provider fetches them."""

from pathlib import Path

from joserfc.jwk import ECKey

from tests.world import World

JWKS = "/api/oauth/openid/jwks.json"


async def test_the_provider_fetches_our_keys_and_knows_us_by_them(tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    file.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    world = World({"OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_KEY_FILE": str(file)})
    world.idp.auth_methods = ("private_key_jwt",)
    published = await world.program().get(JWKS)
    assert published.headers["content-type"].startswith("application/json")
    world.idp.client_jwks = published.json()
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"


async def test_without_a_key_the_set_is_empty(world: World) -> None:
    assert (await world.program().get(JWKS)).json() == {"keys": []}

"""A sign-in that is started from elsewhere, such as the provider's portal (OpenID Connect Core 1.0, 4)."""

import pytest

from romm.domain.errors import Code
from tests.api.sign_in.test_openid import error_of
from tests.world import ORIGIN, World

INITIATE = "/api/login/initiate"


@pytest.mark.parametrize(
    "iss",
    [
        pytest.param("https://other.test", id="another provider"),
        pytest.param("https://idp.test//", id="two slashes too many"),
        pytest.param("https://idp.test/realm", id="another issuer at that host"),
    ],
)
async def test_another_providers_link_leads_nowhere(world: World, iss: str) -> None:
    """R-65: nobody is sent to the provider, and whoever is signed in stays it."""
    browser = world.browser()
    await browser.sign_in()
    session, asked = browser.session, len(world.idp.received("/authorize"))

    refused = await browser.client.get(INITIATE, params={"iss": iss, "target_link_uri": f"{ORIGIN}/collection"})

    assert error_of(refused) == Code.INITIATION_ISSUER
    assert refused.headers["location"].startswith("/login?")
    assert len(world.idp.received("/authorize")) == asked
    assert browser.session == session
    [line] = world.lines("refused")
    assert (line["facts"]["found"], line["facts"]["expected"]) == (iss, world.idp.issuer)


@pytest.mark.parametrize(
    ("uri", "lands"),
    [
        pytest.param(f"{ORIGIN}/collection?page=2", "/collection?page=2", id="a page of ours"),
        pytest.param("/collection", "/collection", id="a path"),
        pytest.param(ORIGIN, "/", id="we ourselves"),
        pytest.param("https://evil.test/collection", "/", id="another site"),
        pytest.param(f"{ORIGIN}.evil.test/collection", "/", id="a host that begins like ours"),
        pytest.param(f"{ORIGIN}@evil.test/collection", "/", id="our host as a user name"),
        pytest.param(f"{ORIGIN}//evil.test", "/", id="another host behind ours"),
        pytest.param(f"{ORIGIN}/api/login/openid", "/", id="round in circles"),
    ],
)
async def test_the_target_is_a_page_of_ours(world: World, uri: str, lands: str) -> None:
    """R-22, R-65."""
    browser = world.browser()
    sent = await browser.client.get(INITIATE, params={"iss": world.idp.issuer, "target_link_uri": uri})
    assert browser.session is None, "nothing changes before the callback"
    back = await browser.come_back(await world.idp.approve(sent.headers["location"]))
    assert back.headers["location"] == lands


@pytest.mark.parametrize("iss", ["https://idp.test/", "https://IDP.test", "https://idp.test:443"])
async def test_the_issuer_may_be_spelt_as_people_spell_addresses(world: World, iss: str) -> None:
    response = await world.browser().client.get(INITIATE, params={"iss": iss})
    assert response.headers["location"].startswith(f"{world.idp.issuer}/authorize?")


async def test_a_link_without_an_issuer_is_told_what_it_lacks(world: World) -> None:
    refused = await world.browser().client.get(INITIATE)
    assert error_of(refused) == Code.REQUEST_INVALID
    [line] = world.lines("refused")
    assert f"iss={world.idp.issuer}" in line["hint"]

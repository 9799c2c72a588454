"""The provider has changed: links to the one before keep people out until the operator says that it is a former one."""

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Identity
from tests.api.sign_in.test_openid import error_of
from tests.world import World, environment

OLD = "https://auth.old.example"


async def moved(**settings: str) -> World:
    """Ally was linked at the provider before this one, with the address that this one vouches for."""
    world = World(settings)
    await world.add("keeper", level=AccessLevel.ADMIN)
    world.link(await world.add("ally", "alice@example.org"), Identity(OLD, "alice"))
    world.idp.claims["groups"] = ["users"]
    return world


async def test_without_a_word_of_the_operator_the_old_link_keeps_out_and_is_named() -> None:
    world = await moved()
    assert error_of(await world.browser().sign_in()) == Code.ALREADY_LINKED
    [line] = [line for line in world.lines("refused") if line["code"] == Code.ALREADY_LINKED]
    assert line["facts"]["linked"] == OLD
    assert f"If {OLD} is an earlier provider of yours, name it in OIDC_FORMER_ISSUERS" in line["hint"]


async def test_the_verified_address_links_anew_and_the_old_link_stays_as_history() -> None:
    world = await moved(OIDC_FORMER_ISSUERS=f"https://another.example {OLD}/")
    assert (await world.browser().sign_in()).headers["location"] == "/me?notice=linked&next=%2F"
    issuers = [(link.identity.issuer, link.rule) for link in world.accounts.by_id[2].links]
    assert issuers == [(OLD, "L-11a"), (world.idp.issuer, "L-11a")]
    assert (await world.browser().sign_in()).headers["location"] == "/"


async def test_the_provider_of_today_does_not_become_a_former_one_by_a_slip() -> None:
    world = await moved()
    world.reconfigure(environment(world.idp.issuer, OIDC_FORMER_ISSUERS=f"{OLD} {world.idp.issuer}"))
    await world.browser().sign_in()
    world.idp.sub = "another subject"
    assert error_of(await world.browser().sign_in()) == Code.ALREADY_LINKED

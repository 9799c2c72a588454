"""The roles table, over what real servers send: who is in no group has no role, however the server says so."""

from typing import Any

import pytest

from romm.composition.sign_in import reading, role_mapping
from romm.domain.model import AccessLevel
from romm.domain.sign_in.claims.rules import Claims, read
from romm.domain.sign_in.roles.rules import Give, Keep, NoRole, RoleDecision, grant
from romm.settings.load import load
from romm.settings.model import Settings
from tests.api.sign_in.test_openid import error_of
from tests.fake_provider import ALICE, BROKEN
from tests.provider_shapes import DN, OTHER_DN, SHAPES, Shape
from tests.world import World, environment

EACH = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.server)


def settings_of(shape: Shape) -> Settings:
    return load(environment("https://idp.test", **shape.environment)).settings


def role_of(settings: Settings, said: dict[str, Any]) -> RoleDecision:
    claims = read({"iss": "https://idp.test", "sub": "alice"} | said, None, reading(settings.oidc))
    assert isinstance(claims, Claims)
    return grant(claims.roles, role_mapping(settings.oidc))


@EACH
def test_a_member_is_an_administrator_and_a_person_in_no_group_is_not(shape: Shape) -> None:
    """R-14, R-15."""
    settings = settings_of(shape)
    member, nobody = (role_of(settings, shape.claims(member=each)) for each in (True, False))
    assert isinstance(member, Give)
    assert member.level is AccessLevel.ADMIN
    assert isinstance(nobody, NoRole) == (shape.outcome == "no_role")
    assert not isinstance(nobody, Keep) or nobody.warning == shape.outcome


@EACH
def test_a_star_admits_whoever_is_in_no_group_and_makes_no_administrator(shape: Shape) -> None:
    settings = load(environment("https://idp.test", **shape.environment | {"OIDC_ROLE_VIEWER": "*"})).settings
    nobody = role_of(settings, shape.claims(member=False))
    assert isinstance(nobody, Give) == (shape.outcome == "no_role")
    assert not isinstance(nobody, Give) or nobody.level is AccessLevel.VIEWER


@EACH
async def test_who_is_taken_out_of_the_only_group_does_not_come_in_as_before(shape: Shape) -> None:
    """R-15, over HTTP: first as a member, then in no group; and a stranger in no group."""
    world = World(shape.environment)
    world.idp.scopes += ("entitlements",)
    await world.add("keeper", level=AccessLevel.ADMIN)
    others = {name: value for name, value in ALICE.items() if name != "groups"}
    world.idp.claims = others | shape.claims(member=True)
    browser = world.browser()
    assert (await browser.sign_in()).headers["location"] == "/"
    assert (await browser.me()).json()["access_level"] == "admin"

    world.idp.claims = others | shape.claims(member=False)
    again = await world.browser().sign_in()
    world.idp.sub, world.idp.claims = "eve", world.idp.claims | {"email": "eve@example.org"}
    stranger = await world.browser().sign_in()
    if shape.outcome == "no_role":
        assert (error_of(again), error_of(stranger)) == ("no_role", "no_role")
        assert len(world.accounts.by_id) == 2
    else:
        kept = [entry for entry in world.sign_ins.entries if entry.warning == shape.outcome]
        roles = [(entry.role_before, entry.role_after) for entry in kept]
        assert roles == [(AccessLevel.ADMIN, AccessLevel.ADMIN), (None, AccessLevel.VIEWER)]


@pytest.mark.parametrize("shape", ["csv", "space", ""])
@pytest.mark.parametrize("claim", [OTHER_DN, [OTHER_DN], OTHER_DN.replace(",", ", "), ["ou=groups"], "dc=example"])
def test_a_guest_of_the_same_directory_is_never_an_administrator_by_a_name_that_was_cut(claim: Any, shape: str) -> None:
    """R-14: an LDAP name without a list around it is cut at its commas, and none of its pieces counts."""
    environ = environment("https://idp.test", OIDC_ROLE_ADMIN=DN, OIDC_CLAIM_ROLES_SHAPE=shape)
    assert isinstance(role_of(load(environ).settings, {"groups": claim}), NoRole)


async def test_a_userinfo_that_does_not_answer_takes_no_role_away() -> None:
    """What is not known is not none: with a provider that leaves an empty claim out, the sign-in has to wait."""
    world = World({"OIDC_PROVIDER": "keycloak", "OIDC_ROLE_VIEWER": "*"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    world.idp.alter_id_token = lambda claims: claims.pop("groups", None)
    assert (await world.browser().sign_in()).headers["location"] == "/"
    world.idp.instead["userinfo"] = BROKEN
    assert error_of(await world.browser().sign_in()) == "provider_unavailable"
    assert [account.level for account in world.accounts.by_id.values()] == [AccessLevel.ADMIN] * 2

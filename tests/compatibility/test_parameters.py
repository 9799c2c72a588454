"""A parameter is read in RomM's place, and refused in another one: never dropped without a word."""

from datetime import timedelta

import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.world import PASSWORD, World

KEEPER = ("keeper", PASSWORD)


@pytest.fixture
async def house() -> World:
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    await world.add("vera")
    return world


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/users/2?username=renamed"),
        ("POST", "/api/users?username=newcomer"),
        ("DELETE", "/api/users/2?force=true"),
        ("POST", "/api/users/2/reset-link?expiration=60"),
        ("POST", "/api/users/invite-link?level=admin"),
        ("POST", "/api/users/register?token=x"),
        ("POST", "/api/forgot-password?username=vera"),
        ("POST", "/api/reset-password?token=x"),
        ("POST", "/api/client-tokens?name=Handheld"),
        ("PUT", "/api/client-tokens/1/regenerate?expires_in=1y"),
        ("POST", "/api/client-tokens/1/pair?expires_in=60"),
        ("POST", "/api/client-tokens/exchange?code=BCDFGHJK"),
        ("POST", "/api/auth/device/approve?user_code=BCDFGHJK"),
        ("POST", "/api/devices?name=Handheld"),
        ("PUT", "/api/devices/1?name=Handheld"),
        ("DELETE", "/api/sessions?user=2"),
        ("POST", "/api/login?username=keeper"),
    ],
)
async def test_a_query_is_refused_where_none_is_read(house: World, method: str, path: str) -> None:
    answer = await house.program().request(method, path, auth=KEEPER, json={})
    assert (answer.status_code, answer.json()["code"]) == (400, Code.REQUEST_INVALID)
    [line] = house.lines("refused")
    assert "in the body" in line["hint"]
    assert {each.username for each in house.accounts.by_id.values()} == {"keeper", "vera"}


async def test_a_cache_or_an_app_may_add_to_what_is_only_read(house: World) -> None:
    for path in ("/api/heartbeat?_=1", "/api/users/me?_=1", "/api/platforms?updated_after=2026-01-01"):
        assert (await house.program().get(path, auth=KEEPER)).status_code == 200


async def test_signing_out_is_never_refused_for_a_query(house: World) -> None:
    assert (await house.program().post("/api/logout?from=menu")).status_code == 200


async def test_a_token_in_the_query_is_still_refused_by_name(house: World) -> None:
    answer = await house.program().post("/api/client-tokens?access_token=x", json={})
    assert answer.json()["code"] == Code.TOKEN_MISPLACED


@pytest.mark.parametrize("role", ["user", "viewer", "VIEWER", "editor", "EDITOR", "admin"])
async def test_an_invitation_takes_romms_roles_and_its_lifetime(house: World, role: str) -> None:
    path = f"/api/users/invite-link?role={role}&expiration=3600"
    answer = await house.program().post(path, auth=KEEPER)
    assert answer.status_code == 201
    [invitation] = (await house.program().get("/api/users/invitations", auth=KEEPER)).json()
    assert invitation["access_level"] == ("viewer" if role == "user" else role.lower())
    [stored] = [each for each in house.accounts.credentials.values() if each.kind == "invitation"]
    assert stored.expires_at - stored.created_at == timedelta(hours=1)


@pytest.mark.parametrize("address", ["none", "None", "null", "undefined", ""])
async def test_an_app_without_an_address_says_so_in_its_own_way(house: World, address: str) -> None:
    new = {"username": "newcomer", "password": PASSWORD, "email": address}
    answer = await house.program().post("/api/users", auth=KEEPER, json=new)
    assert (answer.status_code, answer.json()["email"]) == (201, None)


async def test_a_mistyped_address_is_refused_all_the_same(house: World) -> None:
    new = {"username": "newcomer", "password": PASSWORD, "email": "nothing"}
    answer = await house.program().post("/api/users", auth=KEEPER, json=new)
    assert answer.json()["code"] == Code.ADDRESS_INVALID


async def test_a_new_password_has_one_of_two_names(house: World) -> None:
    async def reset(**fields: str) -> str | None:
        made = await house.program().post("/api/users/2/reset-link", auth=KEEPER)
        answer = await house.program().post("/api/reset-password", json={"token": made.json()["token"], **fields})
        return None if answer.status_code == 200 else answer.json()["code"]

    assert await reset(new_password="another lantern") is None
    assert await reset(password="another lantern") is None
    assert await reset(password="another lantern", new_password="another lantern") == Code.REQUEST_INVALID
    assert await reset() == Code.PASSWORD_WEAK


async def test_romms_fields_that_mean_nothing_here_are_taken_and_not_kept(house: World) -> None:
    form = {"ra_username": "racer", "ui_settings": '{"theme": "dark"}'}
    answer = await house.program().put("/api/users/2", auth=KEEPER, data=form, files={"avatar": ("a.png", b"picture")})
    said = answer.json()
    assert answer.status_code == 200
    assert (said["avatar_path"], said["ra_username"], said["ui_settings"]) == ("", None, None)

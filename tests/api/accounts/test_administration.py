"""Administrators over HTTP: everybody's account, and what they may not do to it."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.credentials.credential import Kind, issued
from romm.domain.digests import digest
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from tests.world import PASSWORD, World

ADMIN, EDITOR, VIEWER = AccessLevel.ADMIN, AccessLevel.EDITOR, AccessLevel.VIEWER
OTHER = "a ladder to the loft"
TOKEN = {"authorization": "Bearer a token of an app"}


@pytest.fixture
async def keeper(world: World) -> httpx.AsyncClient:
    """The admin's program."""
    return await signed_in(world, "keeper")


async def signed_in(world: World, username: str, password: str = PASSWORD) -> httpx.AsyncClient:
    program = world.program()
    program.headers["sec-fetch-site"] = "same-origin"
    assert (await program.post("/api/login", json={"username": username, "password": password})).status_code == 200
    return program


async def token(world: World, owner: Account, *scopes: str, proven_at: datetime | None = None) -> None:
    now, secret = world.clock(), "a token of an app"
    given = issued(
        Kind.ACCESS_TOKEN, owner.id, digest(secret), now, now + timedelta(days=1), scopes=scopes, proven_at=proven_at
    )
    await world.credentials.add(world.accounts.by_id[owner.id], given)


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_people_are_listed_by_name_and_found_page_by_page(world: World, keeper: httpx.AsyncClient) -> None:
    for name in ("vera", "eddie", "eduard"):
        await world.add(name, f"{name}@example.org")

    everybody = await keeper.get("/api/users")
    found = await keeper.get("/api/users", params={"search": "ED", "limit": 1, "offset": 1})

    assert [each["username"] for each in everybody.json()] == ["eddie", "eduard", "keeper", "vera"]
    assert everybody.headers["x-total-count"] == "4"
    assert [each["username"] for each in found.json()] == ["eduard"]
    assert found.headers["x-total-count"] == "2"
    assert (await keeper.get("/api/users/identifiers")).json() == [3, 4, 1, 2]


async def test_a_list_names_where_it_goes_on(world: World, keeper: httpx.AsyncClient) -> None:
    for name in ("vera", "eddie", "eduard", "edith"):
        await world.add(name)
    first = await keeper.get("/api/users", params={"search": "ed", "limit": 2})
    assert first.headers["link"] == '<?search=ed&limit=2&after=edith>; rel="next"'
    second = await keeper.get("/api/users?search=ed&limit=2&after=edith")
    assert [each["username"] for each in second.json()] == ["eduard"]
    assert "link" not in second.headers


async def test_of_very_many_accounts_not_all_are_counted_and_none_is_left_out(
    world: World, keeper: httpx.AsyncClient
) -> None:
    one = await world.add("guest")
    world.accounts.by_id |= {each: replace(one, id=each, username=f"guest{each}") for each in range(100, 10_200)}
    assert "x-total-count" not in (await keeper.get("/api/users", params={"limit": 1})).headers
    assert sorted((await keeper.get("/api/users/identifiers")).json()) == [1, 2, *range(100, 10_200)]


async def test_a_list_passes_over_10_000_accounts_at_most(world: World, keeper: httpx.AsyncClient) -> None:
    assert (await keeper.get("/api/users", params={"offset": 10_000})).json() == []
    refused = await keeper.get("/api/users", params={"offset": 10_001})
    assert refusal(refused) == (400, Code.REQUEST_INVALID)
    assert "“after”" in world.lines("refused")[-1]["facts"]["problem"]


@pytest.mark.parametrize("path", ["/api/users", "/api/users/identifiers", "/api/users/1", "/api/users/invitations"])
async def test_nobody_else_sees_who_is_here(world: World, path: str) -> None:
    await world.add("vera")
    assert refusal(await (await signed_in(world, "vera")).get(path)) == (403, Code.FORBIDDEN)
    assert refusal(await world.program().get(path)) == (401, Code.NOT_SIGNED_IN)


async def test_everybody_sees_their_own_account(world: World) -> None:
    vera = await world.add("vera")
    assert (await (await signed_in(world, "vera")).get(f"/api/users/{vera.id}")).json()["username"] == "vera"


EDDIE = {"username": "Eddie", "password": OTHER, "email": "Eddie@Example.org", "role": "editor"}


@pytest.mark.parametrize("form", [{"json": EDDIE}, {"data": EDDIE}], ids=["json", "form"])
async def test_an_admin_makes_an_account(world: World, keeper: httpx.AsyncClient, form: dict[str, Any]) -> None:
    response = await keeper.post("/api/users", **form)

    assert response.status_code == 201
    made = response.json()
    assert (made["username"], made["email"], made["role"], made["access_level"]) == (
        "eddie",
        "eddie@example.org",
        "user",
        "editor",
    )
    assert (await signed_in(world, "eddie", OTHER)).cookies


async def test_an_account_without_a_password_waits_for_single_sign_on(world: World, keeper: httpx.AsyncClient) -> None:
    await keeper.post("/api/users", json={"username": "alice", "email": "alice@example.org", "role": "user"})
    browser = world.browser()

    await browser.sign_in()

    me = (await browser.me()).json()
    assert me["username"] == "alice"
    assert me["identities"]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ({"username": "keeper"}, Code.USERNAME_TAKEN),
        ({"username": "x"}, Code.USERNAME_INVALID),
        ({"username": "eddie", "email": "eddie"}, Code.ADDRESS_INVALID),
        ({"username": "eddie", "password": "eddie123"}, Code.PASSWORD_WEAK),
        ({"username": "eddie", "role": "owner"}, Code.REQUEST_INVALID),
        ({"role": "viewer"}, Code.REQUEST_INVALID),
    ],
)
async def test_what_cannot_be_is_explained_and_nothing_is_made(
    world: World, keeper: httpx.AsyncClient, new: dict[str, Any], code: Code
) -> None:
    response = await keeper.post("/api/users", json=new)
    assert response.json()["code"] == code
    assert len(world.accounts.by_id) == 1


async def test_only_an_admin_makes_accounts_once_there_is_one(world: World) -> None:
    await world.add("vera")
    new = {"username": "eddie", "password": OTHER}
    assert refusal(await (await signed_in(world, "vera")).post("/api/users", json=new)) == (403, Code.FORBIDDEN)
    assert refusal(await world.program().post("/api/users", json=new)) == (403, Code.SETUP_CLOSED)


@pytest.mark.parametrize(
    "form", [{"json": {"role": "editor", "enabled": False}}, {"data": {"role": "EDITOR", "enabled": "0"}}]
)
async def test_an_admin_changes_role_and_enabled(world: World, keeper: httpx.AsyncClient, form: dict[str, Any]) -> None:
    vera = await world.add("vera")

    response = await keeper.put(f"/api/users/{vera.id}", **form)

    assert (response.json()["access_level"], response.json()["enabled"]) == ("editor", False)


async def test_an_app_that_sends_the_coarse_role_back_makes_no_viewer_of_an_editor(
    world: World, keeper: httpx.AsyncClient
) -> None:
    eddie = await world.add("eddie", level=EDITOR)
    sent = (await keeper.get(f"/api/users/{eddie.id}")).json() | {"username": "edward"}
    fields = {name: sent[name] for name in ("username", "email", "role", "enabled")}

    changed = (await keeper.put(f"/api/users/{eddie.id}", json=fields)).json()

    assert (changed["username"], changed["access_level"]) == ("edward", "editor")
    assert (await keeper.put(f"/api/users/{eddie.id}", json={"role": "viewer"})).json()["access_level"] == "viewer"


async def test_a_disabled_person_is_out_at_the_very_next_request_and_stays_out(
    world: World, keeper: httpx.AsyncClient
) -> None:
    """R-29."""
    vera = await world.add("vera")
    session = await signed_in(world, "vera")
    await token(world, vera, "me.read")

    await keeper.put(f"/api/users/{vera.id}", json={"enabled": False})

    assert (await session.get("/api/users/me")).status_code == 401
    assert (await world.program().get("/api/users/me", headers=TOKEN)).status_code == 401
    assert (await world.program().get("/api/users/me", auth=("vera", PASSWORD))).status_code == 401
    assert (
        await world.program().post("/api/login", json={"username": "vera", "password": PASSWORD})
    ).status_code == 401

    await keeper.put(f"/api/users/{vera.id}", json={"enabled": True})
    assert (await session.get("/api/users/me")).status_code == 401, "what ended does not come back"
    assert (await world.program().get("/api/users/me", auth=("vera", PASSWORD))).status_code == 200


async def test_a_demoted_admin_has_no_rights_at_the_very_next_request(world: World, keeper: httpx.AsyncClient) -> None:
    second = await world.add("second", level=ADMIN)
    session = await signed_in(world, "second")
    await token(world, second, "users.read", "me.read")
    assert (await world.program().get("/api/users", headers=TOKEN)).status_code == 200

    await keeper.put(f"/api/users/{second.id}", json={"role": "viewer"})

    assert (await session.get("/api/users")).status_code == 401
    assert (await world.program().get("/api/users", headers=TOKEN)).status_code == 401
    assert (await world.program().get("/api/users", auth=("second", PASSWORD))).status_code == 403


async def test_a_password_that_an_admin_sets_ends_what_the_old_one_opened(
    world: World, keeper: httpx.AsyncClient
) -> None:
    vera = await world.add("vera")
    session = await signed_in(world, "vera")

    assert (await keeper.put(f"/api/users/{vera.id}", data={"password": OTHER})).status_code == 200

    assert (await session.get("/api/users/me")).status_code == 401
    assert (await signed_in(world, "vera", OTHER)).cookies


@pytest.mark.parametrize(
    ("change", "code"), [({"role": "viewer"}, Code.OWN_ACCOUNT), ({"enabled": False}, Code.OWN_ACCOUNT)]
)
async def test_an_admin_does_nothing_to_themselves_by_accident(
    world: World, keeper: httpx.AsyncClient, change: dict[str, Any], code: Code
) -> None:
    """By PUT on one's own account both are ignored, as existing apps expect; deletion is refused."""
    me = (await keeper.put("/api/users/1", json=change)).json()
    assert (me["role"], me["enabled"]) == ("admin", True)
    assert refusal(await keeper.delete("/api/users/1")) == (409, code)


async def test_the_last_admin_is_not_taken_away_by_another_ones_token(world: World) -> None:
    """An admin who was disabled a moment ago is no admin to count on."""
    world.disable(await world.add("second", level=ADMIN))
    third = await world.add("third", level=ADMIN)
    keeper = world.accounts.by_id[1]
    session = await signed_in(world, "third")
    assert (await session.put(f"/api/users/{keeper.id}", json={"enabled": False})).status_code == 200

    world.accounts.by_id[third.id] = replace(third, level=VIEWER)
    assert (await session.put(f"/api/users/{keeper.id}", json={"enabled": True})).status_code == 403


async def test_two_admins_who_dismiss_each_other_at_once_leave_one(world: World, keeper: httpx.AsyncClient) -> None:
    await world.add("second", level=ADMIN)
    second = await signed_in(world, "second")

    done = await asyncio.gather(
        keeper.put("/api/users/2", json={"role": "viewer"}), second.put("/api/users/1", json={"role": "viewer"})
    )

    assert Counter(each.level for each in world.accounts.by_id.values()) == {ADMIN: 1, VIEWER: 1}
    assert 200 in {each.status_code for each in done}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/users/{admin}", {"password": OTHER}),
        ("PUT", "/api/users/{admin}", {"enabled": False}),
        ("DELETE", "/api/users/{admin}", None),
        ("POST", "/api/users/{admin}/reset-link", {}),
        ("PUT", "/api/users/{vera}", {"role": "admin"}),
        ("POST", "/api/users", {"username": "mallory", "password": OTHER, "role": "admin"}),
        ("POST", "/api/users/invite-link", {"role": "admin"}),
        ("DELETE", "/api/sessions?user_id={admin}", None),
    ],
)
async def test_a_token_with_users_write_alone_touches_no_admin_and_makes_none(
    world: World, method: str, path: str, body: dict[str, Any] | None
) -> None:
    keeper = world.accounts.by_id[1]
    admin, vera = await world.add("second", level=ADMIN), await world.add("vera")
    await token(world, keeper, "users.read", "users.write", "me.read", "me.write")

    where = path.format(admin=admin.id, vera=vera.id)
    response = await world.program().request(method, where, json=body, headers=TOKEN)

    assert refusal(response) == (403, Code.ADMIN_REQUIRED)
    assert [each.level for each in world.accounts.by_id.values()] == [ADMIN, ADMIN, VIEWER]
    ordinary = await world.program().put(f"/api/users/{vera.id}", json={"enabled": False}, headers=TOKEN)
    assert ordinary.json()["enabled"] is False


async def test_no_token_opens_an_account_that_may_do_more_than_itself(world: World) -> None:
    """An address opens an account by single sign-on."""
    vera = await world.add("vera")
    await token(world, world.accounts.by_id[1], "users.read", "users.write", "me.read", "me.write")
    response = await world.program().put(f"/api/users/{vera.id}", json={"email": "mine@example.org"}, headers=TOKEN)
    assert refusal(response) == (403, Code.SCOPES_EXCEEDED)


async def test_an_app_with_users_write_makes_and_invites_viewers_and_editors(world: World) -> None:
    """As RomM's apps do, with role and lifetime in the query."""
    vera = await world.add("vera")
    await token(world, world.accounts.by_id[1], "users.write", "me.write")
    program = world.program()
    for role in ("viewer", "EDITOR"):
        body = {"username": f"new-{role.lower()}", "password": OTHER, "role": role}
        assert (await program.post("/api/users", json=body, headers=TOKEN)).status_code == 201
        asked = {"role": role, "expiration": 3600}
        invited = await program.post("/api/users/invite-link", params=asked, json={}, headers=TOKEN)
        assert invited.status_code == 201
        ends = datetime.fromisoformat(invited.json()["expires_at"])
        assert ends == world.clock() + timedelta(hours=1)
    assert (await program.put(f"/api/users/{vera.id}", json={"role": "editor"}, headers=TOKEN)).status_code == 200
    levels = [each.level for (kind, _), each in world.credentials.stored.items() if kind is Kind.INVITATION]
    assert levels == [VIEWER, EDITOR]


async def test_an_app_invites_for_a_week_at_most_and_a_person_for_a_month(
    world: World, keeper: httpx.AsyncClient
) -> None:
    """However fresh the sign-in behind its token is."""
    await token(world, world.accounts.by_id[1], "users.write", proven_at=world.clock())
    asked = {"expiration": 90 * 86_400}
    by_app = await world.program().post("/api/users/invite-link", json=asked, headers=TOKEN)
    by_person = await keeper.post("/api/users/invite-link", json=asked)
    ends = [datetime.fromisoformat(each.json()["expires_at"]) - world.clock() for each in (by_app, by_person)]
    assert ends == [timedelta(days=7), timedelta(days=30)]


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [
        ("/api/users/invite-link", {"role": "nonsense"}, {}),
        ("/api/users/invite-link", {"role": "editor"}, {"role": "viewer"}),
        ("/api/users/invite-link", {"expiration": "60"}, {"expiration": 60}),
        ("/api/users/invite-link", {"email": "x@example.org"}, {}),
        ("/api/users", {"role": "admin"}, {"username": "mallory", "password": OTHER}),
    ],
)
async def test_a_parameter_in_a_wrong_place_is_refused_and_not_dropped(
    world: World, keeper: httpx.AsyncClient, path: str, query: dict[str, str], body: dict[str, Any]
) -> None:
    before = len(world.credentials.stored), len(world.accounts.by_id)
    answer = await keeper.post(path, params=query, json=body)
    assert refusal(answer) == (400, Code.REQUEST_INVALID)
    assert (len(world.credentials.stored), len(world.accounts.by_id)) == before


async def test_nobody_makes_a_reset_link_for_themselves(world: World, keeper: httpx.AsyncClient) -> None:
    """R-38: one's own password needs the current one, or a fresh sign-in."""
    assert refusal(await keeper.post("/api/users/1/reset-link")) == (409, Code.OWN_ACCOUNT)


async def test_a_role_that_follows_the_groups_is_not_set_by_hand(world: World, keeper: httpx.AsyncClient) -> None:
    await world.browser().sign_in()
    [alice] = [each for each in world.accounts.by_id.values() if each.links]

    assert refusal(await keeper.put(f"/api/users/{alice.id}", json={"role": "editor"})) == (409, Code.ROLE_MANAGED)
    assert (await keeper.put(f"/api/users/{alice.id}", json={"username": "alicia"})).json()["username"] == "alicia"


async def test_a_role_that_the_last_sign_in_kept_is_set_by_hand(world: World, keeper: httpx.AsyncClient) -> None:
    await world.browser().sign_in()
    world.idp.claims["groups"] = 5
    await world.browser().sign_in()
    [alice] = [each for each in world.accounts.by_id.values() if each.links]

    assert (await keeper.put(f"/api/users/{alice.id}", json={"role": "viewer"})).json()["access_level"] == "viewer"


async def test_a_deleted_account_is_gone_with_what_it_had(world: World, keeper: httpx.AsyncClient) -> None:
    vera = await world.add("vera")
    session = await signed_in(world, "vera")

    assert (await keeper.delete(f"/api/users/{vera.id}")).status_code == 204

    assert (await session.get("/api/users/me")).status_code == 401
    assert refusal(await keeper.get(f"/api/users/{vera.id}")) == (404, Code.ACCOUNT_UNKNOWN)
    assert refusal(await keeper.delete(f"/api/users/{vera.id}")) == (404, Code.ACCOUNT_UNKNOWN)


async def test_an_admin_sees_and_ends_anybodys_sessions(world: World, keeper: httpx.AsyncClient) -> None:
    """R-89."""
    vera = await world.add("vera")
    first, second = await signed_in(world, "vera"), await signed_in(world, "vera")

    listed = (await keeper.get("/api/sessions", params={"user_id": vera.id})).json()
    assert [each["current"] for each in listed] == [False, False]
    await keeper.delete(f"/api/sessions/{listed[0]['id']}", params={"user_id": vera.id})
    assert (await first.get("/api/users/me")).status_code == 200
    assert (await second.get("/api/users/me")).status_code == 401

    await keeper.delete("/api/sessions", params={"user_id": vera.id})
    assert (await first.get("/api/users/me")).status_code == 401
    assert (await keeper.get("/api/users/me")).status_code == 200


async def test_nobody_else_sees_or_ends_them(world: World) -> None:
    vera = await world.add("vera")
    program = await signed_in(world, "vera")
    [mine] = (await program.get("/api/sessions")).json()
    assert refusal(await program.get("/api/sessions", params={"user_id": 1})) == (403, Code.FORBIDDEN)
    assert refusal(await program.delete("/api/sessions", params={"user_id": 1})) == (403, Code.FORBIDDEN)
    stranger = await signed_in(world, "keeper")
    assert refusal(await stranger.delete(f"/api/sessions/{mine['id']}")) == (404, Code.CREDENTIAL_UNKNOWN)
    anybodys = {"user_id": 1}
    assert refusal(await stranger.delete(f"/api/sessions/{mine['id'] + 9}", params=anybodys)) == (
        404,
        Code.CREDENTIAL_UNKNOWN,
    )
    assert refusal(await program.delete(f"/api/sessions/{mine['id']}", params=anybodys)) == (403, Code.FORBIDDEN)
    assert [each["id"] for each in (await program.get("/api/sessions", params={"user_id": vera.id})).json()] == [
        mine["id"]
    ]


async def test_what_was_done_is_in_the_log_with_who_did_it(world: World, keeper: httpx.AsyncClient) -> None:
    vera = await world.add("vera")
    for _ in range(3):
        await signed_in(world, "vera")
    last = (await keeper.get("/api/sessions", params={"user_id": vera.id})).json()[0]["id"]
    await keeper.delete(f"/api/sessions/{last}", params={"user_id": vera.id})
    await keeper.delete("/api/sessions", params={"user_id": vera.id})
    await keeper.put(f"/api/users/{vera.id}", json={"role": "editor"})
    await keeper.delete(f"/api/users/{vera.id}")

    assert [(line["session"], line["by"]) for line in world.lines("account.session_ended")] == [(last, 1)]
    assert [(line["ended"], line["by"]) for line in world.lines("account.sign_ins_ended")] == [(2, 1)]
    assert [(line["username"], line["by"]) for line in world.lines("account.changed")] == [("vera", 1)]
    assert [(line["username"], line["by"]) for line in world.lines("account.deleted")] == [("vera", 1)]

"""Devices over HTTP, in the standard's shape and in the older one, over one use case."""

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from romm.domain import scopes
from romm.domain.credentials import short_codes
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.devices import LIFETIME
from romm.domain.digests import digest
from romm.domain.errors import Code
from romm.domain.limits import USER_CODES
from romm.domain.model import AccessLevel
from romm.domain.scopes import GRANT_ACCESS
from tests.api.credentials.devices import ADDRESS, INIT, approve, ask, bearer, init, poll, redeem, refused, signed_in
from tests.world import ORIGIN, PASSWORD, World

SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
HEX = re.compile(r"[0-9a-f]{64}")


def made(world: World, secret: str, kind: Kind) -> Any:
    return world.credentials.stored.get((kind, digest(secret)))


# The older shape, as apps in the field send it


async def test_a_device_is_told_what_to_show_and_how_often_to_ask(world: World) -> None:
    asked = await init(world)

    assert HEX.fullmatch(asked.pop("device_code"))
    user_code = asked.pop("user_code")
    assert set(user_code) <= set(short_codes.ALPHABET)
    assert len(user_code) == 8
    assert asked == {
        "verification_path": "/pair/device",
        "verification_path_complete": f"/pair/device?user_code={user_code}",
        "expires_in": 600,
        "interval": 5,
    }


async def test_a_person_sees_who_waits_and_what_they_may_give(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)
    typed = short_codes.format_code(asked["user_code"]).lower()

    pending = await browser.client.get(f"{ADDRESS}/pending/{typed}")

    assert pending.status_code == 200
    answer = pending.json()
    assert datetime.fromisoformat(answer.pop("expires_at")) == world.clock() + LIFETIME
    assert answer == INIT | {"allowed_scopes": ["roms.read", "assets.write"]}


async def test_no_code_that_a_device_shows_is_in_the_log(world: World) -> None:
    """R-59: whoever reads it there first lets their own account in."""
    asked = await init(world)
    await world.program().get(f"{ADDRESS}/pending/{asked['user_code']}")
    assert world.lines("refused")[-1]["path"] == f"{ADDRESS}/pending/…"
    assert asked["user_code"] not in str(world.log.lines)


async def test_a_device_that_was_let_in_gets_a_client_token_bound_to_it(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)

    approved = await approve(browser, asked["user_code"], "roms.read", "assets.write", device_name="Kitchen")
    given = await redeem(world, asked)

    assert approved.status_code == 200
    assert approved.json() == {"device_id": "1", "device_name": "Kitchen"}
    assert given.status_code == 200
    token = given.json()
    assert re.fullmatch("rmm_[0-9a-f]{64}", token["access_token"])
    assert token == {
        "access_token": token["access_token"],
        "device_id": "1",
        "scopes": ["roms.read", "assets.write"],
        "expires_at": None,
    }
    stored = made(world, token["access_token"], Kind.CLIENT_TOKEN)
    assert (stored.name, stored.client, stored.device_id) == ("Kitchen", "Argosy", 1)
    header = {"authorization": f"Bearer {token['access_token']}"}
    assert (await world.program().get("/api/devices", headers=header)).status_code == 403
    assert (await world.program().get("/api/users/me", headers=header)).status_code == 403


@pytest.mark.parametrize(("expires_in", "days"), [("30d", 30), ("90d", 90), ("1y", 365)])
async def test_the_token_ends_when_the_person_said(world: World, expires_in: str, days: int) -> None:
    asked = await init(world)
    await approve(await signed_in(world), asked["user_code"], "roms.read", expires_in=expires_in)

    token = (await redeem(world, asked)).json()

    assert datetime.fromisoformat(token["expires_at"]) == world.clock() + timedelta(days=days)


async def test_the_token_is_read_once(world: World) -> None:
    asked = await init(world)
    await approve(await signed_in(world), asked["user_code"])

    answers = await asyncio.gather(*(redeem(world, asked) for _ in range(8)))

    assert Counter(each.status_code for each in answers) == {200: 1, 400: 7}
    assert await refused(await redeem(world, asked)) == (400, "expired_token")


async def test_the_four_words_of_the_older_shape(world: World) -> None:
    browser = await signed_in(world)
    asked, other = await init(world), await init(world)

    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")
    assert await refused(await redeem(world, asked)) == (400, "slow_down")
    await browser.client.post(
        f"{ADDRESS}/deny", json={"user_code": asked["user_code"]}, headers={"sec-fetch-site": "same-origin"}
    )
    assert await refused(await redeem(world, asked)) == (400, "access_denied")
    world.clock.advance(LIFETIME)
    assert await refused(await redeem(world, other)) == (400, "expired_token")
    assert await refused(await redeem(world, {"device_code": "never given"})) == (400, "expired_token")


async def test_the_same_device_again_gets_a_new_token_in_place_of_the_old_one(world: World) -> None:
    browser = await signed_in(world)
    tokens: list[dict[str, Any]] = []
    for _ in range(2):
        asked = await init(world)
        await approve(browser, asked["user_code"])
        if tokens:  # until the new one is fetched, the old one works
            assert made(world, tokens[0]["access_token"], Kind.CLIENT_TOKEN)
        tokens.append((await redeem(world, asked)).json())

    assert tokens[0]["device_id"] == tokens[1]["device_id"]
    assert made(world, tokens[0]["access_token"], Kind.CLIENT_TOKEN) is None
    assert made(world, tokens[1]["access_token"], Kind.CLIENT_TOKEN)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"requested_scopes": []}, Code.REQUEST_INVALID),
        ({"requested_scopes": ["me.read"] * 23}, Code.REQUEST_INVALID),
        ({"requested_scopes": ["me.Read"]}, Code.SCOPE_UNKNOWN),
        ({"client_device_identifier": ""}, Code.REQUEST_INVALID),
        ({"client_device_identifier": "a" * 256}, Code.REQUEST_INVALID),
        ({"name": "a" * 256}, Code.REQUEST_INVALID),
        ({"name": "\u202egnp.exe"}, Code.REQUEST_INVALID),
        ({"client": "a" * 51}, Code.REQUEST_INVALID),
        ({"platform": "a" * 51}, Code.REQUEST_INVALID),
        ({"client_version": 5}, Code.REQUEST_INVALID),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(world: World, changes: dict[str, Any], code: Code) -> None:
    response = await world.program().post(f"{ADDRESS}/init", json=INIT | changes)

    assert (response.status_code, response.json()["code"]) == (400, code)


async def test_all_scopes_may_be_asked_for_and_nothing_optional_need_be_said(world: World) -> None:
    asked = await init(world, requested_scopes=list(scopes.ALL), platform=None, client_version=None)

    pending = (await (await signed_in(world)).client.get(f"{ADDRESS}/pending/{asked['user_code']}")).json()

    assert (pending["platform"], pending["client_version"]) == (None, None)
    assert pending["allowed_scopes"] == list(scopes.granted(AccessLevel.VIEWER))


# Deciding


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"approved_scopes": []}, 400, Code.DEVICE_SCOPES_MISSING),
        ({"approved_scopes": ["users.write"]}, 403, Code.DEVICE_SCOPES_EXCEEDED),
        ({"approved_scopes": ["me.read"]}, 403, Code.DEVICE_SCOPES_EXCEEDED),
        ({"approved_scopes": ["roms.read"], "expires_in": "2y"}, 400, Code.REQUEST_INVALID),
        ({"approved_scopes": ["roms.read"], "device_name": "a" * 256}, 400, Code.REQUEST_INVALID),
        ({"approved_scopes": ["roms.read"], "device_name": "a\u202e"}, 400, Code.NAME_INVALID),
        ({}, 400, Code.REQUEST_INVALID),
    ],
)
async def test_what_may_not_be_given_is_not(world: World, body: dict[str, Any], status: int, code: Code) -> None:
    asked = await init(world)
    browser = await signed_in(world)
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json"}

    response = await browser.client.post(
        f"{ADDRESS}/approve", json={"user_code": asked["user_code"]} | body, headers=headers
    )

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")


@pytest.mark.parametrize("how", ["approve", "deny"])
async def test_an_unknown_code_is_404_and_a_decided_one_410(world: World, how: str) -> None:
    asked, other = await init(world), await init(world)
    browser = await signed_in(world)
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json"}

    async def decide(user_code: str) -> tuple[int, str]:
        body = {"user_code": user_code, "approved_scopes": ["roms.read"]}
        response = await browser.client.post(f"{ADDRESS}/{how}", json=body, headers=headers)
        pending = await browser.client.get(f"{ADDRESS}/pending/{user_code}", headers=headers)
        assert pending.status_code == (410 if response.status_code == 200 else response.status_code)
        return response.status_code, (response.json() or {}).get("code", "")

    assert (await decide(asked["user_code"]))[0] == 200
    assert await decide(asked["user_code"]) == (410, Code.DEVICE_CODE_DECIDED)
    assert await decide("BBBBBBBB") == (404, Code.DEVICE_CODE_UNKNOWN)
    assert await decide("nonsense") == (404, Code.DEVICE_CODE_UNKNOWN)
    world.clock.advance(LIFETIME)
    assert await decide(other["user_code"]) == (404, Code.DEVICE_CODE_UNKNOWN)


async def test_of_two_people_who_let_one_device_in_at_once_one_does(world: World) -> None:
    asked = await init(world)
    browsers = [await signed_in(world), await signed_in(world, "edith")]

    answers = await asyncio.gather(*(approve(browser, asked["user_code"]) for browser in browsers))

    assert sorted(each.status_code for each in answers) == [200, 410]


async def test_a_token_lets_a_device_in_within_its_own_scopes(world: World) -> None:
    asked = await init(world)
    header = await bearer(world, await world.add("vera"), "me.write", "roms.read", GRANT_ACCESS)
    body = {"user_code": asked["user_code"], "approved_scopes": ["roms.read", "assets.write"]}

    more = await world.program().post(f"{ADDRESS}/approve", json=body, headers=header)
    same = await world.program().post(
        f"{ADDRESS}/approve", json=body | {"approved_scopes": ["roms.read"]}, headers=header
    )

    assert (more.status_code, more.json()["code"]) == (403, Code.DEVICE_SCOPES_EXCEEDED)
    assert same.status_code == 200


async def test_a_client_token_makes_none_that_outlives_it(world: World) -> None:
    asked = await init(world)
    end = world.clock() + timedelta(days=3)
    header = await bearer(
        world, await world.add("vera"), "me.write", "roms.read", GRANT_ACCESS, kind=Kind.CLIENT_TOKEN, expires_at=end
    )
    body = {"user_code": asked["user_code"], "approved_scopes": ["roms.read"], "expires_in": "never"}

    await world.program().post(f"{ADDRESS}/approve", json=body, headers=header)

    assert datetime.fromisoformat((await redeem(world, asked)).json()["expires_at"]) == end


@pytest.mark.parametrize("path", ["approve", "deny"])
async def test_deciding_needs_the_right_to_change_the_account(world: World, path: str) -> None:
    asked = await init(world)
    body = {"user_code": asked["user_code"], "approved_scopes": ["roms.read"]}
    header = await bearer(world, await world.add("vera"), "me.read", "roms.read")

    assert (await world.program().post(f"{ADDRESS}/{path}", json=body)).status_code == 401
    assert (await world.program().post(f"{ADDRESS}/{path}", json=body, headers=header)).status_code == 403
    assert (await world.program().get(f"{ADDRESS}/pending/{asked['user_code']}")).status_code == 401
    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")


async def test_another_site_cannot_make_a_browser_let_a_device_in(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)
    body = {"user_code": asked["user_code"], "approved_scopes": ["roms.read"]}

    response = await browser.client.post(f"{ADDRESS}/approve", json=body, headers={"sec-fetch-site": "cross-site"})

    assert response.status_code == 403
    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")


@pytest.mark.parametrize("shape", ["older", "standard"])
async def test_a_disabled_owner_gets_nothing(world: World, shape: str) -> None:
    asked = await (init if shape == "older" else ask)(world)
    browser = await signed_in(world)
    await approve(browser, asked["user_code"])
    found = await world.accounts.password("vera")
    assert found is not None
    world.disable(found[0])

    answer = await (redeem if shape == "older" else poll)(world, asked)

    assert await refused(answer) == (400, "access_denied")
    assert {each.kind for each in world.credentials.stored.values()} <= {Kind.SESSION, Kind.DEVICE_COOKIE}


async def test_a_lost_right_is_lost_to_the_device_at_once(world: World) -> None:
    await world.add("edith", level=AccessLevel.ADMIN)
    asked = await init(world, requested_scopes=["me.read", "users.read"])
    await approve(await signed_in(world, "edith"), asked["user_code"], "me.read", "users.read")
    token = (await redeem(world, asked)).json()["access_token"]
    found = await world.accounts.password("edith")
    assert found is not None
    assert (await world.use_cases.bearers.who(token)).scopes == {"me.read", "users.read"}  # type: ignore[union-attr]

    world.demote(found[0], AccessLevel.VIEWER)

    assert (await world.use_cases.bearers.who(token)).scopes == {"me.read"}  # type: ignore[union-attr]


async def test_a_device_is_no_way_around_the_limit_of_client_tokens(world: World) -> None:
    browser, asked = await signed_in(world), await init(world)
    owner = (await world.accounts.password("vera") or pytest.fail("she is there"))[0]
    for _ in range(25):
        await bearer(world, owner, "me.read", kind=Kind.CLIENT_TOKEN)

    response = await approve(browser, asked["user_code"])

    assert (response.status_code, response.json()["code"]) == (409, Code.TOKENS_FULL)


# RFC 8628


async def test_the_standards_answer(world: World) -> None:
    response = await world.program().post(
        "/api/device_authorization", data={"client_id": "Argosy", "scope": "roms.read  roms.read"}
    )

    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    asked = response.json()
    assert HEX.fullmatch(asked["device_code"])
    assert re.fullmatch(f"[{short_codes.ALPHABET}]{{4}}-[{short_codes.ALPHABET}]{{4}}", asked["user_code"])
    assert asked == {
        "device_code": asked["device_code"],
        "user_code": asked["user_code"],
        "verification_uri": f"{ORIGIN}/pair",
        "verification_uri_complete": f"{ORIGIN}/pair?user_code={asked['user_code']}",
        "expires_in": 600,
        "interval": 5,
    }


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "roms.read"}, "invalid_request"),
        ({"client_id": "", "scope": "roms.read"}, "invalid_request"),
        ({"client_id": "a" * 256, "scope": "roms.read"}, "invalid_request"),
        ({"client_id": "Argo\u202esy", "scope": "roms.read"}, "invalid_request"),
        ({"client_id": "Argosy"}, "invalid_scope"),
        ({"client_id": "Argosy", "scope": "roms.read root"}, "invalid_scope"),
        ({"client_id": ["Argosy", "Argosy"], "scope": "roms.read"}, "invalid_request"),
    ],
)
async def test_a_standard_request_that_makes_no_sense(world: World, form: dict[str, Any], error: str) -> None:
    response = await world.program().post("/api/device_authorization", data=form)

    assert await refused(response) == (400, error)
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["error_description"]


async def test_a_client_secret_is_refused_because_apps_have_none(world: World) -> None:
    form = {"client_id": "Argosy", "client_secret": "x", "scope": "roms.read"}
    response = await world.program().post("/api/device_authorization", data=form)

    assert await refused(response) == (401, "invalid_client")


async def test_a_device_that_waits_does_not_fill_the_log(world: World) -> None:
    await poll(world, await ask(world))
    assert [level for level, event, _ in world.log.lines if event == "refused"] == ["debug"]


async def test_a_device_in_the_standards_shape_gets_a_pair_that_ends_with_it(world: World) -> None:
    asked = await ask(world)
    browser = await signed_in(world)
    assert await refused(await poll(world, asked)) == (400, "authorization_pending")
    await approve(browser, asked["user_code"], "roms.read", device_name="Television")
    world.clock.advance(5 * SECOND)

    response = await poll(world, asked)

    assert response.headers["cache-control"] == "no-store"
    pair = response.json()
    assert (response.status_code, pair["token_type"], pair["scope"]) == (200, "bearer", "roms.read")
    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    fresh = (await world.program().post("/api/token", data=form)).json()
    stored = made(world, fresh["access_token"], Kind.ACCESS_TOKEN)
    assert (stored.client, stored.device_id) == ("Argosy", 1)
    [device] = (await browser.client.get("/api/devices")).json()
    assert (device["name"], device["client"], device["client_device_identifier"]) == ("Television", "Argosy", None)
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json"}

    ended = await browser.client.delete("/api/devices/1", headers=headers)

    assert ended.status_code == 204
    assert made(world, fresh["access_token"], Kind.ACCESS_TOKEN) is None
    form = {"grant_type": "refresh_token", "refresh_token": fresh["refresh_token"]}
    assert await refused(await world.program().post("/api/token", data=form)) == (400, "invalid_grant")


async def test_asking_too_often_costs_five_seconds_each_time(world: World) -> None:
    """R-78."""
    asked = await ask(world)
    words = []
    for seconds in (0, 5, 3, 5, 15, 15):
        world.clock.advance(seconds * SECOND)
        words.append((await refused(await poll(world, asked)))[1])

    assert words == [
        "authorization_pending",
        "authorization_pending",
        "slow_down",
        "slow_down",
        "authorization_pending",
        "authorization_pending",
    ]
    await approve(await signed_in(world), asked["user_code"])
    assert (await poll(world, asked)).status_code == 200, "who was let in need not wait"


async def test_the_refusals_of_the_grant(world: World) -> None:
    browser = await signed_in(world)
    asked, denied = await ask(world), await ask(world)
    await browser.client.post(
        f"{ADDRESS}/deny", json={"user_code": denied["user_code"]}, headers={"sec-fetch-site": "same-origin"}
    )

    assert await refused(await poll(world, denied)) == (400, "access_denied")
    assert await refused(await poll(world, {"device_code": "never given"})) == (400, "invalid_grant")
    assert await refused(await poll(world, asked, client="")) == (400, "invalid_request")
    assert await refused(await poll(world, asked, client="Other")) == (400, "invalid_grant")
    world.clock.advance(LIFETIME - TICK)
    assert await refused(await poll(world, asked)) == (400, "authorization_pending")
    world.clock.advance(TICK)
    assert await refused(await poll(world, asked)) == (400, "expired_token")


async def test_two_devices_with_one_code_get_one_pair(world: World) -> None:
    asked = await ask(world)
    await approve(await signed_in(world), asked["user_code"])

    answers = await asyncio.gather(*(poll(world, asked) for _ in range(8)))

    assert Counter(each.status_code for each in answers) == {200: 1, 400: 7}
    assert await refused(await poll(world, asked)) == (400, "invalid_grant")


async def test_a_code_of_one_shape_is_worth_nothing_in_the_other(world: World) -> None:
    browser = await signed_in(world)
    older, standard = await init(world), await ask(world)
    for asked in (older, standard):
        await approve(browser, asked["user_code"])

    assert await refused(await poll(world, older)) == (400, "invalid_grant")
    assert await refused(await redeem(world, standard)) == (400, "expired_token")
    assert (await redeem(world, older)).status_code == 200
    assert (await poll(world, standard)).status_code == 200


async def test_the_metadata_names_the_grant_and_its_endpoint(world: World) -> None:
    metadata = (await world.program().get("/.well-known/oauth-authorization-server")).json()

    assert metadata["device_authorization_endpoint"] == f"{ORIGIN}/api/device_authorization"
    assert "urn:ietf:params:oauth:grant-type:device_code" in metadata["grant_types_supported"]


# Too often


async def test_a_device_may_ask_ten_times_a_minute(world: World) -> None:
    for _ in range(10):
        await init(world)

    more = await world.program().post(f"{ADDRESS}/init", json=INIT)
    standard = await world.program().post("/api/device_authorization", data={"client_id": "A", "scope": "me.read"})

    assert (more.status_code, more.json()["code"]) == (429, Code.TOO_MANY_REQUESTS)
    assert (standard.status_code, standard.json()["error"]) == (429, "temporarily_unavailable")
    assert int(standard.headers["retry-after"]) == int(more.headers["retry-after"]) > 0
    world.clock.advance(timedelta(minutes=2))
    await init(world)


async def test_a_device_may_poll_sixty_times_a_minute(world: World) -> None:
    answers = [await redeem(world, {"device_code": f"{n}"}) for n in range(61)]

    assert Counter(each.status_code for each in answers) == {400: 60, 429: 1}


async def test_who_guesses_user_codes_is_stopped_early(world: World) -> None:
    """R-79."""
    browser = await signed_in(world)
    asked = await init(world)
    statuses = [
        (await browser.client.get(f"{ADDRESS}/pending/BBBBB{a}{b}B")).status_code
        for a in "BCDFG"
        for b in short_codes.ALPHABET
    ]

    assert Counter(statuses) == {404: USER_CODES.each.tries, 429: 95 - USER_CODES.each.tries}
    late = await approve(browser, asked["user_code"])
    assert (late.status_code, late.json()["code"]) == (429, Code.TOO_MANY_REQUESTS)
    assert int(late.headers["retry-after"]) > 0


# The list


async def test_devices_are_listed_for_their_owner_alone(world: World) -> None:
    browser, other = await signed_in(world), await signed_in(world, "edith")
    asked = await init(world)
    await approve(browser, asked["user_code"], device_name="Kitchen")
    await redeem(world, asked)
    now = world.clock().astimezone(UTC).isoformat().replace("+00:00", "Z")

    assert (await other.client.get("/api/devices")).json() == []
    assert (await browser.client.get("/api/devices")).json() == [
        {
            "id": "1",
            "user_id": (await browser.me()).json()["id"],
            "client_device_identifier": "b7c1",
            "name": "Kitchen",
            "client": "Argosy",
            "platform": "android",
            "client_version": "1.2",
            "created_at": now,
            "updated_at": now,
            "last_paired_at": now,
            "last_used_at": now,
            "last_seen": now,
            "ip_address": None,
            "mac_address": None,
            "hostname": None,
            "sync_mode": "api",
            "sync_enabled": True,
            "sync_config": None,
        }
    ]


async def test_a_device_is_ended_by_its_owner_alone(world: World) -> None:
    browser, other = await signed_in(world), await signed_in(world, "edith")
    asked = await init(world, requested_scopes=["me.read"])
    await approve(browser, asked["user_code"], "me.read")
    header = {"authorization": f"Bearer {(await redeem(world, asked)).json()['access_token']}"}
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json"}

    foreign = await other.client.delete("/api/devices/1", headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, Code.DEVICE_UNKNOWN)
    assert (await world.program().get("/api/users/me", headers=header)).status_code == 200
    assert (await browser.client.delete("/api/devices/1", headers=headers)).status_code == 204
    assert (await world.program().get("/api/users/me", headers=header)).status_code == 401
    assert (await browser.client.delete("/api/devices/1", headers=headers)).status_code == 404


async def test_the_list_needs_its_scopes(world: World) -> None:
    owner = await world.add("vera")
    read = await bearer(world, owner, "devices.read")
    other = await bearer(world, owner, "me.read")

    assert (await world.program().get("/api/devices", headers=read)).status_code == 200
    assert (await world.program().delete("/api/devices/1", headers=read)).status_code == 403
    assert (await world.program().get("/api/devices", headers=other)).status_code == 403


# What is left behind


async def test_no_secret_is_stored_or_logged(world: World) -> None:
    asked, standard = await init(world), await ask(world)
    browser = await signed_in(world)
    for each in (asked, standard):
        await approve(browser, each["user_code"])
    token = (await redeem(world, asked)).json()["access_token"]
    pair = (await poll(world, standard)).json()
    secrets = [token, pair["access_token"], pair["refresh_token"], PASSWORD]
    secrets += [each[name] for each in (asked, standard) for name in ("device_code", "user_code")]

    kept = repr((world.log.lines, world.credentials.stored, world.devices.authorizations, world.devices.by_id))

    assert [secret for secret in secrets if secret in kept] == []


async def test_the_log_tells_who_let_what_in(world: World) -> None:
    asked = await init(world)
    await redeem(world, asked)
    await approve(await signed_in(world), asked["user_code"])
    await redeem(world, asked)

    assert world.lines("device.approved") == [{"account": 2, "device": 1, "client": "Argosy"}]
    assert world.lines("device.let_in") == [{"account": 2, "device": 1, "client": "Argosy"}]
    assert world.lines("refused") == []


async def test_the_tokens_of_a_device_make_no_client_token_however_fresh(world: World) -> None:
    """The proof was the person's, in another browser."""
    asked = await ask(world, "me.read me.write")
    await approve(await signed_in(world), asked["user_code"], "me.read", "me.write")
    pair = (await poll(world, asked)).json()
    kept = {"name": "Handheld", "scopes": ["me.read"]}
    header = {"authorization": f"Bearer {pair['access_token']}"}
    refused = await world.program().post("/api/client-tokens", json=kept, headers=header)
    assert (refused.status_code, refused.json()["code"]) == (403, Code.CONFIRMATION_REQUIRED)

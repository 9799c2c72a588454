"""A throttle that knows people: a stale password is no attack, and an attack on one is none on the others."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from romm.domain.credentials.credential import FRESH_SESSION
from romm.domain.errors import Code
from romm.domain.sign_in.hashing_order import Place, Priority
from romm.ports.accounts import Verdict
from tests.api.accounts.test_administration import signed_in
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_password import PROGRAMS, by_header, by_json, by_page
from tests.api.sign_in.test_throttle import at, lock, tried
from tests.fakes import FakePasswords
from tests.world import ORIGIN, PASSWORD, Browser, World

STALE = "last year's password"
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.1"


class NotedPasswords(FakePasswords):
    """Notes the place of what it was asked to compare."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        self.places.append(place)
        return await super().verify(password_hash, password, place, salt=salt)


async def by_token(world: World, username: str, password: str) -> httpx.Response:
    return await world.program().post("/api/token", data={"username": username, "password": password})


async def test_the_stale_password_of_an_app_shuts_nobody_out(world: World) -> None:
    """R-31: neither the others of its address nor its owner, by any door."""
    await world.add("vera")
    handheld = [await by_header(world, "vera", STALE) for _ in range(12)]
    assert [each.status_code for each in handheld] == [401] * 12
    for username in ("keeper", "vera", "nobody"):
        expected = 401 if username == "nobody" else 200
        for door in (*PROGRAMS, by_header):
            assert (await door(world, username, PASSWORD)).status_code == expected
    for username in ("keeper", "vera"):
        assert (await by_page(world, username, PASSWORD)).headers["location"] == "/"
        assert (await by_token(world, username, PASSWORD)).status_code == 200


async def test_a_stale_password_is_hashed_once_and_counts_again_only_when_forgotten(world: World) -> None:
    passwords = NotedPasswords()
    world.serve(passwords=passwords)
    for _ in range(5):
        assert (await by_header(world, "keeper", STALE)).status_code == 401
    assert len(passwords.places) == 1
    counts = sorted(each.count for each in world.throttles.counted.values() if not each.key.startswith("rate:"))
    assert counts == [1, 1, 1]


async def test_several_stale_passwords_are_as_many_guesses(world: World) -> None:
    for _ in range(3):
        for number in range(4):
            assert (await by_header(world, "keeper", f"stale {number}")).status_code == 401
    assert (await by_header(world, "keeper", "a fifth")).status_code == 401
    assert (await by_header(world, "keeper", "stale 0")).status_code == 429


async def test_the_stale_password_is_taken_when_it_is_the_right_one_again(world: World) -> None:
    account = next(iter(world.accounts.by_id.values()))
    assert (await by_header(world, "keeper", STALE)).status_code == 401
    world.accounts.hashes[account.id] = f"hash of {STALE}"
    assert (await by_header(world, "keeper", STALE)).status_code == 200


async def test_one_account_shuts_no_other_out_of_its_address(world: World) -> None:
    """R-31: also when somebody guesses at it."""
    await world.add("vera")
    await lock(world, "vera")
    for door in (*PROGRAMS, by_header):
        assert (await door(world, "keeper", PASSWORD)).status_code == 200


async def test_one_address_shuts_no_other_out_of_an_account(world: World) -> None:
    """R-31."""
    await lock(world)
    assert await tried(at(world, ELSEWHERE), password=PASSWORD) == ""


async def test_many_addresses_that_guess_shut_out_no_address_that_the_account_signed_in_from(world: World) -> None:
    """R-31: an app at home with Basic, which keeps no cookie."""
    assert (await by_header(world, "keeper", PASSWORD)).status_code == 200
    for number in range(5):
        await tried(at(world, f"203.0.113.{number}"), password=f"guess {number}")
    assert await tried(at(world, ELSEWHERE), password=PASSWORD) == Code.TOO_MANY_ATTEMPTS
    assert (await by_header(world, "keeper", PASSWORD)).status_code == 200
    world.clock.advance(timedelta(days=31))
    for number in range(5):
        await tried(at(world, f"203.0.113.{number}"), password=f"guess {number}")
    assert (await by_header(world, "keeper", PASSWORD)).status_code == 429, "it was too long ago"


async def test_who_is_known_is_hashed_before_who_is_not(world: World) -> None:
    passwords = NotedPasswords()
    world.serve(passwords=passwords)
    browser = at(world, HERE)
    await tried(browser, password=PASSWORD)
    await tried(browser, password=PASSWORD)
    await tried(at(world, HERE), password=PASSWORD)
    await tried(at(world, ELSEWHERE), "somebody", "wrong")
    await tried(at(world, ELSEWHERE), password=PASSWORD)
    assert [each.priority for each in passwords.places] == [
        Priority.CLEAN,
        Priority.KNOWN,  # by the device cookie
        Priority.KNOWN,  # by the address
        Priority.CLEAN,
        Priority.STRANGER,  # something failed at that address
    ]


async def put(browser: Browser, url: str) -> httpx.Response:
    new = {"password": "a ladder to the loft", "current_password": PASSWORD}
    return await browser.client.put(url, json=new, headers={"sec-fetch-site": "same-origin"})


def form(url: str, **fields: str) -> Callable[[Browser], Awaitable[httpx.Response]]:
    return lambda browser: browser.submit(url, current_password=PASSWORD, **fields)


DOORS = {
    "PUT /api/users/1": lambda browser: put(browser, "/api/users/1"),
    "POST /account/password": form("/account/password", password="a ladder to the loft"),
    "POST /account/profile": form("/account/profile", username="keeper", email="new@example.org"),
    "POST /account/confirm": form("/account/confirm"),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("known", [True, False], ids=["known browser", "session alone"])
async def test_who_is_being_attacked_can_change_the_password(world: World, door: str, known: bool) -> None:
    """R-31: guesses from the same address and from many others."""
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    if not known:
        mine.client.cookies.delete("__Host-romm_known")
    world.clock.advance(FRESH_SESSION + timedelta(seconds=1))
    await lock(world)
    for number in range(6):
        await tried(at(world, f"203.0.113.{number}"), password=f"guess {number}")
    answer = await DOORS[door](mine)
    assert answer.status_code in (200, 303), answer.text
    assert "error=" not in answer.headers.get("location", "")


async def test_a_session_is_no_way_around_the_wait_for_its_own_guesses(world: World) -> None:
    program = await signed_in(world, "keeper")
    world.clock.advance(FRESH_SESSION + timedelta(seconds=1))
    answers = [
        (await program.put("/api/users/1", json={"email": "", "current_password": f"guess {number}"})).status_code
        for number in range(6)
    ]
    assert answers == [403] * 5 + [429]
    assert (await by_json(world, "keeper", PASSWORD)).status_code == 200, "and nobody else waits for them"


async def test_every_door_that_takes_a_password_brings_the_device_cookie(world: World) -> None:
    """A door cannot forget it: it comes with the visitor. So the questions after single sign-on have it, too."""
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    await lock(world)
    world.throttles.known.clear()
    cookie = {"cookie": f"__Host-romm_known={mine.client.cookies['__Host-romm_known']}"}
    credentials = {"username": "keeper", "password": PASSWORD}
    for answer in (
        await world.program().post("/api/token", data=credentials, headers=cookie),
        await world.program().post("/api/login", json=credentials, headers=cookie | {"origin": ORIGIN}),
        await world.program().get("/api/users/me", auth=("keeper", PASSWORD), headers=cookie),
    ):
        assert answer.status_code == 200
    assert error_of(await by_page(world, "keeper", PASSWORD)) == Code.TOO_MANY_ATTEMPTS

"""Wrong passwords over HTTP: whoever guesses has to wait at every door, and nobody else is locked out by it."""

from datetime import timedelta

import httpx
import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.domain.sign_in.hashing_order import Place
from romm.ports.accounts import Verdict
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_password import PROGRAMS, Door, add_strangers, by_header, by_json, by_page, outline
from tests.fakes import FakePasswords
from tests.world import HTML, ORIGIN, PASSWORD, Browser, World

PROXY = "198.51.100.1"


class CountingPasswords(FakePasswords):
    compared = 0

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        self.compared += 1
        return await super().verify(password_hash, password, place, salt=salt)


async def lock(world: World, username: str = "keeper") -> None:
    for number in range(5):
        await by_json(world, username, f"guess {number}")
    assert (await by_json(world, username, "another guess")).status_code == 429


def at(world: World, peer: str, forwarded_for: str | None = None) -> Browser:
    """A browser at an address, through a proxy that adds the header."""
    headers = HTML | ({"x-forwarded-for": forwarded_for} if forwarded_for else {})
    transport = httpx.ASGITransport(world.app, client=(peer, 50_000))
    return Browser(world, httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers))


async def tried(browser: Browser, username: str = "keeper", password: str = "wrong") -> str:
    """The code on the page, empty when somebody was signed in."""
    answer = await browser.submit("/api/login", username=username, password=password)
    return error_of(answer) if "error=" in answer.headers["location"] else ""


@pytest.mark.parametrize("door", [*PROGRAMS, by_page, by_header])
async def test_every_door_counts_and_is_closed_with_the_others(world: World, door: Door) -> None:
    """R-31: five wrong at one door, then even the right password waits at every other."""
    for number in range(5):
        await door(world, "keeper", f"guess {number}")
    for other in (*PROGRAMS, by_header):
        answer = await other(world, "keeper", PASSWORD)
        assert (answer.status_code, answer.json()["code"]) == (429, Code.TOO_MANY_ATTEMPTS)
        assert answer.headers["retry-after"] == "30"
        assert "www-authenticate" not in answer.headers
    assert error_of(await by_page(world, "keeper", PASSWORD)) == Code.TOO_MANY_ATTEMPTS


async def test_the_page_says_what_to_do(world: World) -> None:
    await lock(world)
    browser = world.browser()
    answer = await browser.submit("/api/login", username="keeper", password=PASSWORD, next="/collection")
    page = await browser.get(answer.headers["location"])
    assert CATALOGUE[Code.TOO_MANY_ATTEMPTS].person in page.text
    assert "next=%2Fcollection" in answer.headers["location"]


async def test_after_the_wait_the_right_password_signs_in_and_the_next_failures_are_the_first(world: World) -> None:
    await lock(world)
    world.clock.advance(timedelta(seconds=30))
    assert await tried(at(world, "127.0.0.1"), password=PASSWORD) == ""
    answers = [await tried(at(world, "127.0.0.1"), password=f"guess {number}") for number in range(5)]
    assert answers == [Code.CREDENTIALS_WRONG] * 5


async def test_waiting_too_short_makes_it_no_longer(world: World) -> None:
    """A program that knocks every second gets in as soon as the wait is over."""
    await lock(world)
    for left in range(30, 0, -1):
        answer = await by_json(world, "keeper", PASSWORD)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, str(left))
        world.clock.advance(timedelta(seconds=1))
    assert (await by_json(world, "keeper", PASSWORD)).status_code == 200


async def test_whoever_may_not_come_in_waits_alike() -> None:
    """R-33: unknown, wrong, disabled and without password; the same answers in the same order, and nothing compared."""
    seen = set()
    for username in ("keeper", "nobody", "gone", "sso"):
        world = World()
        await world.add("keeper", level=AccessLevel.ADMIN)
        await add_strangers(world)
        password = "wrong" if username == "keeper" else PASSWORD
        tries = [password, *(f"guess {number}" for number in range(4)), password, password]
        seen.add(tuple([outline(await by_json(world, username, each)) for each in tries]))
    assert len(seen) == 1
    assert [answer[0] for answer in seen.pop()] == [401] * 5 + [429] * 2


async def test_a_try_that_has_to_wait_compares_no_password_and_fills_no_log(world: World) -> None:
    passwords = CountingPasswords()
    world.serve(passwords=passwords)
    await lock(world)
    noted = len(world.sign_ins.entries)
    for _ in range(50):
        await by_json(world, "keeper", PASSWORD)
    assert (passwords.compared, noted, len(world.sign_ins.entries)) == (5, 5, 5)
    assert (
        len(world.throttles.counted) == 5
    )  # the account here, the account, the address, and what is noted of it and of all


async def test_the_owner_comes_in_with_a_known_browser_while_somebody_guesses(world: World) -> None:
    """R-31: from the browser of an earlier sign-in, signed out or not, and from nowhere else."""
    mine = world.browser()
    assert await tried(mine, password=PASSWORD) == ""
    await mine.submit("/api/logout")
    await lock(world)
    for _ in range(3):
        assert await tried(mine, password=PASSWORD) == "", "the cookie is renewed at each sign-in"
    assert await tried(world.browser(), password=PASSWORD) == Code.TOO_MANY_ATTEMPTS


async def test_a_known_browser_may_also_send_basic(world: World) -> None:
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    await mine.submit("/api/logout")
    await lock(world)
    assert (await mine.client.get("/api/users/me", auth=("keeper", PASSWORD))).status_code == 200


async def test_a_known_browser_does_not_free_the_guesses_of_others(world: World) -> None:
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    await lock(world)
    await tried(mine, password=PASSWORD)
    assert await tried(at(world, "127.0.0.1")) == Code.TOO_MANY_ATTEMPTS


async def test_a_known_browser_has_to_wait_for_its_own_guesses(world: World) -> None:
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    answers = [await tried(mine, password=f"guess {number}") for number in range(7)]
    assert answers == [Code.CREDENTIALS_WRONG] * 5 + [Code.TOO_MANY_ATTEMPTS] * 2
    assert await tried(world.browser(), password=PASSWORD) == "", "and nobody else waits for them"


async def test_a_browser_known_to_one_account_is_a_stranger_to_another(world: World) -> None:
    await world.add("mallory")
    theirs = world.browser()
    assert await tried(theirs, "mallory", PASSWORD) == ""
    await lock(world)
    assert await tried(theirs, "keeper", PASSWORD) == Code.TOO_MANY_ATTEMPTS


async def test_signing_in_to_ones_own_account_does_not_free_the_address(world: World) -> None:
    """Else whoever has an account guesses four times, signs in, and guesses on."""
    await world.add("mallory")
    for number in range(4):
        await by_json(world, f"victim-{number}", "wrong")
    assert (await by_json(world, "mallory", PASSWORD)).status_code == 200
    answers = [(await by_json(world, f"victim-{number}", "wrong")).status_code for number in range(4, 6)]
    assert answers == [401, 429]


@pytest.mark.parametrize("change", ["expired", "invented", "session"])
async def test_a_browser_is_known_by_a_living_secret_of_its_own_kind(world: World, change: str) -> None:
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    if change == "expired":
        world.clock.advance(timedelta(days=365))
    else:
        brought = "invented" if change == "invented" else mine.session or ""
        mine.client.cookies.set("__Host-romm_known", brought, domain="romm.test", path="/")
    await lock(world)
    assert await tried(mine, password=PASSWORD) == Code.TOO_MANY_ATTEMPTS


async def test_being_known_opens_nothing(world: World) -> None:
    """The secret is no session, under no name."""
    mine = world.browser()
    await tried(mine, password=PASSWORD)
    known = mine.client.cookies["__Host-romm_known"]
    thief = world.browser()
    thief.client.cookies.set("__Host-romm_session", known, domain="romm.test", path="/")
    assert (await thief.me()).status_code == 401
    assert known not in str(world.accounts.credentials)


async def test_single_sign_on_never_waits(world: World) -> None:
    await lock(world, "alice")
    await world.add("alice", "alice@example.org")
    browser = world.browser()
    assert (await browser.sign_in()).headers["location"].startswith("/me?notice=linked")
    assert (await browser.me()).json()["username"] == "alice"


async def test_a_forged_address_is_counted_like_none(world: World) -> None:
    """R-32: nobody is trusted by default."""
    answers = [await tried(at(world, "203.0.113.5", f"192.0.2.{n}"), f"victim-{n}") for n in range(7)]
    assert answers == [Code.CREDENTIALS_WRONG] * 5 + [Code.TOO_MANY_ATTEMPTS] * 2


async def test_two_people_behind_a_trusted_proxy_are_two() -> None:
    """R-32; and what the proxy itself received as a header is not believed."""
    world = World({"ROMM_TRUSTED_PROXIES": PROXY})
    await world.add("keeper", level=AccessLevel.ADMIN)
    for number in range(6):
        last = await tried(at(world, PROXY, f"10.9.8.{number}, 203.0.113.5"), f"victim-{number}")
    assert last == Code.TOO_MANY_ATTEMPTS
    assert await tried(at(world, PROXY, "203.0.113.6"), password=PASSWORD) == ""

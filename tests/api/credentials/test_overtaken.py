"""A password that is checked while its account changes hands: nothing that it opens outlives that (L-11b, R-38)."""

from collections.abc import Awaitable, Callable, Iterable

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from tests.fakes import FakePasswords
from tests.world import PASSWORD, World

HERS = {"username": "alice", "password": PASSWORD}
BASIC = httpx.BasicAuth(**HERS)
SAME_SITE = {"sec-fetch-site": "same-origin"}


class SlowPasswords(FakePasswords):
    """While a password is checked or a new one hashed, `meanwhile` happens."""

    def __init__(self, outdated: Iterable[str] = ()) -> None:
        super().__init__(outdated)
        self.meanwhile: Callable[[], object] = lambda: None

    async def hash(self, password: str) -> str:
        self.meanwhile()
        return await super().hash(password)


@pytest.fixture
def passwords() -> SlowPasswords:
    return SlowPasswords()


@pytest.fixture
async def world(passwords: SlowPasswords) -> World:
    return World(passwords=passwords)


def taken_over(world: World, seen: Account) -> None:
    """What L-11b does to an account that somebody prepared for its address's owner."""
    world.accounts.hashes.pop(seen.id, None)
    world.accounts.end_all(seen.id, list(Kind))
    world.accounts.by_id[seen.id] = replace(seen, level=AccessLevel.ADMIN, version=seen.version + 1)


def disabled(world: World, seen: Account) -> None:
    world.disable(seen)


def deleted(world: World, seen: Account) -> None:
    del world.accounts.by_id[seen.id]


async def session(program: httpx.AsyncClient) -> httpx.Response:
    return await program.post("/api/login", json=HERS, headers=SAME_SITE)


async def pair(program: httpx.AsyncClient) -> httpx.Response:
    return await program.post("/api/token", data=HERS | {"scope": "me.read"})


async def client_token(program: httpx.AsyncClient) -> httpx.Response:
    return await program.post("/api/client-tokens", json={"name": "mine", "scopes": ["me.read"]}, auth=BASIC)


@pytest.mark.parametrize("change", [taken_over, disabled, deleted])
@pytest.mark.parametrize("door", [session, pair, client_token])
async def test_a_password_that_was_right_opens_nothing_any_more(
    world: World,
    passwords: SlowPasswords,
    door: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]],
    change: Callable[[World, Account], None],
) -> None:
    seen = await world.add("alice")
    passwords.meanwhile = lambda: change(world, seen)
    answer = await door(world.program())
    assert answer.status_code == (400 if door is pair else 401)
    assert answer.json()["code"] == Code.CREDENTIALS_WRONG
    assert world.credentials.stored == {}


async def test_what_was_under_way_stands_in_the_log_as_refused(world: World, passwords: SlowPasswords) -> None:
    seen = await world.add("alice")
    passwords.meanwhile = lambda: taken_over(world, seen)
    await session(world.program())
    await pair(world.program())
    assert [(each.outcome, each.code) for each in world.sign_ins.entries] == [("refused", Code.CREDENTIALS_WRONG)] * 2
    assert world.accounts.by_id[seen.id].last_login is None


async def test_a_new_password_that_was_under_way_never_replaces_the_owners(
    world: World, passwords: SlowPasswords
) -> None:
    """Hashing it takes as long as a sign-in, and the session that asked for it is gone by then."""
    seen = await world.add("alice")
    browser = world.program()
    await session(browser)
    passwords.meanwhile = lambda: taken_over(world, seen)
    answer = await browser.put(f"/api/users/{seen.id}", json={"password": "another lantern"}, headers=SAME_SITE)
    assert (answer.status_code, answer.json()["code"]) == (409, Code.ACCOUNT_CHANGED)
    assert seen.id not in world.accounts.hashes

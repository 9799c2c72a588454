"""Two RomM on two hosts behind one address, with one database: a sign-in begins at one and ends at the other."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest

from romm.adapters.database.migrations import upgrade
from tests.adapters.conftest import on_postgres, temporary_database
from tests.fake_provider import FakeProvider
from tests.processes.conftest import KEEPER, create_first_admin, romm
from tests.world import HTML

PROGRAM = {"accept": "application/json"}
ADDRESS = "http://127.0.0.1:9"  # what a balancer in front of both would be called

pytestmark = on_postgres


class Hosts:
    """Two, on one PostgreSQL."""

    def __init__(self, idp: FakeProvider, folder: Path, url: str) -> None:
        self._idp, self._folder, self._url = idp, folder, url

    def start(self, name: str) -> AbstractContextManager[tuple[str, int]]:
        (self._folder / name).mkdir(exist_ok=True)
        database = self._url.replace("+asyncpg", "")
        own = {"ROMM_DATABASE_URL": database, "ROMM_DOCTOR_EVERY_SECONDS": "0"}  # it asks the token endpoint, too
        return romm(self._idp, self._folder / name, ADDRESS, open_files=None, **own)


@pytest.fixture
def hosts(idp: FakeProvider, tmp_path: Path) -> Iterator[Hosts]:
    with temporary_database() as url:
        upgrade(url)
        yield Hosts(idp, tmp_path, url)


def test_a_sign_in_begins_at_one_host_and_ends_at_the_other(hosts: Hosts, idp: FakeProvider) -> None:
    idp.redirect_uri = f"{ADDRESS}/api/oauth/openid"
    with ExitStack() as running:
        addresses = [running.enter_context(hosts.start(name))[0] for name in ("here", "there")]
        create_first_admin(addresses[0])
        for begins, ends in (addresses, addresses[::-1]):
            begun_at = running.enter_context(browser(begins))
            begun = begun_at.get("/api/login/openid", params={"next": "/collection"})
            query = asyncio.run(idp.approve(begun.headers["location"]))
            for host in (ends, begins):  # and once more, as if the first answer was lost
                ended_at = running.enter_context(browser(host, begun_at.cookies))
                assert ended_at.get(f"/api/oauth/openid?{query}").headers["location"] == "/collection"
                assert ended_at.get("/api/users/me").json()["username"] == "alice"
    assert len(idp.received("/token")) == 2


def status(at: str, path: str, cookies: httpx.Cookies, method: str = "GET") -> int:
    with browser(at, cookies) as person:
        return person.request(method, path, headers=PROGRAM | {"origin": ADDRESS}).status_code


def sign_in(at: str) -> httpx.Cookies:
    with browser(at) as person:
        person.post(
            "/api/login", json={name: KEEPER[name] for name in ("username", "password")}, headers=PROGRAM
        ).raise_for_status()
        return person.cookies


def test_a_session_outlives_the_restart_of_its_host_and_ends_on_both_at_once(hosts: Hosts) -> None:
    with hosts.start("there") as (there, _):
        with hosts.start("here") as (here, _):
            create_first_admin(here)
            cookies = sign_in(here)
        assert status(there, "/api/users/me", cookies) == 200
        with hosts.start("here") as (here, _):
            assert status(here, "/api/users/me", cookies) == 200
            assert status(there, "/api/logout", cookies, "POST") == 200
            assert status(here, "/api/users/me", cookies) == 401


def browser(address: str, cookies: httpx.Cookies | None = None) -> httpx.Client:
    return httpx.Client(base_url=address, headers=HTML, cookies=cookies, timeout=30)

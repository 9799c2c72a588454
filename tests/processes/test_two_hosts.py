"""Two RomM on two hosts behind one address, with one database: a sign-in begins at one and ends at the other."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import httpx

from romm.adapters.database.migrations import upgrade
from tests.adapters.conftest import on_postgres, temporary_database
from tests.fake_provider import FakeProvider
from tests.processes.conftest import create_first_admin, romm
from tests.world import HTML

ADDRESS = "http://127.0.0.1:9"  # what a balancer in front of both would be called

pytestmark = on_postgres


def test_a_sign_in_begins_at_one_host_and_ends_at_the_other(idp: FakeProvider, tmp_path: Path) -> None:
    idp.redirect_uri = f"{ADDRESS}/api/oauth/openid"
    with ExitStack() as running:
        url = running.enter_context(temporary_database())
        upgrade(url)
        hosts = []
        for name in ("here", "there"):
            (tmp_path / name).mkdir()
            started = romm(idp, tmp_path / name, ADDRESS, ROMM_DATABASE_URL=url.replace("+asyncpg", ""))
            hosts.append(running.enter_context(started)[0])
        create_first_admin(hosts[0])
        for begins, ends in (hosts, hosts[::-1]):
            begun_at = running.enter_context(browser(begins))
            begun = begun_at.get("/api/login/openid", params={"next": "/collection"})
            query = asyncio.run(idp.approve(begun.headers["location"]))
            for host in (ends, begins):  # and once more, as if the first answer was lost
                ended_at = running.enter_context(browser(host, begun_at.cookies))
                assert ended_at.get(f"/api/oauth/openid?{query}").headers["location"] == "/collection"
                assert ended_at.get("/api/users/me").json()["username"] == "alice"
    assert len(idp.received("/token")) == 2


def browser(address: str, cookies: httpx.Cookies | None = None) -> httpx.Client:
    return httpx.Client(base_url=address, headers=HTML, cookies=cookies, timeout=30)

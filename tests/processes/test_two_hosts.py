"""Two RomM on two hosts behind one address, with one database: a sign-in begins at one and ends at the other."""

import asyncio
from pathlib import Path

import httpx

from romm.adapters.database.migrations import upgrade
from tests.adapters.conftest import on_postgres, temporary_database
from tests.fake_provider import FakeProvider
from tests.processes.conftest import create_first_admin, romm
from tests.world import HTML

ADDRESS = "http://127.0.0.1:9"  # what a balancer in front of both would be called

pytestmark = on_postgres


def browser(address: str, cookies: httpx.Cookies | None = None) -> httpx.Client:
    return httpx.Client(base_url=address, headers=HTML, cookies=cookies, timeout=30)


def test_a_sign_in_begins_at_one_host_and_ends_at_the_other(idp: FakeProvider, tmp_path: Path) -> None:
    idp.redirect_uri = f"{ADDRESS}/api/oauth/openid"
    folders = [tmp_path / "here", tmp_path / "there"]
    for folder in folders:
        folder.mkdir()
    with temporary_database() as url:
        upgrade(url)
        database = {"ROMM_DATABASE_URL": url.replace("+asyncpg", "")}
        with (
            romm(idp, folders[0], ADDRESS, **database) as (here, _),
            romm(idp, folders[1], ADDRESS, **database) as (
                there,
                _,
            ),
        ):
            create_first_admin(here)
            begun_at = browser(here)
            for begins, ends in ((here, there), (there, here)):
                begun_at = browser(begins)
                begun = begun_at.get("/api/login/openid", params={"next": "/collection"})
                query = asyncio.run(idp.approve(begun.headers["location"]))
                ended_at = browser(ends, begun_at.cookies)
                assert ended_at.get(f"/api/oauth/openid?{query}").headers["location"] == "/collection"
                again = browser(begins, begun_at.cookies)
                assert again.get(f"/api/oauth/openid?{query}").headers["location"] == "/collection", (
                    "the answer was lost"
                )
                assert {each.get("/api/users/me").json()["username"] for each in (ended_at, again)} == {"alice"}
    assert len(idp.received("/token")) == 2

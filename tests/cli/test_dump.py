"""R-80: a copy of the database is no set of keys, whatever kinds of credentials there are or will be."""

import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from romm.composition import adapters, app
from romm.composition.ports import Ports
from romm.domain.credentials.credential import Kind, issued
from romm.domain.credentials.tokens import successors
from romm.domain.digests import digest
from romm.settings.load import load
from tests.fakes import FakeLog
from tests.world import ORIGIN, PASSWORD

NAMES = {"username": "keeper", "password": PASSWORD}


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path))


@pytest.fixture
async def ports(database: Path) -> AsyncIterator[Ports]:
    settings = load({"ROMM_BASE_URL": ORIGIN, "ROMM_DATABASE_URL": f"sqlite:///{database}"}).settings
    opened = adapters.ports(settings, FakeLog())
    yield opened
    await opened.close()


@pytest.fixture
async def handed_out(ports: Ports) -> set[str]:
    """What people and apps hold after a while of use: the secrets of every route that gives one."""
    settings = load({"ROMM_BASE_URL": ORIGIN}).settings
    service: Any = app.create_app(settings, ports)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url=ORIGIN) as program:
        await program.post("/api/users", json=NAMES)
        await program.post("/api/login", data=NAMES, headers={"accept": "text/html"})
        cookies = set(program.cookies.values())
        program.cookies.clear()
        first = (await program.post("/api/token", data=NAMES | {"scope": "me.read"})).json()
        grant = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = (await program.post("/api/token", data=grant)).json()
    return cookies | {pair[name] for pair in (first, second) for name in ("access_token", "refresh_token")}


async def add_the_other_kinds(ports: Ports, database: Path) -> None:
    """So that each kind is looked for, also one that no route of `handed_out` gives."""
    now, owner = adapters.now(), await ports.accounts.get(1)
    assert owner is not None
    for kind in set(Kind) - kinds(database):
        await ports.credentials.add(owner, issued(kind, owner.id, digest(f"a {kind}"), now, now + timedelta(days=1)))


def dump(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())


def kinds(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {kind for (kind,) in connection.execute("SELECT kind FROM credentials")}


async def test_what_people_and_apps_hold_does_not_stand_in_the_database(handed_out: set[str], database: Path) -> None:
    everything = dump(database)
    assert len(handed_out) == 6, "a session, a known browser and two pairs"
    assert {Kind.SESSION, Kind.DEVICE_COOKIE, Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN} <= kinds(database)
    assert [secret for secret in handed_out if secret in everything] == []
    assert [secret for secret in handed_out if digest(secret) not in everything] == []
    assert PASSWORD not in everything


async def test_nothing_that_stands_in_the_database_opens_anything(
    handed_out: set[str], database: Path, ports: Ports
) -> None:
    """Every word of the dump is tried as every kind; and with a stored salt, as what a spent token leads to."""
    await add_the_other_kinds(ports, database)
    assert kinds(database) == set(Kind)
    words = set(re.findall(r"[\w.~+/=-]+", dump(database)))
    salts = {word for word in words if re.fullmatch(r"[0-9a-f]{32}", word)}
    assert salts
    tried = words | {
        secret
        for word in words
        for salt in salts
        for secret in (successors(word, salt).access, successors(word, salt).refresh)
    }
    opened = [(kind, word) for kind in Kind for word in tried if await ports.credentials.find(kind, digest(word))]
    assert opened == []


async def test_the_search_would_find_a_secret_that_stood_there(
    handed_out: set[str], database: Path, ports: Ports
) -> None:
    found = [kind for kind in Kind for secret in handed_out if await ports.credentials.find(kind, digest(secret))]
    assert len(found) == len(handed_out)

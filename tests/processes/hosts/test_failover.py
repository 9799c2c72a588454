"""A database that goes away under load, and comes back, without a restart of RomM."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import func, select

from romm.adapters.database.engines import STATEMENT_SECONDS
from romm.adapters.database.migrations import upgrade
from romm.adapters.database.tables import CredentialRow, SignInRow
from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import MOST_OF_A_KIND, Kind
from tests.fake_provider import FakeProvider, served
from tests.processes.conftest import create_first_admin
from tests.processes.hosts.balanced import Hosts, behind_nginx, hosts
from tests.processes.hosts.crowd import NAMES, PROGRAM, Crowd, is_refused, vary
from tests.processes.hosts.postgres import Cluster, cluster

pytestmark = behind_nginx

AWAY_SECONDS = 1.5
BACK_SECONDS = 5.0
"""In which all is well again after the database is."""
LONGEST_SECONDS = 25.0
"""For an answer: a statement's 15, closing 2 and connecting 5."""
POOL = 10
RESTED_SECONDS = 6.0
"""After which a connection is tried before it is used."""


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    with cluster() as made:
        upgrade(made.url)
        yield made


@pytest.fixture(scope="module")
def pair(database: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    idp = FakeProvider()
    with served(idp) as port:
        vary(idp)
        idp.issuer = f"http://127.0.0.1:{port}"
        with hosts(idp, tmp_path_factory.mktemp("hosts"), database.url) as found:
            create_first_admin(found[0].itself)
            yield found


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_without_a_database_each_request_is_refused_and_with_it_all_is_well(
    pair: Hosts, database: Cluster, mode: str
) -> None:
    crowd = Crowd(pair, sign_out=False)
    with crowd.living():
        time.sleep(1)
        database.stop(mode)
        time.sleep(AWAY_SECONDS)
        database.start()
        back = time.monotonic()
        time.sleep(BACK_SECONDS + 2)
    assert crowd.of("wrong") == []
    assert crowd.of("refused")
    assert max(each.seconds for each in crowd.heard) < LONGEST_SECONDS
    assert [each.what for each in crowd.since(back + BACK_SECONDS) if each.kind != "fine"] == []
    assert {status(pair, host.address, each) for each in crowd.sessions for host in pair} == {200}
    assert not any("Traceback" in host.lines for host in pair)


@pytest.mark.parametrize("method", ["openid", "password"])
def test_no_sign_in_is_half_done(database: Cluster, method: str) -> None:
    """Each session has its line in the log of sign-ins, and each line its session."""
    sessions, lines = asyncio.run(counted(database.url, method))
    assert sessions == (lines if method == "openid" else min(lines, MOST_OF_A_KIND)) > 0


def test_connections_from_before_a_restart_are_given_to_no_request(pair: Hosts, database: Cluster) -> None:
    cookies = signed_in(pair)
    assert together(pair, cookies) == {200}
    database.stop("fast")
    database.start()
    assert together(pair, cookies) == {200}


def test_a_database_that_answers_nothing_is_given_up(pair: Hosts, database: Cluster) -> None:
    """At a host whose connections rested soon, at the other after a statement's time."""
    cookies = signed_in(pair)
    rested, used = pair
    time.sleep(RESTED_SECONDS)
    assert status(pair, used.address, cookies) == 200
    with database.frozen(), ThreadPoolExecutor(2) as pool:
        soon, late = pool.map(lambda host: seconds_until_refused(pair, host.address, cookies), (rested, used))
    assert soon < STATEMENT_SECONDS <= late < LONGEST_SECONDS
    assert together(pair, cookies) == {200}


def seconds_until_refused(pair: Hosts, address: str, cookies: httpx.Cookies) -> float:
    with pair.browser(address, cookies) as person:
        began = time.monotonic()
        assert is_refused(person.get("/api/users/me", headers=PROGRAM))
        return time.monotonic() - began


def signed_in(pair: Hosts) -> httpx.Cookies:
    with pair.browser() as person:
        person.post("/api/login", json=NAMES, headers=PROGRAM).raise_for_status()
        return person.cookies


def together(pair: Hosts, cookies: httpx.Cookies) -> set[int]:
    """At both hosts, with all their connections to the database."""
    with ThreadPoolExecutor(2 * POOL) as pool:
        addresses = [host.address for host in pair for _ in range(POOL)]
        return set(pool.map(lambda address: status(pair, address, cookies), addresses))


def status(pair: Hosts, address: str, cookies: httpx.Cookies) -> int:
    with pair.browser(address, cookies) as person:
        return person.get("/api/users/me", headers=PROGRAM).status_code


async def counted(url: str, method: str) -> tuple[int, int]:
    database = Database(url)
    sessions = (
        select(func.count())
        .select_from(CredentialRow)
        .where(CredentialRow.kind == Kind.SESSION)
        .where(CredentialRow.issuer.is_not(None) if method == "openid" else CredentialRow.issuer.is_(None))
    )
    lines = (
        select(func.count()).select_from(SignInRow).where(SignInRow.outcome == "signed_in", SignInRow.method == method)
    )
    async with database.read() as reader:
        found = (await reader.scalar(sessions) or 0, await reader.scalar(lines) or 0)
    await database.close()
    return found

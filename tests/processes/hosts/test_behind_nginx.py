"""Two RomM behind one nginx that sends each request to the next of them: together they are one."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import update

from romm.adapters.database.tables import CredentialRow
from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.tokens import GRACE
from romm.domain.errors import Code
from tests.processes.conftest import KEEPER
from tests.processes.hosts.balanced import Host, Hosts, behind_nginx, host_of
from tests.world import HTML

pytestmark = behind_nginx

SIGN_INS = 200
PROGRAM = {"accept": "application/json"}
NAMES = {name: KEEPER[name] for name in ("username", "password")}
GAME = "/games/a.zip"


def test_two_hundred_sign_ins_begin_at_one_host_and_end_at_the_other(both: Hosts) -> None:
    ends = set()
    for number in range(SIGN_INS):
        become(both, f"person-{number % 20}")
        with both.browser() as person:
            begun = person.get("/api/login/openid", params={"next": "/collection"})
            ended = person.get(both.approve(begun.headers["location"]))
            assert host_of(begun) != host_of(ended)
            assert (ended.status_code, ended.headers["location"]) == (303, "/collection")
            assert person.get("/api/users/me").json()["username"] == both.idp.sub
        ends.add(host_of(ended))
    assert len(ends) == 2


def test_a_callback_that_comes_again_at_the_other_host_redeems_no_code_twice(both: Hosts) -> None:
    become(both, "twice")
    redeemed = len(both.idp.received("/token"))
    for begins, ends in (both, both[::-1]):
        with both.browser(begins.address) as person:
            callback = both.approve(begin(person))
            for host in (ends, begins):
                with both.browser(host.address, person.cookies) as again:
                    assert again.get(callback).headers["location"] == "/collection"
                    assert again.get("/api/users/me").json()["username"] == "twice"
    assert len(both.idp.received("/token")) == redeemed + 2


def test_signing_out_at_one_host_signs_out_at_both(both: Hosts) -> None:
    here, there = both
    cookies = signed_in(both, here)
    assert statuses(both, cookies) == [200, 200]
    with both.browser(there.address, cookies) as person:
        assert person.post("/api/logout", headers=PROGRAM).status_code == 200
    assert statuses(both, cookies) == [401, 401]


def test_wrong_passwords_are_counted_at_both(both: Hosts) -> None:
    wrong = [password(both, both[number % 2], f"guess {number}") for number in range(5)]
    assert wrong == [(401, Code.CREDENTIALS_WRONG)] * 5
    assert [password(both, host, KEEPER["password"]) for host in both] == [(429, Code.TOO_MANY_ATTEMPTS)] * 2


def password(both: Hosts, host: Host, typed: str) -> tuple[int, str]:
    with both.browser(host.address, at="127.0.0.77") as person:
        answer = person.post("/api/login", json=NAMES | {"password": typed}, headers=PROGRAM)
    return answer.status_code, answer.json()["code"]


def test_a_pairing_code_works_once_at_either(both: Hosts) -> None:
    here, there = both
    with both.browser(here.address, signed_in(both, here)) as person:
        wanted = {"name": "Handheld", "scopes": ["me.read"]}
        token = person.post("/api/client-tokens", json=wanted, headers=PROGRAM).raise_for_status().json()
        code = person.post(f"/api/client-tokens/{token['id']}/pair", headers=PROGRAM).raise_for_status().json()["code"]
    traded = exchange(both, there, code)
    assert traded.status_code == 200
    assert exchange(both, here, code).json()["code"] == Code.PAIRING_CODE_INVALID
    assert opens(both, traded.json()["raw_token"]) == [200, 200]


def test_guessed_pairing_codes_are_counted_at_both(both: Hosts) -> None:
    """Five a minute and address."""
    guessed = [exchange(both, both[number % 2], "BCDFGHJK", at="127.0.0.78").status_code for number in range(5)]
    assert guessed == [404] * 5
    assert [exchange(both, host, "BCDFGHJK", at="127.0.0.78").status_code for host in both] == [429, 429]


def exchange(both: Hosts, host: Host, code: str, at: str = "127.0.0.1") -> httpx.Response:
    with both.browser(host.address, at=at) as device:
        return device.post("/api/client-tokens/exchange", json={"code": code}, headers=PROGRAM)


def test_a_refresh_token_is_spent_at_both_and_its_return_ends_the_family_at_both(both: Hosts) -> None:
    here, there = both
    first = ask(both, here, **NAMES, scope="me.read")
    second = ask(both, there, grant_type="refresh_token", refresh_token=first["refresh_token"])
    retried = ask(both, here, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert retried == second, "a retry at the other host"
    assert opens(both, second["access_token"]) == [200, 200]

    asyncio.run(let_grace_pass(both.database_url))

    reused = ask(both, here, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert reused["code"] == Code.REFRESH_TOKEN_REUSED
    assert opens(both, second["access_token"]) == [401, 401]
    ended = ask(both, there, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert ended["code"] == Code.REFRESH_TOKEN_INVALID


def ask(both: Hosts, host: Host, **form: str) -> dict[str, Any]:
    with both.browser(host.address) as app:
        found: dict[str, Any] = app.post("/api/token", data=form, headers=PROGRAM).json()
        return found


async def let_grace_pass(url: str) -> None:
    """Since a refresh token was used."""
    database = Database(url)
    spent = update(CredentialRow).where(CredentialRow.kind == Kind.REFRESH_TOKEN, CredentialRow.spent_at.is_not(None))
    earlier = spent.values(spent_at=datetime.now(UTC) - GRACE)
    assert await database.write(lambda connection: connection.execute(earlier).rowcount)
    await database.close()


def test_a_code_of_forward_authentication_works_once_at_either(both: Hosts) -> None:
    here, there = both
    files = both.address.replace("localhost", "127.0.0.1")
    about = {"x-forwarded-host": urlsplit(files).netloc, "x-forwarded-uri": GAME, "x-forwarded-method": "GET"}
    asked = httpx.get(f"{there.itself}/api/auth/forward", headers=HTML | about)
    with both.browser(cookies=signed_in(both, here)) as person:
        hand_over = person.get(asked.headers["location"]).headers["location"]
        finish = person.get(hand_over).headers["location"]
        finished = person.get(finish)
        [(name, secret)] = [each for each in person.cookies.items() if each[0].endswith("_forward")]
        again = person.get(finish)
    assert host_of(finished) != host_of(again)
    assert (finished.status_code, finished.headers["location"]) == (303, files + GAME)
    assert again.headers.get("location") != finished.headers["location"]
    cookie = {"cookie": f"{name}={secret}"}
    allowed = [httpx.get(f"{host.itself}/api/auth/forward", headers=HTML | about | cookie) for host in both]
    assert [(each.status_code, each.headers["remote-user"]) for each in allowed] == [(204, "keeper")] * 2


def test_the_provider_signs_out_at_either_host_for_both(both: Hosts) -> None:
    here, there = both
    both.idp.sid = "their session"
    become(both, "leaving")
    with both.browser(here.address) as person:
        person.get(both.approve(begin(person)))
    assert statuses(both, person.cookies) == [200, 200]
    token = both.idp.logout_token()
    both.idp.sid = None
    assert log_out(both, there, token).status_code == 200
    assert statuses(both, person.cookies) == [401, 401]
    assert log_out(both, here, token).json()["code"] == Code.LOGOUT_TOKEN_USED


def log_out(both: Hosts, host: Host, token: str) -> httpx.Response:
    with both.browser(host.address) as provider:
        return provider.post("/api/oauth/openid/backchannel-logout", data={"logout_token": token})


def test_a_new_sealing_key_stops_no_sign_in(both: Hosts) -> None:
    """Whether a host has read it, as one that starts, or not yet."""
    become(both, "sealed")
    begun = [begun_at(both, host) for host in both]
    subprocess.run([sys.executable, "-m", "romm", "db", "rotate-key"], env=both[0].environment, check=True, timeout=120)
    begun += [begun_at(both, both[0])]
    both[1].stop()
    both[1].start()
    both[1].wait()
    begun += [begun_at(both, both[1])]
    assert [ends(both, host, *each) for each, host in zip(begun, [*both[::-1]] * 2, strict=True)] == [True] * 4


def begun_at(both: Hosts, host: Host) -> tuple[str, httpx.Cookies]:
    with both.browser(host.address) as person:
        return both.approve(begin(person)), person.cookies


def ends(both: Hosts, host: Host, callback: str, cookies: httpx.Cookies) -> bool:
    with both.browser(host.address, cookies) as person:
        return person.get(callback).headers["location"] == "/collection"


def test_both_publish_the_key_that_signs_for_the_provider(both: Hosts) -> None:
    published = [httpx.get(f"{host.itself}/api/oauth/openid/jwks.json").json() for host in both]
    assert published == [both.idp.client_jwks] * 2
    assert all("client_assertion" in each.form for each in both.idp.received("/token"))


def become(both: Hosts, name: str) -> None:
    both.idp.sub = name
    both.idp.claims = {"preferred_username": name, "email": f"{name}@example.org", "email_verified": True}


def begin(person: httpx.Client) -> str:
    return person.get("/api/login/openid", params={"next": "/collection"}).headers["location"]


def signed_in(both: Hosts, host: Host) -> httpx.Cookies:
    with both.browser(host.address) as person:
        person.post("/api/login", json=NAMES, headers=PROGRAM).raise_for_status()
        return person.cookies


def statuses(both: Hosts, cookies: httpx.Cookies) -> list[int]:
    found = []
    for host in both:
        with both.browser(host.address, cookies) as person:
            found.append(person.get("/api/users/me", headers=PROGRAM).status_code)
    return found


def opens(both: Hosts, token: str) -> list[int]:
    header = {"authorization": f"Bearer {token}"}
    return [httpx.get(f"{host.itself}/api/users/me", headers=header).status_code for host in both]

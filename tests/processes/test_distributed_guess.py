"""A guess from 60,000 addresses: the right password is looked at, and everything else goes on.

`nox -s soak` guesses for 15 seconds; an ordinary run for two.
"""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.fake_provider import FakeProvider
from tests.processes.conftest import KEEPER, create_first_admin, romm
from tests.world import HTML

SECONDS = float(os.environ.get("ROMM_TEST_GUESSING_SECONDS", "2"))
GUESSERS = 100
ADDRESSES = 60_000
PATIENCE = 30.0
"""Seconds that a person may wait on a very busy machine; alone on two cores it is about one."""

NAME, PASSWORD = KEEPER["username"], KEEPER["password"]
VERA = {"username": "vera", "password": "a ladder to the loft", "email": "", "role": "viewer"}
HOME, TRAIN = "203.0.113.7", "203.0.113.8"


def client(address: str, at: str) -> httpx.AsyncClient:
    """At an address behind the proxy, which is this test."""
    headers = {"x-forwarded-for": at, "sec-fetch-site": "same-origin"}
    return httpx.AsyncClient(base_url=address, headers=headers, timeout=60)


def elsewhere() -> str:
    number = random.randrange(ADDRESSES)
    return f"10.{number // 250}.{number % 250}.1"


async def guess(address: str, until: float, seen: Counter[int]) -> None:
    async with client(address, "") as guesser:
        while time.monotonic() < until:
            number = random.randrange(10**9)
            name = NAME if number % 4 == 0 else f"somebody-{number}"  # one name would not come to the queue
            headers = {"x-forwarded-for": elsewhere()}
            answer = await guesser.get("/api/users/me", auth=(name, f"guess {number}"), headers=headers)
            seen[answer.status_code] += 1


def came_through(answer: httpx.Response, began: float, what: str) -> None:
    assert answer.status_code in (200, 303), (what, answer.status_code, answer.text)
    assert "error=" not in answer.headers.get("location", ""), (what, answer.headers)
    assert time.monotonic() - began < PATIENCE, what


async def live(address: str, idp: FakeProvider, browser: httpx.AsyncClient, until: float) -> int:
    """What people do meanwhile; gives how often."""
    rounds = 0
    while rounds == 0 or time.monotonic() < until:
        rounds += 1
        form = {"username": NAME, "password": PASSWORD}
        began = time.monotonic()
        came_through(await browser.post("/api/login", data=form, headers=HTML), began, "a known browser")
        async with client(address, HOME) as app:
            began = time.monotonic()
            came_through(await app.get("/api/users/me", auth=(NAME, PASSWORD)), began, "an app at a known address")
        async with client(address, TRAIN) as app:
            began = time.monotonic()
            answer = await app.get("/api/users/me", auth=(VERA["username"], VERA["password"]))
            came_through(answer, began, "an address without failures")
        async with client(address, TRAIN) as alice:
            began = time.monotonic()
            begun = await alice.get("/api/login/openid", headers=HTML)
            query = await idp.approve(begun.headers["location"])
            came_through(await alice.get(f"/api/oauth/openid?{query}", headers=HTML), began, "single sign-on")
            began = time.monotonic()
            came_through(await alice.get("/api/users/me"), began, "a session")
    return rounds


def test_under_a_distributed_guess_the_right_password_is_looked_at(idp: FakeProvider, tmp_path: Path) -> None:
    """R-31."""
    with romm(idp, tmp_path, LOGLEVEL="ERROR", ROMM_TRUSTED_PROXIES="127.0.0.1") as (address, _):
        create_first_admin(address)
        idp.redirect_uri = f"{address}/api/oauth/openid"
        seen, rounds = asyncio.run(siege(address, idp))
    assert rounds
    assert seen.keys() <= {401, 429, 503}
    assert seen[401], "guesses were judged, or this proves nothing"


async def siege(address: str, idp: FakeProvider) -> tuple[Counter[int], int]:
    async with client(address, HOME) as browser:
        form = {"username": NAME, "password": PASSWORD}
        assert (await browser.post("/api/login", data=form, headers=HTML)).headers["location"] == "/"
        assert (await browser.post("/api/users", json=VERA)).status_code == 201
        browser.headers["x-forwarded-for"] = "203.0.113.9"  # the known browser is at no known address
        seen, until = Counter[int](), time.monotonic() + SECONDS
        guessing = [asyncio.create_task(guess(address, until, seen)) for _ in range(GUESSERS)]
        await asyncio.sleep(0.5)
        rounds = await live(address, idp, browser, until)
        await asyncio.gather(*guessing)
    return seen, rounds

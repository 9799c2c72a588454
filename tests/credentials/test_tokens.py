"""Client tokens on real storage with two workers: one device gets the token, and the database is no set of keys."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import httpx

from romm.domain.credentials.short_codes import ALPHABET, LENGTH
from romm.domain.errors import Code
from tests.composition.test_app import Worker, database, idp, me, sign_in, workers
from tests.fake_provider import FakeProvider
from tests.world import ORIGIN

__all__ = ["database", "idp", "workers"]  # pytest finds the fixtures here

TOKENS = "/api/client-tokens"
ALICE = {"origin": ORIGIN, "accept": "application/json"}
WRONG = "BCDFGHJK"


def device(worker: Worker, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
    client = worker.client(address=address)
    client.headers.update({"accept": "application/json"} | headers)
    return client


async def person(worker: Worker, idp: FakeProvider) -> httpx.AsyncClient:
    browser = worker.client()
    await sign_in(browser, idp)
    browser.headers.update(ALICE)
    return browser


async def made(browser: httpx.AsyncClient) -> tuple[str, str]:
    """A token's address and its secret."""
    answer = (await browser.post(TOKENS, json={"name": "Handheld", "scopes": ["me.read"]})).json()
    return f"{TOKENS}/{answer['id']}", answer["raw_token"]


async def works(worker: Worker, secret: str) -> bool:
    return (await me(device(worker, authorization=f"Bearer {secret}"))).status_code == 200


async def test_of_many_devices_at_two_workers_one_gets_the_token(workers: list[Worker], idp: FakeProvider) -> None:
    """R-79."""
    browser = await person(workers[0], idp)
    token, shown_before = await made(browser)
    code = (await browser.post(f"{token}/pair")).json()["code"]

    trades = (device(workers[n % 2], f"192.0.2.{n}").post(f"{TOKENS}/exchange", json={"code": code}) for n in range(20))
    answers = await asyncio.gather(*trades)

    assert Counter(answer.status_code for answer in answers) == {200: 1, 404: 19}
    [secret] = [answer.json()["raw_token"] for answer in answers if answer.status_code == 200]
    assert [await works(worker, secret) for worker in workers] == [True, True]
    assert not await works(workers[1], shown_before)


async def test_two_workers_count_the_tries_together(workers: list[Worker]) -> None:
    """R-79."""
    codes = [
        (await device(workers[n % 2]).post(f"{TOKENS}/exchange", json={"code": WRONG})).json()["code"]
        for n in range(12)
    ]
    assert codes == [Code.PAIRING_CODE_INVALID] * 5 + [Code.TOO_MANY_REQUESTS] * 7


async def test_the_limit_of_tokens_holds_at_two_workers(workers: list[Worker], idp: FakeProvider) -> None:
    browsers = [await person(worker, idp) for worker in workers]
    wanted = {"name": "Handheld", "scopes": ["me.read"]}
    answers = await asyncio.gather(*(browsers[n % 2].post(TOKENS, json=wanted) for n in range(40)))
    assert Counter(answer.status_code for answer in answers) == {201: 25, 409: 15}


async def test_a_copy_of_the_database_opens_nothing(workers: list[Worker], idp: FakeProvider, database: Path) -> None:
    """R-80."""
    browser = await person(workers[0], idp)
    token, secret = await made(browser)
    code = (await browser.post(f"{token}/pair")).json()["code"]
    assert await works(workers[0], secret)

    copy = b"".join(path.read_bytes() for path in sorted(database.parent.glob("romm.db*"))).decode("latin-1")

    session = next(iter(browser.cookies.values()))
    assert not [each for each in (secret, secret.removeprefix("rmm_"), code, session) if each in copy]
    digests = set(re.findall(r"[0-9a-f]{64}", copy))
    assert len(digests) >= 3, "the session, the token and the code, as hashes"
    for found in digests:
        assert not await works(workers[0], found)
        assert not await works(workers[0], f"rmm_{found}")
    for number, found in enumerate(sorted(digests | set(re.findall(f"[{ALPHABET}]{{{LENGTH}}}", copy)))):
        answer = await device(workers[0], f"192.0.2.{number}").post(f"{TOKENS}/exchange", json={"code": found})
        assert answer.json()["code"] == Code.PAIRING_CODE_INVALID
    assert Code.PAIRING_CODE_INVALID not in (await browser.get(f"{TOKENS}/pair/{code}/status")).text

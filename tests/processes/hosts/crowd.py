"""People who sign in and look around, again and again, and what they are answered."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
from msgspec import Struct

from tests.fake_provider import FakeProvider
from tests.processes.conftest import KEEPER
from tests.processes.hosts.balanced import Hosts

PEOPLE = 3
PAUSE_SECONDS = 0.2
PROGRAM = {"accept": "application/json"}
NAMES = {name: KEEPER[name] for name in ("username", "password")}


def vary(idp: FakeProvider) -> None:
    """Each sign-in is another one's of a hundred people: an account keeps so many sessions, and no more."""
    numbers = itertools.count()

    def as_next(claims: dict[str, Any]) -> None:
        name = f"person-{next(numbers) % 100}"
        claims |= {"sub": name, "preferred_username": name, "email": f"{name}@example.org"}

    idp.alter_metadata = lambda metadata: metadata.pop("userinfo_endpoint")
    idp.alter_id_token = as_next


class Heard(Struct, frozen=True):
    """`kind` is "refused" for the answer that a database which is away gets; "wrong" has its reason in `what`."""

    what: str
    at: float
    seconds: float
    kind: Literal["fine", "refused", "wrong"]


class Crowd:
    def __init__(self, hosts: Hosts, *, sign_out: bool) -> None:
        self._hosts, self._sign_out = hosts, sign_out
        self._over = threading.Event()
        self.heard: list[Heard] = []
        self.sessions: list[httpx.Cookies] = []
        """Of sign-ins with the provider that were answered, and not signed out."""

    @contextmanager
    def living(self) -> Iterator[None]:
        with ThreadPoolExecutor(PEOPLE + 1) as pool:
            found = [pool.submit(self._repeat, self._with_provider, number) for number in range(PEOPLE)]
            found += [pool.submit(self._repeat, self._with_password, PEOPLE)]
            try:
                yield
            finally:
                self._over.set()
        for each in found:
            each.result()

    def since(self, moment: float) -> list[Heard]:
        """Of requests that began then or later."""
        return [each for each in self.heard if each.at >= moment]

    def of(self, kind: str) -> list[Heard]:
        return [each for each in self.heard if each.kind == kind]

    def _repeat(self, live: Callable[[httpx.Client], None], number: int) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            with self._hosts.browser(at=f"127.0.0.{10 + number}") as person:
                live(person)

    def _with_provider(self, person: httpx.Client) -> None:
        begun = self._ask(person, "GET", "/api/login/openid?next=/collection", 303)
        if begun is None or self._ask(person, "GET", self._hosts.approve(begun.headers["location"]), 303) is None:
            return
        self._look_around(person)
        if not self._sign_out:
            self.sessions.append(person.cookies)
        elif self._ask(person, "POST", "/api/logout", 303) is not None:
            self._ask(person, "GET", "/api/users/me", 401, PROGRAM)

    def _with_password(self, person: httpx.Client) -> None:
        if self._ask(person, "POST", "/api/login", 200, PROGRAM, json=NAMES) is not None:
            self._look_around(person)

    def _look_around(self, person: httpx.Client) -> None:
        self._ask(person, "GET", "/api/users/me", 200, PROGRAM)
        self._ask(person, "GET", "/me", 200)
        self._ask(person, "GET", "/api/auth/forward", 204)

    def _ask(
        self,
        person: httpx.Client,
        method: str,
        path: str,
        status: int,
        headers: dict[str, str] | None = None,
        json: object = None,
    ) -> httpx.Response | None:
        """None if it is not as wished."""
        what, began = f"{method} {path.partition('?')[0]}", time.monotonic()
        try:
            answer = person.request(method, path, headers=headers, json=json)
        except httpx.HTTPError as error:
            self.heard.append(Heard(f"{what}: {error!r}", began, time.monotonic() - began, "wrong"))
            return None
        took = time.monotonic() - began
        if answer.status_code == status and "error=" not in answer.headers.get("location", ""):
            self.heard.append(Heard(what, began, took, "fine"))
            return answer
        kind: Literal["refused", "wrong"] = "refused" if is_refused(answer) else "wrong"
        said = f"{what}: {answer.status_code} {answer.headers.get('location', '')} {answer.text[:200]}"
        self.heard.append(Heard(said, began, took, kind))
        return None


def is_refused(answer: httpx.Response) -> bool:
    """Our answer without a database: with its code, and the reference that is in the log."""
    reference = answer.headers.get("x-correlation-id", "-")
    if answer.status_code == 303:
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        return (query.get("error"), query.get("ref")) == (["storage_unavailable"], [reference])
    if answer.headers.get("content-type") == "application/json":
        found = answer.json()
        return (answer.status_code, found["code"], found["reference"]) == (503, "storage_unavailable", reference)
    return answer.status_code == 503 and reference in answer.text

"""Every route of the OpenAPI document, called by schemathesis as nobody, as a viewer and as an administrator.

No answer is a server error, each is as documented, and the routes take exactly what the document says. What differs on
purpose is in `remarks.py`, with its reason.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.fake_provider import FakeProvider
from tests.fuzzing.remarks import Remark, unexpected, unused
from tests.processes.conftest import KEEPER, create_first_admin, romm

EXAMPLES = 20  # of each route, by chance; the coverage phase adds the edges of every field
SECONDS = 900  # at most, for each visitor
SEED = 20_260_101

BASE_URL = "http://127.0.0.1"  # its cookies have no port in their names, as in the document
OWN_SITE = {"sec-fetch-site": "same-origin"}
PASSWORD = {"password": KEEPER["password"]}
VISITORS = {
    "viewer": PASSWORD | {"username": "viewer", "role": "viewer"},
    "administrator": PASSWORD | {"username": "keeper-2", "role": "admin"},
}
OTHERS = 40  # accounts

CONFIG = {
    "seed": SEED,
    "continue-on-failure": True,
    "headers": OWN_SITE,
    "output": {"sanitization": {"enabled": False}},
    "request-timeout": 30,
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none", "no-shrink": True},
    "phases": {
        "examples": {"extra-data-sources": {"responses": False}},
        "coverage": {"extra-data-sources": {"responses": False}},
        "fuzzing": {"extra-data-sources": {"responses": False}},
        "stateful": {"enabled": False},
    },
}


_NETWORKS = count(1)


def elsewhere() -> dict[str, str]:
    """A network of its own for each call: wrong passwords and refusals of earlier calls limit none."""
    network = next(_NETWORKS)
    return {"x-forwarded-for": f"2001:db8:{network >> 16:x}:{network & 0xFFFF:x}::1"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    case.headers = {**(case.headers or {}), **elsewhere()}


@dataclass
class Session:
    """A session's cookie. A route that ends the session is one of those called: then there is another."""

    client: httpx.Client
    account: dict[str, str]

    def sign_in(self) -> None:
        self.client.cookies.clear()
        self.client.post("/api/login", json=self.account, headers=OWN_SITE | elsewhere()).raise_for_status()

    def cookies(self) -> dict[str, str]:
        if self.client.get("/api/users/me").status_code != 200:
            self.sign_in()
        return {"romm_session": self.client.cookies["romm_session"]}


@contextmanager
def session_of(visitor: str, address: str) -> Iterator[Session | None]:
    """Among so many accounts hardly a call renames or deletes the visitor's own."""
    create_first_admin(address)
    with httpx.Client(base_url=address, headers=OWN_SITE) as keeper:
        keeper.post("/api/login", json=KEEPER).raise_for_status()
        for number in range(OTHERS):
            keeper.post("/api/users", json={"username": f"other-{number}"}).raise_for_status()
        for account in VISITORS.values():
            keeper.post("/api/users", json=account).raise_for_status()
    with httpx.Client(base_url=address) as client:
        session = Session(client, VISITORS[visitor]) if visitor in VISITORS else None
        if session:
            session.sign_in()
        yield session


def remarks(address: str, session: Session | None) -> Iterator[tuple[Remark, str]]:
    """What schemathesis finds, and how to see it again."""
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=SchemathesisConfig.from_dict(CONFIG))
    if session:
        signed_in = session

        @schema.auth(refresh_interval=None)
        class Auth:
            def get(self, case: Any, context: Any) -> dict[str, str]:
                return signed_in.cookies()

            def set(self, case: Any, data: dict[str, str], context: Any) -> None:
                case.cookies = {**(case.cookies or {}), **data}

    began = time.monotonic()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError), f"{event.label}: {event.value!r}"
        assert not isinstance(event, events.FatalError), repr(event.exception)
        assert time.monotonic() - began < SECONDS
        if isinstance(event, events.ScenarioFinished):
            yield from failures(event.recorder)


def failures(recorder: ScenarioRecorder) -> Iterator[tuple[Remark, str]]:
    for case, nodes in recorder.checks.items():
        for node in nodes:
            if node.status is Status.FAILURE and node.failure_info is not None:
                failure, response = node.failure_info.failure, recorder.interactions[case].response
                content = b"" if response is None else response.content
                remark = Remark(recorder.label, failure.title, code_of(content))
                yield remark, f"{failure}\n{node.failure_info.code_sample}\n{content[:300]!r}"


def code_of(content: bytes) -> str:
    """Our own code for the refusal, empty for any other answer."""
    try:
        return str(msgspec.json.decode(content, type=dict[str, Any]).get("code", ""))
    except msgspec.MsgspecError:
        return ""


@pytest.mark.parametrize("visitor", ["nobody", "viewer", "administrator"])
def test_every_route_does_what_the_document_says(visitor: str, idp: FakeProvider, tmp_path: Path) -> None:
    with (
        romm(idp, tmp_path, BASE_URL, LOGLEVEL="WARNING", ROMM_TRUSTED_PROXIES="127.0.0.1") as (address, _),
        session_of(visitor, address) as one,
    ):
        found = dict(remarks(address, one))
    remaining = [f"{remark}: {found[remark]}" for remark in unexpected(found, visitor)]
    assert not remaining, "\n\n".join(remaining)
    assert unused(found, visitor) == []

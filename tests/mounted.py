"""An application with the sign-in in it, on SQLite, and the ways into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from romm.plugin import SignIn
from tests.world import PASSWORD

ORIGIN = "http://testserver.local"
ADMIN = ("keeper", PASSWORD)
PAGE = {"accept": "text/html"}
OWN_SITE = {"sec-fetch-site": "same-origin"}


def environ(folder: Path) -> dict[str, str]:
    return {"ROMM_BASE_URL": ORIGIN, "ROMM_BASE_PATH": str(folder), "ROMM_DOCTOR_EVERY_SECONDS": "0"}


def application(folder: Path, *handlers: Any, **more: Any) -> Litestar:
    return Litestar(list(handlers), plugins=[SignIn(environ(folder))], logging_config=None, **more)


@contextmanager
def running(app: Litestar) -> Iterator[TestClient[Litestar]]:
    """With the first administrator, who is not signed in."""
    with TestClient(app, base_url=ORIGIN) as client:
        body = {"username": ADMIN[0], "password": ADMIN[1], "email": ""}
        assert client.post("/api/users", json=body).status_code == 201
        yield client


def sign_in(client: TestClient[Litestar], username: str = ADMIN[0]) -> None:
    answer = client.post("/api/login", data={"username": username, "password": PASSWORD}, headers=OWN_SITE)
    assert answer.status_code == 200


def client_token(client: TestClient[Litestar], *scopes: str) -> dict[str, str]:
    """Of the person who is signed in; gives the header."""
    body = {"name": "a handheld", "scopes": list(scopes), "expires_in": "never"}
    made = client.post("/api/client-tokens", json=body, headers=OWN_SITE)
    assert made.status_code == 201, made.text
    return {"authorization": f"Bearer {made.json()['raw_token']}"}

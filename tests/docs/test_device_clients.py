"""Devices that nobody here wrote: oauthlib's client, Authlib's, and curl as the documentation uses it."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from oauthlib.oauth2 import DeviceClient
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error

from romm.adapters.database.migrations import upgrade
from romm.composition import adapters, app
from romm.credentials.devices import DEVICE_CODE
from romm.domain.digests import digest
from romm.settings.load import load
from tests.docs.test_token_clients import EXAMPLE, SCOPES, add_vera, authlib_client, run
from tests.fake_provider import free_port, served
from tests.fakes import FakeLog
from tests.world import PASSWORD

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"
_BLOCK = re.compile(r"^```(?P<language>sh|json)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("devices") / "romm.db"


@pytest.fixture(scope="module")
def romm(file: Path) -> Iterator[str]:
    """The address of a RomM on real storage behind a real socket, whose only person is vera."""
    database, port = f"sqlite+aiosqlite:///{file}", free_port()
    upgrade(database)
    asyncio.run(add_vera(database))
    origin = f"http://127.0.0.1:{port}"
    settings = load({"ROMM_BASE_URL": origin, "ROMM_DATABASE_URL": database.replace("+aiosqlite", "")}).settings
    with served(app.create_app(settings, adapters.ports(settings, FakeLog())), port=port, lifespan="on"):
        yield origin


WANTED = ["me.read", "me.write", "roms.read", "devices.read", "devices.write", "access.grant"]


@pytest.fixture(scope="module")
def vera(romm: str) -> str:
    """A token with which she decides about devices."""
    wanted = {"name": "decides", "scopes": WANTED}
    answer = httpx.post(f"{romm}/api/client-tokens", json=wanted, auth=("vera", PASSWORD))
    return str(answer.raise_for_status().json()["raw_token"])


def decide(romm: str, vera: str, how: str, user_code: str) -> None:
    body = {"user_code": user_code, "approved_scopes": SCOPES}
    headers = {"authorization": f"Bearer {vera}"}
    httpx.post(f"{romm}/api/auth/device/{how}", json=body, headers=headers).raise_for_status()


def test_oauthlib_waits_and_gets_its_pair(romm: str, vera: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests and answers are oauthlib's to write and read; httpx only carries them."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # on this machine
    metadata = httpx.get(f"{romm}/.well-known/oauth-authorization-server").json()
    it = DeviceClient("oauthlib", scope=SCOPES)
    form = httpx.URL(it.prepare_request_uri(metadata["device_authorization_endpoint"])).params
    asked = httpx.post(metadata["device_authorization_endpoint"], data=dict(form)).raise_for_status().json()

    def poll() -> Any:
        body = it.prepare_request_body(asked["device_code"], include_client_id=True)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return it.parse_request_body_response(
            httpx.post(metadata["token_endpoint"], content=body, headers=headers).text
        )

    words = []
    for _ in range(2):
        with pytest.raises(CustomOAuth2Error) as refused:
            poll()
        words.append(refused.value.error)
    assert words == ["authorization_pending", "slow_down"]
    decide(romm, vera, "approve", asked["user_code"])
    assert set(poll().scopes) == set(SCOPES)
    where, headers, _ = it.add_token(f"{romm}/api/users/me")
    assert httpx.get(where, headers=headers).json()["username"] == "vera"


def test_authlib_gets_and_refreshes_a_pair(romm: str, vera: str) -> None:
    form = {"client_id": "authlib", "scope": " ".join(SCOPES)}
    asked = httpx.post(f"{romm}/api/device_authorization", data=form).json()
    decide(romm, vera, "approve", asked["user_code"])
    with authlib_client("authlib", token_endpoint_auth_method="none") as it:
        first = it.fetch_token(f"{romm}/api/token", grant_type=DEVICE_CODE, device_code=asked["device_code"])
        assert first["scope"].split() == SCOPES
        assert it.refresh_token(f"{romm}/api/token")["scope"].split() == SCOPES


def test_the_commands_of_the_documentation_do_what_it_says(romm: str, vera: str) -> None:
    """In order; what a command asks for is approved before the next one fetches it, as the reader would do."""
    assert shutil.which("curl"), "the documentation is made of curl lines: install curl"
    known: dict[str, str] = {"CLIENT_TOKEN": vera}
    answers: list[dict[str, Any]] = []
    waiting = 0
    for found in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if found["language"] == "json":
            assert answers[-1].keys() == json.loads(found["text"]).keys()
            continue
        if "$DEVICE_CODE" in found["text"]:
            decide(romm, vera, "approve", known["USER_CODE"])
            waiting += 1
        if "/pending/" in found["text"]:
            known["USER_CODE"] = httpx.post(f"{romm}/api/auth/device/init", json=REQUEST).json()["user_code"]
        answer = json.loads(run(found["text"].replace(EXAMPLE, romm), known))
        answers.append(answer if isinstance(answer, dict) else answer[0])
        known |= {name.upper(): answer[name] for name in ("device_code", "user_code") if name in answer}
    assert waiting == 2
    told = [answer.get("scope") or answer.get("scopes") or answer.get("name") for answer in answers]
    assert told == [None, "me.read roms.read", None, ["me.read", "roms.read"], "Handheld", None, "Kitchen", "Deck"]


def test_nothing_that_a_device_or_its_person_holds_stands_in_the_database(romm: str, vera: str, file: Path) -> None:
    """R-80."""
    older = httpx.post(f"{romm}/api/auth/device/init", json=REQUEST).json()
    standard = httpx.post(
        f"{romm}/api/device_authorization", data={"client_id": "tv", "scope": "me.read roms.read"}
    ).json()
    for asked in (older, standard):
        decide(romm, vera, "approve", asked["user_code"])
    token = httpx.post(f"{romm}/api/auth/device/token", json={"device_code": older["device_code"]}).json()
    form = {"grant_type": DEVICE_CODE, "client_id": "tv", "device_code": standard["device_code"]}
    pair = httpx.post(f"{romm}/api/token", data=form).json()
    held = [older["device_code"], older["user_code"], standard["device_code"], standard["user_code"].replace("-", "")]
    held += [token["access_token"], pair["access_token"], pair["refresh_token"]]
    with closing(sqlite3.connect(file)) as connection:
        everything = "\n".join(connection.iterdump())

    assert [secret for secret in held if secret in everything] == []
    assert [secret for secret in held if digest(secret) not in everything] == []


REQUEST = {"client_device_identifier": "c8", "name": "Handheld", "client": "Argosy", "requested_scopes": SCOPES}

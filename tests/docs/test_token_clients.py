"""Tokens in the hands of clients that nobody here wrote: Authlib's, oauthlib's, and curl as the documentation uses it."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient

from romm.adapters.accounts.passwords import Argon2Passwords
from romm.adapters.database.migrations import upgrade
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.composition import adapters, app
from romm.settings.load import load
from tests.factories import new_account
from tests.fake_provider import free_port, served
from tests.fakes import FakeLog
from tests.world import PASSWORD

PAGE = Path(__file__).parents[2] / "docs" / "tokens.md"
EXAMPLE = "https://romm.example.com"
SCOPES = ["me.read", "roms.read"]
_BLOCK = re.compile(r"^```(?P<language>sh|json)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A RomM on real storage behind a real socket, whose only person is vera."""
    database, port = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('tokens')}/romm.db", free_port()
    upgrade(database)
    asyncio.run(add_vera(database))
    origin = f"http://127.0.0.1:{port}"
    settings = load({"ROMM_BASE_URL": origin, "ROMM_DATABASE_URL": database.replace("+aiosqlite", "")}).settings
    service = app.create_app(settings, adapters.ports(settings, FakeLog()))
    with served(service, port=port, lifespan="on"):
        yield origin


async def add_vera(url: str) -> None:
    database = Database(url)
    password_hash = await Argon2Passwords().hash(PASSWORD)
    await SQLAccounts(database).create(new_account("vera", password_hash=password_hash), adapters.now())
    await database.close()


@pytest.fixture(scope="module")
def metadata(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{url}/.well-known/oauth-authorization-server").raise_for_status().json()
    assert found["issuer"] == url
    return found


def authlib_client(*arguments: Any, **options: Any) -> Any:
    """Imported when it is needed, where the filter for its warning about httpx is in force."""
    from authlib.integrations.httpx_client import OAuth2Client

    return OAuth2Client(*arguments, **options)


def test_authlib_gets_refreshes_looks_at_and_revokes(url: str, metadata: dict[str, Any]) -> None:
    """It finds its way by the metadata alone."""
    endpoint = metadata["token_endpoint"]
    with authlib_client(
        "authlib", token_endpoint=endpoint, token_endpoint_auth_method="none", scope=" ".join(SCOPES)
    ) as it:
        first = it.fetch_token(endpoint, username="vera", password=PASSWORD)
        assert first["scope"].split() == SCOPES
        assert it.get(f"{url}/api/users/me").json()["username"] == "vera"
        second = it.refresh_token(endpoint)
        assert second["refresh_token"] != first["refresh_token"]
        looked = it.introspect_token(metadata["introspection_endpoint"], second["access_token"], auth=it.token_auth)
        assert (looked.json()["active"], looked.json()["client_id"]) == (True, "authlib")
        it.revoke_token(metadata["revocation_endpoint"], second["refresh_token"]).raise_for_status()
        assert it.get(f"{url}/api/users/me").status_code == 401
        with pytest.raises(OAuthError) as refused:
            it.refresh_token(endpoint, second["refresh_token"])
        assert (refused.value.error, refused.value.description[:21]) == ("invalid_grant", "This sign-in of the a")


def test_authlib_may_say_its_name_in_a_header(metadata: dict[str, Any]) -> None:
    """What it does by itself when nobody tells it otherwise: HTTP Basic with an empty secret."""
    with authlib_client("authlib", "", token_endpoint_auth_method="client_secret_basic") as it:
        assert it.fetch_token(metadata["token_endpoint"], username="vera", password=PASSWORD)["access_token"]


def test_oauthlib_understands_each_answer(url: str, metadata: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests and answers are oauthlib's to write and read; httpx only carries them."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # on this machine
    it = LegacyApplicationClient("oauthlib", scope=SCOPES)

    def send(body: str) -> str:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return httpx.post(metadata["token_endpoint"], content=body, headers=headers).text

    first = it.parse_request_body_response(send(it.prepare_request_body("vera", PASSWORD, include_client_id=True)))
    assert set(first.scopes) == set(SCOPES)
    second = it.parse_request_body_response(send(it.prepare_refresh_body(refresh_token=first["refresh_token"])))
    where, headers, _ = it.add_token(f"{url}/api/users/me")
    assert httpx.get(where, headers=headers).json()["username"] == "vera"
    where, headers, body = it.prepare_token_revocation_request(
        metadata["revocation_endpoint"], second["refresh_token"], "refresh_token"
    )
    assert httpx.post(where, content=body, headers=headers).status_code == 200
    with pytest.raises(InvalidGrantError):
        it.parse_request_body_response(send(it.prepare_refresh_body(refresh_token=second["refresh_token"])))


def test_the_commands_of_the_documentation_do_what_it_says(url: str) -> None:
    """In order; `$ACCESS_TOKEN` and `$REFRESH_TOKEN` are those that were answered last, as a reader would paste them."""
    assert shutil.which("curl"), "the documentation is made of curl lines: install curl"
    blocks = [(found["language"], found["text"]) for found in _BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
    form = {"name": "my-server", "scopes": ["me.read"]}
    made = httpx.post(f"{url}/api/client-tokens", json=form, auth=("vera", PASSWORD)).json()
    known: dict[str, str] = {"CLIENT_TOKEN": made["raw_token"]}
    answers: list[dict[str, Any]] = []
    for language, text in blocks:
        if language == "json":
            assert answers[-1].keys() == json.loads(text).keys()
            continue
        answer = json.loads(run(text.replace(EXAMPLE, url), known)) or {}
        known |= {name.upper(): answer[name] for name in ("access_token", "refresh_token") if name in answer}
        answers.append(answer)
    told = [answer.get("scope") or answer.get("username") or answer.get("error") or "-" for answer in answers]
    scope = "me.read roms.read"
    assert told == [scope, "vera", scope, scope, scope, "-", "invalid_grant", "-"]
    assert answers[-1]["issuer"] == url


def run(command: str, variables: dict[str, str]) -> str:
    environment = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(
        ["bash", "-euc", command], env=environment, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout

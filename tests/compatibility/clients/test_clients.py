"""Clients that others wrote, from the registries, against `romm serve` with passwords on and off.

`nox -s compatibility` fetches them and names their programs; one that is missing is skipped, with the reason.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fake_provider import FakeProvider, served
from tests.processes.conftest import KEEPER, create_first_admin, romm

HERE = Path(__file__).parent
AUTH = (KEEPER["username"], KEEPER["password"])
SCOPES = ["me.read", "me.write", "users.read", "users.write", "devices.read", "platforms.read", "access.grant"]
OFF = "unsupported_grant_type"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def idp() -> Iterator[FakeProvider]:
    provider = FakeProvider()
    with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider


@pytest.fixture(scope="module")
def token(idp: FakeProvider, folder: Path) -> str:
    """A client token of the administrator, made while passwords are on."""
    with romm(idp, folder) as (address, _):
        create_first_admin(address)
        form = {"name": "Shelf", "scopes": SCOPES, "expires_in": "never"}
        made = httpx.post(f"{address}/api/client-tokens", json=form, auth=AUTH).raise_for_status()
        return str(made.json()["raw_token"])


@pytest.fixture(scope="module", params=["passwords on", "passwords off"])
def server(
    request: pytest.FixtureRequest, idp: FakeProvider, folder: Path, token: str
) -> Iterator[tuple[str, str, bool]]:
    on = request.param == "passwords on"
    with romm(idp, folder, DISABLE_USERPASS_LOGIN="false" if on else "true") as (address, _):
        yield address, token, on


def run(command: list[str], server: tuple[str, str, bool]) -> dict[str, str]:
    """What it printed, by the word before the colon. It exits with 0."""
    address, token, _ = server
    own = {
        "ROMM_URL": address,
        "ROMM_USERNAME": KEEPER["username"],
        "ROMM_PASSWORD": KEEPER["password"],
        "ROMM_TOKEN": token,
    }
    done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)


def program(variable: str) -> str:
    found = os.environ.get(variable, "")
    if not found:
        pytest.skip(f"{variable} is not set: `nox -s compatibility` fetches this client, and says why it cannot")
    return found


def expect(said: dict[str, str], server: tuple[str, str, bool], **always: str) -> None:
    """By a password only while passwords are on; then a refresh. Otherwise the refusal says what else there is."""
    _, _, on = server
    expected = {"password": "keeper", "refresh": "keeper"} if on else {}
    refused = said.pop("password refused", "")
    assert refused.startswith("" if on else OFF)
    assert bool(refused) is not on
    assert on or "password" in refused.removeprefix(OFF).lower()
    for name, value in (expected | always).items():
        assert said[name.replace("_", " ")] == value


def test_requests_oauthlib(server: tuple[str, str, bool]) -> None:
    python = program("ROMM_CLIENT_REQUESTS_OAUTHLIB")
    expect(run([python, str(HERE / "oauthlib_client.py")], server), server, client_token="keeper")


def test_authlib(server: tuple[str, str, bool]) -> None:
    said = run([sys.executable, "-W", "ignore", str(HERE / "authlib_client.py")], server)
    assert said.pop("revoked", "200 401") == "200 401"
    for method in ("client_secret_basic", "client_secret_post"):
        assert said.pop(f"introspection by {method}") == "keeper"
    expect(said, server, client_token="keeper")


def test_openid_client(server: tuple[str, str, bool]) -> None:
    modules = Path(program("ROMM_CLIENT_NODE_MODULES"))
    script = shutil.copy(
        HERE / "openid_client.mjs", modules.parent / "openid_client.mjs"
    )  # so that node finds the package
    said = run(["node", str(script)], server)
    assert (said.pop("introspection by Basic"), said.pop("introspection by form")) == ("keeper", "keeper")
    expect(said, server, discovery="true", device="keeper")


def test_golang_oauth2(server: tuple[str, str, bool]) -> None:
    expect(run([program("ROMM_CLIENT_GOLANG_OAUTH2")], server), server, device="keeper")


def test_mcp_romm(server: tuple[str, str, bool]) -> None:
    said = run([program("ROMM_CLIENT_MCP_ROMM"), "-W", "ignore", str(HERE / "mcp_romm_client.py")], server)
    _, _, on = server
    assert "5.1.1" in said["romm_status"]
    assert said["romm_whoami"].startswith("User: keeper" if on else "refused: ")
    assert on or OFF in said["romm_whoami"]
    assert on is not said["romm_platforms"].startswith("refused")
    assert on is not said["romm_devices"].startswith("refused")

"""An app of somebody's own machine: it opens the browser, listens for the answer, and gets its tokens with Authlib."""

import http.server
import json
import re
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from playwright.sync_api import Page

from tests.docs.test_token_clients import EXAMPLE, run
from tests.e2e.conftest import ADMIN, START_SECONDS, StartRomM

APP, PRIVATE = "Shelf for Android", "org.example.shelf:/callback"
VERIFIER = "a verifier of forty-three characters or more".replace(" ", "-")
PAGE = Path(__file__).parents[2] / "docs" / "native-apps.md"
CURL = re.compile(r"^```sh\n(curl .*?)```$", re.DOTALL | re.MULTILINE)
GRANTED = {"me.read", "roms.read", "assets.write"}
APPS = f"""
[[clients]]
name = "{APP}"
redirect_uris = ["{PRIVATE}", "http://127.0.0.1/callback", "http://[::1]/callback"]
"""

pytestmark = pytest.mark.e2e


class Listener(http.server.BaseHTTPRequestHandler):
    """What an app has on the person's machine for the one answer (RFC 8252, 7.3)."""

    def __init__(self, answers: Queue[str], *connection: Any) -> None:
        self.answers = answers
        super().__init__(*connection)

    def do_GET(self) -> None:
        self.answers.put(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Back to the app!")

    def log_request(self, *_: Any) -> None:
        """Quietly."""


class IPv6Server(http.server.ThreadingHTTPServer):
    """The same on the other loopback address."""

    address_family = socket.AF_INET6


@pytest.fixture(params=["127.0.0.1", "::1"])
def listening(request: pytest.FixtureRequest) -> Iterator[tuple[str, Queue[str]]]:
    """A loopback redirect URI on a free port, and the answers that come there."""
    answers: Queue[str] = Queue()
    kind = IPv6Server if ":" in request.param else http.server.ThreadingHTTPServer
    try:
        server = kind((request.param, 0), partial(Listener, answers))
    except OSError as error:
        pytest.skip(f"this machine has no {request.param}: {error}")
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"[{request.param}]" if ":" in request.param else request.param
        yield f"http://{host}:{server.server_port}/callback", answers
        server.shutdown()


@pytest.fixture
def romm(start_romm: StartRomM, tmp_path: Path) -> str:
    (tmp_path / "romm.toml").write_text(APPS)
    return start_romm({"ROMM_SETTINGS_FILE": str(tmp_path / "romm.toml")})


def app(romm: str, redirect_uri: str) -> Any:
    return OAuth2Client(
        client_id=APP,
        redirect_uri=redirect_uri,
        scope="me.read roms.read assets.write",
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
        base_url=romm,
        timeout=START_SECONDS,
    )


def endpoints(romm: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{romm}/.well-known/oauth-authorization-server").json()
    return found


def sign_in(page: Page) -> None:
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password").fill(ADMIN["password"])
    page.get_by_role("button", name="Sign in").click()


def test_an_app_gets_its_tokens_through_the_browser(romm: str, page: Page, listening: tuple[str, Queue[str]]) -> None:
    redirect_uri, answers = listening
    found = endpoints(romm)
    with app(romm, redirect_uri) as client:
        url, state = client.create_authorization_url(found["authorization_endpoint"], code_verifier=VERIFIER)
        page.goto(url)
        sign_in(page)
        page.get_by_role("heading", name=f"Allow {APP}?").wait_for()
        page.get_by_role("button", name=f"Allow {APP}").click()
        page.get_by_text("Back to the app!").wait_for()
        answer = answers.get(timeout=START_SECONDS)
        client.fetch_token(
            found["token_endpoint"],
            authorization_response=f"{redirect_uri}{answer.removeprefix('/callback')}",
            state=state,
            code_verifier=VERIFIER,
        )
        assert client.get("/api/users/me").json()["username"] == ADMIN["username"]
        assert client.get("/api/users").status_code == 403  # an admin's, but not among the scopes the app has


@pytest.mark.parametrize(("button", "part"), [(f"Allow {APP}", "code="), ("Deny", "error=access_denied")])
def test_the_browser_lets_the_answer_reach_a_scheme_of_the_apps_own(
    romm: str, page: Page, button: str, part: str
) -> None:
    """Chromium applies form-action to the redirect, too; what it blocks never becomes a request."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    with app(romm, PRIVATE) as client:
        url, _ = client.create_authorization_url(endpoints(romm)["authorization_endpoint"], code_verifier=VERIFIER)
    page.goto(url)
    sign_in(page)
    with page.expect_response(
        lambda response: response.request.method == "POST" and "authorize" in response.url
    ) as sent:
        page.get_by_role("button", name=button).click()
    location = sent.value.headers["location"]
    assert location.startswith(f"{PRIVATE}?")
    assert part in location
    assert parse_qs(urlsplit(location).query)["iss"] == [romm]
    page.wait_for_timeout(500)
    assert [error for error in errors if "Content Security Policy" in error] == []
    answer = parse_qs(urlsplit(location).query)
    if "code" in answer:  # what the documentation does with it
        command = CURL.search(PAGE.read_text(encoding="utf-8"))
        assert command is not None
        known = {"CODE": answer["code"][0], "VERIFIER": VERIFIER}
        assert set(json.loads(run(command[1].replace(EXAMPLE, romm), known))["scope"].split()) == GRANTED

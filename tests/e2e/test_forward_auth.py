"""Real proxies in front of a folder of files and an app, with the configuration that docs/forward-auth.md gives them."""

import http.server
import json
import re
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import ADMIN, PROGRAMS, START_SECONDS, StartRomM, free_port, stop, wait_for

PAGE = Path(__file__).parents[2] / "docs" / "forward-auth.md"
FILE, CONTENT = "/files/a game & its manual.txt", "press start"
BROWSER = {"accept": "text/html"}
FORGED = {
    "remote-user": "keeper",
    "remote-groups": "admin",
    "x-forwarded-uri": "/",
    "x-forwarded-host": "evil.example",
    "x-forwarded-for": "127.0.0.1",
}

pytestmark = pytest.mark.e2e


def block(language: str, **places: str) -> str:
    """A block of the page, with the places of this test instead of its examples."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    text = found[1]
    for place, here in places.items():
        text = text.replace(place, here)
    return text


class Echo(http.server.BaseHTTPRequestHandler):
    """The app behind the proxy: answers the headers that it was told."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture
def echo() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def nginx(program: str, folder: Path, places: dict[str, str], port: int) -> list[str]:
    temporary = "".join(f"{kind}_temp_path temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    server = block("nginx", **places, **{"443 ssl": f"127.0.0.1:{port}"})
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid nginx.pid; error_log error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{server}}}\n"
    )
    return [program, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]


def caddy(program: str, folder: Path, places: dict[str, str], port: int) -> list[str]:
    site = block("caddyfile", **places, **{"romm.example.com": f"http://127.0.0.1:{port}"})
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}}\n{site}")
    return [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@pytest.fixture(params=[nginx, caddy], ids=lambda proxy: proxy.__name__)
def house(
    request: pytest.FixtureRequest, tmp_path: Path, romm_port: int, echo: str, start_romm: StartRomM
) -> Iterator[str]:
    """The proxy's origin."""
    prepare: Callable[..., list[str]] = request.param
    program = shutil.which(prepare.__name__, path=PROGRAMS)
    if program is None:
        pytest.skip(f"no {prepare.__name__} on this machine: apt-get install {prepare.__name__}")
    folder, port = tmp_path / "proxy", free_port()
    (folder / "srv" / "files").mkdir(parents=True)
    (folder / "srv" / FILE[1:]).write_text(CONTENT)
    places = {"127.0.0.1:8080": f"127.0.0.1:{romm_port}", "127.0.0.1:9000": echo, "/srv": str(folder / "srv")}
    origin = f"http://127.0.0.1:{port}"
    start_romm({"ROMM_BASE_URL": origin, "ROMM_TRUSTED_PROXIES": "127.0.0.1"})
    with ExitStack() as running, (folder / "output").open("wb") as output:
        home = {"HOME": str(folder), "PATH": PROGRAMS}
        command = prepare(program, folder, places, port)
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=home)
        running.callback(stop, process)
        wait_for(f"{origin}/api/health/live")
        yield origin


@pytest.fixture
def visitor(house: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=house, headers=BROWSER, timeout=START_SECONDS) as client:
        yield client


def sign_in(visitor: httpx.Client) -> None:
    form = {name: ADMIN[name] for name in ("username", "password")}
    assert visitor.post("/api/login", data=form, headers={"origin": str(visitor.base_url)}).status_code == 303


def make_viewer(tmp_path: Path) -> None:
    """What another admin would do."""
    with closing(sqlite3.connect(tmp_path / "data" / "romm.db")) as connection, connection:
        assert connection.execute("UPDATE accounts SET level = 'viewer'").rowcount == 1


def test_a_person_signs_in_on_the_way_to_a_file(house: str, page: Page) -> None:
    page.goto(house + FILE)
    assert page.get_by_role("heading", name="Sign in").is_visible()
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password").fill(ADMIN["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/files/**")
    assert CONTENT in page.content()


def test_whoever_may_gets_the_file_and_whoever_may_not_does_not(visitor: httpx.Client, tmp_path: Path) -> None:
    assert visitor.get(FILE).status_code == 303
    sign_in(visitor)
    assert visitor.get(FILE).text == CONTENT
    make_viewer(tmp_path)
    refused = visitor.get(FILE)
    assert (refused.status_code, CONTENT in refused.text) == (403, False)


def test_a_program_is_refused_and_comes_in_with_a_credential(house: str) -> None:
    keeper = (ADMIN["username"], ADMIN["password"])
    assert httpx.get(house + FILE).status_code == 401
    assert httpx.get(house + FILE, auth=keeper).text == CONTENT
    assert httpx.get(house + FILE, auth=(keeper[0], "wrong")).status_code == 401


def test_a_forged_header_opens_nothing_and_leads_nowhere(visitor: httpx.Client) -> None:
    response = visitor.get(FILE, headers=FORGED)
    assert response.status_code == 303
    location = urlsplit(response.headers["location"])
    assert (location.netloc, location.path) == (visitor.base_url.netloc.decode(), "/login")
    assert parse_qs(location.query)["next"] == [quote(FILE, safe="/&")]


def test_the_app_behind_hears_who_it_is_from_romm_alone(visitor: httpx.Client) -> None:
    assert visitor.get("/app/x", headers=FORGED).status_code == 303
    sign_in(visitor)
    heard = visitor.get(
        "/app/x", headers=FORGED | {"remote-user": "mallory", "remote-email": "mallory@evil.example"}
    ).json()
    assert heard["remote-user"] == "keeper"
    assert heard["remote-groups"] == "viewer,editor,admin"
    assert heard.get("remote-email", "") == ""

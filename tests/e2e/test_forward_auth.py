"""Each proxy of docs/forward-auth.md before a hostile file on RomM's own host and a hostile app on another one."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from functools import wraps
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e import proxies
from tests.e2e.conftest import ADMIN, APP_HOST, ROMM_HOST, free_port, sign_in_by_hand
from tests.e2e.proxies import BehindForward, Here, HostileServer, House, client

FILE, CONTENT = "/files/a game & its manual.txt", "press start"
VIEWER = {"username": "vera", "password": "a mouse behind the stove"}
FORGED = {
    "remote-user": "mallory",
    "remote_user": "mallory",
    "Remote.User": "mallory",
    "remote-groups": "mallory",
    "remote_groups": "mallory",
    "remote-email": "mallory@evil.example",
    "x-forwarded-uri": "/",
    "x-original-uri": "/",
    "x-forwarded-host": "evil.example",
    "x-forwarded-for": "127.0.0.1",
}

HOSTILE = """<!doctype html><title>working</title><script>
const found = {};
const tried = async (name, act) => { try { found[name] = String(await act()); } catch (error) { found[name] = "failed"; } };
const token = JSON.stringify({name: "stolen", scopes: ["me.read"], expires_in: "never"});
const make = (type) => ({method: "POST", credentials: "include", mode: type ? "cors" : "no-cors",
                         headers: {"content-type": type || "text/plain"}, body: token});
(async () => {
  await tried("cookie", () => document.cookie);
  await tried("storage", () => localStorage.length);
  await tried("me", async () => (await fetch("ROMM/api/users/me", {credentials: "include"})).text());
  await tried("forward", async () => (await fetch("ROMM/api/auth/forward", {credentials: "include"})).headers.get("remote-user"));
  await tried("token", async () => (await fetch("ROMM/api/client-tokens", make("application/json"))).text());
  await tried("blind", async () => (await fetch("ROMM/api/client-tokens", make(""))).type);
  await tried("code", async () => (await fetch("/romm-forward/begin?next=/", {mode: "cors"})).url);
  await tried("frame", () => new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { resolve(frame.contentWindow.location.href); } catch (error) { reject(error); } };
    frame.src = "ROMM/account";
    document.body.append(frame);
  }));
  await tried("socket", () => new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://${location.host}/socket`);
    socket.onmessage = (event) => resolve(event.data);
    socket.onerror = reject;
  }));
  document.title = JSON.stringify(found);
})();
</script><body>"""

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BehindForward]:
    """RomM, the files and the app, for one proxy after the other at one port."""
    folder, port = tmp_path_factory.mktemp("behind"), free_port()
    settings = {
        "ROMM_BASE_URL": f"https://{ROMM_HOST}:{port}",
        "ROMM_FORWARD_HOSTS": f"{APP_HOST}:{port}",
        "ROMM_TRUSTED_PROXIES": "127.0.0.1",
    }
    with hostile_app(settings["ROMM_BASE_URL"]) as app, proxies.romm(folder, settings) as place:
        (folder / "srv" / "files").mkdir(parents=True)
        (folder / "srv" / FILE[1:]).write_text(CONTENT)
        (folder / "srv" / "files" / "evil.html").write_text(app.pages["/files/evil.html"])
        add_viewer(place)
        places = {"127.0.0.1:8080": place, "127.0.0.1:9000": app.place, "127.0.0.1:9001": app.place}
        yield BehindForward(folder, port, places | {"/srv": str(folder / "srv")}, app)


@pytest.fixture(
    scope="module",
    params=[proxies.nginx, proxies.caddy, proxies.haproxy, proxies.traefik, proxies.envoy],
    ids=lambda proxy: proxy.__name__,
)
def house(
    request: pytest.FixtureRequest, behind: BehindForward, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    behind.app.seen.clear()
    here = Here(tmp_path_factory.mktemp(request.param.__name__), behind.port, behind.places)
    with proxies.front(request.param, here) as name:
        yield House(name, behind.port, behind.folder, behind.app)


def hostile_app(romm: str) -> AbstractContextManager[HostileServer]:
    server = HostileServer()
    server.pages = dict.fromkeys(["/files/evil.html", "/evil.html"], HOSTILE.replace("ROMM", romm))
    server.pages[quote(FILE, safe="/&")] = CONTENT
    return proxies.serving(server)


def add_viewer(place: str) -> None:
    keeper = (ADMIN["username"], ADMIN["password"])
    answer = httpx.post(f"http://{place}/api/users", json=VIEWER | {"email": "", "role": "viewer"}, auth=keeper)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(8000)
    yield context
    context.close()


@pytest.fixture
def visitor(house: House) -> Iterator[httpx.Client]:
    with client(headers={"accept": "text/html"}, follow_redirects=True) as visitor:
        yield visitor


def sign_in(visitor: httpx.Client, house: House, who: dict[str, str] = ADMIN) -> None:
    form = {name: who[name] for name in ("username", "password")}
    answer = visitor.post(f"{house.romm}/api/login", data=form, headers={"origin": house.romm}, follow_redirects=False)
    assert answer.status_code == 303


def taken(page: Page) -> dict[str, str]:
    """What the hostile page has after it tried all."""
    page.wait_for_function("document.title.startsWith('{')")
    found: dict[str, str] = json.loads(page.title())
    return found


def tokens(house: House) -> int:
    with closing(sqlite3.connect(house.folder / "data" / "romm.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM credentials WHERE kind = 'client_token'").fetchone()[0])


def test_a_hostile_file_on_romms_own_host_takes_nothing(house: House, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{house.romm}/files/evil.html")
    sign_in_by_hand(page)
    page.wait_for_url("**/files/evil.html")
    found = taken(page)
    assert {found[name] for name in ("cookie", "storage", "me", "forward", "token", "code", "frame")} == {"failed"}
    assert tokens(house) == 0


def test_a_hostile_app_on_another_host_takes_nothing_and_works(house: House, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{house.app_origin}/evil.html?level=1")
    assert page.url.startswith(f"{house.romm}/login")
    assert [path for path, _ in house.app.seen if "evil" in path and "files" not in path] == []
    sign_in_by_hand(page)
    page.wait_for_url(f"{house.app_origin}/evil.html?level=1")
    page.goto(f"{house.app_origin}/evil.html")
    found = taken(page)
    assert (found["cookie"], found["socket"]) == ("", "hi")
    assert {found[name] for name in ("me", "forward", "token", "frame")} == {"failed"}
    assert "code=" not in found["code"]
    assert tokens(house) == 0
    cookies = {each["name"]: each for each in context.cookies()}
    forward = next(each for name, each in cookies.items() if name.endswith("_forward"))
    assert forward["name"].startswith("__Host-")
    assert (forward["domain"], forward["httpOnly"], forward["secure"]) == (APP_HOST, True, True)
    sent = json.dumps(house.app.seen)
    assert "romm_" not in sent
    assert not [each["value"] for each in cookies.values() if each["value"] in sent]


def test_who_may_comes_in_on_both_hosts_and_who_may_not_reads_why(house: House, visitor: httpx.Client) -> None:
    sign_in(visitor, house)
    assert visitor.get(house.romm + FILE).text == CONTENT
    assert name_in(visitor.get(f"{house.app_origin}/x")) == {"keeper"}
    for origin in (house.romm + FILE, f"{house.app_origin}/x"):
        with client(headers={"accept": "text/html"}, follow_redirects=True) as viewer:
            sign_in(viewer, house, VIEWER)
            refused = viewer.get(origin)
            assert refused.status_code == 403
            assert "needs rights that your account" in refused.text


def folded(headers: list[list[str]]) -> list[tuple[str, str]]:
    """As apps read names: PHP and WSGI make `_` of every other sign."""
    return [(re.sub(r"[^a-z0-9]", "-", name), value) for name, value in headers]


def name_in(answer: httpx.Response) -> set[str]:
    return {value for name, value in folded(answer.json()) if name == "remote-user"}


def test_an_app_hears_from_romm_alone_who_it_is(house: House, visitor: httpx.Client) -> None:
    sign_in(visitor, house)
    visitor.get(f"{house.app_origin}/x")
    heard = folded(visitor.get(f"{house.app_origin}/x", headers=FORGED).json())
    assert {value for name, value in heard if name == "remote-user"} == {"keeper"}
    assert {value for name, value in heard if name == "remote-groups"} == {"viewer,editor,admin"}
    assert {value for name, value in heard if name == "remote-email"} <= {""}


def test_a_forged_header_opens_nothing_and_leads_nowhere(house: House) -> None:
    with client(headers={"accept": "text/html"} | FORGED) as stranger:
        for origin, path in ((house.romm, FILE), (house.app_origin, "/x?a=b")):
            answer = stranger.get(origin + path)
            location = urlsplit(answer.headers["location"])
            assert answer.status_code == 303
            assert f"https://{location.netloc}" == origin
            assert location.path == ("/login" if origin == house.romm else "/romm-forward/begin")
            assert parse_qs(location.query)["next"] == [quote(path, safe="/&?=")]


def test_an_app_gets_what_is_its_own_and_no_credential_of_romm(house: House, visitor: httpx.Client) -> None:
    sign_in(visitor, house)
    visitor.get(f"{house.app_origin}/x")
    keeper = (ADMIN["username"], ADMIN["password"])
    visitor.cookies.set("cart", "1", domain=APP_HOST)
    own = dict(visitor.get(f"{house.app_origin}/x", headers={"authorization": "Bearer the-apps-own"}).json())
    assert own["authorization"] == "Bearer the-apps-own"
    assert "cart=1" in own["cookie"]
    assert "romm" not in own["cookie"]
    by_password = httpx.Request("GET", house.romm, headers=None)
    basic = next(httpx.BasicAuth(*keeper).auth_flow(by_password)).headers["authorization"]
    with client() as program:
        for sender in (visitor, program):
            answer = dict(sender.get(f"{house.app_origin}/x", headers={"authorization": basic}).json())
            assert answer["remote-user"] == "keeper"
            assert answer.get("authorization", "") == ""
        assert program.get(f"{house.app_origin}/x", auth=(keeper[0], "wrong")).status_code == 401


def test_a_large_upload_passes_when_signed_in_and_only_then(house: House, visitor: httpx.Client) -> None:
    large = b"x" * 3_000_000
    with client() as stranger:
        assert stranger.post(f"{house.app_origin}/up", content=large).status_code == 401
    sign_in(visitor, house)
    visitor.get(f"{house.app_origin}/x")
    assert visitor.post(f"{house.app_origin}/up", content=large).json() == len(large)
    assert visitor.post(f"{house.app_origin}/up", content=(large[:1_000_000] for _ in range(3))).json() == len(large)


def test_signing_out_at_romm_closes_the_other_host(house: House, visitor: httpx.Client) -> None:
    sign_in(visitor, house)
    assert visitor.get(f"{house.app_origin}/x").status_code == 200
    visitor.post(f"{house.romm}/api/logout", headers={"origin": house.romm}, follow_redirects=False)
    assert visitor.get(f"{house.app_origin}/x", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("proxy", "script", "call"),
    [(proxies.haproxy, "romm.lua", "core.httpclient"), (proxies.envoy, "envoy.yaml", "handle:httpCall")],
    ids=["haproxy", "envoy"],
)
def test_a_script_that_fails_lets_no_request_pass(
    behind: BehindForward, tmp_path: Path, proxy: proxies.Prepare, script: str, call: str
) -> None:
    @wraps(proxy)
    def broken(here: Here) -> list[str]:
        command = proxy(here)
        written = (here.folder / script).read_text()
        assert written.count(call) == 1
        (here.folder / script).write_text(written.replace(call, f"{call}_that_fails"))
        return command

    behind.app.seen.clear()
    here = Here(tmp_path, free_port(), behind.places)
    with proxies.front(broken, here), client() as visitor:
        assert visitor.get(f"https://{APP_HOST}:{here.port}/x").status_code == 500
    assert behind.app.seen == []

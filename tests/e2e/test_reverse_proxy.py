"""Each proxy of docs/reverse-proxy.md in front of RomM."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import proxies
from tests.e2e.conftest import ADMIN, ROMM_HOST, free_port, sign_in_by_hand
from tests.e2e.proxies import Behind, Front, Here, client

VISITOR = "127.0.0.7"
FORGED = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http", "x-forwarded-host": "evil.example"}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """RomM, for one proxy after the other at one port."""
    folder, port = tmp_path_factory.mktemp("behind"), free_port()
    settings = {"ROMM_BASE_URL": f"https://{ROMM_HOST}:{port}", "ROMM_TRUSTED_PROXIES": "127.0.0.1"}
    with proxies.romm(folder, settings) as place:
        yield Behind(folder, port, {"127.0.0.1:8080": place})


@pytest.fixture(
    scope="module",
    params=[proxies.nginx, proxies.caddy, proxies.haproxy, proxies.apache2, proxies.traefik],
    ids=lambda proxy: proxy.__name__,
)
def house(request: pytest.FixtureRequest, behind: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    here = Here(tmp_path_factory.mktemp(request.param.__name__), behind.port, behind.places, "reverse-proxy.md")
    with proxies.front(request.param, here) as name:
        yield Front(name, behind.port, behind.folder)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(8000)
    yield context.new_page()
    context.close()


def test_a_person_signs_in_and_out(house: Front, page: Page) -> None:
    page.goto(f"{house.romm}/account")
    sign_in_by_hand(page)
    page.wait_for_url(f"{house.romm}/account")
    [session] = [each for each in page.context.cookies() if each["name"].endswith("_session")]
    assert session["name"].startswith("__Host-")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_log_has_the_visitors_address_and_no_forged_one(house: Front) -> None:
    with client(local_address=VISITOR) as visitor:
        form = {"username": ADMIN["username"], "password": "wrong"}
        own = {"origin": house.romm, "accept": "application/json"}
        assert visitor.post(f"{house.romm}/api/login", data=form, headers=own | FORGED).status_code == 401
    with closing(sqlite3.connect(house.folder / "data" / "romm.db")) as connection:
        last = connection.execute("SELECT address FROM sign_ins ORDER BY id DESC LIMIT 1").fetchone()
    assert last == (VISITOR,)


def test_a_path_arrives_as_it_was_sent(house: Front) -> None:
    with client(headers={"accept": "text/html"}) as visitor:
        answer = visitor.get(f"{house.romm}/account?next=%2Fa%2520b&x=%C3%A4%2F")
        assert answer.headers["location"] == "/login?next=%2Faccount%3Fnext%3D%252Fa%252520b%26x%3D%25C3%25A4%252F"
        assert visitor.get(f"{house.romm}/no%2Fsuch%20page").status_code == 404

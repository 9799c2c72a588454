"""Three certified providers side by side, one that lies and one that hangs, in a real browser."""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import ADMIN, SECRET, StartRomM, certified_provider
from tests.e2e.test_accounts import at_the_provider, by_password, told
from tests.e2e.test_changing_provider import DARK_PHONE, LIGHT_DESKTOP, OFF, Look
from tests.e2e.test_confirmation import photographed
from tests.e2e.test_sign_in import ADMINS, environment, log_lines, me
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, free_port, served

HOUSE = "Authelia of the whole household at the old mill"
FRIENDS = "Google, for friends and for friends of our friends"
THEATRE = "Pocket ID of the amateur theatre’s ticket office"
NAMES = {"oidc": HOUSE, "friends": FRIENDS, "theatre": THEATRE}
LOOKS: tuple[Look, ...] = (LIGHT_DESKTOP, DARK_PHONE, ("dark", LIGHT_DESKTOP[1]), ("light", DARK_PHONE[1]))

Origins = dict[str, str]


@pytest.fixture(scope="module")
def origins(romm_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origins]:
    """By the provider's id; each has registered its own redirect URI alone."""
    with ExitStack() as running:
        started = {}
        for each in NAMES:
            folder = tmp_path_factory.mktemp(each)
            own = "" if each == "oidc" else each
            started[each] = running.enter_context(certified_provider(romm_port, folder, own))
        yield started


def block(provider_id: str, issuer: str, **more: str) -> dict[str, str]:
    """The variables of a further provider."""
    keys = {"CLIENT_ID": "romm", "CLIENT_SECRET": SECRET, "SERVER_APPLICATION_URL": issuer, **more}
    return {f"ROMM_PROVIDERS__{provider_id.upper()}__{key}": value for key, value in keys.items()}


def three(origins: Origins, port: int, shape: str = "authelia", **more: str) -> dict[str, str]:
    """The block of the Authelia guide, and two beside it."""
    further = {
        name: value
        for each in ("friends", "theatre")
        for name, value in block(each, f"{origins[each]}/{shape}", NAME=NAMES[each]).items()
    }
    return environment(origins["oidc"], port, shape, OIDC_NAME=HOUSE, **ADMINS) | further | more


def sign_in(page: Page, origin: str, name: str, user: str = "alice") -> None:
    """At the provider with this name; people who are signed in there are not asked again."""
    page.goto(f"{origin}/login")
    page.get_by_role("link", name=f"Sign in with {name}").click()
    if page.get_by_label("User", exact=True).count():
        at_the_provider(page, user)


def buttons(page: Page) -> list[str]:
    return page.get_by_role("link", name="Sign in with").all_inner_texts()


def named(written: list[str]) -> list[str]:
    """Without the monograms and the badge."""
    return [next(name for name in NAMES.values() if name in text) for text in written]


def issuers(page: Page, origin: str) -> list[str]:
    identities = me(page, origin)["identities"]
    assert isinstance(identities, list)
    return [each["issuer"] for each in identities]


def forget_the_session(page: Page) -> None:
    port = urlsplit(page.url).port
    page.context.clear_cookies(name=f"romm_{port}_session")


def test_people_sign_in_by_each_and_the_one_used_last_comes_first(
    page: Page, start_romm: StartRomM, origins: Origins, romm_port: int
) -> None:
    origin = start_romm(three(origins, romm_port))
    page.goto(f"{origin}/login")
    assert named(buttons(page)) == [HOUSE, FRIENDS, THEATRE]
    for each, user in (("oidc", "alice"), ("friends", "bob"), ("theatre", "carol")):
        page.context.clear_cookies()
        sign_in(page, origin, NAMES[each], user)
        expect(page).to_have_url(f"{origin}/")
        assert me(page, origin)["username"] == user
        assert issuers(page, origin) == [f"{origins[each]}/authelia"]
    page.get_by_role("button", name="Sign out").click()
    assert named(buttons(page)) == [THEATRE, HOUSE, FRIENDS]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}, {look[1]['width']} pixels")
def test_long_names_fit_on_every_page(
    browser: Browser, start_romm: StartRomM, origins: Origins, romm_port: int, look: Look
) -> None:
    """Without JavaScript of our own; the looking needs it."""
    broken = {"ROMM_PROVIDERS__THEATRE__CLIENT_SECRET": "a wrong secret"}
    origin = start_romm(three(origins, romm_port, **broken))
    with ExitStack() as closing:
        page = new_page(browser, closing, look)
        size = str(look[1]["width"])
        page.goto(f"{origin}/login")
        photographed(page, f"several-login-{size}")
        sign_in(page, origin, THEATRE, "carol")
        expect(page.get_by_role("alert")).to_contain_text(f"You are not signed in with {THEATRE}")
        photographed(page, f"several-refused-{size}")
        sign_in(page, origin, HOUSE)
        photographed(page, f"several-home-{size}")
        page.goto(f"{origin}/account")
        page.get_by_role("button", name=f"Link with {FRIENDS}").click()
        at_the_provider(page, "alice")
        told(page, f"now linked with {FRIENDS}")
        photographed(page, f"several-account-{size}")
        page.goto(f"{origin}/admin/oidc?provider=theatre")
        expect(page.get_by_role("region", name="Status")).to_contain_text("failed: Client and secret")
        photographed(page, f"several-tabs-{size}")
        page.goto(f"{origin}/admin/sign-ins")
        photographed(page, f"several-sign-ins-{size}")
        page.goto(f"{origin}/admin/users/{me(page, origin)['id']}")
        photographed(page, f"several-person-{size}")
        page.goto(f"{origin}/login")
        photographed(page, f"several-again-{size}")


def new_page(browser: Browser, closing: ExitStack, look: Look) -> Page:
    scheme, size = look
    context = browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)
    closing.callback(context.close)
    context.set_default_timeout(8000)
    return context.new_page()


def test_everything_works_without_javascript(
    browser: Browser, start_romm: StartRomM, origins: Origins, romm_port: int
) -> None:
    origin = start_romm(three(origins, romm_port))
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(8000)
    page = context.new_page()
    sign_in(page, origin, FRIENDS, "bob")
    expect(page.get_by_role("heading", name="bob", exact=True)).to_be_visible()
    context.clear_cookies()
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/oidc")
    tabs = page.get_by_role("navigation", name="Providers").get_by_role("link")
    expect(tabs).to_have_count(3)
    tabs.nth(2).click()
    expect(page.get_by_text(f"{origin}/api/oauth/openid/theatre", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Try a sign-in with {THEATRE}").click()
    at_the_provider(page, "carol")
    expect(page.get_by_role("heading", name=f"What {THEATRE} sent")).to_be_visible()
    context.close()


def test_a_second_one_is_linked_and_each_is_unlinked_but_the_last(
    page: Page, start_romm: StartRomM, origins: Origins, romm_port: int
) -> None:
    origin = start_romm(three(origins, romm_port, DISABLE_USERPASS_LOGIN="true"), admin=False)
    sign_in(page, origin, HOUSE)
    owner = me(page, origin)["id"]
    page.goto(f"{origin}/account")
    page.get_by_role("button", name=f"Link with {THEATRE}").click()
    at_the_provider(page, "dave")
    told(page, f"now linked with {THEATRE}")
    links = [f"Linked with {HOUSE}", f"Linked with {THEATRE}"]
    assert page.get_by_role("heading", name="Linked with").all_inner_texts() == links

    page.get_by_text("Unlink", exact=True).first.click()
    page.get_by_role("button", name=f"Unlink from {HOUSE}").click()
    told(page, "Unlinked.")
    expect(page.get_by_text("This is your only sign-in method")).to_be_visible()
    expect(page.get_by_role("button", name="Unlink from")).to_have_count(0)

    page.context.clear_cookies()
    sign_in(page, origin, THEATRE, "dave")
    assert me(page, origin)["id"] == owner


def test_signing_out_goes_to_the_provider_of_the_session(
    page: Page, start_romm: StartRomM, origins: Origins, romm_port: int
) -> None:
    switch, back = "RP_INITIATED_LOGOUT", "POST_LOGOUT_REDIRECT_URI"
    landing = f"http://127.0.0.1:{romm_port}/login"
    more = {f"{prefix}{switch}": "true" for prefix in ("OIDC_", "ROMM_PROVIDERS__FRIENDS__")}
    more |= {f"{prefix}{back}": landing for prefix in ("OIDC_", "ROMM_PROVIDERS__FRIENDS__")}
    origin = start_romm(three(origins, romm_port, **more))
    for each, user in (("friends", "bob"), ("oidc", "alice")):
        sign_in(page, origin, NAMES[each], user)
        expect(page.get_by_text(f"This signs you out at {NAMES[each]} too.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        assert page.url.startswith(f"{origins[each]}/authelia/session/end")
        page.get_by_role("button", name="Yes, sign me out").click()
        told(page, f"You are signed out, here and at {NAMES[each]}.")
    sign_in(page, origin, THEATRE, "carol")
    page.get_by_role("button", name="Sign out").click()
    told(page, f"You may still be signed in at {THEATRE}")


def held_back(page: Page, origin: str, name: str, user: str) -> str:
    """The answer of a sign-in, as an attacker would take it out of the browser: its query."""
    page.goto(f"{origin}/login")
    page.get_by_role("link", name=f"Sign in with {name}").click()
    answer = page.request.post(page.url, form={"user": user, "action": "sign-in"}, max_redirects=0)
    while not (location := answer.headers["location"]).startswith(origin):
        answer = page.request.get(location, max_redirects=0)
    return urlsplit(location).query


def test_an_answer_of_one_provider_by_anothers_redirect_uri_is_refused(
    page: Page, start_romm: StartRomM, origins: Origins, romm_port: int, tmp_path: Path
) -> None:
    """RFC 9700, 4.4."""
    origin = start_romm(three(origins, romm_port))
    query = held_back(page, origin, HOUSE, "alice")
    page.goto(f"{origin}/api/oauth/openid/friends?{query}")
    expect(page.get_by_role("alert")).to_contain_text(f"You are not signed in with {HOUSE}")
    assert page.request.get(f"{origin}/api/users/me").status == 401
    [line] = [entry for entry in log_lines(tmp_path) if entry["event"] == "refused" and entry.get("provider") == "oidc"]
    assert "friends" in json.dumps(line["facts"])
    page.goto(f"{origin}/api/oauth/openid?{query}")
    assert page.request.get(f"{origin}/api/users/me").status == 401, "the answer is spent"


@pytest.fixture
def liar(romm_port: int) -> Iterator[FakeProvider]:
    """A provider of the operator's own choice that became an attacker's."""
    idp = FakeProvider(redirect_uri=f"http://127.0.0.1:{romm_port}/api/oauth/openid/liar")
    port = free_port()
    idp.issuer = f"http://127.0.0.1:{port}"
    with served(idp, port=port):
        yield idp


def lying(idp: FakeProvider) -> dict[str, str]:
    return block("liar", idp.issuer, CLIENT_ID=CLIENT_ID, CLIENT_SECRET=CLIENT_SECRET, NAME="The liar")


def in_the_token(idp: FakeProvider, house: str) -> None:
    idp.alter_id_token = lambda claims: claims.update(iss=house, sub="alice")


def in_the_answer(idp: FakeProvider, house: str) -> None:
    idp.alter_response = lambda parameters: parameters.update(iss=house)


def in_the_metadata(idp: FakeProvider, house: str) -> None:
    idp.alter_metadata = lambda metadata: metadata.update(issuer=house)


@pytest.mark.parametrize("lie", [in_the_token, in_the_answer, in_the_metadata])
def test_a_provider_that_takes_anothers_name_opens_no_account(
    page: Page,
    start_romm: StartRomM,
    origins: Origins,
    liar: FakeProvider,
    romm_port: int,
    tmp_path: Path,
    lie: Callable[[FakeProvider, str], None],
) -> None:
    lie(liar, f"{origins['oidc']}/authelia")
    origin = start_romm(three(origins, romm_port) | lying(liar))
    sign_in(page, origin, HOUSE)
    expect(page).to_have_url(f"{origin}/")
    page.context.clear_cookies()
    sign_in(page, origin, "The liar")
    expect(page.get_by_role("alert")).to_contain_text("You are not signed in with The liar")
    assert page.request.get(f"{origin}/api/users/me").status == 401
    refused = [entry for entry in log_lines(tmp_path) if entry["event"] == "refused" and entry.get("provider")]
    assert {entry["provider"] for entry in refused} == {"liar"}
    sign_in(page, origin, HOUSE)
    expect(page).to_have_url(f"{origin}/")


def seconds(port: int, path: str) -> float:
    """Until the answer to a navigation is there."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"accept": "text/html"})
    assert connection.getresponse().status in (200, 303)
    connection.close()
    return time.monotonic() - started


def usual(port: int, path: str) -> float:
    return statistics.median(seconds(port, path) for _ in range(15))


def test_one_that_hangs_slows_down_no_other(start_romm: StartRomM, origins: Origins, romm_port: int) -> None:
    """Against the same instance a moment before. A sign-in at the silent one waits for seconds, so half of one would show."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start_romm(three(origins, romm_port) | block("silent", address))
        paths = ("/api/heartbeat", "/api/login/openid", "/api/login/openid?provider=friends")
        before = {path: usual(romm_port, path) for path in paths}
        with ThreadPoolExecutor(12) as visitors:
            stuck = [visitors.submit(seconds, romm_port, "/api/login/openid?provider=silent") for _ in range(12)]
            time.sleep(0.3)
            meanwhile = {path: usual(romm_port, path) for path in paths}
            assert sum(not each.done() for each in stuck) == 12, "all of them still wait"
        assert min(each.result() for each in stuck) > 2
        assert [path for path in paths if meanwhile[path] > 2 * before[path] + 0.5] == [], (before, meanwhile)


def household(browser: Browser, closing: ExitStack) -> dict[str, Page]:
    return {name: new_page(browser, closing, LIGHT_DESKTOP) for name in ("alice", "bob", "carol", "dave")}


def test_a_household_moves_by_running_both_and_nobody_is_locked_out(
    browser: Browser, start_romm: StartRomM, origins: Origins, romm_port: int
) -> None:
    """L-11a at the new one; Dave comes too late, and the former issuer's link does not block him."""
    old, new = f"{origins['oidc']}/authelia", f"{origins['friends']}/authelia"
    alone = environment(origins["oidc"], romm_port, "authelia", **OFF, OIDC_NAME="The old one")
    roles = {name.removeprefix("OIDC_"): value for name, value in ADMINS.items()}
    beside = block("friends", new, NAME="The new one", **roles)
    with ExitStack() as closing:
        pages = household(browser, closing)
        origin = start_romm(alone, admin=False)
        for name, page in pages.items():
            sign_in(page, origin, "The old one", name)
            expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        before = {name: me(page, origin)["id"] for name, page in pages.items()}

        start_romm(alone | beside, admin=False, restart=True)
        assert {name: me(page, origin)["id"] for name, page in pages.items()} == before, "their sessions live on"
        for name in ("alice", "bob", "carol"):
            forget_the_session(pages[name])
            sign_in(pages[name], origin, "The new one", name)
            expect(pages[name].get_by_text("Your account is now linked with The new one.")).to_be_visible()
            assert sorted(issuers(pages[name], origin)) == sorted([old, new])
        forget_the_session(pages["bob"])
        sign_in(pages["bob"], origin, "The old one", "bob")
        assert me(pages["bob"], origin)["id"] == before["bob"], "both open it"

        gone = {"OIDC_ENABLED": "false", "OIDC_FORMER_ISSUERS": old}
        start_romm(alone | beside | gone, admin=False, restart=True)
        for name, page in pages.items():
            forget_the_session(page)
            page.goto(f"{origin}/login")
            assert len(buttons(page)) == 1
            sign_in(page, origin, "The new one", name)
            expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        assert {name: me(page, origin)["id"] for name, page in pages.items()} == before
        assert [me(page, origin)["access_level"] for page in pages.values()] == ["admin", "viewer", "viewer", "viewer"]


def test_the_doctor_is_red_and_green_side_by_side(
    page: Page, start_romm: StartRomM, origins: Origins, romm_port: int, tmp_path: Path
) -> None:
    wrong = {"ROMM_PROVIDERS__THEATRE__CLIENT_SECRET": "a wrong secret"}
    environ = three(origins, romm_port, **wrong)
    code, printed = doctor(environ, tmp_path)
    house, friends, theatre, romm = sections(printed, [f"{name} ({each})" for each, name in NAMES.items()] + ["RomM"])
    assert (code, "✗" in house, "✗" in friends, "✗" in romm) == (1, False, False, False)
    assert "✗ failed   Client and secret" in theatre
    assert "ROMM_PROVIDERS__THEATRE__CLIENT_SECRET" in theatre
    assert doctor(environ, tmp_path, "friends")[0] == 0
    assert doctor(environ, tmp_path, "theatre")[0] == 1

    origin = start_romm(environ)
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/oidc")
    tabs = page.get_by_role("navigation", name="Providers").get_by_role("link")
    assert [text.split()[0] for text in tabs.all_inner_texts()] == ["✓", "✓", "✗"]


def doctor(environ: dict[str, str], folder: Path, *named: str) -> tuple[int, str]:
    """The exit code, and what is printed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
    own = {"ROMM_BASE_PATH": str(folder), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    command = [sys.executable, "-m", "romm", "doctor", *named]
    ended = subprocess.run(
        command, env=inherited | own | environ, capture_output=True, check=False, timeout=60, encoding="utf-8"
    )
    return ended.returncode, ended.stdout


def sections(printed: str, headings: list[str]) -> list[str]:
    starts = [printed.index(f"\n{each}\n") for each in headings]
    return [printed[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def test_a_provider_that_signs_out_ends_its_own_sessions_alone(
    browser: Browser, start_romm: StartRomM, origins: Origins, romm_port: int, tmp_path: Path
) -> None:
    origin = start_romm(three(origins, romm_port, "back-channel"))
    with ExitStack() as closing:
        pages = {each: new_page(browser, closing, LIGHT_DESKTOP) for each in ("oidc", "friends", "theatre")}
        for each, page in pages.items():
            sign_in(page, origin, NAMES[each], "bob" if each == "theatre" else "alice")
            expect(page).to_have_url(f"{origin}/" if each != "friends" else f"{origin}/me?notice=linked&next=%2F")
        # Linking ended Alice's session at the house: she comes back there.
        forget_the_session(pages["oidc"])
        sign_in(pages["oidc"], origin, HOUSE)
        ended: list[str] = []
        for each in ("friends", "oidc"):
            pages[each].goto(f"{origins[each]}/back-channel/session/end")
            pages[each].get_by_role("button", name="Yes, sign me out").click()
            expect(pages[each].get_by_role("heading", name="Sign-out Success")).to_be_visible()
            ended.append(each)
            for other, page in pages.items():
                expected = 401 if other in ended else 200
                assert page.request.get(f"{origin}/api/users/me").status == expected, (each, other)
    lines = [entry for entry in log_lines(tmp_path) if entry["event"] == "backchannel.signed_out"]
    assert [entry["issuer"] for entry in lines] == [f"{origins[each]}/back-channel" for each in ended]

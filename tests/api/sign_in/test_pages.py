"""What people see: which ways in there are, what went wrong, who they are."""

import asyncio
import html
import re
from urllib.parse import quote

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.sign_in.test_openid import error_of
from tests.world import ORIGIN, PASSWORD, World, environment

REFERENCE = "0123456789abcdef"
LOCAL_ONLY = {"ROMM_BASE_URL": ORIGIN}
HOSTILE = [
    "//evil.test",
    "https://evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "/%5cevil.test",
    "/%2fevil.test",
    "/%252fevil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "/\r\nlocation: https://evil.test",
    "javascript:alert(1)",
    "romm.test@evil.test",
    "evil.test",
    "/" + "a" * 5_000,
]
MARKUP = '"><script>alert(1)</script>'


def words(page: str) -> str:
    """A page as it is read: no markup, no script, no line breaks."""
    shown = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", shown)))


async def read(world: World, url: str) -> str:
    response = await world.browser().get(url)
    assert response.status_code == 200
    return words(response.text)


@pytest.fixture(scope="module")
def house() -> World:
    """An instance before its setup, for pages that change nothing."""
    return World()


@pytest.fixture(scope="module")
def furnished() -> World:
    """An instance with its admin, for tests that only knock."""
    world = World()
    asyncio.run(world.add("keeper", level=AccessLevel.ADMIN))
    return world


@pytest.mark.parametrize(
    ("provider", "label"),
    [
        ("authelia", "Authelia"),
        ("pocket-id", "Pocket ID"),
        ("Pocket ID", "Pocket ID"),
        ("Our Family Login", "Our Family Login"),
        ("", "OIDC"),
        ("<b>Bold</b> & Co", "<b>Bold</b> & Co"),
    ],
)
async def test_the_button_says_where_it_leads(provider: str, label: str) -> None:
    response = await World({"OIDC_PROVIDER": provider}).browser().get("/login?next=/collection")
    assert f"Sign in with {label}" in words(response.text)
    assert "<b>Bold" not in response.text
    assert 'href="/api/login/openid?next=%2Fcollection"' in response.text
    assert '<input type="hidden" name="next" value="/collection">' in response.text


async def test_without_single_sign_on_there_is_a_password_form_alone() -> None:
    world = World()
    world.reconfigure(LOCAL_ONLY)
    page = await read(world, "/login")
    assert "User name" in page
    assert "Sign in with" not in page
    assert "configured but off" not in page


async def test_with_passwords_off_there_is_a_button_alone() -> None:
    """R-30."""
    response = await World({"DISABLE_USERPASS_LOGIN": "true"}).browser().get("/login")
    assert 'action="/api/login"' not in response.text
    assert "Sign in with Authelia" in words(response.text)


async def test_with_neither_the_page_says_whom_to_tell() -> None:
    world = World()
    world.reconfigure(LOCAL_ONLY | {"DISABLE_USERPASS_LOGIN": "true"})
    page = await read(world, "/login")
    assert "There is no way to sign in here at the moment." in page
    assert "OIDC_ENABLED=true" in page


@pytest.mark.parametrize("missing", ["OIDC_CLIENT_ID", "OIDC_SERVER_APPLICATION_URL"])
async def test_half_configured_single_sign_on_is_off_and_says_so_without_saying_what(missing: str) -> None:
    """R-66: the operator finds the reason in the log, a stranger does not find it here."""
    world = World({missing: ""})
    await world.add("keeper", level=AccessLevel.ADMIN)
    page = await read(world, "/login")
    assert "Single sign-on is configured but off" in page
    assert "Sign in with" not in page
    assert missing not in page
    browser = world.browser()
    assert (await browser.submit("/api/login", username="keeper", password=PASSWORD)).headers["location"] == "/"
    assert error_of(await browser.get("/api/login/openid")) == Code.OIDC_OFF


async def test_an_instance_without_an_admin_invites_to_set_it_up(house: World) -> None:
    assert "This RomM has no administrator yet." in await read(house, "/login")
    assert "Create the administrator" in await read(house, "/setup")


async def test_an_instance_with_an_admin_does_not(world: World) -> None:
    assert "no administrator yet" not in await read(world, "/login")
    assert (await world.browser().get("/setup")).headers["location"] == "/login"


@pytest.mark.parametrize("code", CATALOGUE)
async def test_every_refusal_is_explained_on_the_page(house: World, code: Code) -> None:
    """Rules, 9: nobody is turned away without a reason."""
    for path in ("/login", "/setup"):
        page = await read(house, f"{path}?error={code}&ref={REFERENCE}")
        assert CATALOGUE[code].person in page
        assert f"Code: {code}" in page
        assert f"Reference: {REFERENCE}" in page
        assert "{" not in page


@pytest.mark.parametrize("invented", ["invented", "NO_ROLE", "no_role ", "Call 0900 123456 for help", MARKUP])
async def test_an_invented_code_gets_the_general_sentence_and_is_not_repeated(house: World, invented: str) -> None:
    """R-51: nobody writes on our page by making a link."""
    page = await read(house, f"/login?error={quote(invented)}")
    assert CATALOGUE[Code.UNEXPECTED].person in page
    assert "Code: unexpected" in page
    assert "0900" not in page
    assert "invented" not in page


@pytest.mark.parametrize("reference", [MARKUP, "x", REFERENCE + "0", REFERENCE.upper(), "Call 0900 123456"])
async def test_a_reference_that_is_not_ours_is_not_repeated(house: World, reference: str) -> None:
    page = await read(house, f"/login?error=no_role&ref={quote(reference)}")
    assert "Reference" not in page
    assert reference not in page


@pytest.mark.parametrize("path", ["/login", "/setup", "/nothing-here"])
@pytest.mark.parametrize("name", ["error", "ref", "notice", "next", "bypass_autologin", "state", "anything"])
async def test_nothing_in_the_query_becomes_markup(house: World, path: str, name: str) -> None:
    """R-51."""
    for prefix in ("", "error=no_role&"):
        response = await house.browser().get(f"{path}?{prefix}{name}={quote(MARKUP)}")
        assert response.text.count("<script") == 1, "our own"
        assert "alert(1)" not in response.text or name == "next", "a path may hold any text, encoded"


async def test_nothing_in_an_account_becomes_markup(world: World) -> None:
    """R-51, R-85."""
    world.idp.claims |= {"name": MARKUP, "preferred_username": MARKUP, "picture": f"javascript:{MARKUP}"}
    browser = world.browser()
    await browser.sign_in()
    page = (await browser.get("/")).text
    assert page.count("<script") == 1, "our own"
    assert "javascript:" not in page


@pytest.mark.parametrize(("admin", "target"), [(False, "/setup"), (True, "/login")], ids=["no admin yet", "set up"])
async def test_nobody_is_sent_to_where_they_can_begin(admin: bool, target: str) -> None:
    world = World()
    if admin:
        await world.add("keeper", level=AccessLevel.ADMIN)
    response = await world.browser().get("/")
    assert (response.status_code, response.headers["location"]) == (303, target)


async def test_a_dead_session_is_nobody_and_its_cookie_is_cleared(world: World) -> None:
    browser = world.browser()
    browser.client.cookies.set("__Host-romm_session", "stale", domain="romm.test")
    assert (await browser.get("/")).headers["location"] == "/login"
    assert browser.session is None


@pytest.mark.parametrize(
    ("level", "may"),
    [
        (AccessLevel.VIEWER, "See the whole collection"),
        (AccessLevel.EDITOR, "add and change games"),
        (AccessLevel.ADMIN, "Everything: games and platforms"),
    ],
    ids=["viewer", "editor", "admin"],
)
async def test_the_start_page_says_who_somebody_is_and_the_account_page_what_they_may_do(
    world: World, level: AccessLevel, may: str
) -> None:
    await world.add("somebody", "somebody@example.org", level)
    browser = world.browser()
    await browser.submit("/api/login", username="somebody", password=PASSWORD)
    page = words((await browser.get("/")).text)
    for text in ("somebody", "somebody@example.org", level.label, "Local password", "Sign out"):
        assert text in page
    assert "linked since" not in page
    assert may in words((await browser.get("/account")).text)


async def test_the_start_page_shows_the_link_without_the_number_of_its_rule(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    page = words((await browser.get("/")).text)
    assert f"Authelia, linked since {world.clock():%Y-%m-%d}" in page
    assert "L-12" not in page
    assert "Local password" not in page


@pytest.mark.parametrize(
    ("environ", "hint"),
    [
        ({"OIDC_RP_INITIATED_LOGOUT": "true"}, "This signs you out at Authelia too."),
        ({}, "You may still be signed in at Authelia."),
    ],
    ids=["with logout there", "without"],
)
async def test_signing_out_says_what_it_ends(environ: dict[str, str], hint: str) -> None:
    browser = World(environ).browser()
    await browser.sign_in()
    assert hint in words((await browser.get("/")).text)


async def test_after_linking_by_the_admin_group_the_page_says_that_the_password_is_gone(world: World) -> None:
    """L-11b."""
    await world.add("ally", "alice@example.org")
    browser = world.browser()
    page = words((await browser.get((await browser.sign_in()).headers["location"])).text)
    assert "Your account is now linked with Authelia." in page
    assert "old local password no longer works" in page
    assert "still works" not in page


async def test_a_notice_without_a_link_is_not_believed(world: World) -> None:
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    assert "now linked" not in (await browser.get("/?notice=linked")).text


@pytest.mark.parametrize("target", HOSTILE)
async def test_nobody_is_sent_to_another_site(furnished: World, target: str) -> None:
    """R-22: one validator for the page, the form and the way over the provider."""
    page = (await furnished.browser().client.get("/login", params={"next": target})).text
    assert '<input type="hidden" name="next" value="/">' in page
    assert 'href="/api/login/openid?next=%2F"' in page
    browser = furnished.browser()
    form = {"username": "keeper", "password": PASSWORD, "next": target}
    assert (await browser.submit("/api/login", **form)).headers["location"] == "/"
    assert "Continue to" not in (await browser.client.get("/", params={"next": target})).text
    assert (await furnished.browser().sign_in(target)).headers["location"] == "/"
    wrong = await browser.submit("/api/login", **form | {"password": "wrong"})
    assert "evil" not in wrong.headers["location"]


@pytest.mark.parametrize(
    "path", ["/login", "/setup", "/api/heartbeat", "/api/health/live", "/api/docs", "/api/openapi.json"]
)
async def test_a_trailing_slash_is_answered_too(house: World, path: str) -> None:
    world = World() if path == "/setup" else house
    assert (await world.browser().get(f"{path}/")).status_code == 200


async def test_a_trailing_slash_is_answered_too_where_somebody_signs_in_and_out(world: World) -> None:
    program = world.program()
    form = {"username": "keeper", "password": PASSWORD}
    assert (await program.post("/api/login/", json=form)).status_code == 200
    assert (await program.get("/api/users/me/")).status_code == 200
    assert (await program.post("/api/logout/", headers={"origin": ORIGIN})).status_code == 200
    begun = await program.get("/api/login/openid/")
    assert begun.headers["location"].startswith(world.idp.issuer)
    back = await program.get(f"/api/oauth/openid/?{await world.idp.approve(begun.headers['location'])}")
    assert back.headers["location"] == "/"


async def test_a_page_loads_its_own_style_and_nothing_from_elsewhere(house: World) -> None:
    browser = house.browser()
    page = (await browser.get("/login")).text
    assets = re.findall(r'<(?:link|img|script)[^>]+?(?:href|src)="([^"]+)"', page)
    assert assets
    for asset in assets:
        assert asset.startswith("/static/")
        response = await browser.get(html.unescape(asset))
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]


async def test_a_style_is_kept_for_good_only_under_the_name_of_its_content(house: World) -> None:
    """A page of another version asks for another content, which this one does not have."""
    browser = house.browser()
    for address in ("/static/romm.css", "/static/romm.css?v=", "/static/romm.css?v=0.1.0"):
        response = await browser.get(address)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, no-cache"
        assert response.headers["content-type"].startswith("text/css")


async def test_a_page_is_never_kept_but_its_style_is(house: World) -> None:
    assert (await house.browser().get("/login")).headers["cache-control"] == "no-store"


async def test_a_session_outlives_a_restart(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    world.reconfigure(environment(world.idp.issuer))
    again = world.browser()
    again.client.cookies = browser.client.cookies
    assert (await again.me()).status_code == 200

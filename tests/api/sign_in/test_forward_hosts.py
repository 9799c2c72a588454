"""A sign-in that is carried over to another host, where it opens forward authentication and nothing else."""

from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Kind
from romm.domain.digests import code_challenge, digest
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from romm.domain.sign_in.forward_hosts import CODE_LIFETIME
from tests.api.sign_in.test_forward_auth import PROXY, remote
from tests.world import HTML, ORIGIN, PASSWORD, World

FILES, STATS = "https://files.test", "https://stats.test:8443"
GAME = "/games/a.zip?part=1&of=2"
SETTINGS = {"ROMM_TRUSTED_PROXIES": "192.0.2.0/24", "ROMM_FORWARD_HOSTS": "files.test stats.test:8443"}
FORWARD_COOKIE, KEY_COOKIE = "__Host-romm_forward", "__Host-romm_forward_key"


@pytest.fixture
async def world() -> World:
    world = World(SETTINGS)
    await world.add("keeper", "keeper@romm.test", AccessLevel.ADMIN)
    await world.add("vera", "vera@romm.test")
    return world


def account(world: World, username: str) -> Account:
    return next(each for each in world.accounts.by_id.values() if each.username == username)


class Visitor:
    """A browser, and the proxy before all hosts. `client` sends each host's cookies to that host alone."""

    def __init__(self, world: World) -> None:
        self.transport = httpx.ASGITransport(world.app, client=(PROXY, 4711))
        self.client = httpx.AsyncClient(transport=self.transport, headers=HTML)

    async def ask(self, origin: str, uri: str = GAME, query: str = "", **headers: str) -> httpx.Response:
        """What the proxy of this host asks, with the cookies that the browser has for it."""
        cookies = httpx.Request("GET", origin, cookies=self._jar(origin)).headers.get("cookie")
        about = {
            "x-forwarded-uri": uri,
            "x-forwarded-host": urlsplit(origin).netloc,
            "x-forwarded-method": "GET",
            "host": urlsplit(origin).netloc,
        }
        own = {"cookie": cookies} if cookies else {}
        bare = httpx.AsyncClient(transport=self.transport, headers=HTML)
        return await bare.get(f"http://romm:8080/api/auth/forward{query}", headers=about | own | headers)

    def _jar(self, origin: str) -> dict[str, str]:
        host = urlsplit(origin).hostname
        return {each.name: each.value or "" for each in self.client.cookies.jar if each.domain == host}

    def cookie(self, name: str, origin: str = FILES) -> str | None:
        return self._jar(origin).get(name)

    async def sign_in(self, username: str = "vera") -> None:
        form = {"username": username, "password": PASSWORD}
        answer = await self.client.post(f"{ORIGIN}/api/login", data=form, headers={"origin": ORIGIN})
        assert answer.status_code == 303

    async def begin(self, origin: str = FILES, uri: str = GAME) -> str:
        """The way to RomM's own host."""
        begun = await self.client.get((await self.ask(origin, uri)).headers["location"])
        assert begun.status_code == 303
        return begun.headers["location"]

    async def code_url(self, origin: str = FILES, uri: str = GAME) -> str:
        """Where a signed-in browser is sent with its code."""
        answer = await self.client.get(await self.begin(origin, uri))
        assert answer.status_code == 303
        return answer.headers["location"]

    async def open(self, origin: str = FILES, uri: str = GAME) -> httpx.Response:
        """The whole way, signed in."""
        return await self.client.get(await self.code_url(origin, uri))


@pytest.fixture
def visitor(world: World) -> Visitor:
    return Visitor(world)


@pytest.fixture
async def opened(visitor: Visitor) -> Visitor:
    """vera's browser, with a cookie of the other host."""
    await visitor.sign_in()
    assert (await visitor.open()).status_code == 303
    return visitor


def stored(world: World, kind: Kind) -> list[str]:
    return [each.digest for each in world.credentials.stored.values() if each.kind is kind]


async def test_a_person_comes_from_another_host_through_the_sign_in_to_the_page_there(
    world: World, visitor: Visitor
) -> None:
    first = await visitor.ask(FILES)
    assert (first.status_code, remote(first)) == (303, {})
    begin = first.headers["location"]
    assert begin.startswith(f"{FILES}/romm-forward/begin?")

    begun = await visitor.client.get(begin)
    own = urlsplit(begun.headers["location"])
    assert f"{own.scheme}://{own.netloc}" == ORIGIN

    sign_in = await visitor.client.get(begun.headers["location"])
    assert sign_in.headers["location"].startswith("/login?next=%2Fromm-forward%2Fhand-over%3F")
    return_to = parse_qs(urlsplit(sign_in.headers["location"]).query)["next"][0]
    form = {"username": "vera", "password": PASSWORD, "next": return_to}
    signed_in = await visitor.client.post(f"{ORIGIN}/api/login", data=form, headers={"origin": ORIGIN})
    handed_over = await visitor.client.get(ORIGIN + signed_in.headers["location"])
    assert handed_over.headers["location"].startswith(f"{FILES}/romm-forward/finish?code=")

    finished = await visitor.client.get(handed_over.headers["location"])
    assert (finished.status_code, finished.headers["location"]) == (303, FILES + GAME)
    answer = await visitor.ask(FILES)
    assert (answer.status_code, remote(answer)["remote-user"]) == (204, "vera")


async def test_nginx_is_told_the_way_beside_the_only_status_it_takes(visitor: Visitor) -> None:
    answer = await visitor.ask(FILES, **{"x-original-uri": GAME})
    assert answer.status_code == 401
    assert answer.headers["location"].startswith(f"{FILES}/romm-forward/begin?next=")


async def test_the_cookies_of_the_other_host_are_for_it_alone(opened: Visitor) -> None:
    await opened.sign_in()
    url = await opened.code_url()
    answer = await opened.client.get(url)
    [cookie] = answer.headers.get_list("set-cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith(f"{FORWARD_COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(attributes)
    assert not any(each.lower().startswith("domain") for each in attributes)


async def test_neither_code_nor_secret_is_stored(world: World, visitor: Visitor) -> None:
    await visitor.sign_in()
    url = await visitor.code_url()
    code = parse_qs(urlsplit(url).query)["code"][0]
    assert stored(world, Kind.FORWARD_CODE) == [digest(code)]
    await visitor.client.get(url)
    assert stored(world, Kind.FORWARD_CODE) == []
    assert stored(world, Kind.FORWARD_SESSION) == [digest(visitor.cookie(FORWARD_COOKIE) or "")]


@pytest.mark.parametrize(
    ("query", "vera", "keeper"),
    [("", 204, 204), ("?level=viewer", 204, 204), ("?level=editor", 403, 204), ("?scope=roms.write", 403, 204)],
)
async def test_roles_hold_as_on_romms_own_host(world: World, query: str, vera: int, keeper: int) -> None:
    for username, status in (("vera", vera), ("keeper", keeper)):
        visitor = Visitor(world)
        await visitor.sign_in(username)
        await visitor.open()
        assert (await visitor.ask(FILES, query=query)).status_code == status


async def test_the_cookie_of_one_host_opens_no_other(opened: Visitor) -> None:
    secret = opened.cookie(FORWARD_COOKIE)
    answer = await opened.ask(STATS, cookie=f"{FORWARD_COOKIE}={secret}")
    assert (answer.status_code, remote(answer)) == (303, {})


async def test_a_session_is_no_credential_at_another_host(visitor: Visitor) -> None:
    """A proxy that hands RomM's cookies around opens nothing."""
    await visitor.sign_in()
    session = visitor.cookie("__Host-romm_session", ORIGIN)
    assert session
    for name in ("__Host-romm_session", FORWARD_COOKIE):
        assert (await visitor.ask(FILES, cookie=f"{name}={session}")).status_code == 303
        beside = {"cookie": f"{name}={session}", "authorization": "Digest the-apps-own"}
        assert (await visitor.ask(FILES, **beside)).status_code == 401


@pytest.mark.parametrize("authorization", ["Negotiate x", "Digest x", "Basicx", ""])
@pytest.mark.parametrize("name", ["__Host-romm_session", "romm_session"])
async def test_nor_is_it_beside_a_header_that_is_no_credential(visitor: Visitor, authorization: str, name: str) -> None:
    await visitor.sign_in()
    session = visitor.cookie("__Host-romm_session", ORIGIN)
    cookie = f"{name}={session}"
    answer = await visitor.ask(FILES, cookie=cookie, authorization=authorization, accept="*/*")
    assert (answer.status_code, remote(answer)) == (401, {})


@pytest.mark.parametrize("name", ["__Host-romm_session", FORWARD_COOKIE])
@pytest.mark.parametrize(
    "path", ["/api/users/me", "/account", "/api/client-tokens", "/api/auth/forward", "/romm-forward/hand-over"]
)
async def test_the_cookie_of_another_host_opens_no_route_of_romm(
    world: World, opened: Visitor, name: str, path: str
) -> None:
    secret = opened.cookie(FORWARD_COOKIE)
    answer = await world.program().get(path, headers=HTML | {"cookie": f"{name}={secret}"})
    assert answer.status_code == 401 or answer.headers["location"].startswith("/login")
    as_bearer = await world.program().get(path, headers={"authorization": f"Bearer {secret}"})
    assert as_bearer.status_code in (401, 303)


async def test_it_ends_with_the_session_that_it_came_from(world: World, opened: Visitor) -> None:
    other = Visitor(world)
    await other.sign_in()
    await other.open()
    await opened.client.post(f"{ORIGIN}/api/logout", headers={"origin": ORIGIN})
    assert (await opened.ask(FILES)).status_code == 303
    assert (await other.ask(FILES)).status_code == 204


async def test_it_ends_when_the_account_is_disabled(world: World, opened: Visitor) -> None:
    world.disable(account(world, "vera"))
    assert (await opened.ask(FILES)).status_code == 303


async def test_it_ends_when_all_sessions_are_ended(world: World, opened: Visitor) -> None:
    await world.credentials.end_all(account(world, "vera").id, [Kind.SESSION])
    assert (await opened.ask(FILES)).status_code == 303


async def test_it_ends_when_the_password_changes(world: World, opened: Visitor) -> None:
    await world.change_password(account(world, "vera"))
    assert (await opened.ask(FILES)).status_code == 303


async def test_a_demotion_counts_at_the_next_request(world: World) -> None:
    visitor = Visitor(world)
    await visitor.sign_in("keeper")
    await visitor.open()
    world.demote(account(world, "keeper"), AccessLevel.VIEWER)
    assert (await visitor.ask(FILES, query="?level=editor")).status_code == 403


async def test_it_ends_with_the_idle_time_of_the_session_and_keeps_it_alive(world: World, opened: Visitor) -> None:
    idle = world.settings.session.max_age_seconds
    for _ in range(3):
        world.clock.advance(timedelta(seconds=idle / 2))
        assert (await opened.ask(FILES)).status_code == 204
    world.clock.advance(timedelta(seconds=idle))
    assert (await opened.ask(FILES)).status_code == 303


async def refused(world: World, answer: httpx.Response, reason: str) -> None:
    assert answer.status_code == 400
    assert CATALOGUE[Code.HAND_OVER_FAILED].person in answer.text
    assert FORWARD_COOKIE not in answer.headers.get("set-cookie", "")
    assert reason in world.lines("refused")[-1]["hint"]


async def test_a_code_works_once(world: World, visitor: Visitor) -> None:
    await visitor.sign_in()
    url = await visitor.code_url()
    assert (await visitor.client.get(url)).status_code == 303
    await refused(world, await visitor.client.get(url), "spent")


async def test_a_code_lasts_a_minute(world: World, visitor: Visitor) -> None:
    await visitor.sign_in()
    url = await visitor.code_url()
    world.clock.advance(CODE_LIFETIME)
    await refused(world, await visitor.client.get(url), "older than a minute")


async def test_an_invented_code_is_refused_and_writes_nothing(world: World, visitor: Visitor) -> None:
    await visitor.begin()
    for url in (f"{FILES}/romm-forward/finish?code=invented", f"{FILES}/romm-forward/finish"):
        await refused(world, await visitor.client.get(url), "unknown")
    assert stored(world, Kind.FORWARD_SESSION) == []


async def test_a_code_of_somebody_else_signs_nobody_in(world: World, visitor: Visitor) -> None:
    """Login CSRF: mallory sends vera a link with a code of mallory's own."""
    mallory = Visitor(world)
    await mallory.sign_in("keeper")
    link = await mallory.code_url()
    await refused(world, await visitor.client.get(link), "the one that began")
    await visitor.begin()
    await refused(world, await visitor.client.get(link), "spent")


async def test_a_code_that_another_browser_saw_is_spent_and_worthless(world: World, visitor: Visitor) -> None:
    await visitor.sign_in()
    link = await visitor.code_url()
    thief = Visitor(world)
    await thief.begin()  # has a key of its own
    await refused(world, await thief.client.get(link), "the one that began")
    await refused(world, await visitor.client.get(link), "spent")


async def test_a_code_for_one_host_is_refused_at_another(world: World, visitor: Visitor) -> None:
    """Even where the key is known there, as to an app that is behind both."""
    await visitor.sign_in()
    link = (await visitor.code_url()).replace(FILES, STATS)
    key = visitor.cookie(KEY_COOKIE)
    visitor.client.cookies.set(KEY_COOKIE, key or "", domain="stats.test")
    await refused(world, await visitor.client.get(link), f"the code is for {FILES}")


async def test_a_code_dies_with_its_session(world: World, visitor: Visitor) -> None:
    await visitor.sign_in()
    link = await visitor.code_url()
    await visitor.client.post(f"{ORIGIN}/api/logout", headers={"origin": ORIGIN})
    await refused(world, await visitor.client.get(link), "the session has ended")


@pytest.mark.parametrize("key", ["ä" * 43, "short", 'x"; Domain=files.test' + "x" * 22])
async def test_a_key_that_is_not_ours_is_replaced(visitor: Visitor, key: str) -> None:
    """A page of the other host may write such a cookie."""
    cookie = f"{KEY_COOKIE}={key}".encode()
    begun = await visitor.client.get(f"{FILES}/romm-forward/begin", headers={b"cookie": cookie})
    assert begun.status_code == 303
    assert key not in begun.headers["set-cookie"]


async def test_several_tabs_may_begin_and_all_arrive(visitor: Visitor) -> None:
    await visitor.sign_in()
    first, second = await visitor.begin(uri="/one"), await visitor.begin(uri="/two")
    for url, page in ((first, "/one"), (second, "/two")):
        finished = await visitor.client.get((await visitor.client.get(url)).headers["location"])
        assert finished.headers["location"] == FILES + page


@pytest.mark.parametrize(
    "host", ["evil.test", "files.test.evil.test", "files.test@evil.test", "romm.test", "", "stats.test"]
)
async def test_no_code_is_made_for_a_host_that_is_not_named(world: World, visitor: Visitor, host: str) -> None:
    await visitor.sign_in()
    query = {"host": host, "challenge": code_challenge("a key"), "next": "/"}
    answer = await visitor.client.get(f"{ORIGIN}/romm-forward/hand-over", params=query)
    assert (answer.status_code, "location" in answer.headers) == (401, False)
    assert stored(world, Kind.FORWARD_CODE) == []


@pytest.mark.parametrize("challenge", ["", "short", "x" * 44, f"{'x' * 42} "])
async def test_no_code_is_made_without_a_browser_that_began(world: World, visitor: Visitor, challenge: str) -> None:
    await visitor.sign_in()
    query = {"host": "files.test", "challenge": challenge}
    assert (await visitor.client.get(f"{ORIGIN}/romm-forward/hand-over", params=query)).status_code == 400
    assert stored(world, Kind.FORWARD_CODE) == []


@pytest.mark.parametrize("step", ["begin", "finish?code=x"])
@pytest.mark.parametrize(
    "host", ["evil.test", ORIGIN.removeprefix("https://"), "files.test:444", "files.test, evil.test"]
)
async def test_a_foreign_host_header_begins_and_finishes_nothing(world: World, step: str, host: str) -> None:
    answer = await world.program().get(f"/romm-forward/{step}", headers=HTML | {"host": host})
    assert answer.status_code in (400, 401)
    assert not {"set-cookie", "location"} & set(answer.headers)


async def test_two_forwarded_hosts_are_none(opened: Visitor) -> None:
    answer = await opened.ask(FILES, **{"x-forwarded-host": "evil.test, files.test"})
    assert (answer.status_code, "location" in answer.headers) == (401, False)


async def test_a_host_that_no_trusted_proxy_names_counts_for_nothing(world: World, opened: Visitor) -> None:
    stranger = httpx.AsyncClient(transport=httpx.ASGITransport(world.app, client=("198.51.100.7", 1)), base_url=ORIGIN)
    cookie = f"{FORWARD_COOKIE}={opened.cookie(FORWARD_COOKIE)}"
    about = {"x-forwarded-host": "files.test", "x-forwarded-uri": GAME, "cookie": cookie}
    answer = await stranger.get("/api/auth/forward", headers=HTML | about)
    assert (answer.status_code, remote(answer)) == (401, {})
    [line] = [line for line in world.lines("refused") if line["code"] == Code.PROXY_UNTRUSTED]
    assert "198.51.100.7" in line["hint"]
    assert "ROMM_TRUSTED_PROXIES" in line["hint"]


@pytest.mark.parametrize(
    "uri",
    [
        "//evil.test/",
        "https://evil.test/",
        "/\\evil.test",
        "/%2F/evil.test",
        "/x\r\nset-cookie: a=b",
        "@evil.test",
        ".evil.test/",
        "/romm-forward/begin?next=/",
        "/romm-forward/../romm-forward/begin",
    ],
)
async def test_the_way_back_never_leaves_the_host_and_never_turns_in_a_circle(visitor: Visitor, uri: str) -> None:
    await visitor.sign_in()
    key_url = await visitor.begin()
    asked = urlsplit(key_url)._replace(query=httpx.QueryParams({**dict(_query(key_url)), "next": uri}).__str__())
    link = (await visitor.client.get(asked.geturl())).headers["location"]
    link = urlsplit(link)._replace(query=httpx.QueryParams({**dict(_query(link)), "next": uri}).__str__()).geturl()
    there = (await visitor.client.get(link)).headers["location"]
    assert there.startswith(f"{FILES}/")
    assert not there.startswith((f"{FILES}//", f"{FILES}/romm-forward"))


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query)


async def test_a_very_long_way_back_is_left_out_and_the_person_arrives_at_the_host(visitor: Visitor) -> None:
    await visitor.sign_in()
    assert (await visitor.open(uri="/" + "a" * 2000)).headers["location"] == f"{FILES}/"


@pytest.mark.parametrize(
    "header", [{"sec-purpose": "prefetch"}, {"sec-fetch-dest": "iframe"}, {"sec-fetch-mode": "cors"}]
)
@pytest.mark.parametrize("step", ["begin", "hand-over", "finish"])
async def test_only_a_person_who_opens_a_page_is_handed_over(world: World, header: dict[str, str], step: str) -> None:
    answer = await world.program().get(f"/romm-forward/{step}", headers=HTML | {"host": "files.test"} | header)
    assert Code.NAVIGATION_REQUIRED in answer.text


async def test_a_program_may_send_a_credential_instead(world: World, visitor: Visitor) -> None:
    basic = httpx.BasicAuth("vera", PASSWORD)
    header = next(basic.auth_flow(httpx.Request("GET", FILES))).headers["authorization"]
    answer = await visitor.ask(FILES, authorization=header)
    assert remote(answer)["remote-user"] == "vera"
    assert answer.headers["authorization"] == ""
    assert (await visitor.ask(FILES, authorization="Bearer unknown")).status_code == 401


async def test_the_proxy_is_told_what_of_the_request_is_for_the_application(opened: Visitor) -> None:
    secret = opened.cookie(FORWARD_COOKIE)
    cookie = f"cart=1; {FORWARD_COOKIE}={secret}; {KEY_COOKIE}=k; theme=dark"
    answer = await opened.ask(FILES, cookie=cookie, authorization="Bearer the-apps-own")
    assert (answer.headers["cookie"], answer.headers["authorization"]) == ("cart=1; theme=dark", "Bearer the-apps-own")


async def test_on_romms_own_host_no_cookie_is_told_to_anyone(visitor: Visitor) -> None:
    """A script there could read the cookies that it must not see."""
    await visitor.sign_in()
    session = visitor.cookie("__Host-romm_session", ORIGIN)
    answer = await visitor.ask(ORIGIN, cookie=f"__Host-romm_session={session}; cart=1")
    assert answer.status_code == 204
    assert not {"cookie", "authorization"} & set(answer.headers)


async def test_a_page_that_is_shown_at_the_other_host_leads_to_romm(opened: Visitor) -> None:
    answer = await opened.ask(FILES, query="?level=admin")
    assert answer.status_code == 403
    assert f'href="{ORIGIN}/romm-static/romm.css' in answer.text
    assert 'href="/' not in answer.text
    assert f"style-src {ORIGIN}" in answer.headers["content-security-policy"]


async def test_without_other_hosts_the_routes_do_nothing() -> None:
    answer = await World().program().get("/romm-forward/begin", headers=HTML | {"host": "files.test"})
    assert (answer.status_code, "location" in answer.headers) == (401, False)

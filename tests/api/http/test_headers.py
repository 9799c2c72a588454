"""What every answer carries: safe headers, cookies with the right attributes, a correlation id."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from structlog.contextvars import get_contextvars

from romm.api.http.cookies import Cookies
from tests.fakes import FakeLog
from tests.world import HTML, ORIGIN, PASSWORD, World, environment


def cookies_of(response: httpx.Response) -> list[str]:
    return response.headers.get_list("set-cookie")


def ages_of(response: httpx.Response) -> dict[str, str]:
    """How long a browser keeps each cookie, by the name without its prefix."""
    cookies = SimpleCookie("\r\n".join(cookies_of(response)))
    return {name.removeprefix("__Host-"): cookie["max-age"] for name, cookie in cookies.items()}


async def test_with_https_every_cookie_is_bound_to_this_host(world: World) -> None:
    """R-18, R-19."""
    browser = world.browser()
    begun = await browser.get("/api/login/openid")
    finished = await browser.come_back(await world.idp.approve(begun.headers["location"]))
    cookies = cookies_of(begun) + cookies_of(finished)
    assert len(cookies) == 3
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-romm_")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


async def test_a_cookie_lasts_as_long_as_what_it_stands_for(world: World) -> None:
    """Seconds, or nothing for a mark that goes when the browser is closed."""
    world.reconfigure(environment(world.idp.issuer, SESSION_ABSOLUTE_AGE_SECONDS="5184000"))
    await world.add("vera")
    browser = world.browser()
    [(attempt, until)] = ages_of(await browser.get("/api/login/openid")).items()
    assert (attempt.startswith("romm_attempt_"), until) == (True, "600")
    signed_in = ages_of(await browser.submit("/api/login", username="vera", password=PASSWORD))
    assert signed_in == {"romm_session": "5184000", "romm_known": str(365 * 24 * 3600)}
    signed_out = ages_of(await browser.submit("/api/logout"))
    assert signed_out == {"romm_session": "0", "romm_signed_out": ""}


async def test_with_http_cookies_are_plain_so_that_a_home_network_works(world: World) -> None:
    """R-18."""
    world.reconfigure(environment(world.idp.issuer, ROMM_BASE_URL="http://romm.test"))
    begun = await world.browser().get("/api/login/openid")
    [cookie] = cookies_of(begun)
    assert cookie.startswith("romm_attempt_")
    assert "secure" not in cookie.lower()


@pytest.mark.parametrize("path", ["/login", "/setup", "/nothing-here", "/api/docs"])
async def test_pages_carry_a_strict_policy(path: str) -> None:
    """R-56."""
    response = await World().browser().get(path)
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert re.search(r"script-src 'sha256-[^ ;]+';", policy), "our own, by its hash"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert response.headers["referrer-policy"] == "same-origin"
    # A proxy's own header would win over ours, but not over the page: with `no-referrer` forms would say `Origin: null`.
    assert '<meta name="referrer" content="same-origin">' in response.text
    assert response.headers["strict-transport-security"]


@pytest.mark.parametrize("path", ["/api/heartbeat", "/api/users/me", "/api/login/openid", "/api/nothing-here"])
async def test_what_is_no_page_is_kept_by_nobody_and_shows_nothing(path: str) -> None:
    """Whatever an answer has in it: no cache keeps it, no browser makes a page of it, and none tells where it comes from."""
    response = await World().program().get(path)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_policy_lets_a_form_reach_the_provider(world: World) -> None:
    """R-55."""
    browser = world.browser()
    await browser.begin()
    policy = (await browser.get("/login")).headers["content-security-policy"]
    assert f"form-action 'self' {world.idp.issuer};" in policy


async def test_the_policy_lets_a_form_reach_the_hosts_that_a_sign_in_is_carried_over_to(world: World) -> None:
    """Chromium stops at the redirect otherwise."""
    world.reconfigure(environment(world.idp.issuer, ROMM_FORWARD_HOSTS="files.test"))
    assert "https://files.test;" in (await world.browser().get("/login")).headers["content-security-policy"]


async def test_hsts_is_not_sent_over_http(world: World) -> None:
    world.reconfigure(environment(world.idp.issuer, ROMM_BASE_URL="http://romm.test"))
    assert "strict-transport-security" not in (await world.browser().get("/login")).headers


async def test_an_answer_and_all_log_lines_of_its_request_share_a_correlation_id(world: World) -> None:
    bound: list[object] = []

    class Bound(FakeLog):
        def info(self, event: str, **facts: object) -> None:
            bound.append(get_contextvars().get("correlation_id"))

        debug = info

    world.serve(log=Bound())
    response = await world.program().get("/api/users/me")
    reference = response.json()["reference"]
    assert reference == response.headers["x-correlation-id"]
    assert bound == [reference, reference], "the refusal and the request itself"
    assert "correlation_id" not in get_contextvars()


async def test_a_request_leaves_a_line_for_whoever_wants_them_all(world: World) -> None:
    await world.program().get("/api/nothing?secret=1")
    [line] = world.lines("request")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/nothing", 404)
    assert 0 < line["milliseconds"] < 5_000


@pytest.mark.parametrize(("access", "level"), [("true", "info"), ("false", "debug")])
async def test_the_access_log_is_a_setting(access: str, level: str) -> None:
    world = World({"ROMM_ACCESS_LOG": access})
    await world.program().get("/api/health/live?secret=1")
    [written] = [found for found, event, _ in world.log.lines if event == "request"]
    assert written == level


async def test_the_address_of_a_visitor_comes_from_a_trusted_proxy_only() -> None:
    """R-32."""
    forwarded = {"x-forwarded-for": "203.0.113.9"}
    believed = World({"ROMM_TRUSTED_PROXIES": "127.0.0.1"})
    await believed.program().post("/api/login", json={"username": "a", "password": "b"}, headers=forwarded)
    forged = World({"ROMM_TRUSTED_PROXIES": "10.0.0.0/8"})
    await forged.program().post("/api/login", json={"username": "a", "password": "b"}, headers=forwarded)
    assert believed.sign_ins.entries[0].address == "203.0.113.9"
    assert forged.sign_ins.entries[0].address == "127.0.0.1"
    assert believed.settings.server.base_url == ORIGIN


async def test_a_browser_that_says_a_novel_about_itself_is_cut_short(world: World) -> None:
    """It is kept with every session, for as long as this is."""
    await world.browser(**{"user-agent": "x" * 8_000}).submit("/api/login", username="keeper", password=PASSWORD)
    assert {each.user_agent for each in world.credentials.stored.values()} == {"x" * 255}


@pytest.mark.parametrize("path", ["/api/heartbeat", "/api/health/live", "/login", "/nothing-here"])
async def test_head_is_answered_as_get_without_a_body(path: str) -> None:
    """RFC 9110, 9.3.2: health checks of containers send it."""
    program = World().program()
    got, head = await program.get(path), await program.head(path)
    assert (head.status_code, head.headers["content-type"], head.content) == (
        got.status_code,
        got.headers["content-type"],
        b"",
    )


async def test_a_body_is_cut_off_by_us_and_not_only_by_what_is_in_front() -> None:
    """ASGI leaves it to the application, and httpx hides it: so here is what the application says."""
    said: list[dict[str, Any]] = []

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        async def overhear(message: dict[str, Any]) -> None:
            said.append(dict(message))
            await send(message)

        await World().app(scope, receive, overhear)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(listening), base_url=ORIGIN) as program:
        await program.head("/api/heartbeat")
    assert [message.get("body", b"") for message in said] == [b""] * len(said)


async def test_head_does_what_get_does_and_no_more(world: World) -> None:
    assert (await world.program().head("/api/logout")).status_code == 405


async def test_cookies_with_strange_names_do_not_break_the_button(world: World) -> None:
    """Another application on the same host may set anything; nothing of it comes back in a header of ours."""
    names = "; ".join(f'__Host-romm_attempt_a{number}"(=x' for number in range(8))
    response = await world.program().get("/api/login/openid", headers={"cookie": names})
    assert response.headers["location"].startswith(world.idp.issuer)
    assert [cookie.split("=")[0].removeprefix("__Host-romm_attempt_").isalnum() for cookie in cookies_of(response)] == [
        True
    ]


async def test_a_nul_in_the_path_is_nothing_to_be_found(world: World) -> None:
    assert (await world.program().get("/romm-static/a%00b")).status_code == 404


async def test_every_reference_has_its_line_in_the_log(world: World) -> None:
    response = await world.program().get("/api/nothing")
    assert response.status_code == 404
    assert [line["code"] for line in world.lines("refused")] == ["not_found"]


@pytest.mark.parametrize(
    ("base_url", "session"),
    [
        pytest.param("http://nas", "romm_session", id="http"),
        pytest.param("http://nas:8080", "romm_session", id="the port that apps know"),
        pytest.param("http://nas:8081", "romm_8081_session", id="another port"),
        pytest.param("https://nas", "__Host-romm_session", id="https"),
        pytest.param("https://nas:8443", "__Host-romm_8443_session", id="https at another port"),
    ],
)
def test_cookies_carry_an_unusual_port(base_url: str, session: str) -> None:
    """Cookies know no port (RFC 6265, 8.5)."""
    assert Cookies(base_url, timedelta(days=1)).no_session().key == session


async def test_two_instances_on_one_host_leave_each_other_alone() -> None:
    first, second = (World({"ROMM_BASE_URL": f"http://nas:{port}"}) for port in (8080, 8081))
    for world in (first, second):
        await world.add("vera")
    shared = httpx.Cookies()  # of one browser, which knows hosts and no ports

    async def send(world: World, method: str, path: str, **form: str) -> httpx.Response:
        base_url = world.settings.server.base_url
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(transport=transport, base_url=base_url, cookies=shared) as client:
            response = await client.request(method, path, data=form or None, headers=HTML | {"origin": base_url})
        shared.update(response.cookies)
        return response

    async def is_in(world: World) -> bool:
        return (await send(world, "GET", "/api/users/me")).status_code == 200

    await send(first, "POST", "/api/login", username="vera", password=PASSWORD)
    assert "set-cookie" not in (await send(second, "GET", "/")).headers
    await send(second, "POST", "/api/login", username="vera", password=PASSWORD)
    assert (await is_in(first), await is_in(second)) == (True, True)
    for _ in range(6):
        await send(second, "GET", "/api/login/openid")
    await send(first, "GET", "/api/login/openid")
    await send(second, "POST", "/api/logout", any="thing")
    assert (await is_in(first), await is_in(second)) == (True, False)

"""Why a sign-in ends as it does, for administrators: pasted claims, a trial through the provider, and the log."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from tests.api.accounts.test_administration import keeper, refusal, signed_in
from tests.api.sign_in.test_openid import error_of
from tests.world import PASSWORD, Browser, World

__all__ = ["keeper"]

ALICE = {"sub": "alice", "email": "alice@example.org", "email_verified": True, "groups": ["romm-editors"]}


async def explained(program: httpx.AsyncClient, claims: object) -> dict[str, object]:
    response = await program.post("/api/oidc/explain", json=claims)
    assert response.status_code == 200
    found: dict[str, object] = response.json()
    return found | {line["about"]: line["found"] for line in response.json()["lines"]}


@pytest.mark.parametrize(
    ("claims", "outcome", "rule"),
    [
        (ALICE, "Register", "L-12"),
        (ALICE | {"email": "vera@example.org"}, "Link", "L-11b"),
        (ALICE | {"groups": ["others"]}, "Refuse", "L-none"),
        (ALICE | {"email_verified": False}, "Refuse", "L-07"),
        ({"id_token": {"sub": "alice"}, "userinfo": ALICE}, "Register", "L-12"),
    ],
)
async def test_claims_are_explained_by_the_rules_and_nothing_is_written(
    world: World, keeper: httpx.AsyncClient, claims: dict[str, object], outcome: str, rule: str
) -> None:
    await world.add("vera", "vera@example.org")
    before = dict(world.accounts.by_id)

    explanation = await explained(keeper, claims)

    assert (explanation["outcome"], explanation["rule"]) == (outcome, rule)
    assert world.accounts.by_id == before
    assert world.sign_ins.entries[1:] == []


async def test_an_explanation_is_what_a_sign_in_then_does(world: World, keeper: httpx.AsyncClient) -> None:
    told = await explained(keeper, {"id_token": ALICE | {"iss": world.idp.issuer}, "userinfo": None})
    world.idp.claims.update(ALICE)
    await world.browser().sign_in()
    [alice] = [each for each in world.accounts.by_id.values() if each.links]
    assert [link.rule for link in alice.links] == [told["rule"]]
    assert (await explained(keeper, ALICE | {"iss": world.idp.issuer}))["rule"] == "L-03"


@pytest.mark.parametrize("pasted", ["", "{", "[]", "7", '{"sub": 7}', "[" * 100_000])
async def test_what_cannot_be_read_is_explained(keeper: httpx.AsyncClient, pasted: str) -> None:
    response = await keeper.post("/api/oidc/explain", content=pasted[:60_000])
    assert refusal(response) == (400, Code.CLAIMS_UNREADABLE)


async def test_two_people_in_one_paste_are_refused_as_in_a_sign_in(keeper: httpx.AsyncClient) -> None:
    response = await keeper.post("/api/oidc/explain", json={"id_token": {"sub": "a"}, "userinfo": {"sub": "b"}})
    assert response.json()["code"] == Code.USERINFO_MISMATCH


@pytest.mark.parametrize("route", ["/api/oidc/explain", "/api/oidc/trial", "/api/sign-ins"])
async def test_only_administrators_look_behind(world: World, route: str) -> None:
    await world.add("vera")
    vera = await signed_in(world, "vera")
    response = await (vera.post(route, json=ALICE) if "explain" in route else vera.get(route))
    if "trial" in route:
        assert error_of(response) == Code.FORBIDDEN
    else:
        assert refusal(response) == (403, Code.FORBIDDEN)


async def admins_browser(world: World) -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    browser.client.headers["sec-fetch-site"] = "same-origin"
    return browser


async def trial(world: World, browser: Browser) -> httpx.Response:
    sent = await browser.client.get("/api/oidc/trial")
    return await browser.come_back(await world.idp.approve(sent.headers["location"]))


async def test_a_trial_goes_all_the_way_and_signs_nobody_in(world: World) -> None:
    world.idp.claims["groups"] = ["romm-editors"]
    browser = await admins_browser(world)
    before, session = dict(world.accounts.by_id), browser.session

    back = await trial(world, browser)

    target = urlsplit(back.headers["location"])
    assert (back.status_code, target.path) == (303, "/admin/oidc")
    report = await world.use_cases.previews.read(COMMAND_LINE, parse_qs(target.query)["report"][0])
    assert report is not None
    assert (report.algorithm, report.id_token["sub"]) == ("RS256", "alice")
    assert (report.explanation.outcome, report.explanation.rule) == ("Register", "L-12")
    assert world.accounts.by_id == {1: before[1]}
    assert browser.session == session
    assert (await browser.me()).json()["username"] == "keeper"


async def test_a_trial_shows_what_only_userinfo_has(world: World) -> None:
    world.idp.thin_id_token = True
    browser = await admins_browser(world)

    query = parse_qs(urlsplit((await trial(world, browser)).headers["location"]).query)

    report = await world.use_cases.previews.read(COMMAND_LINE, query["report"][0])
    assert report is not None
    assert {"email", "email_verified", "groups"} <= set(report.only_in_userinfo)
    assert "email" not in report.id_token
    assert report.explanation.outcome == "Register"


async def test_a_trial_that_fails_says_why_on_the_page_it_came_from(world: World) -> None:
    browser = await admins_browser(world)
    sent = await browser.client.get("/api/oidc/trial")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]

    back = await browser.come_back(f"error=access_denied&state={state}&iss={world.idp.issuer}")

    assert error_of(back) == Code.ACCESS_DENIED
    assert back.headers["location"].startswith("/admin/oidc?")


async def test_a_callback_that_is_reloaded_leads_to_the_report_again(world: World) -> None:
    browser = await admins_browser(world)
    sent = await browser.client.get("/api/oidc/trial")
    query = await world.idp.approve(sent.headers["location"])
    first = await browser.come_back(query)
    assert "report=" in first.headers["location"]
    assert (await browser.come_back(query)).headers["location"] == first.headers["location"]
    assert error_of(await world.browser().come_back(query)) == Code.ATTEMPT_USED


async def test_another_site_starts_no_trial(world: World) -> None:
    browser = await admins_browser(world)
    response = await browser.client.get("/api/oidc/trial", headers={"sec-fetch-site": "cross-site"})
    assert error_of(response) == Code.CROSS_SITE


async def test_a_refused_sign_in_stands_in_the_log_under_the_reference_that_was_shown(
    world: World, keeper: httpx.AsyncClient
) -> None:
    world.idp.claims.update(email_verified=False, name="Alice Liddell")
    refused = await world.browser().sign_in()
    reference = parse_qs(urlsplit(refused.headers["location"]).query)["ref"][0]

    [line] = (await keeper.get("/api/sign-ins", params={"correlation_id": f" {reference} "})).json()

    assert (line["outcome"], line["code"], line["rule"]) == ("refused", Code.EMAIL_NOT_VERIFIED, "L-07")
    assert line["received"]["email"] == "alice@example.org"
    assert line["received"]["name"] == "text of 13"
    assert "Liddell" not in str(line)


async def test_a_line_has_the_role_before_and_after_and_the_warning(world: World, keeper: httpx.AsyncClient) -> None:
    await world.browser().sign_in()
    world.idp.claims["groups"] = ["romm-editors"]
    await world.browser().sign_in()
    world.idp.claims.pop("groups")
    await world.browser().sign_in()

    lines = (await keeper.get("/api/sign-ins", params={"user_id": 2})).json()

    assert [(line["role_before"], line["role_after"], line["warning"]) for line in lines] == [
        ("editor", "editor", "absent"),
        ("admin", "editor", None),
        (None, "admin", None),
    ]


async def test_the_log_is_filtered_and_read_page_by_page(world: World, keeper: httpx.AsyncClient) -> None:
    await world.add("vera")
    await signed_in(world, "vera")
    await world.program().post("/api/login", json={"username": "vera", "password": "wrong"})

    async def lines(**wanted: str | int) -> list[tuple[str, int | None]]:
        found = (await keeper.get("/api/sign-ins", params=wanted)).json()
        return [(each["outcome"], each["user_id"]) for each in found]

    assert await lines() == [("refused", 2), ("signed_in", 2), ("signed_in", 1)]
    assert await lines(outcome="signed_in") == [("signed_in", 2), ("signed_in", 1)]
    assert await lines(code="credentials_wrong") == [("refused", 2)]
    assert await lines(user_id=2) == [("refused", 2), ("signed_in", 2)]
    assert await lines(limit=1) == [("refused", 2)]
    assert await lines(before=3) == [("signed_in", 2), ("signed_in", 1)]


async def test_a_provider_that_is_down_is_in_the_log_too(world: World, keeper: httpx.AsyncClient) -> None:
    world.reconfigure(dict(world.settings_environ, OIDC_SERVER_APPLICATION_URL="https://nowhere.test"))
    response = await world.browser().client.get("/api/login/openid")
    assert error_of(response) == world.sign_ins.entries[-1].code


async def test_a_sign_in_that_comes_back_in_another_browser_is_in_the_log(world: World) -> None:
    query = await world.idp.approve(await world.browser().begin())
    await world.browser().come_back(query)
    assert [entry.code for entry in world.sign_ins.entries] == [Code.BROWSER_MISMATCH]

"""The page of single sign-on: what is wrong and what to do, what a trial showed, and what pasted claims would do."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.diagnosis.findings import Check
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.domain.titles import TITLES
from tests.api.accounts.test_own_page import local, read
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.fake_provider import FakeProvider
from tests.world import Browser, World

PAGE = "/admin/oidc"
ALICE = {"sub": "alice", "email": "alice@example.org", "email_verified": True, "groups": ["romm-editors"]}


@pytest.fixture
async def keeper(world: World) -> Browser:
    return await local(world, "keeper")


async def keeper_of(world: World) -> Browser:
    await world.add("keeper", level=AccessLevel.ADMIN)
    return await local(world, "keeper")


async def explained(browser: Browser, text: str) -> httpx.Response:
    return await browser.client.post(
        f"{PAGE}/explain", files={"claims": (None, text)}, headers={"sec-fetch-site": "same-origin"}
    )


async def tried(browser: Browser) -> httpx.Response:
    """There and back; gives where the callback leads."""
    sent = await browser.submit(f"{PAGE}/try")
    assert urlsplit(sent.headers["location"]).path == "/authorize"
    return await browser.come_back(await browser.world.idp.approve(sent.headers["location"]))


async def test_every_check_is_told_in_order_and_in_words_what_is_to_be_done_first(keeper: Browser) -> None:
    page, findings = await read(keeper, PAGE), (await keeper.get("/api/oidc/diagnosis")).json()
    worst = ["failed", "warning", "unknown"]
    findings.sort(key=lambda finding: worst.index(finding["outcome"]) if finding["outcome"] in worst else len(worst))
    heads = [f"{finding['outcome']} {finding['title']}" for finding in findings]
    places = [page.index(head) for head in heads]
    assert places == sorted(places)
    assert len(places) == len(Check)
    assert "Nothing failed, but 1 warning: Reverse proxy." in page
    assert "People sign in with Authelia" in page


async def test_what_is_wrong_comes_with_what_to_change_here_and_there() -> None:
    keeper = await keeper_of(World(environ={"OIDC_CLIENT_SECRET": "wrong"}))
    page = await read(keeper, PAGE)
    assert "failed: Client and secret." in page
    assert "Expected the provider rejects a made-up code (invalid_grant), not RomM's client id and secret" in page
    assert "Check OIDC_CLIENT_ID, OIDC_CLIENT_SECRET" in page
    assert "At the provider Paste the plain secret; configuration.yml has its hash." in page
    assert f"A sign-in says {Code.CLIENT_REJECTED}" in page


async def test_while_it_is_off_the_page_says_why_and_offers_no_trial() -> None:
    world = World(environ={"OIDC_CLIENT_ID": ""})
    keeper = await keeper_of(world)
    page = await read(keeper, PAGE)
    assert f"Single sign-on is off: {world.settings.oidc_off}" in page
    assert "OIDC_CLIENT_ID" in world.settings.oidc_off
    assert "failed Single sign-on" in page
    assert "skipped Redirect URI" in page
    assert "Try a sign-in" not in page
    assert error_of(await keeper.submit(f"{PAGE}/try")) == Code.OIDC_OFF


async def test_a_trial_is_reported_with_both_documents_and_signs_nobody_in(world: World, keeper: Browser) -> None:
    world.idp.thin_id_token = True
    world.idp.claims["groups"] = ["romm-editors"]
    before = dict(world.accounts.by_id)
    back = await tried(keeper)
    asked = len(world.idp.requests)

    page = await read(keeper, back.headers["location"])

    for text in (
        "would get a new account and be signed in.",
        "signed with RS256",
        "Only in UserInfo: ",
        'groups only in UserInfo not there ["romm-editors"]',
        'sub "alice" "alice"',
        "Rule No account has it",
    ):
        assert text in page
    assert len(world.idp.requests) == asked  # who reads a report does not wait for the doctor
    assert world.accounts.by_id == before


async def test_what_the_two_documents_say_differently_is_marked(world: World, keeper: Browser) -> None:
    world.idp.alter_userinfo = lambda claims: claims.update(name="Somebody else")
    world.idp.claims["name"] = "Alice"
    page = await read(keeper, (await tried(keeper)).headers["location"])
    assert 'name different "Alice" "Somebody else"' in page


async def test_a_report_that_is_gone_says_so(keeper: Browser) -> None:
    assert "This report is gone." in await read(keeper, f"{PAGE}?report=never-was")


async def test_claims_too_many_to_keep_are_explained_all_the_same(world: World, keeper: Browser) -> None:
    world.idp.claims["groups"] = [f"romm-editors-{number}" for number in range(1800)]
    page = await read(keeper, (await tried(keeper)).headers["location"])
    assert "The claims are too many to show." in page
    assert re.search(r"This person would .*?\.", page)
    assert "L-1" not in page, "rules have words"


async def test_a_trial_that_fails_says_why_what_to_do_and_where_the_rest_stands(world: World, keeper: Browser) -> None:
    sent = await keeper.submit(f"{PAGE}/try")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    back = await keeper.come_back(f"error=access_denied&state={state}&iss={world.idp.issuer}")

    answer = await keeper.get(back.headers["location"])

    page, reference = words(answer.text), world.sign_ins.entries[-1].correlation_id
    assert CATALOGUE[Code.ACCESS_DENIED].person in page
    assert "authorization_policy" in page  # where to click at Authelia
    assert f"/admin/sign-ins?search={reference}" in answer.text
    assert "Client and secret" in page


async def test_pasted_claims_are_explained_in_the_answer_and_kept_in_the_box(world: World, keeper: Browser) -> None:
    before, asked = dict(world.accounts.by_id), len(world.idp.requests)
    pasted = json.dumps(ALICE | {"name": "<b>Alice</b>"})
    answer = await explained(keeper, pasted)
    assert answer.status_code == 200
    page = words(answer.text)
    assert "would get a new account and be signed in." in page
    assert "Roles claim romm-editors, from the ID token" in page
    assert '"<b>Alice</b>"' in page  # in the box, where it is text
    assert "<b>" not in answer.text
    assert (world.accounts.by_id, len(world.idp.requests)) == (before, asked)


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("", Code.CLAIMS_UNREADABLE),
        ("{'sub': 'alice'}", Code.CLAIMS_UNREADABLE),
        ("[" * 50_000, Code.CLAIMS_UNREADABLE),
        ('{"id_token": {"sub": "a"}, "userinfo": {"sub": "b"}}', Code.USERINFO_MISMATCH),
    ],
)
async def test_claims_that_cannot_be_explained_stay_in_the_box(keeper: Browser, pasted: str, code: Code) -> None:
    answer = await explained(keeper, pasted)
    assert answer.status_code == CATALOGUE[code].status
    page = words(answer.text)
    assert f"Code: {code}" in page
    assert "Error" not in page  # a sentence, not the name of an exception
    assert pasted in page


async def test_who_was_refused_of_late_stands_there_with_the_claims(world: World, keeper: Browser) -> None:
    world.idp.claims.update(email_verified=False, name="Alice Liddell")
    for _ in range(12):
        await world.browser().sign_in()
    page = await read(keeper, PAGE)
    assert page.count(TITLES[Code.EMAIL_NOT_VERIFIED]) == 10
    assert "email alice@example.org" in page
    assert "name text of 13" in page
    assert "Liddell" not in page


@pytest.mark.parametrize("path", ["", "/try", "/explain"])
async def test_the_page_is_for_administrators_and_asks_the_provider_for_nobody_else(world: World, path: str) -> None:
    assert (await world.browser().get(PAGE)).headers["location"] == "/login?next=%2Fadmin%2Foidc"
    vera = await local(world, "vera")
    answer = await (vera.submit(f"{PAGE}{path}", claims="{}") if path else vera.get(PAGE))
    if path:
        assert error_of(answer) == Code.FORBIDDEN
    else:
        assert answer.status_code == 403
        assert "Not allowed" in words(answer.text)
    assert world.idp.requests == []


async def test_another_site_makes_nobody_try(keeper: Browser) -> None:
    answer = await keeper.client.post(f"{PAGE}/try", headers={"sec-fetch-site": "cross-site"})
    assert error_of(answer) == Code.CROSS_SITE


async def test_the_ways_to_the_new_pages_are_for_those_who_may(world: World, keeper: Browser) -> None:
    vera = await local(world, "vera")
    for path in ('href="/admin/oidc"', 'href="/admin/sign-ins"'):
        assert (await keeper.get("/")).text.count(path) == 2
        assert path not in (await vera.get("/")).text


@pytest.mark.parametrize(("sends_date", "looks"), [(True, "note good"), (False, "note ")])
async def test_what_cannot_be_told_does_not_look_ok(sends_date: bool, looks: str) -> None:
    proxied = {"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"}
    keeper = await keeper_of(World(environ=proxied, idp=FakeProvider(sends_date=sends_date)))
    page = (await keeper.get(PAGE)).text
    summary = "All 22 checks are ok." if sends_date else "Nothing failed, but Clock cannot be told."
    assert f'<div class="{looks}"><p><strong>{summary}' in page

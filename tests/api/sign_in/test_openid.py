"""Sign-in over HTTP, with a provider that does what each row says."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.digests import code_challenge
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Identity
from romm.domain.sign_in.linking.decisions import Register
from tests.api.http.test_headers import cookies_of
from tests.fake_provider import (
    BROKEN,
    CUT,
    DEEP,
    GZIP_BOMB,
    HTML,
    HUGE,
    LIST,
    NO_CONTENT,
    FakeProvider,
    Response,
    error,
)
from tests.world import ORIGIN, PASSWORD, Browser, World, environment

Twist = Callable[[FakeProvider], object]


def put(name: str, value: object) -> Twist:
    return lambda idp: setattr(idp, name, value)


def in_id_token(**claims: object) -> Twist:
    return put("alter_id_token", lambda found: found.update(claims))


def without(claim: str) -> Twist:
    return put("alter_id_token", lambda found: found.pop(claim, None))


def instead(endpoint: str, response: Response) -> Twist:
    return lambda idp: idp.instead.update({endpoint: response})


def person(**claims: object) -> Twist:
    return lambda idp: idp.claims.update(claims)


def nobody_has(claim: str) -> Twist:
    return lambda idp: idp.claims.pop(claim)


def both(*twists: Twist) -> Twist:
    return lambda idp: [twist(idp) for twist in twists]


REFUSED = [
    pytest.param(in_id_token(iss="https://other.test"), Code.ID_TOKEN_ISSUER, id="R-05: another issuer, iss-mismatch"),
    pytest.param(in_id_token(iss="https://idp.test/"), Code.ID_TOKEN_ISSUER, id="R-05: a slash too many"),
    pytest.param(in_id_token(aud="other"), Code.ID_TOKEN_AUDIENCE, id="R-04: for another client"),
    pytest.param(in_id_token(aud="other", azp="romm"), Code.ID_TOKEN_AUDIENCE, id="R-04: for another client, azp is us"),
    pytest.param(in_id_token(aud=["romm", "other"], azp="romm"), Code.ID_TOKEN_AUDIENCE, id="R-04: also for a stranger"),
    pytest.param(in_id_token(azp="other"), Code.ID_TOKEN_AUTHORIZED_PARTY, id="R-04: azp is another"),
    pytest.param(in_id_token(exp=1), Code.ID_TOKEN_EXPIRED, id="R-26: expired, clock-skew"),
    pytest.param(in_id_token(iat=1), Code.ID_TOKEN_ISSUED_AT, id="R-26: issued long ago"),
    pytest.param(without("iat"), Code.ID_TOKEN_ISSUED_AT, id="R-26: no iat"),
    pytest.param(in_id_token(nonce="another"), Code.ID_TOKEN_NONCE, id="R-09: another nonce"),
    pytest.param(without("nonce"), Code.ID_TOKEN_NONCE, id="R-09: no nonce"),
    pytest.param(in_id_token(at_hash="AAAA"), Code.ID_TOKEN_AT_HASH, id="R-50: a wrong at_hash"),
    pytest.param(in_id_token(sub=""), Code.ID_TOKEN_SUBJECT, id="R-25: empty subject"),
    pytest.param(put("algorithm", "none"), Code.ID_TOKEN_ALGORITHM, id="R-03: unsigned"),
    pytest.param(put("algorithm", "HS256"), Code.ID_TOKEN_ALGORITHM, id="R-03: HS256"),
    pytest.param(put("alter_tokens", lambda t: t.pop("id_token")), Code.ID_TOKEN_MISSING, id="R-49: no ID token"),
    pytest.param(put("alter_tokens", lambda t: t.update(id_token="a.b.c.d.e")), Code.ID_TOKEN_ENCRYPTED, id="jwe"),
    pytest.param(put("alter_tokens", lambda t: t.update(id_token="a.b")), Code.ID_TOKEN_MALFORMED, id="no JWT at all"),
    pytest.param(put("alter_tokens", lambda t: t.update(token_type="mac")), Code.TOKEN_RESPONSE_INVALID, id="R-49: not Bearer"),
    pytest.param(put("alter_userinfo", lambda u: u.update(sub="mallory")), Code.USERINFO_MISMATCH, id="userinfo-sub-mismatch"),
    pytest.param(put("alter_userinfo", lambda u: u.pop("sub")), Code.USERINFO_MISMATCH, id="R-24: UserInfo without sub"),
    pytest.param(instead("userinfo", LIST), Code.USERINFO_INVALID, id="R-24: UserInfo is a list"),
    pytest.param(instead("userinfo", HTML), Code.USERINFO_INVALID, id="R-24: UserInfo is a page"),
    pytest.param(instead("token", HTML), Code.TOKEN_RESPONSE_INVALID, id="the token endpoint answers a page"),
    pytest.param(instead("token", NO_CONTENT), Code.TOKEN_RESPONSE_INVALID, id="the token endpoint answers nothing"),
    pytest.param(instead("token", CUT), Code.TOKEN_RESPONSE_INVALID, id="the token endpoint stops in the middle"),
    pytest.param(instead("token", GZIP_BOMB), Code.PROVIDER_ANSWER_INVALID, id="R-57: a gzip bomb"),
    pytest.param(instead("token", HUGE), Code.PROVIDER_ANSWER_INVALID, id="R-57: an endless answer"),
    pytest.param(instead("token", DEEP), Code.TOKEN_RESPONSE_INVALID, id="R-57: a very deep answer"),
    pytest.param(instead("token", BROKEN), Code.PROVIDER_UNAVAILABLE, id="the token endpoint fails"),
    pytest.param(instead("token", error("invalid_grant")), Code.CODE_REJECTED, id="the code is not accepted"),
    pytest.param(put("client_secret", "another"), Code.CLIENT_REJECTED, id="a wrong client secret"),
    pytest.param(put("authorization_error", "access_denied"), Code.ACCESS_DENIED, id="idp-error-response: cancelled"),
    pytest.param(put("authorization_error", "server_error"), Code.PROVIDER_ERROR, id="idp-error-response: their fault"),
    pytest.param(put("authorization_error", "invalid_scope"), Code.INVALID_SCOPE, id="invalid-scope"),
    pytest.param(put("authorization_error", "unauthorized_client"), Code.REQUEST_REFUSED, id="the request is not accepted"),
    pytest.param(put("alter_response", lambda r: r.update(iss="https://other.test")), Code.RESPONSE_ISSUER, id="R-23: mix-up"),
    pytest.param(put("alter_response", lambda r: r.pop("iss")), Code.RESPONSE_ISSUER, id="R-23: iss advertised and missing"),
    pytest.param(put("alter_response", lambda r: r.pop("code")), Code.RESPONSE_INVALID, id="neither code nor error"),
    pytest.param(person(groups=["strangers"]), Code.NO_ROLE, id="no group of ours"),
    pytest.param(person(groups=[]), Code.NO_ROLE, id="groups-empty"),
    pytest.param(person(groups="romm-admins,users"), Code.NO_ROLE, id="groups-csv, not declared"),
    pytest.param(nobody_has("email"), Code.EMAIL_MISSING, id="no e-mail"),
    pytest.param(person(email="ａlice@example.org"), Code.EMAIL_INVALID, id="R-47: a look-alike address"),
    pytest.param(person(email_verified=False), Code.EMAIL_NOT_VERIFIED, id="verified-false"),
    pytest.param(nobody_has("email_verified"), Code.EMAIL_NOT_VERIFIED, id="verified-absent"),
    pytest.param(person(email_verified="true"), Code.EMAIL_NOT_VERIFIED, id="verified-string-true"),
    pytest.param(person(email_verified=1), Code.EMAIL_NOT_VERIFIED, id="verified-1"),
    pytest.param(both(person(groups=["users"], email="gone@example.org")), Code.ACCOUNT_DISABLED, id="L-09: disabled"),
    pytest.param(person(groups=["users"], email="linked@example.org"), Code.ALREADY_LINKED, id="L-10: sub-changed-same-email"),
]  # fmt: skip


async def with_other_accounts(world: World) -> None:
    """Somebody disabled, and somebody who is linked to another subject already."""
    gone = await world.add("gone", "gone@example.org")
    world.accounts.by_id[gone.id] = replace(gone, enabled=False)
    registered = Register(rule="L-12", level=AccessLevel.VIEWER, email="linked@example.org")
    await world.accounts.register(registered, Identity(world.idp.issuer, "somebody else"), "linked", world.clock())


def sign_in_as(world: World, sub: str, **claims: object) -> None:
    """Who sits at the provider from now on: somebody with a verified address and the group of ordinary people."""
    world.idp.sub = sub
    world.idp.claims = {"email": f"{sub}@example.org", "email_verified": True, "groups": ["users"]} | claims


@pytest.mark.parametrize(("twist", "code"), REFUSED)
async def test_a_refused_sign_in_is_explained_and_leaves_nothing_behind(world: World, twist: Twist, code: Code) -> None:
    """No session, no account, one log line with code, facts and what to do, one line for the admins."""
    await with_other_accounts(world)
    twist(world.idp)
    before, credentials = dict(world.accounts.by_id), dict(world.accounts.credentials)
    browser = world.browser()
    response = await browser.sign_in("/collection")
    assert (response.status_code, error_of(response)) == (303, code)
    assert browser.session is None
    assert (await browser.me()).status_code == 401
    assert (world.accounts.by_id, world.accounts.credentials) == (before, credentials)
    [line] = [line for line in world.lines("refused") if line["code"] == code]
    assert line["hint"]
    assert "{" not in line["hint"]
    assert (world.sign_ins.entries[-1].code, world.sign_ins.entries[-1].issuer) == (code, world.idp.issuer)
    page = (await browser.get(response.headers["location"])).text
    assert CATALOGUE[code].person.split(".")[0] in page.replace("&#39;", "'")
    assert code in page
    assert "next=%2Fcollection" in page, "trying again leads to where the person wanted to go"


ADMITTED = [
    pytest.param(lambda idp: None, "admin", id="an honest provider"),
    pytest.param(put("thin_id_token", True), "admin", id="thin-id-token"),
    pytest.param(put("userinfo_as_jwt", True), "admin", id="userinfo-jwt"),
    pytest.param(instead("userinfo", BROKEN), "admin", id="userinfo-500, all in the ID token"),
    pytest.param(put("alter_metadata", lambda m: m.pop("userinfo_endpoint")), "admin", id="userinfo-absent"),
    pytest.param(put("algorithm", "ES256"), "admin", id="es256"),
    pytest.param(put("algorithm", "PS256"), "admin", id="ps256"),
    pytest.param(put("algorithm", "EdDSA"), "admin", id="eddsa"),
    pytest.param(put("alter_header", lambda h: h.pop("kid")), "admin", id="kid-absent"),
    pytest.param(put("requires_par", True), "admin", id="par-required"),
    pytest.param(put("requires_pkce", False), "admin", id="a provider that ignores PKCE"),
    pytest.param(put("auth_methods", ("client_secret_post",)), "admin", id="client_secret_post"),
    pytest.param(both(put("sends_iss", False)), "admin", id="no iss in the response, none advertised"),
    pytest.param(in_id_token(aud=["romm"]), "admin", id="aud-list of us alone"),
    pytest.param(person(groups="users"), "viewer", id="groups-string: one value, whole"),
    pytest.param(person(groups=["/romm-editors", "users"]), "editor", id="kc-slash"),
    pytest.param(nobody_has("groups"), "viewer", id="groups-absent"),
    pytest.param(person(groups={"romm-admins": 1}), "viewer", id="groups-object, not declared: as if absent"),
    pytest.param(nobody_has("preferred_username"), "admin", id="no-username"),
]  # fmt: skip


@pytest.mark.parametrize(("twist", "level"), ADMITTED)
async def test_a_person_is_admitted_with_the_level_of_their_groups(world: World, twist: Twist, level: str) -> None:
    twist(world.idp)
    browser = world.browser()
    response = await browser.sign_in("/collection?page=2")
    assert (response.status_code, response.headers["location"]) == (303, "/collection?page=2")
    me = (await browser.me()).json()
    assert (me["username"], me["email"], me["access_level"]) == ("alice", "alice@example.org", level)


async def test_both_requests_carry_the_configured_redirect_uri_and_one_pkce_pair(world: World) -> None:
    """R-10, R-21, `pkce-required`."""
    browser = world.browser(**{"host": "evil.test", "x-forwarded-host": "evil.test"})
    await browser.sign_in()
    [asked], [exchanged] = world.idp.received("/authorize"), world.idp.received("/token")
    assert asked.query["redirect_uri"] == exchanged.form["redirect_uri"] == f"{ORIGIN}/api/oauth/openid"
    assert asked.query["code_challenge_method"] == "S256"
    assert asked.query["code_challenge"] == code_challenge(exchanged.form["code_verifier"])


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("code=x", id="R-08: no state, no cookie"),
        pytest.param("code=x&state=", id="empty state"),
        pytest.param("code=x&state=invented", id="a state nobody gave"),
    ],
)
async def test_a_response_that_was_not_asked_for_is_refused_before_the_provider_hears_of_it(
    world: World, query: str
) -> None:
    """R-07, R-08."""
    response = await world.browser().come_back(query)
    assert error_of(response) == Code.STATE_UNKNOWN
    [line] = world.lines("refused")
    assert line["facts"]["found"] == ("none of ours" if "invented" in query else "missing")
    assert world.idp.received("/token") == []


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("&code=y", id="two codes"),
        pytest.param("&state=y", id="two states"),
        pytest.param("&error=access_denied", id="code and error"),
        pytest.param("&error_description=a%00b", id="a NUL"),
    ],
)
async def test_an_ambiguous_response_is_refused(world: World, more: str) -> None:
    """R-52."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    assert error_of(await browser.come_back(query + more)) == Code.RESPONSE_INVALID
    assert world.idp.received("/token") == []


async def test_a_response_in_another_browser_is_refused_and_the_right_one_still_finishes(world: World) -> None:
    """R-07: a stolen link signs nobody in, and takes nothing from its owner."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    other = world.browser()
    assert error_of(await other.come_back(query)) == Code.BROWSER_MISMATCH
    assert world.idp.received("/token") == []
    assert (await browser.come_back(query)).headers["location"] == "/"


async def test_a_response_after_ten_minutes_is_refused_and_keeps_the_target(world: World) -> None:
    """`expired-attempt`."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin("/collection"))
    world.clock.advance(timedelta(seconds=601))
    response = await browser.come_back(query)
    assert error_of(response) == Code.ATTEMPT_EXPIRED
    assert "next=%2Fcollection" in response.headers["location"]


async def test_a_response_is_used_once_also_twenty_times_in_parallel(world: World) -> None:
    """R-11, `callback-replay`: one token request, and the one browser that sent all of them is signed in."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    cookies = dict(browser.client.cookies)
    twenty = [world.browser() for _ in range(20)]
    for each in twenty:
        each.client.cookies.update(cookies)
    answers = await asyncio.gather(*(each.come_back(query) for each in twenty))
    assert {answer.headers["location"] for answer in answers} == {"/"}
    assert len(world.idp.received("/token")) == 1


async def test_a_second_use_sends_a_signed_in_browser_home_and_anyone_else_to_the_first_reason(world: World) -> None:
    world.idp.claims["email_verified"] = False
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    assert error_of(await browser.come_back(query)) == Code.EMAIL_NOT_VERIFIED
    assert error_of(await browser.come_back(query)) == Code.EMAIL_NOT_VERIFIED
    world.idp.claims["email_verified"] = True
    await browser.sign_in()
    again = await browser.come_back(query)
    assert (again.headers["location"], again.headers.get_list("set-cookie")) == ("/", [])
    assert (await browser.me()).status_code == 200


async def test_whatever_calls_back_is_answered_with_a_way_and_never_with_a_body(world: World) -> None:
    """A browser that asks for anything (`*/*`) is still one: there is nothing here for a program."""
    response = await world.program().get("/api/oauth/openid?code=x&state=y")
    assert (response.status_code, response.headers["location"].startswith("/login?error=")) == (303, True)


async def test_a_finished_callback_without_a_session_says_that_it_was_used(world: World) -> None:
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    await browser.come_back(query)
    assert error_of(await world.browser().come_back(query)) == Code.ATTEMPT_USED


async def test_a_browser_that_loses_the_first_answer_is_signed_in_by_the_second(world: World) -> None:
    """The window loads the callback twice and shows what came last; the other answer is lost with its cookie."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin("/collection"))
    loses = world.browser()
    loses.client.cookies.update(browser.client.cookies)
    await loses.come_back(query)
    assert (await browser.come_back(query)).headers["location"] == "/collection"
    assert (await browser.me()).json()["username"] == "alice"
    assert len(world.idp.received("/token")) == 1


async def test_a_link_that_is_loaded_twice_brings_its_news_twice(world: World) -> None:
    """L-11a."""
    world.idp.claims["groups"] = ["users"]
    await world.add("ally", "alice@example.org")
    browser = world.browser()
    query = await world.idp.approve(await browser.begin("/collection"))
    again = world.browser()
    again.client.cookies.update(browser.client.cookies)
    answers = [await each.come_back(query) for each in (browser, again)]
    assert {answer.headers["location"] for answer in answers} == {"/me?notice=linked&next=%2Fcollection"}


async def test_attempts_in_two_tabs_finish_in_either_order(world: World) -> None:
    """`two-tabs`."""
    browser = world.browser()
    queries = [await world.idp.approve(await browser.begin(path)) for path in ("/one", "/two")]
    locations = [(await browser.come_back(query)).headers["location"] for query in reversed(queries)]
    assert locations == ["/two", "/one"]


async def test_fifty_starts_leave_five_attempt_cookies_and_the_newest_works(world: World) -> None:
    """R-19."""
    browser = world.browser()
    for _ in range(50):
        location = await browser.begin()
    assert sum("romm_attempt_" in name for name in browser.client.cookies) == 5
    assert (await browser.come_back(await world.idp.approve(location))).headers["location"] == "/"


async def test_a_begun_sign_in_writes_nothing(world: World) -> None:
    """R-19: only what costs its maker something takes room here."""
    for path in ("/", "/collection", "/" + "x" * 3000):
        await world.browser().begin(path)
    await (await admin_of(world)).get("/api/oidc/trial")
    assert world.attempts.used == {}
    assert world.throttles.counted == {}
    assert world.sign_ins.entries == []


async def admin_of(world: World) -> httpx.AsyncClient:
    """A program of the keeper's."""
    program = world.program()
    program.auth = httpx.BasicAuth("keeper", PASSWORD)
    return program


async def test_a_sign_in_survives_a_restart_but_not_another_client_or_provider(world: World) -> None:
    """R-64, `restart-mid-login`."""
    browser = world.browser()
    queries = [await world.idp.approve(await browser.begin()) for _ in range(3)]
    cookies = browser.client.cookies
    world.reconfigure(environment(world.idp.issuer))
    assert (await revisit(world, cookies).come_back(queries[0])).headers["location"] == "/"
    world.reconfigure(environment(world.idp.issuer, OIDC_CLIENT_ID="another"))
    assert error_of(await revisit(world, cookies).come_back(queries[1])) == Code.ATTEMPT_OUTDATED
    world.reconfigure({"ROMM_BASE_URL": ORIGIN})
    assert error_of(await revisit(world, cookies).come_back(queries[2])) == Code.OIDC_OFF


def revisit(world: World, cookies) -> Browser:
    browser = world.browser()
    browser.client.cookies = cookies
    return browser


async def test_registration_off_means_no_account_appears() -> None:
    """R-13."""
    world = World({"OIDC_ALLOW_REGISTRATION": "false"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    assert error_of(await world.browser().sign_in()) == Code.REGISTRATION_CLOSED
    assert [account.username for account in world.accounts.by_id.values()] == ["keeper"]


async def test_linking_by_email_can_be_switched_off() -> None:
    """L-11."""
    world = World({"OIDC_LINK_BY_EMAIL": "false"})
    await world.add("keeper", "alice@example.org", AccessLevel.ADMIN)
    assert error_of(await world.browser().sign_in()) == Code.LINK_FROM_ACCOUNT


async def test_before_there_is_an_admin_only_an_admin_of_the_provider_comes_in() -> None:
    """R-67, L-01."""
    world = World()
    world.idp.claims["groups"] = ["users"]
    assert error_of(await world.browser().sign_in()) == Code.SETUP_REQUIRED
    assert world.accounts.by_id == {}
    world.idp.claims["groups"] = ["romm-admins"]
    browser = world.browser()
    assert (await browser.sign_in()).headers["location"] == "/"
    assert (await browser.me()).json()["role"] == "admin"


async def test_an_existing_account_is_linked_by_its_verified_address_and_says_so(world: World) -> None:
    """L-11a; the local session that was open before is over."""
    world.idp.claims["groups"] = ["users"]
    await world.add("ally", "alice@example.org")
    elsewhere = world.browser()
    await elsewhere.submit("/api/login", username="ally", password="a lantern in the attic")
    browser = world.browser()
    response = await browser.sign_in("/collection")
    assert response.headers["location"] == "/me?notice=linked&next=%2Fcollection"
    page = (await browser.get(response.headers["location"])).text
    assert "now linked" in page
    assert "password" in page
    assert "/collection" in page
    assert (await elsewhere.me()).status_code == 401
    assert [link.rule for link in world.accounts.by_id[2].links] == ["L-11a"]


async def test_typing_a_future_admins_address_first_gains_nothing(world: World) -> None:
    """R-12, L-11b: the admin's group kills the password that somebody else chose."""
    await world.add("mallory", "alice@example.org")
    mallory = world.browser()
    await mallory.submit("/api/login", username="mallory", password="a lantern in the attic")
    admin = world.browser()
    await admin.sign_in()
    assert (await admin.me()).json()["access_level"] == "admin"
    assert (await mallory.me()).status_code == 401
    again = await mallory.submit("/api/login", username="mallory", password="a lantern in the attic")
    assert error_of(again) == Code.CREDENTIALS_WRONG


async def test_an_administrator_who_links_keeps_the_password_for_when_the_provider_is_down(world: World) -> None:
    """L-11c."""
    await world.add("ally", "alice@example.org", AccessLevel.ADMIN)
    elsewhere = world.browser()
    await elsewhere.submit("/api/login", username="ally", password="a lantern in the attic")
    browser = world.browser()
    await browser.sign_in()
    assert (await browser.me()).json()["username"] == "ally"
    assert [link.rule for link in world.accounts.by_id[2].links] == ["L-11c"]
    assert (await elsewhere.me()).status_code == 401
    again = await elsewhere.submit("/api/login", username="ally", password="a lantern in the attic")
    assert again.headers["location"] == "/"


async def test_the_trap_does_not_work_either_when_the_group_comes_later(world: World) -> None:
    """R-12, L-11b, second sign-in."""
    await world.add("mallory", "alice@example.org")
    world.clock.advance(timedelta(minutes=1))
    world.idp.claims["groups"] = ["users"]
    alice = world.browser()
    await alice.sign_in()
    world.clock.advance(timedelta(minutes=1))
    world.idp.claims["groups"] = ["romm-admins"]
    await alice.sign_in()
    assert (await alice.me()).json()["access_level"] == "admin"
    mallory = await world.browser().submit("/api/login", username="mallory", password="a lantern in the attic")
    assert error_of(mallory) == Code.CREDENTIALS_WRONG


async def test_swapping_addresses_at_the_provider_swaps_no_accounts(world: World) -> None:
    """R-01."""
    people = {"alice": ("alice@example.org", "romm-admins"), "bob": ("bob@example.org", "users")}
    for sub, (email, group) in people.items():
        sign_in_as(world, sub, email=email, groups=[group], preferred_username=sub)
        await world.browser().sign_in()
    sign_in_as(world, "bob", email="alice@example.org", preferred_username="bob")
    browser = world.browser()
    await browser.sign_in()
    assert (await browser.me()).json()["username"] == "bob"


async def test_a_level_that_is_taken_away_is_gone_from_every_session_at_once(world: World) -> None:
    """R-15."""
    early = world.browser()
    await early.sign_in()
    assert (await early.me()).json()["access_level"] == "admin"
    world.idp.claims["groups"] = ["users"]
    later = world.browser()
    await later.sign_in()
    assert (await later.me()).json()["access_level"] == "viewer"
    assert (await early.me()).status_code == 401


async def test_twenty_first_sign_ins_at_once_make_one_account(world: World) -> None:
    """R-45."""
    answers = await asyncio.gather(*(world.browser().sign_in() for _ in range(20)))
    assert {answer.headers["location"] for answer in answers} == {"/"}
    assert sum(bool(account.links) for account in world.accounts.by_id.values()) == 1


async def test_a_taken_or_reserved_name_gets_a_number(world: World) -> None:
    """R-46, username-taken."""
    for sub, name in (("a", "keeper"), ("b", "ADMIN"), ("c", "admin")):
        sign_in_as(world, sub, preferred_username=name)
        await world.browser().sign_in()
    assert [account.username for account in world.accounts.by_id.values()] == [
        "keeper",
        "keeper-2",
        "admin-2",
        "admin-3",
    ]


@pytest.mark.parametrize("brought", ["invented", "x" * 10_000, ""], ids=["invented", "10 kB", "empty"])
async def test_a_session_that_the_browser_brings_is_never_adopted(world: World, brought: str) -> None:
    """R-16."""
    browser = world.browser()
    browser.client.cookies.set("__Host-romm_session", brought, domain="romm.test")
    response = await browser.sign_in()
    [session] = [cookie for cookie in cookies_of(response) if cookie.startswith("__Host-romm_session=")]
    assert brought == "" or brought not in session


@pytest.mark.parametrize(
    ("endpoint", "response", "code"),
    [
        ("discovery", HTML, Code.PROVIDER_ANSWER_INVALID),
        ("discovery", BROKEN, Code.PROVIDER_UNAVAILABLE),
        ("discovery", LIST, Code.PROVIDER_ANSWER_INVALID),
    ],
)
async def test_without_a_usable_provider_nobody_is_sent_there(
    world: World, endpoint: str, response: Response, code: Code
) -> None:
    instead(endpoint, response)(world.idp)
    answer = await world.browser().get("/api/login/openid")
    assert (answer.status_code, error_of(answer)) == (303, code)


async def test_a_foreign_issuer_in_the_discovery_document_stops_before_any_redirect(world: World) -> None:
    """R-06."""
    world.idp.alter_metadata = lambda metadata: metadata.update(issuer="https://other.test")
    answer = await world.browser().get("/api/login/openid")
    assert error_of(answer) == Code.ISSUER_MISMATCH
    assert urlsplit(answer.headers["location"]).netloc == ""


async def test_an_insecure_endpoint_of_an_https_issuer_is_not_used(world: World) -> None:
    """R-62."""
    world.idp.alter_metadata = lambda metadata: metadata.update(token_endpoint="http://idp.test/token")
    assert error_of(await world.browser().get("/api/login/openid")) == Code.ENDPOINT_INSECURE


async def test_a_provider_that_was_down_at_start_works_without_a_restart(world: World) -> None:
    world.idp.instead["discovery"] = BROKEN
    browser = world.browser()
    refused = await browser.get("/api/login/openid?next=/collection")
    assert error_of(refused) == Code.PROVIDER_UNAVAILABLE
    assert refused.headers["location"].endswith("&next=%2Fcollection")  # for when it is up again
    del world.idp.instead["discovery"]
    world.clock.advance(timedelta(seconds=6))
    assert (await browser.sign_in()).headers["location"] == "/"


async def test_no_browser_is_sent_to_a_provider_that_went_down_since(world: World) -> None:
    """The person reads our page instead of the browser's own, or a proxy's."""
    browser = world.browser()
    await browser.sign_in()
    world.idp.instead["discovery"] = BROKEN
    world.clock.advance(timedelta(seconds=61))
    refused = await browser.get("/api/login/openid?next=/collection")
    assert error_of(refused) == Code.PROVIDER_UNAVAILABLE
    assert refused.headers["location"].endswith("&next=%2Fcollection")
    del world.idp.instead["discovery"]
    world.clock.advance(timedelta(seconds=6))
    assert (await browser.sign_in()).headers["location"] == "/"


async def test_a_sign_in_that_is_under_way_needs_no_discovery(world: World) -> None:
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    world.idp.instead["discovery"] = BROKEN
    world.clock.advance(timedelta(seconds=61))
    assert (await browser.come_back(query)).headers["location"] == "/"


async def test_what_userinfo_would_have_told_is_not_called_missing_when_it_did_not_answer(world: World) -> None:
    world.idp.thin_id_token = True
    world.idp.instead["userinfo"] = BROKEN
    assert error_of(await world.browser().sign_in()) == Code.PROVIDER_UNAVAILABLE


async def test_an_unexpected_failure_is_a_refusal_with_a_reference(world: World) -> None:
    """R-90."""

    class Surprised(Exception):
        pass

    async def surprise(*_: object) -> None:
        raise Surprised("secret detail")

    world.accounts.find = surprise  # type: ignore[method-assign,assignment]
    browser = world.browser()
    response = await browser.sign_in()
    assert error_of(response) == Code.UNEXPECTED
    assert len(parse_qs(urlsplit(response.headers["location"]).query)["ref"][0]) == 16
    assert browser.session is None
    assert "secret detail" not in response.headers["location"]
    assert world.lines("unexpected")


async def test_the_callback_leaves_no_code_or_state_behind(world: World) -> None:
    """R-53, R-59."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    response = await browser.come_back(query)
    secrets = [value for values in parse_qs(query).values() for value in values if value != world.idp.issuer]
    [exchange] = world.idp.received("/token")
    secrets += [exchange.form["code_verifier"], browser.session or "", world.settings.oidc.client_secret]
    for secret in secrets:
        assert secret not in response.headers["location"]
        assert secret not in str(world.log.lines)
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"


async def test_signing_in_again_ends_the_session_before(world: World) -> None:
    """R-16: also after signing out of the second one, the first cookie opens nothing."""
    browser = world.browser()
    await browser.sign_in()
    first = browser.session
    await browser.sign_in()
    assert browser.session != first
    old = world.browser()
    old.client.cookies.set("__Host-romm_session", first or "", domain="romm.test")
    assert (await old.me()).status_code == 401


async def test_a_response_that_comes_again_points_to_the_line_with_the_facts(world: World) -> None:
    world.idp.claims["email_verified"] = False
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    for _ in range(2):
        answer = await browser.come_back(query)
    first, again = (line for line in world.lines("refused") if line["code"] == Code.EMAIL_NOT_VERIFIED)
    assert again["hint"].endswith(f"{again['facts']['again']} has the facts.")
    assert again["facts"]["again"] != parse_qs(urlsplit(answer.headers["location"]).query)["ref"][0]
    assert "email_verified" in first["hint"]


async def test_whoever_wonders_why_their_group_makes_no_admin_reads_what_the_claim_said() -> None:
    """L-01: a misspelt group is the likeliest mistake of the first evening."""
    world = World()
    world.idp.claims["groups"] = ["Romm-Admins"]
    await world.browser().sign_in()
    [line] = [line for line in world.lines("refused") if line["code"] == Code.SETUP_REQUIRED]
    assert "Romm-Admins" in line["hint"]


def confirmed_first(response: httpx.Response) -> str | None:
    """Where a browser returns to after the confirmation that it is sent to."""
    target = urlsplit(response.headers.get("location", ""))
    return parse_qs(target.query)["next"][0] if target.path == "/account/confirm" else None


def error_of(response: httpx.Response) -> str:
    """The code in the page that a browser is sent to."""
    assert response.status_code == 303
    return parse_qs(urlsplit(response.headers["location"]).query).get("error", ["none"])[0]

"""Signing out at the provider ends the sessions here (OpenID Connect Back-Channel Logout 1.0)."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from romm.domain.errors import Code
from romm.domain.limits import FAILED_LOGOUT_TOKENS
from romm.domain.sign_in.logout_token import EVENT
from tests.api.sign_in.test_openid import error_of
from tests.fake_provider import Response
from tests.world import HTML, ORIGIN, PASSWORD, Browser, World

ROUTE = "/api/oauth/openid/backchannel-logout"
FORM = "application/x-www-form-urlencoded"


async def send(world: World, token: str, **headers: str) -> httpx.Response:
    """What a provider sends: a form, without a cookie and without a word of where it comes from."""
    return await world.program().post(ROUTE, data={"logout_token": token}, headers=headers)


async def signed_in(world: World, sid: str | None = "their session") -> Browser:
    world.idp.sid = sid
    browser = world.browser()
    assert (await browser.sign_in()).headers["location"] == "/"
    return browser


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.me()).status_code == 200


def refused_with(response: httpx.Response, code: Code, status: int = 400) -> bool:
    body = response.json()
    assert set(body) == {"error", "error_description", "detail", "code", "reference"}
    return (response.status_code, body["code"]) == (status, code)


async def test_a_person_who_signs_out_there_is_signed_out_here(world: World) -> None:
    """R-42."""
    browser = await signed_in(world)
    answer = await send(world, world.idp.logout_token())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert not await is_signed_in(browser)
    page = await browser.get("/")
    assert page.headers["location"].startswith("/login")


@pytest.mark.parametrize(
    ("whom", "left"),
    [
        pytest.param({"sub": None}, [False, True], id="this session"),
        pytest.param({}, [False, True], id="this session of this person"),
        pytest.param({"sid": None}, [False, False], id="this person"),
        pytest.param({"sub": "mallory"}, [True, True], id="this session of somebody else"),
        pytest.param({"sub": None, "sid": "unknown"}, [True, True], id="another session"),
        pytest.param({"sub": "mallory", "sid": None}, [True, True], id="somebody else"),
    ],
)
async def test_exactly_the_sessions_end_that_are_meant(world: World, whom: dict[str, Any], left: list[bool]) -> None:
    """Whoever has no session any more is signed out already: 200 (2.7)."""
    at_home, at_work = await signed_in(world, "at home"), await signed_in(world, "at work")
    world.idp.sid = "at home"
    assert (await send(world, world.idp.logout_token(**whom))).status_code == 200
    assert [await is_signed_in(browser) for browser in (at_home, at_work)] == left


async def test_a_session_by_password_of_the_same_account_lives_on(world: World) -> None:
    by_provider = await signed_in(world)
    alice = next(account for account in world.accounts.by_id.values() if account.username == "alice")
    await world.change_password(alice)
    by_password = world.program()
    await by_password.post("/api/login", json={"username": "alice", "password": PASSWORD})
    by_provider = await signed_in(world)

    await send(world, world.idp.logout_token(sid=None))

    assert not await is_signed_in(by_provider)
    assert (await by_password.get("/api/users/me")).json()["username"] == "alice"


async def test_a_replayed_token_is_refused_and_ends_nothing(world: World) -> None:
    """R-42; without that, whoever has seen one could keep a person from ever staying signed in."""
    token = world.idp.logout_token()
    await signed_in(world)
    assert (await send(world, token)).status_code == 200
    again = await signed_in(world)
    assert refused_with(await send(world, token), Code.LOGOUT_TOKEN_USED)
    assert await is_signed_in(again)


async def test_of_many_at_once_one_is_carried_out(world: World) -> None:
    token = world.idp.logout_token()
    answers = await asyncio.gather(*(send(world, token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]


DEFECTS = {
    "another issuer": {"iss": "https://other.test"},
    "another client": {"aud": "another"},
    "too old": {"iat": 1},
    "over": {"exp": 1},
    "an end that is none": {"exp": "never"},
    "nobody": {"sub": None, "sid": None},
    "no event": {"events": None},
    "another event": {"events": {f"{EVENT}s": {}}},
    "a nonce": {"nonce": "n"},
    "no id": {"jti": None},
}


@pytest.mark.parametrize("changes", DEFECTS.values(), ids=DEFECTS)
async def test_a_defect_is_told_and_ends_nothing(world: World, changes: dict[str, Any]) -> None:
    """R-42."""
    browser = await signed_in(world)
    token = world.idp.logout_token(**changes)
    answer = await send(world, token)
    assert refused_with(answer, Code.LOGOUT_TOKEN_INVALID)
    assert answer.json()["error"] == "invalid_request"
    assert answer.headers["cache-control"] == "no-store"
    assert await is_signed_in(browser)
    [line] = world.lines("refused")
    assert line["facts"]["claim"] in {*changes, "sub"}
    assert token not in str(world.log.lines)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token.rpartition(".")[0] + ".", id="no signature"),
        pytest.param(lambda token: token[:-8] + "AAAAAAAA", id="another signature"),
        pytest.param(lambda token: "e30.e30.e30", id="no algorithm"),
        pytest.param(lambda token: "nonsense", id="no JWT"),
        pytest.param(lambda token: "a.b.c.d.e", id="encrypted"),
    ],
)
async def test_a_token_that_the_provider_did_not_sign_is_refused(world: World, spoil: Any) -> None:
    browser = await signed_in(world)
    assert refused_with(await send(world, spoil(world.idp.logout_token())), Code.LOGOUT_TOKEN_INVALID)
    assert await is_signed_in(browser)
    [line] = world.lines("refused")
    assert line["facts"]["claim"] == "signature"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_the_algorithms_are_those_of_id_tokens(world: World, algorithm: str) -> None:
    """R-42: `none` never, HS256 only where the operator named it."""
    browser = await signed_in(world)
    world.idp.algorithm = algorithm
    assert refused_with(await send(world, world.idp.logout_token()), Code.LOGOUT_TOKEN_INVALID)
    [line] = world.lines("refused")
    assert line["facts"]["found"] == f"{Code.ID_TOKEN_ALGORITHM} {algorithm}"
    assert await is_signed_in(browser)


async def test_another_algorithm_than_that_of_the_sessions_id_token_is_refused(world: World) -> None:
    """R-42: also one that the provider announces and that RomM would take on an ID token."""
    both = ["RS256", "ES256"]
    world.idp.alter_metadata = lambda metadata: metadata.update(id_token_signing_alg_values_supported=both)
    browser = await signed_in(world)
    world.idp.algorithm = "ES256"
    assert refused_with(await send(world, world.idp.logout_token()), Code.LOGOUT_TOKEN_INVALID)
    [line] = world.lines("refused")
    assert (line["facts"]["claim"], line["facts"]["found"], line["facts"]["expected"]) == ("alg", "ES256", "RS256")
    assert await is_signed_in(browser)
    world.idp.algorithm = "RS256"
    world.clock.advance(timedelta(seconds=15))  # until keys may be fetched again
    assert (await send(world, world.idp.logout_token())).status_code == 200
    assert not await is_signed_in(browser)


@pytest.mark.parametrize(("announced", "status"), [(["ES256"], 200), (["RS256"], 400), (None, 200), ("nonsense", 200)])
async def test_without_a_session_it_is_held_to_what_the_provider_announces(announced: Any, status: int) -> None:
    """R-42."""
    world = World()
    world.idp.algorithm = "ES256"
    world.idp.alter_metadata = lambda metadata: metadata.update(id_token_signing_alg_values_supported=announced)
    assert (await send(world, world.idp.logout_token())).status_code == status


async def test_a_token_without_an_end_counts_for_ten_minutes_and_once(world: World) -> None:
    """R-42: Ory Hydra, LemonLDAP::NG and Authentik 2025.8.0 send none."""
    browser = await signed_in(world)
    token, late = world.idp.logout_token(exp=None), world.idp.logout_token(exp=None)
    assert (await send(world, token)).status_code == 200
    assert not await is_signed_in(browser)
    [line] = world.lines("backchannel.without_exp")
    assert (line["issuer"], "ten minutes" in line["hint"]) == (world.idp.issuer, True)
    world.clock.advance(timedelta(minutes=9, seconds=58))
    assert refused_with(await send(world, token), Code.LOGOUT_TOKEN_USED)
    world.clock.advance(timedelta(seconds=3))
    for each in (token, late):
        assert refused_with(await send(world, each), Code.LOGOUT_TOKEN_INVALID)


@pytest.mark.parametrize(
    ("provider", "fix"), [("authentik", "2025.8.2 or later"), ("keycloak", "ten minutes from its iat.")]
)
async def test_the_log_says_what_helps_against_a_missing_end(provider: str, fix: str) -> None:
    world = World({"OIDC_PROVIDER": provider})
    await send(world, world.idp.logout_token(exp=None))
    [line] = world.lines("backchannel.without_exp")
    assert fix in line["hint"]
    assert ("Authentik" in line["hint"]) is (provider == "authentik")


async def test_a_token_with_an_end_leaves_no_such_line(world: World) -> None:
    await send(world, world.idp.logout_token())
    assert world.lines("backchannel.without_exp") == []


@pytest.mark.parametrize(
    ("scope", "whom", "left"),
    [
        ("session", {}, [False, True]),
        ("person", {}, [False, False]),
        ("person", {"sub": None}, [False, True]),
        ("person", {"sub": "mallory"}, [True, True]),
    ],
)
async def test_the_operator_may_have_all_sessions_of_the_person_end(
    scope: str, whom: dict[str, Any], left: list[bool]
) -> None:
    """R-42."""
    world = World({"OIDC_BACKCHANNEL_LOGOUT_SCOPE": scope})
    at_home, at_work = await signed_in(world, "at home"), await signed_in(world, "at work")
    world.idp.sid = "at home"
    assert (await send(world, world.idp.logout_token(**whom))).status_code == 200
    assert [await is_signed_in(browser) for browser in (at_home, at_work)] == left


async def test_hs256_counts_where_the_operator_named_it() -> None:
    world = World({"OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS": "HS256"})
    world.idp.algorithm = "HS256"
    assert (await send(world, world.idp.logout_token())).status_code == 200


async def test_a_new_key_of_the_provider_is_fetched(world: World) -> None:
    browser = await signed_in(world)
    world.idp.rotate()
    assert (await send(world, world.idp.logout_token())).status_code == 200
    assert not await is_signed_in(browser)


async def test_an_id_token_is_no_logout_token(world: World) -> None:
    """R-43."""
    given: list[str] = []
    world.idp.alter_tokens = lambda tokens: given.append(tokens["id_token"])
    browser = await signed_in(world)
    assert refused_with(await send(world, given[0]), Code.LOGOUT_TOKEN_INVALID)
    assert await is_signed_in(browser)


async def test_a_token_that_calls_itself_something_else_is_no_logout_token(world: World) -> None:
    """R-43."""
    browser = await signed_in(world)
    world.idp.alter_header = lambda header: header.update(typ="at+jwt")
    assert refused_with(await send(world, world.idp.logout_token()), Code.LOGOUT_TOKEN_INVALID)
    assert await is_signed_in(browser)


@pytest.mark.parametrize(
    ("environ", "typ", "counts"),
    [
        pytest.param({}, "JWT", False, id="JWT, of a provider that sends the type"),
        pytest.param({}, None, False, id="none"),
        pytest.param({"OIDC_PROVIDER": "keycloak"}, "JWT", True, id="JWT, of one whose older versions send it"),
        pytest.param({"OIDC_PROVIDER": "authentik"}, "JWT", True, id="and of another one"),
        pytest.param({"OIDC_PROVIDER": "keycloak"}, None, False, id="none, of one that always sends a type"),
        pytest.param({"OIDC_UNTYPED_LOGOUT_TOKENS": "true"}, "JWT", True, id="JWT, where the operator says so"),
        pytest.param({"OIDC_UNTYPED_LOGOUT_TOKENS": "true"}, None, True, id="none, where the operator says so"),
    ],
)
async def test_other_types_count_only_where_the_provider_is_known_to_send_them(
    environ: dict[str, str], typ: str | None, counts: bool
) -> None:
    """R-43."""
    world = World(environ)
    browser = await signed_in(world)
    world.idp.alter_header = lambda header: header.pop("typ") if typ is None else header.update(typ=typ)
    answer = await send(world, world.idp.logout_token())
    assert answer.status_code == 200 if counts else refused_with(answer, Code.LOGOUT_TOKEN_INVALID)
    assert await is_signed_in(browser) is not counts
    if not counts:
        [line] = world.lines("refused")
        assert line["facts"]["claim"] == "typ"
        assert "OIDC_UNTYPED_LOGOUT_TOKENS=true" in line["hint"]


async def test_a_logout_token_is_no_id_token(world: World) -> None:
    """R-43."""
    world.idp.alter_tokens = lambda tokens: tokens.update(id_token=world.idp.logout_token())
    browser = world.browser()
    assert error_of(await browser.sign_in()) == Code.ID_TOKEN_NONCE
    assert browser.session is None


async def test_a_logout_token_is_no_bearer_token(world: World) -> None:
    """R-43."""
    headers = {"authorization": f"Bearer {world.idp.logout_token()}"}
    assert (await world.program().get("/api/users/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("endpoint", ["jwks", "discovery"])
async def test_a_provider_that_does_not_answer_may_try_again(world: World, endpoint: str) -> None:
    """No 400: the token is good, and sent once more in a minute it ends the session. So it is not used up either."""
    token = world.idp.logout_token()
    world.idp.instead[endpoint] = Response(503)
    answer = await send(world, token)
    assert refused_with(answer, Code.PROVIDER_UNAVAILABLE, 503)
    assert answer.headers["retry-after"]
    world.idp.instead.clear()
    world.clock.advance(timedelta(seconds=15))
    assert (await send(world, token)).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(FORM, "", id="nothing"),
        pytest.param(FORM, "token=x", id="another name"),
        pytest.param(FORM, "logout_token=", id="an empty one"),
        pytest.param(FORM, "logout_token=a.b.c&logout_token=a.b.c", id="two"),
        pytest.param("application/json", '{"logout_token": "a.b.c"}', id="JSON"),
        pytest.param("multipart/form-data; boundary=b", "--b--", id="a form of files"),
        pytest.param("text/plain", "logout_token=a.b.c", id="text"),
    ],
)
async def test_another_body_is_refused(world: World, content_type: str, body: str) -> None:
    answer = await world.program().post(ROUTE, content=body, headers={"content-type": content_type})
    assert refused_with(answer, Code.LOGOUT_TOKEN_INVALID)
    assert world.idp.requests == []


async def test_a_body_that_is_too_large_is_a_413(world: World) -> None:
    answer = await world.program().post(ROUTE, content=b"logout_token=" + bytes(70_000), headers={"content-type": FORM})
    assert answer.status_code == 413
    assert world.idp.requests == []


async def test_a_good_token_in_a_form_of_files_counts_for_nothing(world: World) -> None:
    browser = await signed_in(world)
    answer = await world.program().post(ROUTE, files={"logout_token": (None, world.idp.logout_token())})
    assert refused_with(answer, Code.LOGOUT_TOKEN_INVALID)
    assert await is_signed_in(browser)


async def test_the_token_in_the_address_counts_for_nothing(world: World) -> None:
    browser = await signed_in(world)
    answer = await world.program().post(ROUTE, params={"logout_token": world.idp.logout_token()})
    assert refused_with(answer, Code.LOGOUT_TOKEN_INVALID)
    assert await is_signed_in(browser)


async def test_looking_at_the_route_signs_nobody_out(world: World) -> None:
    browser = await signed_in(world)
    answer = await world.program().get(ROUTE, params={"logout_token": world.idp.logout_token()})
    assert answer.status_code == 405
    assert await is_signed_in(browser)


@pytest.mark.parametrize("path", [ROUTE, f"{ROUTE}/"])
async def test_neither_origin_nor_cookie_matters(world: World, path: str) -> None:
    """R-39: exempt by its exact route, because it believes the signature alone."""
    browser = await signed_in(world)
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.test"}
    answer = await browser.client.post(path, data={"logout_token": world.idp.logout_token()}, headers=headers | HTML)
    assert answer.status_code == 200
    refused = await browser.client.post("/api/logout", headers={"sec-fetch-site": "cross-site"})
    assert error_of(refused) == Code.CROSS_SITE


async def test_without_single_sign_on_there_is_no_such_route(world: World) -> None:
    token = world.idp.logout_token()
    world.reconfigure({"ROMM_BASE_URL": ORIGIN})
    assert refused_with(await send(world, token), Code.OIDC_OFF, 404)


async def test_a_flood_from_one_address_is_stemmed(world: World) -> None:
    """Of tokens that are refused: a provider may end all sessions at once."""
    for _ in range(FAILED_LOGOUT_TOKENS.each.tries + 1):
        assert (await send(world, world.idp.logout_token())).status_code == 200
    answers = [await send(world, "nonsense") for _ in range(FAILED_LOGOUT_TOKENS.each.tries + 2)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    assert refused_with(answers[-1], Code.TOO_MANY_REQUESTS, 429)
    assert answers[-1].headers["retry-after"]


async def test_who_was_signed_out_stands_in_both_logs(world: World) -> None:
    """R-59, R-60: with the reference, and without token, subject or session."""
    await signed_in(world, "canary-session")
    await signed_in(world, "canary-session")
    token = world.idp.logout_token(sub=None)

    await send(world, token)

    [line] = world.lines("backchannel.signed_out")
    assert (line["ended"], line["accounts"], line["named_by"], line["issuer"]) == (2, [2], "sid", world.idp.issuer)
    entry = world.sign_ins.entries[-1]
    assert (entry.method, entry.outcome, entry.account_id) == ("backchannel", "signed_out", 2)
    assert (entry.issuer, entry.code, len(entry.correlation_id)) == (world.idp.issuer, None, 16)
    assert [each.outcome for each in world.sign_ins.entries] == ["signed_in", "signed_in", "signed_out"]
    assert token not in str(world.log.lines)
    assert "canary-session" not in str(world.log.lines) + str(world.sign_ins.entries)


async def test_a_logout_of_nobody_leaves_only_a_line_in_the_log(world: World) -> None:
    await send(world, world.idp.logout_token())
    [line] = world.lines("backchannel.signed_out")
    assert (line["ended"], line["accounts"], line["named_by"]) == (0, [], "sub")
    assert line["subject_digest"]
    assert world.sign_ins.entries == []


async def test_an_administrator_reads_it_on_the_page(world: World) -> None:
    await signed_in(world)
    await send(world, world.idp.logout_token())
    keeper = world.browser()
    await keeper.submit("/api/login", username="keeper", password=PASSWORD)
    page = await keeper.get("/admin/sign-ins?outcome=signed_out")
    assert "signed out</span>" in page.text
    assert "by Authelia" in page.text
    assert "with Authelia" not in page.text


async def test_both_spellings_of_googles_issuer_are_its_own() -> None:
    world = World({"OIDC_PROVIDER": "google"})
    world.idp.issuer = "https://accounts.google.com"
    world.reconfigure({**world.settings_environ, "OIDC_SERVER_APPLICATION_URL": world.idp.issuer})
    assert (await send(world, world.idp.logout_token(iss="accounts.google.com"))).status_code == 200


@pytest.mark.parametrize(("audience", "status"), [("account", 200), ("stranger", 400)])
async def test_who_may_stand_beside_us_in_an_id_token_may_here(audience: str, status: int) -> None:
    world = World({"OIDC_EXTRA_AUDIENCES": "account"})
    assert (await send(world, world.idp.logout_token(aud=["romm", audience]))).status_code == status


async def test_a_session_that_the_provider_does_not_name_ends_with_its_person(world: World) -> None:
    browser = await signed_in(world, None)
    assert (await send(world, world.idp.logout_token(sub=None, sid="unknown here"))).status_code == 200
    assert await is_signed_in(browser)
    assert (await send(world, world.idp.logout_token())).status_code == 200
    assert not await is_signed_in(browser)

"""Several providers side by side: each sign-in belongs to one of them, from the button to the log."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from msgspec.structs import replace

from romm.adapters.provider.transport import Limits
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, EmailSource, Identity
from romm.sign_in.destinations import QUESTION_PAGE
from tests.api.sign_in.test_openid import error_of
from tests.fake_provider import BROKEN, HANGING, FakeProvider
from tests.world import ORIGIN, World

HOUSE, FRIENDS = "https://idp.test", "https://friends.test"
BACKCHANNEL = "/api/oauth/openid/backchannel-logout"
BOB = {"email": "bob@example.org", "email_verified": True, "preferred_username": "bob"}


def friends(**knobs: Any) -> FakeProvider:
    known = {"issuer": FRIENDS, "client_id": "romm-there", "redirect_uri": f"{ORIGIN}/api/oauth/openid/friends"}
    idp = FakeProvider(**{**known, "sub": "bob", "claims": dict(BOB)} | knobs)
    idp.replace_key()  # all of them begin with the same one
    return idp


async def two(environ: dict[str, str] | None = None, **knobs: Any) -> World:
    """The house's provider and the friends', and an administrator."""
    world = World(environ or {}, further={"friends": friends(**knobs)})
    await world.add("keeper", level=AccessLevel.ADMIN)
    return world


async def post_logout_token(world: World, token: str) -> int:
    return (await world.program().post(BACKCHANNEL, data={"logout_token": token})).status_code


async def test_each_button_leads_to_its_own_provider_with_its_own_redirect_uri() -> None:
    """R-01, R-61."""
    browser = (await two()).browser()
    page = (await browser.get("/login?next=/collection")).text
    assert page.index('/api/login/openid?next=%2Fcollection"') < page.index(
        "/api/login/openid?next=%2Fcollection&amp;provider=friends"
    )
    for at, issuer, redirect_uri in [
        ("", HOUSE, f"{ORIGIN}/api/oauth/openid"),
        ("friends", FRIENDS, f"{ORIGIN}/api/oauth/openid/friends"),
    ]:
        location = await browser.begin("/collection", at)
        assert location.startswith(issuer)
        assert parse_qs(urlsplit(location).query)["redirect_uri"] == [redirect_uri]


async def test_people_sign_in_by_each_and_are_who_they_are_there() -> None:
    world = await two()
    for at, name in (("", "alice"), ("friends", "bob")):
        browser = world.browser()
        assert (await browser.sign_in("/collection", at)).headers["location"] == "/collection"
        me = (await browser.me()).json()
        assert (me["username"], [each["issuer"] for each in me["identities"]]) == (name, [FRIENDS if at else HOUSE])
    assert [entry.issuer for entry in world.sign_ins.entries] == [HOUSE, FRIENDS]
    assert [line["provider"] for line in world.lines("signin.begun")] == ["oidc", "friends"]


async def test_an_unknown_provider_is_refused_in_words() -> None:
    browser = (await two()).browser()
    assert error_of(await browser.get("/api/login/openid?provider=nobody")) == Code.OIDC_OFF
    for path in ("nobody", "oidc"):
        assert (
            (await browser.get(f"/api/oauth/openid/{path}?code=1&state=2"))
            .headers.get("location", "")
            .startswith("/login?error=not_found")
        )


@pytest.mark.parametrize(("began", "answered"), [("", "friends"), ("friends", "")])
async def test_an_answer_that_comes_by_another_providers_redirect_uri_is_refused(began: str, answered: str) -> None:
    """Mix-up (RFC 9700, 4.4.2.2): neither provider gets the other's code."""
    world = await two()
    browser, idp = world.browser(), world.further[began] if began else world.idp
    query = await idp.approve(await browser.begin(at=began))

    assert error_of(await browser.come_back(query, answered)) == Code.RESPONSE_ISSUER

    assert browser.session is None
    assert [each.received("/token") for each in (world.idp, world.further["friends"])] == [[], []]
    assert error_of(await browser.come_back(query, began)) == Code.RESPONSE_ISSUER, "the attempt is used up"


async def test_a_provider_that_names_another_as_the_issuer_of_its_answer_is_refused() -> None:
    """RFC 9207."""
    world = await two()
    browser = world.browser()
    query = parse_qs(await world.further["friends"].approve(await browser.begin(at="friends")))
    spoilt = urlencode({name: values[0] for name, values in query.items()} | {"iss": HOUSE})
    assert error_of(await browser.come_back(spoilt, "friends")) == Code.RESPONSE_ISSUER


async def test_a_provider_that_claims_to_be_another_opens_no_account_of_that_one() -> None:
    """Its metadata and its ID tokens say so, and its own keys sign them."""
    world = await two()
    await world.browser().sign_in()
    liar = world.further["friends"]
    liar.sub = "alice"
    liar.alter_id_token = lambda claims: claims.update(iss=HOUSE)
    browser = world.browser()
    assert error_of(await browser.sign_in(at="friends")) == Code.ID_TOKEN_ISSUER
    assert browser.session is None

    world = await two(sub="alice")
    await world.browser().sign_in()
    world.further["friends"].alter_metadata = lambda metadata: metadata.update(issuer=HOUSE)
    refused = await world.browser().get("/api/login/openid?provider=friends")
    assert error_of(refused) == Code.ISSUER_MISMATCH


@pytest.mark.parametrize("broken", [HANGING, BROKEN], ids=["slow", "down"])
async def test_a_slow_or_broken_provider_touches_no_sign_in_at_another(broken: Any) -> None:
    world = await two()
    world.limits = Limits(connect=0.2, document=0.2, userinfo=0.2, token=0.2)
    world.reconfigure(world.settings_environ)
    for endpoint in ("discovery", "token", "jwks", "userinfo"):
        world.further["friends"].instead[endpoint] = broken
    stuck = [asyncio.create_task(world.browser().get("/api/login/openid?provider=friends")) for _ in range(20)]
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"
    for each in stuck:
        assert error_of(await each) == Code.PROVIDER_UNAVAILABLE
    assert {line["provider"] for line in world.lines("refused")} == {"friends"}
    assert {entry.issuer for entry in world.sign_ins.entries if entry.outcome == "refused"} == {FRIENDS}
    assert "ROMM_PROVIDERS__FRIENDS__SERVER_APPLICATION_URL" in world.lines("refused")[0]["hint"]


async def test_refusals_at_one_provider_do_not_use_up_the_attempts_at_another() -> None:
    world = await two()
    world.further["friends"].instead["token"] = BROKEN
    for _ in range(61):
        await world.browser().sign_in(at="friends")
    assert error_of(await world.browser().sign_in(at="friends")) == Code.TOO_MANY_REQUESTS
    world.idp.instead["token"] = BROKEN
    await world.browser().sign_in()
    del world.idp.instead["token"]
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"


async def test_signing_out_goes_to_the_provider_that_the_session_came_from() -> None:
    world = await two({"OIDC_RP_INITIATED_LOGOUT": "true", "ROMM_PROVIDERS__FRIENDS__RP_INITIATED_LOGOUT": "true"})
    for at, issuer, client in (("friends", FRIENDS, "romm-there"), ("", HOUSE, "romm")):
        browser = world.browser()
        await browser.sign_in(at=at)
        location = (await browser.submit("/api/logout")).headers["location"]
        assert location.startswith(f"{issuer}/")
        assert parse_qs(urlsplit(location).query)["client_id"] == [client]
        assert "id_token_hint" in location


async def test_signing_out_stays_here_where_the_sessions_provider_is_not_asked() -> None:
    world = await two({"OIDC_RP_INITIATED_LOGOUT": "true"})
    browser = world.browser()
    await browser.sign_in(at="friends")
    assert (await browser.submit("/api/logout")).headers["location"] == "/login?notice=signed_out"


async def test_signing_out_of_a_session_from_a_provider_that_is_gone_goes_to_no_other() -> None:
    world = await two({"OIDC_RP_INITIATED_LOGOUT": "true", "ROMM_PROVIDERS__FRIENDS__RP_INITIATED_LOGOUT": "true"})
    browser = world.browser()
    await browser.sign_in(at="friends")
    other = {"ROMM_PROVIDERS__FRIENDS__SERVER_APPLICATION_URL": "https://another.test"}
    world.reconfigure({**world.settings_environ, **other})
    later = world.browser()
    later.client.cookies = browser.client.cookies
    assert "This signs you out at" not in (await later.get("/")).text
    assert (await later.submit("/api/logout")).headers["location"] == "/login?notice=signed_out"


async def test_signing_out_of_a_session_from_a_provider_that_is_off_stays_here_and_the_first_page_says_so() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__RP_INITIATED_LOGOUT": "true"})
    browser = world.browser()
    await browser.sign_in(at="friends")
    world.reconfigure({**world.settings_environ, "ROMM_PROVIDERS__FRIENDS__ENABLED": "false"})
    later = world.browser()
    later.client.cookies = browser.client.cookies
    assert "This signs you out at" not in (await later.get("/")).text
    assert (await later.submit("/api/logout")).headers["location"] == "/login?notice=signed_out"


async def test_a_logout_token_ends_the_sessions_of_its_issuer_alone() -> None:
    world = await two()
    alice, bob = world.browser(), world.browser()
    await alice.sign_in()
    await bob.sign_in(at="friends")
    forged = world.further["friends"].logout_token(iss=HOUSE, sub="alice", aud="romm")
    assert await post_logout_token(world, forged) == 400
    assert (await alice.me()).status_code == 200
    assert await post_logout_token(world, world.further["friends"].logout_token()) == 200
    assert ((await alice.me()).status_code, (await bob.me()).status_code) == (200, 401)


@pytest.mark.parametrize("issuer", [7, [FRIENDS], {"url": FRIENDS}])
async def test_a_logout_token_whose_issuer_is_no_text_is_refused(issuer: Any) -> None:
    world = await two()
    assert await post_logout_token(world, world.further["friends"].logout_token(iss=issuer)) == 400


async def test_a_portal_starts_a_sign_in_at_its_own_provider() -> None:
    browser = (await two()).browser()
    for issuer in (HOUSE, FRIENDS, f"{FRIENDS}/"):
        response = await browser.client.get("/api/login/initiate", params={"iss": issuer})
        assert response.headers["location"].startswith(issuer.removesuffix("/"))
    unknown = await browser.client.get("/api/login/initiate", params={"iss": "https://other.test"})
    assert error_of(unknown) == Code.INITIATION_ISSUER


async def test_an_answer_by_a_form_goes_on_at_the_same_address() -> None:
    program = (await two()).program()
    answer = await program.post("/api/oauth/openid/friends", data={"code": "c", "other": "x"})
    assert answer.headers["location"] == "/api/oauth/openid/friends?code=c"


async def test_roles_are_those_of_the_provider_of_this_sign_in() -> None:
    world = await two({"OIDC_ALLOW_REGISTRATION": "true"})
    world.further["friends"].claims |= {"groups": ["romm-admins"]}
    browser = world.browser()
    await browser.sign_in(at="friends")
    assert (await browser.me()).json()["access_level"] == "viewer", "the friends' provider has no roles claim"


async def test_an_account_links_a_second_provider_and_unlinks_each_but_the_last() -> None:
    world = await two(sub="alice-there")
    browser = world.browser()
    await browser.sign_in()
    page = (await browser.get("/account")).text
    assert 'name="provider" value="friends"' in page
    begun = await browser.submit("/account/link", provider="friends")
    query = await world.further["friends"].approve(begun.headers["location"])
    assert (await browser.come_back(query, "friends")).headers["location"] == "/account?notice=linked"

    page = (await browser.get("/account")).text
    assert "Linked with <bdi>Authelia</bdi>" in page
    assert "Linked with <bdi>friends</bdi>" in page
    assert 'action="/account/link"' not in page
    ids = [each["id"] for each in (await browser.me()).json()["identities"]]
    assert (await browser.submit("/account/unlink", identity=ids[0])).headers["location"] == "/account?notice=unlinked"
    refused = await browser.submit("/account/unlink", identity=ids[1])
    assert error_of(refused) == Code.LAST_WAY_IN


@pytest.mark.parametrize("at", ["", "friends"])
async def test_a_step_that_lasts_is_confirmed_where_the_session_came_from(at: str) -> None:
    world = await two(sub="alice-there")
    world.further["friends"].claims |= {"email": "alice@example.org"}
    for each in ("", "friends"):
        await world.browser().sign_in(at=each)
    browser = world.browser()
    await browser.sign_in(at=at)
    world.clock.advance(timedelta(minutes=6))
    assert f"Sign in with <bdi>{at or 'Authelia'}</bdi> again" in (await browser.get("/account/confirm")).text
    begun = await browser.submit("/account/confirm/provider", next="/account")
    assert begun.headers["location"].startswith(FRIENDS if at else HOUSE)


async def test_a_step_that_lasts_is_confirmed_at_another_linked_provider_while_the_sessions_own_is_off() -> None:
    world = await two(sub="alice-there")
    world.further["friends"].claims |= {"email": "alice@example.org"}
    browser = world.browser()
    for each in ("", "friends"):
        await browser.sign_in(at=each)
    world.reconfigure({**world.settings_environ, "ROMM_PROVIDERS__FRIENDS__ENABLED": "false"})
    later = world.browser()
    later.client.cookies = browser.client.cookies
    begun = await later.submit("/account/confirm/provider", next="/account")
    assert begun.headers["location"].startswith(HOUSE)


async def test_the_new_provider_links_everyone_of_the_old_one_by_the_vouched_address() -> None:
    """Replacing a provider by running both (rules.md, 4a)."""
    world = await two(sub="alice-there")
    world.further["friends"].claims |= {"email": "alice@example.org"}
    await world.browser().sign_in()
    browser = world.browser()
    await browser.sign_in(at="friends")
    me = (await browser.me()).json()
    assert (me["username"], len(me["identities"])) == ("alice", 2)
    assert world.sign_ins.entries[-1].rule == "L-11c", "alice is an administrator"


@pytest.mark.parametrize("open_one", ["OIDC_OPEN_TO_ANYONE", "ROMM_PROVIDERS__FRIENDS__OPEN_TO_ANYONE"])
async def test_an_address_at_a_provider_open_to_anyone_links_to_no_account_of_another(open_one: str) -> None:
    """L-10a, whichever of the two is open."""
    world = await two({open_one: "true"}, sub="alice-there")
    world.further["friends"].claims |= {"email": "alice@example.org"}
    await world.browser().sign_in()
    assert error_of(await world.browser().sign_in(at="friends")) == Code.LINK_FROM_ACCOUNT
    assert world.sign_ins.entries[-1].rule == "L-10a"


async def test_the_question_is_asked_and_answered_by_the_provider_of_the_sign_in() -> None:
    world = await two({"OIDC_ALLOW_REGISTRATION": "false"})
    bobby = replace(await world.add("bobby"), email="bob@example.org", email_source=EmailSource.OWNER)
    world.accounts.by_id[bobby.id] = bobby
    browser = world.browser()
    assert (await browser.sign_in("/collection", "friends")).headers["location"] == QUESTION_PAGE
    page = (await browser.get(QUESTION_PAGE)).text
    assert "that <bdi>friends</bdi> sent" in page
    assert (await browser.submit(f"{QUESTION_PAGE}/not-mine")).headers["location"] == "/collection"
    assert (await browser.me()).json()["identities"][0]["issuer"] == FRIENDS, "only the house's own registers no one"


async def test_a_question_of_a_provider_that_is_gone_has_expired() -> None:
    world = await two()
    bobby = replace(await world.add("bobby"), email="bob@example.org", email_source=EmailSource.OWNER)
    world.accounts.by_id[bobby.id] = bobby
    browser = world.browser()
    await browser.sign_in("/collection", "friends")
    world.reconfigure({**world.settings_environ, "ROMM_PROVIDERS__FRIENDS__ENABLED": "false"})
    later = world.browser()
    later.client.cookies = browser.client.cookies
    assert error_of(await later.submit(f"{QUESTION_PAGE}/not-mine")) == Code.QUESTION_EXPIRED


async def test_log_lines_name_the_provider_of_their_own_sign_in() -> None:
    world = await two()
    keeper = world.browser()
    await world.browser().sign_in(at="friends")
    await world.browser().sign_in()
    await keeper.submit("/api/login", username="keeper", password="a lantern in the attic")
    page = (await keeper.get("/admin/sign-ins")).text
    assert "with friends" in page
    assert "with Authelia" in page

    world.reconfigure({name: value for name, value in world.settings_environ.items() if "PROVIDERS" not in name})
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password="a lantern in the attic")
    page = (await browser.get("/admin/sign-ins")).text
    assert "with friends.test" in page, "an earlier provider is known by its host"


async def test_a_half_configured_provider_is_off_alone_and_says_why() -> None:
    world = await two({"ROMM_PROVIDERS__BROKEN__CLIENT_ID": "romm"})
    page = (await world.browser().get("/login")).text
    assert "Sign in with <bdi>friends</bdi>" in page
    assert "broken" not in page
    assert error_of(await world.browser().get("/api/login/openid?provider=broken")) == Code.OIDC_OFF
    assert "ROMM_PROVIDERS__BROKEN__SERVER_APPLICATION_URL is missing" in world.lines("refused")[-1]["facts"]["reason"]
    assert (await world.browser().sign_in("/collection")).headers["location"] == "/collection"


async def test_the_name_and_the_characters_of_a_button_are_the_operators() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__NAME": "Friends & family", "ROMM_PROVIDERS__FRIENDS__ICON": "🎮"})
    page = (await world.browser().get("/login")).text
    assert "Sign in with <bdi>Friends &amp; family</bdi>" in page
    assert "🎮" in page


async def test_a_page_that_speaks_of_one_provider_speaks_of_one_that_works() -> None:
    world = World({"OIDC_CLIENT_ID": ""}, further={"friends": friends()})
    page = (await world.browser().get("/setup")).text
    assert "friends" in page
    assert "/api/login/openid?next=%2F&amp;provider=friends" in page


async def test_without_a_first_one_the_next_is_the_default() -> None:
    world = await two({"OIDC_ENABLED": "false"})
    location = (await world.browser().get("/api/login/openid")).headers["location"]
    assert location.startswith(FRIENDS)
    heartbeat = (await world.program().get("/api/heartbeat")).json()
    assert heartbeat["OIDC"] == {
        "ENABLED": True,
        "AUTOLOGIN": False,
        "PROVIDER": "friends",
        "RP_INITIATED_LOGOUT": False,
    }
    assert "PROVIDERS" not in heartbeat


async def test_a_provider_declared_again_under_a_new_id_has_its_issuer_and_the_old_one_that_is_off_has_not() -> None:
    old = {"OIDC_ENABLED": "false", "OIDC_SERVER_APPLICATION_URL": FRIENDS}
    world = await two({**old, "ROMM_PROVIDERS__FRIENDS__RP_INITIATED_LOGOUT": "true"})
    portal = await world.browser().client.get("/api/login/initiate", params={"iss": FRIENDS})
    assert portal.headers["location"].startswith(FRIENDS)
    here, there = world.browser(), world.browser()
    await here.sign_in(at="friends")
    await there.sign_in(at="friends")
    assert (await here.submit("/api/logout")).headers["location"].startswith(FRIENDS)
    assert await post_logout_token(world, world.further["friends"].logout_token()) == 200
    assert (await there.me()).status_code == 401


async def test_the_heartbeat_has_all_of_several() -> None:
    heartbeat = (await (await two()).program().get("/api/heartbeat")).json()
    assert heartbeat["OIDC"]["PROVIDER"] == "authelia"
    assert heartbeat["PROVIDERS"] == [
        {"ID": "oidc", "NAME": "Authelia", "LOGIN_PATH": "/api/login/openid"},
        {"ID": "friends", "NAME": "friends", "LOGIN_PATH": "/api/login/openid?provider=friends"},
    ]


async def test_the_login_page_goes_straight_to_a_named_provider_only() -> None:
    for named, leads in (("true", None), ("oidc", "/api/login/openid?next=%2F"), ("friends", "provider=friends")):
        response = await (await two({"OIDC_AUTOLOGIN": named})).browser().get("/login")
        assert (response.status_code, leads is None or leads in response.headers["location"]) == (
            200 if leads is None else 303,
            True,
        )


async def test_claims_are_explained_by_the_rules_of_their_own_provider() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__ALLOW_REGISTRATION": "false"})
    claims = {"sub": "carol", "email": "carol@example.org", "email_verified": True, "groups": ["users"]}
    explainers = world.use_cases.explainers
    assert (await explainers.explain(COMMAND_LINE, claims)).rule == "L-12"
    assert (await explainers.explain(COMMAND_LINE, claims | {"iss": FRIENDS})).rule == "L-13"
    assert (await explainers.explain(COMMAND_LINE, claims, "friends")).rule == "L-13"


async def test_a_trial_goes_to_the_provider_that_it_tests() -> None:
    world = await two()
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password="a lantern in the attic")
    begun = await browser.submit("/admin/oidc/try", provider="friends")
    assert begun.headers["location"].startswith(FRIENDS)
    query = await world.further["friends"].approve(begun.headers["location"])
    report = (await browser.come_back(query, "friends")).headers["location"]
    assert report.startswith("/admin/oidc?report=")
    assert FRIENDS in (await browser.get(report)).text


async def test_a_trial_that_cannot_begin_is_explained_for_its_own_provider() -> None:
    world = await two()
    world.further["friends"].instead["discovery"] = BROKEN
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password="a lantern in the attic")
    assert error_of(await browser.submit("/admin/oidc/try", provider="friends")) == Code.PROVIDER_UNAVAILABLE
    assert "ROMM_PROVIDERS__FRIENDS__SERVER_APPLICATION_URL" in world.lines("refused")[-1]["hint"]


async def test_each_provider_has_its_own_keys_of_ours() -> None:
    program = (await two()).program()
    assert (await program.get("/api/oauth/openid/friends/jwks.json")).json() == {"keys": []}
    assert json.loads((await program.get("/api/oauth/openid/jwks.json")).text) == {"keys": []}


async def test_a_link_at_a_provider_that_is_gone_blocks_and_a_former_one_does_not() -> None:
    for former, outcome in (("", Code.ALREADY_LINKED), ("https://gone.test", None)):
        world = await two({"ROMM_PROVIDERS__FRIENDS__FORMER_ISSUERS": former})
        bob = await world.add("bob", "bob@example.org")
        world.link(bob, Identity("https://gone.test", "bob"))
        answer = await world.browser().sign_in("/collection", "friends")
        assert (error_of(answer) if outcome else answer.headers["location"]) == (
            outcome or "/me?notice=linked&next=%2Fcollection"
        )

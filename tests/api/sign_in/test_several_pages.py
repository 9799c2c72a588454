"""Pages and the doctor with several providers: each says which one it is about."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from romm.composition import diagnosis
from romm.diagnosis.doctors import Doctors
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import Identity, LinkedIdentity
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.api.sign_in.test_several_providers import BOB, FRIENDS, HOUSE, friends, post_logout_token, two
from tests.fake_provider import BROKEN, HANGING
from tests.world import PASSWORD, Browser, World


async def keeper_of(world: World) -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    return browser


def buttons(page: str) -> list[str]:
    return [part.partition("</bdi>")[0] for part in page.split("Sign in with <bdi>")[1:]]


async def test_the_button_of_the_provider_used_last_in_this_browser_comes_first() -> None:
    world = await two()
    browser = world.browser()
    assert buttons((await browser.get("/login")).text) == ["Authelia", "friends"]
    finished = await browser.sign_in(at="friends")
    cookie = next(each for each in finished.headers.get_list("set-cookie") if "romm_provider" in each)
    assert cookie.startswith("__Host-romm_provider=friends; Path=/; Max-Age=31536000; HttpOnly; SameSite=lax; Secure")
    await browser.submit("/api/logout")
    assert buttons((await browser.get("/login")).text) == ["friends", "Authelia"]
    await browser.sign_in()
    assert buttons((await browser.get("/login?bypass_autologin=true")).text) == ["Authelia", "friends"]
    assert buttons((await world.browser().get("/login")).text) == ["Authelia", "friends"], "another browser"


@pytest.mark.parametrize("written", ["nobody", "<script>", "oidc%00", ""])
async def test_what_was_written_into_the_cookie_changes_nothing_but_the_order(written: str) -> None:
    browser = (await two()).browser()
    page = (await browser.client.get("/login", headers={"cookie": f"__Host-romm_provider={written}"})).text
    assert buttons(page) == ["Authelia", "friends"]
    assert written not in words(page) or not written


async def test_with_a_single_provider_nothing_is_remembered_and_no_address_names_it() -> None:
    world = World()
    browser = world.browser()
    assert "romm_provider" not in str((await browser.sign_in()).headers.get_list("set-cookie"))
    world.idp.instead["token"] = BROKEN
    assert "provider=" not in (await world.browser().sign_in()).headers["location"]


@pytest.mark.parametrize(("at", "name"), [("", "Authelia"), ("friends", "friends")])
@pytest.mark.parametrize("broken", ["discovery", "token"])
async def test_a_refusal_names_the_provider_of_that_sign_in(at: str, name: str, broken: str) -> None:
    world = await two()
    (world.further["friends"] if at else world.idp).instead[broken] = BROKEN
    browser = world.browser()
    if broken == "discovery":
        location = (await browser.get(f"/api/login/openid?provider={at}")).headers["location"]
    else:
        location = (await browser.sign_in(at=at)).headers["location"]
    page = (await browser.get(location)).text
    assert f"You are not signed in with {name}" in page
    assert f"“Sign in with <bdi>{name}</bdi>” tries again." in page


async def test_a_mixed_up_answer_is_refused_in_the_name_of_the_provider_where_the_sign_in_began() -> None:
    world = await two()
    browser = world.browser()
    query = await world.idp.approve(await browser.begin("/collection"))
    location = (await browser.come_back(query, "friends")).headers["location"]
    assert "provider=oidc" in location
    assert "You are not signed in with Authelia" in (await browser.get(location)).text


async def test_an_answer_without_an_attempt_names_the_provider_whose_redirect_uri_it_came_by() -> None:
    browser = (await two()).browser()
    location = (await browser.get("/api/oauth/openid/friends?code=c&state=unknown")).headers["location"]
    assert "provider=friends" in location


@pytest.mark.parametrize("named", ["nobody", "", "<b>"])
async def test_a_refusal_about_no_provider_names_none(named: str) -> None:
    browser = (await two()).browser()
    page = (await browser.client.get("/login", params={"error": "state_unknown", "provider": named})).text
    assert "You are not signed in</strong>" in page
    assert "tries again" not in page


async def test_a_refusal_by_a_provider_that_is_off_offers_no_other_try_there() -> None:
    world = await two({"ROMM_PROVIDERS__BROKEN__CLIENT_ID": "romm", "ROMM_PROVIDERS__BROKEN__NAME": "Broken"})
    page = (await world.browser().get("/login?error=oidc_off&provider=broken")).text
    assert "You are not signed in" in page
    assert "Broken" not in page


async def test_signing_out_says_where_the_person_may_still_be_signed_in() -> None:
    browser = (await two()).browser()
    await browser.sign_in(at="friends")
    await browser.submit("/api/logout")
    assert "You may still be signed in at <bdi>friends</bdi>" in (await browser.get("/login?notice=signed_out")).text


async def test_the_first_page_speaks_of_the_provider_that_the_session_came_from() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__RP_INITIATED_LOGOUT": "true"})
    browser = world.browser()
    await browser.sign_in(at="friends")
    assert "This signs you out at <bdi>friends</bdi> too." in (await browser.get("/")).text
    await browser.sign_in()
    assert "You may still be signed in at <bdi>Authelia</bdi>." in (await browser.get("/")).text


async def test_the_account_page_names_the_provider_that_was_just_linked() -> None:
    world = await two(sub="alice-there")
    browser = world.browser()
    await browser.sign_in()
    begun = await browser.submit("/account/link", provider="friends")
    query = await world.further["friends"].approve(begun.headers["location"])
    world.clock.advance(timedelta(minutes=1))
    page = (await browser.get((await browser.come_back(query, "friends")).headers["location"])).text
    assert "now linked with <bdi>friends</bdi>" in page


async def test_an_account_that_only_another_provider_opens_is_not_told_about_the_first() -> None:
    world = await two()
    browser = world.browser()
    await browser.sign_in(at="friends")
    page = (await browser.get("/account")).text
    assert "Your sign-in with <bdi>friends</bdi> no longer depends on it" in page
    keeper = await keeper_of(world)
    me = (await browser.me()).json()
    assert "verified by friends" in (await keeper.get(f"/admin/users/{me['id']}")).text


async def test_an_account_without_a_link_reads_of_all_providers() -> None:
    world = await two()
    keeper = await keeper_of(world)
    assert "RomM matches people from <bdi>Authelia or friends</bdi>" in (await keeper.get("/account")).text
    assert "Use the address that <bdi>Authelia or friends</bdi> has" in (await keeper.get("/admin/users")).text


async def test_the_set_up_offers_each_provider() -> None:
    page = (await World(further={"friends": friends()}).browser().get("/setup")).text
    assert "sign in with <bdi>Authelia</bdi></a>, <a" in page
    assert "sign in with <bdi>friends</bdi></a>" in page


async def test_the_page_of_single_sign_on_has_a_tab_for_each_with_its_own_checks() -> None:
    world = await two(
        {"ROMM_TRUSTED_PROXIES": "172.18.0.0/16", "ROMM_PROVIDERS__FRIENDS__FORMER_ISSUERS": "https://old.test"}
    )
    world.further["friends"].instead["token"] = BROKEN
    keeper = await keeper_of(world)
    house, there = (await keeper.get("/admin/oidc")).text, (await keeper.get("/admin/oidc?provider=friends")).text
    for page in (house, there):
        assert 'class="mark good"' in page, "green"
        assert 'class="mark bad"' in page, "and red beside it"
        assert "https://old.test" in page
    assert "<code>https://romm.test/api/oauth/openid</code>" in house
    assert "<code>https://romm.test/api/oauth/openid/friends</code>" in there
    assert "failed: Client and secret" not in house
    assert "failed: Client and secret" in there
    assert "ROMM_PROVIDERS__FRIENDS__" in there
    for action in ("try", "explain"):
        form = there.partition(f'action="/admin/oidc/{action}"')[2].partition("</form>")[0]
        assert 'name="provider" value="friends"' in form
    assert "Claims of <bdi>friends</bdi>" in there


async def test_a_hanging_provider_leaves_the_others_tab_its_checks() -> None:
    world = await two()
    world.limits = replace(world.limits, document=0.2)
    world.reconfigure(world.settings_environ)
    world.further["friends"].instead["discovery"] = HANGING
    page = (await (await keeper_of(world)).get("/admin/oidc")).text
    assert "failed: Discovery" not in page
    assert 'class="mark bad"' in page


async def test_a_single_provider_has_no_tabs() -> None:
    world = World()
    await world.add("keeper")
    browser = world.browser()
    await browser.sign_in()
    page = (await browser.get("/admin/oidc")).text
    assert 'class="tabs"' not in page
    assert "provider=" not in page
    assert "<code>https://romm.test/api/oauth/openid</code>" in page


async def test_a_tab_of_a_provider_that_is_off_says_why() -> None:
    world = await two({"ROMM_PROVIDERS__BROKEN__CLIENT_ID": "romm", "ROMM_PROVIDERS__WORK__ENABLED": "false"})
    page = (await (await keeper_of(world)).get("/admin/oidc?provider=broken")).text
    assert "is off: ROMM_PROVIDERS__BROKEN__SERVER_APPLICATION_URL is missing" in page
    assert "Try a sign-in" not in page
    assert "provider=work" not in page, "switched off on purpose"


async def test_a_trial_and_its_report_stay_in_the_tab() -> None:
    world = await two()
    keeper = await keeper_of(world)
    begun = await keeper.submit("/admin/oidc/try", provider="friends")
    query = await world.further["friends"].approve(begun.headers["location"])
    report = (await keeper.come_back(query, "friends")).headers["location"]
    assert report.endswith("&provider=friends")
    assert "What <bdi>friends</bdi> sent" in (await keeper.get(report)).text

    world.further["friends"].instead["token"] = BROKEN
    begun = await keeper.submit("/admin/oidc/try", provider="friends")
    query = await world.further["friends"].approve(begun.headers["location"])
    location = (await keeper.come_back(query, "friends")).headers["location"]
    page = (await keeper.get(location)).text
    assert 'href="/admin/oidc?provider=friends" aria-current="page"' in page
    assert "ROMM_PROVIDERS__FRIENDS__" in page


async def test_explained_claims_stay_in_their_tab() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__ALLOW_REGISTRATION": "false"})
    claims = json.dumps({"sub": "carol", "email": "carol@example.org", "email_verified": True})
    page = (await (await keeper_of(world)).submit("/admin/oidc/explain", claims=claims, provider="friends")).text
    assert 'href="/admin/oidc?provider=friends" aria-current="page"' in page
    assert "registration" in page.lower()


async def test_accounts_of_a_former_provider_move_to_the_provider_of_the_tab() -> None:
    world = await two()
    bob = await world.add("bob", "bob@example.org")
    world.link(bob, Identity("https://gone.test", "bob"))
    keeper = await keeper_of(world)
    there = (await keeper.get("/admin/oidc?provider=friends")).text
    assert "that none of the providers has" in there
    move = {"old": "https://gone.test", "way": "same-subjects", "provider": "friends"}
    preview = (await keeper.submit("/admin/oidc/move", **move)).text
    assert "Move accounts to <bdi>friends</bdi>" in preview
    assert f"to <bdi>{FRIENDS}</bdi>" in preview
    assert "This would move 1 of 1." in preview
    await keeper.submit("/admin/oidc/move/apply", **move)
    assert [link.identity for link in world.accounts.by_id[bob.id].links] == [Identity(FRIENDS, "bob")]
    assert error_of(await keeper.submit("/admin/oidc/move", **move | {"provider": "nobody"})) == Code.OIDC_OFF


async def test_whether_addresses_link_is_said_of_the_provider_moved_to() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__LINK_BY_EMAIL": "false"})
    world.link(await world.add("bob", "bob@example.org"), Identity("https://gone.test", "bob"))
    keeper = await keeper_of(world)
    move = {"old": "https://gone.test", "way": "by-email"}
    assert "LINK_BY_EMAIL" not in (await keeper.submit("/admin/oidc/move", **move)).text
    assert "LINK_BY_EMAIL" in (await keeper.submit("/admin/oidc/move", **move, provider="friends")).text


async def test_the_doctor_examines_all_side_by_side_or_one() -> None:
    world = await two({"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"})
    world.further["friends"].client_secret = "another"
    keeper = world.program()

    async def examined(named: str = "") -> list[dict[str, Any]]:
        found = await keeper.get(f"/api/oidc/diagnosis{named}", auth=("keeper", PASSWORD))
        return list(found.json())

    both = await examined()
    assert len(both) == 22 + 18
    assert [each["check"] for each in both if each["provider"] is None] == ["settings", "database", "accounts", "proxy"]
    [failure] = [each for each in both if each["outcome"] == "failed"]
    assert (failure["check"], failure["provider"]) == ("client", "friends")
    assert "ROMM_PROVIDERS__FRIENDS__CLIENT_SECRET" in " ".join(failure["fixes"])
    assert "OIDC_CLIENT_SECRET" not in " ".join(failure["fixes"])
    assert {each["outcome"] for each in both if each["provider"] == "oidc"} == {"ok"}

    assert {each["outcome"] for each in await examined("?provider=oidc")} == {"ok"}
    assert len(await examined("?provider=friends")) == 22
    assert (await examined("?provider=friends"))[2]["found"].endswith("/api/oauth/openid/friends")
    refused = await keeper.get("/api/oidc/diagnosis?provider=nobody", auth=("keeper", PASSWORD))
    assert refused.json()["code"] == Code.OIDC_OFF


async def test_a_remark_about_an_address_is_the_doctors_for_its_own_provider() -> None:
    other = "https://elsewhere.test/api/oauth/openid/friends"
    world = await two({"ROMM_PROVIDERS__FRIENDS__REDIRECT_URI": other})
    remark = f"ROMM_PROVIDERS__FRIENDS__REDIRECT_URI leads to {other}, but ROMM_BASE_URL is https://romm.test"
    outcomes = {
        each.provider.id if each.provider else "": each.outcome
        async for each in doctors(world, remark).findings(COMMAND_LINE)
        if each.check == "addresses"
    }
    assert outcomes == {"oidc": "ok", "friends": "warning"}


def doctors(world: World, *remarks: str) -> Doctors:
    return diagnosis.doctors(world.settings, remarks, world.ports.instruments, world.clock)


async def test_the_log_of_sign_ins_explains_a_refusal_by_the_provider_of_its_line() -> None:
    world = await two()
    world.further["friends"].instead["token"] = BROKEN
    await world.browser().sign_in(at="friends")
    page = (await (await keeper_of(world)).get("/admin/sign-ins")).text
    assert "with friends" in page


async def test_the_person_page_lists_each_link_by_its_providers_name() -> None:
    world = await two()
    bob = await world.add("bob", "bob@example.org")
    linked = [
        LinkedIdentity(identity=Identity(each, "bob"), linked_at=world.clock(), rule="L-11a")
        for each in (HOUSE, FRIENDS)
    ]
    world.accounts.by_id[bob.id] = replace(bob, links=tuple(linked))
    page = (await (await keeper_of(world)).get(f"/admin/users/{bob.id}")).text
    assert "Linked with <bdi>Authelia</bdi>" in page
    assert "Linked with <bdi>friends</bdi>" in page
    assert str(BOB["email"]) in page


@pytest.mark.parametrize("at", ["", "friends"])
async def test_an_id_token_is_kept_for_the_provider_that_signs_out(at: str) -> None:
    """The session's own provider decides, not the first one."""
    world = await two({"ROMM_PROVIDERS__FRIENDS__RP_INITIATED_LOGOUT": "true"})
    browser = world.browser()
    await browser.sign_in(at=at)
    [session] = [each for each in world.accounts.credentials.values() if each.identity is not None]
    assert (session.sealed_id_token is not None) == (at == "friends")
    location = (await browser.submit("/api/logout")).headers["location"]
    assert ("id_token_hint" in location) == (at == "friends")


async def test_wrong_logout_tokens_in_the_name_of_one_provider_keep_out_none_of_another() -> None:
    world = await two()
    bob = world.browser()
    await bob.sign_in(at="friends")
    wrong = world.idp.logout_token(aud="another")
    while await post_logout_token(world, wrong) == 400:
        pass
    assert await post_logout_token(world, world.further["friends"].logout_token()) == 200
    assert (await bob.me()).status_code == 401


async def test_hints_about_roles_name_the_variables_of_their_own_provider() -> None:
    world = await two(
        {"ROMM_PROVIDERS__FRIENDS__CLAIM_ROLES": "groups", "ROMM_PROVIDERS__FRIENDS__ROLE_VIEWER": "users"}
    )
    await world.browser().sign_in(at="friends")
    [line] = world.lines("signin.decided")
    assert "(ROMM_PROVIDERS__FRIENDS__CLAIM_ROLES)" in line["hint"]
    assert "OIDC_CLAIM_ROLES" not in line["hint"]
    keeper = await keeper_of(world)
    assert "(ROMM_PROVIDERS__FRIENDS__CLAIM_ROLES)" in (await keeper.get("/admin/sign-ins")).text
    explained = await world.use_cases.explainers.explain(COMMAND_LINE, BOB | {"sub": "bob", "iss": FRIENDS})
    found = " ".join(line.found for line in explained.lines)
    assert "ROMM_PROVIDERS__FRIENDS__CLAIM_ROLES" in found
    assert " OIDC_" not in found


async def test_where_to_click_at_a_provider_names_its_own_variables() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__PROVIDER": "authentik"})
    world.further["friends"].algorithm = "HS256"
    await world.browser().sign_in(at="friends")
    [line] = world.lines("refused")
    assert "OIDC_" not in line["hint"] + line["provider_hint"]


async def test_only_providers_whose_addresses_link_are_named_where_an_address_is_typed() -> None:
    world = await two({"ROMM_PROVIDERS__FRIENDS__LINK_BY_EMAIL": "false"})
    page = (await (await keeper_of(world)).get("/account")).text
    assert "RomM matches people from <bdi>Authelia</bdi> to accounts" in page

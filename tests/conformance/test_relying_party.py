"""The OpenID Foundation's conformance modules for relying parties, played by our provider and judged as the suite does.

A row is called as its module is, without `oidcc-client-test-`. The suite sees only what reaches the provider: it passes a
sign-in when UserInfo was asked once, with the token in the header alone, and a refusal when it was not asked; a logout that
the provider starts, by the status it is answered. What it cannot see is asserted besides. Not here, because RomM is no such
client: dynamic registration, WebFinger, request objects by reference, refreshed ID tokens, front-channel logout and session
management.

The plan for Form Post RP has the modules of that for Basic RP, with their answers by form_post.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.sign_in.test_openid import Twist, both, error_of, in_id_token, put, without
from tests.fake_provider import FakeProvider, public_jwk
from tests.world import ORIGIN, Browser, World

BASIC = (
    "(plain)", "invalid-iss", "missing-sub", "invalid-aud", "missing-iat", "kid-absent-single-jwks",
    "kid-absent-multiple-jwks", "idtoken-sig-rs256", "idtoken-sig-none", "invalid-sig-rs256", "userinfo-invalid-sub",
    "nonce-invalid", "scope-userinfo-claims", "client-secret-basic",
)  # fmt: skip
PROFILES = {
    "Basic RP": BASIC,
    "Config RP": (
        "discovery-openid-config", "discovery-jwks-uri-keys", "discovery-issuer-mismatch", "idtoken-sig-none",
        "signing-key-rotation-just-before-signing", "signing-key-rotation",
    ),
    "Form Post RP": tuple(f"form-post {name}" for name in BASIC),
    "3rd Party-Init RP": ("3rd-party-init-login",),
    "RP-Initiated Logout RP": ("rp-init-logout", "rp-init-logout-other-state", "rp-init-logout-no-state"),
    "Back-Channel Logout RP": (
        "rp-backchannel-rpinitlogout", "rp-backchannel-rpinitlogout-alg-none", "rp-backchannel-rpinitlogout-no-event",
        "rp-backchannel-rpinitlogout-with-nonce", "rp-backchannel-rpinitlogout-wrong-alg",
        "rp-backchannel-rpinitlogout-wrong-aud", "rp-backchannel-rpinitlogout-wrong-event",
        "rp-backchannel-rpinitlogout-wrong-iss",
    ),
}  # fmt: skip
"""Certification profiles with the modules of their plans, version 5.2.4 of the suite."""

PLAYED: set[str] = set()

SECOND_KEY = 7
"""A generation of keys that signs nothing."""


@pytest.fixture
async def world() -> World:
    """An instance that has its admin and signs out at the provider, too."""
    ends = {"OIDC_RP_INITIATED_LOGOUT": "true", "OIDC_POST_LOGOUT_REDIRECT_URI": f"{ORIGIN}/login"}
    world = World(ends)
    await world.add("keeper", level=AccessLevel.ADMIN)
    return world


def module(name: str, *facts: object) -> Any:
    PLAYED.add(name)
    return pytest.param(*facts, id=name)


class FormPostBrowser(Browser):
    """Its provider answers with a form that posts itself: another site's POST, which brings no cookie of ours."""

    async def come_back(self, query: str, at: str = "") -> httpx.Response:
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site", "cookie": ""}
        posted = await self.client.post("/api/oauth/openid", content=query, headers=headers)
        assert posted.status_code == 303
        return await self.get(posted.headers["location"])


def by_form_post(world: World) -> Browser:
    return FormPostBrowser(world, world.browser().client)


def again_by_form_post(modules: list[Any]) -> list[Any]:
    """The same modules of Basic RP with answers by form_post."""
    return [module(f"form-post {each.id}", *each.values) for each in modules if each.id in BASIC]


def honest(_: FakeProvider) -> None:
    """Nothing special."""


def publishes_another_key_too(idp: FakeProvider) -> None:
    idp.alter_jwks = lambda jwks: jwks["keys"].insert(0, public_jwk(idp.algorithm, SECOND_KEY, "another"))


def breaks_the_signature(tokens: dict[str, str]) -> None:
    head, _, signature = tokens["id_token"].rpartition(".")
    tokens["id_token"] = f"{head}.{signature[:-8]}{'A' * 8}"


def spoils(algorithm: str) -> Twist:
    return both(put("algorithm", algorithm), put("alter_tokens", breaks_the_signature))


def keys_at(query: str) -> Twist:
    return put("alter_metadata", lambda metadata: metadata.update(jwks_uri=f"{metadata['jwks_uri']}?{query}"))


NO_KID = put("alter_header", lambda header: header.pop("kid"))
ALIASES = {"mtls_endpoint_aliases": {"token_endpoint": "https://mtls.idp.test/token"}}
AGGREGATED = {"_claim_names": {"address": "src1"}, "_claim_sources": {"src1": {"JWT": "e30.e30."}}}
DISTRIBUTED = {"_claim_names": {"address": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://other.test/c"}}}

ACCEPTED = [
    module("(plain)", honest),
    module("kid-absent-single-jwks", NO_KID),
    module("kid-absent-multiple-jwks", both(NO_KID, publishes_another_key_too)),
    module("idtoken-sig-rs256", put("algorithm", "RS256")),
    module("scope-userinfo-claims", put("thin_id_token", True)),
    module("client-secret-basic", put("auth_methods", ("client_secret_basic",))),
    module("discovery-openid-config", honest),
    module("discovery-jwks-uri-keys", keys_at("run=7")),
    module("userinfo-signed", put("userinfo_as_jwt", True)),
    module("userinfo-bearer-header", honest),
    module("missing-athash", without("at_hash")),
    module("aggregated-claims", put("alter_userinfo", lambda found: found.update(AGGREGATED))),
    module("distributed-claims", put("alter_userinfo", lambda found: found.update(DISTRIBUTED))),
    module("mtls-endpoint-aliases", put("alter_metadata", lambda metadata: metadata.update(ALIASES))),
]


@pytest.mark.parametrize("twist", ACCEPTED)
async def test_a_sign_in_is_completed(world: World, twist: Twist) -> None:
    twist(world.idp)
    browser = world.browser()
    await signs_in(browser)
    [asked] = world.idp.received("/authorize")
    assert set(asked.query["scope"].split()) >= {"openid", "profile", "email"}
    assert all(request.headers["authorization"].startswith("Basic ") for request in world.idp.received("/token"))


@pytest.mark.parametrize("twist", again_by_form_post(ACCEPTED))
async def test_a_sign_in_is_completed_by_form_post(world: World, twist: Twist) -> None:
    twist(world.idp)
    await signs_in(by_form_post(world))


REFUSED = [
    module("invalid-iss", in_id_token(iss="https://other.test"), Code.ID_TOKEN_ISSUER),
    module("missing-sub", without("sub"), Code.ID_TOKEN_SUBJECT),
    module("invalid-aud", in_id_token(aud="another"), Code.ID_TOKEN_AUDIENCE),
    module("missing-aud", without("aud"), Code.ID_TOKEN_AUDIENCE),
    module("missing-iat", without("iat"), Code.ID_TOKEN_ISSUED_AT),
    module("idtoken-sig-none", put("algorithm", "none"), Code.ID_TOKEN_ALGORITHM),
    module("invalid-sig-rs256", spoils("RS256"), Code.ID_TOKEN_SIGNATURE),
    module("invalid-sig-es256", spoils("ES256"), Code.ID_TOKEN_SIGNATURE),
    module("invalid-sig-hs256", spoils("HS256"), Code.ID_TOKEN_ALGORITHM),
    module("nonce-invalid", in_id_token(nonce="another"), Code.ID_TOKEN_NONCE),
    module("invalid-athash", in_id_token(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), Code.ID_TOKEN_AT_HASH),
]


@pytest.mark.parametrize(("twist", "code"), REFUSED)
async def test_a_defect_stops_the_sign_in_before_userinfo(world: World, twist: Twist, code: Code) -> None:
    twist(world.idp)
    await refuses(world.browser(), code)
    assert world.idp.received("/userinfo") == []


@pytest.mark.parametrize(("twist", "code"), again_by_form_post(REFUSED))
async def test_a_defect_stops_the_sign_in_by_form_post_before_userinfo(world: World, twist: Twist, code: Code) -> None:
    twist(world.idp)
    await refuses(by_form_post(world), code)
    assert world.idp.received("/userinfo") == []


@pytest.mark.parametrize(
    "browser_of",
    [module("userinfo-invalid-sub", World.browser), module("form-post userinfo-invalid-sub", by_form_post)],
)
async def test_userinfo_of_somebody_else_is_refused(world: World, browser_of: Callable[[World], Browser]) -> None:
    """The suite cannot see what becomes of the answer."""
    world.idp.alter_userinfo = lambda found: found.update(sub="mallory")
    await refuses(browser_of(world), Code.USERINFO_MISMATCH)


@pytest.mark.parametrize("_", [module("discovery-issuer-mismatch", None)])
async def test_discovery_issuer_mismatch(world: World, _: None) -> None:
    """Nobody is sent to the authorization endpoint."""
    world.idp.alter_metadata = lambda metadata: metadata.update(issuer="https://other.test")
    response = await world.browser().get("/api/login/openid")
    assert error_of(response) == Code.ISSUER_MISMATCH
    assert world.idp.received("/authorize") == []


@pytest.mark.parametrize("_", [module("signing-key-rotation", None)])
async def test_signing_key_rotation(world: World, _: None) -> None:
    """Between two sign-ins: the keys are fetched a second time, and UserInfo is asked a second time."""
    await signs_in(world.browser())
    world.idp.rotate()
    await signs_in(world.browser())
    assert len(world.idp.received("/jwks")) == 2


@pytest.mark.parametrize("_", [module("signing-key-rotation-just-before-signing", None)])
async def test_signing_key_rotation_just_before_signing(world: World, _: None) -> None:
    """After the keys were fetched for this very sign-in."""
    await signs_in(world.browser())
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    world.idp.rotate()
    assert (await browser.come_back(query)).headers["location"] == "/"


@pytest.mark.parametrize(
    "more",
    [
        module("3rd-party-init-login", {}),
        module(
            "3rd-party-init-login (all parameters)", {"target_link_uri": f"{ORIGIN}/collection", "login_hint": "alice"}
        ),
    ],
)
async def test_3rd_party_init_login(world: World, more: dict[str, str]) -> None:
    """The provider's portal leads here: an ordinary sign-in, which is completed."""
    browser = world.browser(**{"sec-fetch-site": "cross-site"})
    sent = await browser.client.get("/api/login/initiate", params={"iss": world.idp.issuer, **more})
    back = await browser.come_back(await world.idp.approve(sent.headers["location"]))
    assert back.headers["location"] == ("/collection" if more else "/")
    assert len(world.idp.received("/userinfo")) == 1
    [asked] = world.idp.received("/authorize")
    assert asked.query.get("login_hint") == more.get("login_hint")


def another_state(parameters: dict[str, str]) -> None:
    parameters["state"] = "another"


def no_state(parameters: dict[str, str]) -> None:
    del parameters["state"]


@pytest.mark.parametrize(
    "alter",
    [
        module("rp-init-logout", lambda parameters: None),
        module("rp-init-logout-other-state", another_state),
        module("rp-init-logout-no-state", no_state),
    ],
)
async def test_signing_out_goes_there_and_back(world: World, alter: Callable[[dict[str, str]], None]) -> None:
    browser = world.browser()
    await signs_in(browser)
    there = (await browser.submit("/api/logout")).headers["location"]
    async with httpx.AsyncClient(transport=world.idp.transport) as provider:
        back = (await provider.get(there)).headers["location"]
    [asked] = world.idp.received("/end_session")
    assert asked.query["id_token_hint"].count(".") == 2
    assert asked.query["post_logout_redirect_uri"] == f"{ORIGIN}/login"

    returned = dict(parse_qsl(urlsplit(back).query))
    alter(returned)
    page = await browser.client.get("/login", params=returned)
    assert page.status_code == 200
    assert (await browser.me()).status_code == 401


BACKCHANNEL = [
    module("rp-backchannel-rpinitlogout", {}, honest, 200),
    module("rp-backchannel-rpinitlogout-alg-none", {}, put("algorithm", "none"), 400),
    module("rp-backchannel-rpinitlogout-wrong-alg", {}, put("algorithm", "ES256"), 400),
    module("rp-backchannel-rpinitlogout-wrong-iss", {"iss": "https://other.test"}, honest, 400),
    module("rp-backchannel-rpinitlogout-wrong-aud", {"aud": "another"}, honest, 400),
    module("rp-backchannel-rpinitlogout-no-event", {"events": None}, honest, 400),
    module("rp-backchannel-rpinitlogout-wrong-event", {"events": {"http://other.test/event": {}}}, honest, 400),
    module("rp-backchannel-rpinitlogout-with-nonce", {"nonce": "n-0S6_WzA2Mj"}, honest, 400),
]


@pytest.mark.parametrize(("changes", "twist", "status"), BACKCHANNEL)
async def test_the_provider_signs_somebody_out(
    world: World, changes: dict[str, object], twist: Twist, status: int
) -> None:
    """The person signs out here, which leads to the provider, which tells all its clients; also where a second session is."""
    world.idp.sid = "their session"
    browser, elsewhere = world.browser(), world.browser()
    await signs_in(browser)
    await signs_in(elsewhere)
    assert (await browser.submit("/api/logout")).headers["location"].startswith(world.idp.issuer)

    twist(world.idp)
    form = {"logout_token": world.idp.logout_token(**changes)}
    answer = await world.program().post("/api/oauth/openid/backchannel-logout", data=form)

    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert (await elsewhere.me()).status_code == (401 if status == 200 else 200)


async def signs_in(browser: Browser) -> None:
    """The suite's and our own measure of a completed sign-in."""
    idp = browser.world.idp
    before = len(idp.received("/userinfo"))
    assert (await browser.sign_in()).headers["location"] == "/"
    [asked] = idp.received("/userinfo")[before:]
    scheme, _, token = asked.headers["authorization"].partition(" ")
    assert (scheme, bool(token)) == ("Bearer", True)
    assert "access_token" not in {**asked.query, **asked.form}
    assert (await browser.me()).json()["email"] == "alice@example.org"


async def refuses(browser: Browser, code: Code) -> None:
    """No session, no account, an explained page."""
    accounts = dict(browser.world.accounts.by_id)
    response = await browser.sign_in()
    assert error_of(response) == code
    assert browser.session is None
    assert (await browser.me()).status_code == 401
    assert browser.world.accounts.by_id == accounts
    assert code in (await browser.get(response.headers["location"])).text


@pytest.mark.parametrize(("profile", "count"), list(zip(PROFILES, (14, 6, 14, 1, 3, 8), strict=True)))
def test_every_module_of_the_profile_is_played(profile: str, count: int) -> None:
    assert len(set(PROFILES[profile])) == count
    assert set(PROFILES[profile]) <= PLAYED

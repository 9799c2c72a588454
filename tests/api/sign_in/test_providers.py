"""Each provider's quirks, from the button and back, with its preset and nothing else than its page says to set."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.domain.providers.register import PRESETS
from tests.api.sign_in.test_openid import both, error_of, in_id_token, nobody_has, person, put, without
from tests.api.sign_in.test_pages import words
from tests.fake_provider import FakeProvider
from tests.world import ORIGIN, World

GOOGLE = "https://accounts.google.com"
KEYCLOAK = "https://kc.test/realms/home"
ZITADEL = "urn:zitadel:iam:org:project:roles"
CLOUDFLARE = "https://team.cloudflareaccess.com/cdn-cgi/access/sso/oidc/romm"
WELL_KNOWN = "/.well-known/openid-configuration"

Twist = Callable[[FakeProvider], object]


async def at(provider: str, idp: FakeProvider | None = None, twist: Twist = lambda idp: None, **settings: str) -> World:
    """An instance that has its admin and is set up for this provider."""
    world = World({"OIDC_PROVIDER": provider, **settings}, idp=idp or FakeProvider())
    await world.add("keeper", level=AccessLevel.ADMIN)
    twist(world.idp)
    return world


async def who(world: World) -> dict[str, Any]:
    """Sign in; gives whoever that is now."""
    browser = world.browser()
    response = await browser.sign_in()
    assert response.headers["location"] == "/", error_of(response)
    me: dict[str, Any] = (await browser.me()).json()
    return me


def realm_roles(idp: FakeProvider) -> None:
    idp.claims |= {"realm_access": {"roles": ["romm-admins", "offline_access"]}}


def client_roles(idp: FakeProvider) -> None:
    idp.claims |= {"resource_access": {"romm": {"roles": ["romm-editors"]}, "account": {"roles": ["romm-admins"]}}}


def object_roles(idp: FakeProvider) -> None:
    idp.claims |= {ZITADEL: {"romm-editors": {"2710": "home.example.org"}}}


ADMITTED = [
    pytest.param("authelia", put("thin_id_token", True), {}, "admin", id="Authelia: thin-id-token"),
    pytest.param("keycloak", in_id_token(aud=["romm", "account"], azp="romm"), {}, "admin",
                 id="Keycloak: aud-list with account, azp is us"),
    pytest.param("keycloak", realm_roles, {"OIDC_CLAIM_ROLES": "realm_access.roles"}, "admin", id="kc-realm-roles"),
    pytest.param("keycloak", client_roles, {"OIDC_CLAIM_ROLES": "resource_access.romm.roles"}, "editor",
                 id="kc-client-roles"),
    pytest.param("keycloak", person(groups=["/romm-admins"]), {}, "admin", id="kc-slash"),
    pytest.param("keycloak", person(groups=["/team/lead"]), {"OIDC_ROLE_EDITOR": "/team/lead"}, "editor",
                 id="kc-subgroup by its path"),
    pytest.param("google", person(email="alice@gmail.com", email_verified="true"), {"OIDC_CLAIM_ROLES": ""}, "viewer",
                 id="verified-string-true"),
    pytest.param("google", in_id_token(hd="example.org"), {"OIDC_HOSTED_DOMAINS": "example.org"}, "admin",
                 id="Google: a member of the Workspace"),
    pytest.param("zitadel", object_roles, {"OIDC_CLAIM_ROLES": ZITADEL}, "editor", id="Zitadel: groups-object-keys"),
    pytest.param("zitadel", both(put("thin_id_token", True), object_roles), {"OIDC_CLAIM_ROLES": ZITADEL}, "editor",
                 id="Zitadel: without the tick at user info in the ID token"),
    pytest.param("zitadel", in_id_token(aud=["romm", "2710"]), {"OIDC_EXTRA_AUDIENCES": "2710"}, "admin",
                 id="Zitadel: the project beside us in aud"),
    pytest.param("entra", nobody_has("email_verified"), {"OIDC_TRUST_EMAIL": "absent"}, "admin",
                 id="Entra ID: no email_verified"),
    pytest.param("entra", both(nobody_has("groups"), person(_claim_names={"groups": "src1"})), {}, "viewer",
                 id="Entra ID: groups-overage of somebody new"),
    pytest.param("entra", person(roles=["romm-admins"]), {"OIDC_CLAIM_ROLES": "roles"}, "admin", id="Entra ID: app roles"),
    pytest.param("okta", put("alter_userinfo", lambda found: found.pop("groups")), {}, "admin",
                 id="Okta: groups in the ID token only"),
    pytest.param("kanidm", both(put("algorithm", "ES256"), put("auth_methods", ("client_secret_basic",))), {}, "admin",
                 id="Kanidm: ES256, basic, PKCE required"),
    pytest.param("kanidm", person(groups=["romm-admins@idm.test", "6f1e"]), {"OIDC_ROLE_ADMIN": "romm-admins@idm.test"},
                 "admin", id="Kanidm: groups by SPN"),
    pytest.param("pocket-id", put("doubles_slashes", True), {}, "admin", id="Pocket ID: // endpoints"),
    pytest.param("dex", person(groups=["example:romm-admins"]), {"OIDC_ROLE_ADMIN": "example:romm-admins"}, "admin",
                 id="Dex: a team of a connector"),
    pytest.param("synology", nobody_has("email_verified"), {"OIDC_TRUST_EMAIL": "absent"}, "admin",
                 id="Synology: no email_verified"),
    pytest.param("tailscale", nobody_has("preferred_username"), {}, "admin", id="Tailscale: no-username"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "twist", "settings", "level"), ADMITTED)
async def test_a_person_comes_in_with_the_settings_of_the_providers_page(
    provider: str, twist: Twist, settings: dict[str, str], level: str
) -> None:
    me = await who(await at(provider, None, twist, **settings))
    assert (me["username"], me["access_level"]) == ("alice", level)


REFUSED = [
    pytest.param("keycloak", person(groups=["/tenant-b/romm-admins"]), {}, Code.NO_ROLE, id="kc-subgroup is not its leaf"),
    pytest.param("keycloak", person(email_verified=False), {}, Code.EMAIL_NOT_VERIFIED, id="Keycloak: made by an admin"),
    pytest.param("keycloak", in_id_token(aud=["romm", "stranger"], azp="romm"), {}, Code.ID_TOKEN_AUDIENCE,
                 id="Keycloak: aud-list with a stranger"),
    pytest.param("keycloak", in_id_token(aud=["account"], azp="romm"), {}, Code.ID_TOKEN_AUDIENCE, id="aud-other-azp-us"),
    pytest.param("google", person(email_verified="false"), {}, Code.EMAIL_NOT_VERIFIED, id="verified-string-false"),
    pytest.param("google", lambda idp: None, {"OIDC_HOSTED_DOMAINS": "example.org"}, Code.HOSTED_DOMAIN,
                 id="Google: a private account"),
    pytest.param("google", put("alter_userinfo", lambda found: found.update(hd="example.org")),
                 {"OIDC_HOSTED_DOMAINS": "example.org"}, Code.HOSTED_DOMAIN, id="Google: hd outside the signed token"),
    pytest.param("google", person(email="alice@gmail.com"), {"OIDC_ALLOW_REGISTRATION": "false"},
                 Code.REGISTRATION_CLOSED, id="Google: a stranger"),
    pytest.param("google", lambda idp: None, {}, Code.EMAIL_NOT_VERIFIED, id="Google: an address of another mail server"),
    pytest.param("keycloak", nobody_has("groups"), {}, Code.NO_ROLE, id="Keycloak leaves an empty list out"),
    pytest.param("dex", nobody_has("groups"), {}, Code.NO_ROLE, id="Dex leaves an empty list out"),
    pytest.param("okta", person(email_verified="true"), {}, Code.EMAIL_NOT_VERIFIED, id="a text is only read for Google"),
    pytest.param("zitadel", in_id_token(aud=["romm", "2710"]), {}, Code.ID_TOKEN_AUDIENCE, id="Zitadel: the project in aud"),
    pytest.param("entra", nobody_has("email_verified"), {}, Code.EMAIL_NOT_VERIFIED, id="Entra ID says nothing"),
    pytest.param("entra", both(nobody_has("email"), person(upn="alice@example.org")), {"OIDC_TRUST_EMAIL": "absent"},
                 Code.EMAIL_MISSING, id="Entra ID: the UPN is no address"),
    pytest.param("kanidm", put("scopes", ("openid", "profile", "email")), {}, Code.INVALID_SCOPE,
                 id="Kanidm: one scope too many"),
    pytest.param("authentik", put("algorithm", "HS256"), {}, Code.ID_TOKEN_ALGORITHM, id="Authentik: hs256, no signing key"),
    pytest.param("authentik", put("alter_tokens", lambda tokens: tokens.update(id_token="a.b.c.d.e")), {},
                 Code.ID_TOKEN_ENCRYPTED, id="Authentik: jwe, an encryption key"),
    pytest.param("pocket-id", put("authorization_error", "access_denied"), {}, Code.ACCESS_DENIED,
                 id="Pocket ID: not in an allowed group"),
    pytest.param("dex", put("client_secret", "another"), {}, Code.CLIENT_REJECTED, id="Dex: another secret"),
]  # fmt: skip
REFUSED_WITH_A_HINT = [row for row in REFUSED if row.values[3] in PRESETS[str(row.values[0])].hints]


@pytest.mark.parametrize(("provider", "twist", "settings", "code"), REFUSED)
async def test_what_a_provider_does_differently_weakens_no_check(
    provider: str, twist: Twist, settings: dict[str, str], code: Code
) -> None:
    world = await at(provider, None, twist, **settings)
    browser = world.browser()
    assert error_of(await browser.sign_in()) == code
    assert browser.session is None


@pytest.mark.parametrize(("provider", "twist", "settings", "code"), REFUSED_WITH_A_HINT)
async def test_the_log_says_where_to_click_at_this_provider(
    provider: str, twist: Twist, settings: dict[str, str], code: Code
) -> None:
    """Beside the words that are true of every provider; nobody at the page reads either."""
    world = await at(provider, None, twist, **settings)
    browser = world.browser()
    answer = await browser.sign_in()
    [line] = [line for line in world.lines("refused") if line["code"] == code]
    assert line["provider_hint"] == PRESETS[provider].hints[code]
    assert line["hint"]
    assert line["provider_hint"] not in (await browser.get(answer.headers["location"])).text


async def test_of_a_provider_without_a_preset_the_log_presumes_nothing() -> None:
    world = await at("My Company", None, person(email_verified=False))
    assert error_of(await world.browser().sign_in()) == Code.EMAIL_NOT_VERIFIED
    [line] = world.lines("refused")
    assert "provider_hint" not in line


@pytest.mark.parametrize("issuer", [GOOGLE, "accounts.google.com"], ids=["iss", "iss-no-scheme"])
async def test_google_is_one_issuer_however_its_tokens_spell_it(issuer: str) -> None:
    """OpenID Connect Core 1.0, 15.6.2: and the account stays the same when the spelling changes."""
    world = await at("google", FakeProvider(issuer=GOOGLE), in_id_token(iss=issuer), OIDC_CLAIM_ROLES="")
    world.idp.claims["email"] = "alice@gmail.com"
    first = await who(world)
    world.idp.alter_id_token = lambda claims: None
    assert (await who(world))["id"] == first["id"]
    [account] = [account for account in world.accounts.by_id.values() if account.links]
    assert [link.identity.issuer for link in account.links] == [GOOGLE]


@pytest.mark.parametrize(
    ("provider", "issuer"), [("google", "https://idp.test"), ("keycloak", GOOGLE), ("My Company", GOOGLE)]
)
async def test_nobody_but_google_may_leave_the_scheme_away(provider: str, issuer: str) -> None:
    """R-05."""
    world = await at(provider, FakeProvider(issuer=issuer), in_id_token(iss="accounts.google.com"))
    assert error_of(await world.browser().sign_in()) == Code.ID_TOKEN_ISSUER


async def test_an_overage_takes_nothing_from_an_admin() -> None:
    """`groups-overage`: unknown is not none."""
    world = await at("entra")
    assert (await who(world))["access_level"] == "admin"
    both(without("groups"), person(_claim_names={"groups": "src1"}, _claim_sources={"src1": {}}))(world.idp)
    world.idp.claims.pop("groups")
    assert (await who(world))["access_level"] == "admin"
    assert [line["warning"] for line in world.lines("signin.decided")][-1] == "overage"


async def test_many_tenants_at_once_are_none_and_the_log_says_which_to_name() -> None:
    """Entra ID: `common` and `organizations`."""
    idp = FakeProvider(issuer="https://login.microsoftonline.com/common/v2.0")
    idp.alter_metadata = lambda metadata: metadata.update(issuer="https://login.microsoftonline.com/{tenantid}/v2.0")
    world = await at("entra", idp)
    assert error_of(await world.browser().get("/api/login/openid")) == Code.ISSUER_PLACEHOLDER
    [line] = world.lines("refused")
    assert "OIDC_SERVER_APPLICATION_URL" in line["hint"]
    assert "Directory (tenant) ID" in line["provider_hint"]


@pytest.mark.parametrize(
    ("provider", "issuer", "settings"),
    [
        pytest.param("cloudflare", CLOUDFLARE, {}, id="Cloudflare Access: per application"),
        pytest.param("authentik", "https://idp.test/application/o/romm/", {}, id="Authentik: per application, with a slash"),
        pytest.param("keycloak", KEYCLOAK, {}, id="Keycloak: per realm"),
        pytest.param("voidauth", "https://idp.test/oidc", {}, id="VoidAuth, by its issuer"),
        pytest.param("voidauth", "https://idp.test/oidc",
                     {"OIDC_SERVER_APPLICATION_URL": "https://idp.test",
                      "OIDC_SERVER_METADATA_URL": f"https://idp.test/oidc{WELL_KNOWN}"},
                     id="VoidAuth, by its discovery document"),
        pytest.param("synology", "https://nas.test/webman/sso",
                     {"OIDC_SERVER_APPLICATION_URL": "",
                      "OIDC_SERVER_METADATA_URL": f"https://nas.test/webman/sso{WELL_KNOWN}"},
                     id="Synology: its own discovery path"),
    ],
)  # fmt: skip
async def test_a_provider_is_found_where_its_page_says(provider: str, issuer: str, settings: Mapping[str, str]) -> None:
    world = await at(provider, FakeProvider(issuer=issuer), lambda idp: None, **settings)
    assert (await who(world))["access_level"] == "admin"


async def test_signing_out_at_authelia_leads_over_its_own_page() -> None:
    """It announces no end-session endpoint; its page signs out and then follows `rd`."""
    world = await at(
        "authelia",
        None,
        put("alter_metadata", lambda metadata: metadata.pop("end_session_endpoint")),
        OIDC_RP_INITIATED_LOGOUT="true",
    )
    browser = world.browser()
    await browser.sign_in()
    there = urlsplit((await browser.submit("/api/logout")).headers["location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == "https://idp.test/logout"
    sent = dict(parse_qsl(there.query, strict_parsing=True))
    assert list(sent) == ["rd"], "nothing of the session"
    assert sent["rd"].startswith(f"{ORIGIN}/login?state=")
    assert "here and at Authelia" in words((await browser.get(sent["rd"])).text)


@pytest.mark.parametrize("provider", ["google", "cloudflare"])
async def test_signing_out_stays_here_where_there_is_no_end_session(provider: str) -> None:
    """`no-end-session`."""
    world = await at(
        provider,
        None,
        put("alter_metadata", lambda metadata: metadata.pop("end_session_endpoint")),
        OIDC_RP_INITIATED_LOGOUT="true",
    )
    browser = world.browser()
    await browser.sign_in()
    answer = await browser.submit("/api/logout")
    assert "idp.test" not in answer.headers["location"]
    assert (await browser.me()).status_code == 401

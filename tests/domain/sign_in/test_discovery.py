"""Finding and judging a discovery document, from the addresses that the guides tell operators to set."""

from typing import Any

import pytest

from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.discovery import Location, accept, location
from tests.domain.examples import metadata

WELL_KNOWN = "/.well-known/openid-configuration"
AUTHENTIK = "https://auth.example.com/application/o/romm"
KEYCLOAK = "https://kc.example.com/realms/home"
ROOT = "https://auth.example.com"
CLOUDFLARE = "https://team.cloudflareaccess.com/cdn-cgi/access/sso/oidc/0123abcd"


@pytest.mark.parametrize(
    ("application_url", "metadata_url", "expected"),
    [
        pytest.param(ROOT, "", Location(ROOT + WELL_KNOWN, (ROOT,)), id="Authelia: the root"),
        pytest.param(f"{ROOT}/", "", Location(ROOT + WELL_KNOWN, (f"{ROOT}/",)), id="the root with a slash"),
        pytest.param(AUTHENTIK, "", Location(AUTHENTIK + WELL_KNOWN, (AUTHENTIK,)), id="Authentik: per application"),
        pytest.param(f"{AUTHENTIK}/", "", Location(AUTHENTIK + WELL_KNOWN, (f"{AUTHENTIK}/",)),
                     id="Authentik with its slash"),
        pytest.param(KEYCLOAK, "", Location(KEYCLOAK + WELL_KNOWN, (KEYCLOAK,)), id="Keycloak: per realm"),
        pytest.param(CLOUDFLARE, "", Location(CLOUDFLARE + WELL_KNOWN, (CLOUDFLARE,)), id="Cloudflare Access"),
        pytest.param(ROOT + WELL_KNOWN, "", Location(ROOT + WELL_KNOWN, (ROOT,)), id="pasted with the well-known path"),
        pytest.param(AUTHENTIK + WELL_KNOWN, "", Location(AUTHENTIK + WELL_KNOWN, (AUTHENTIK,)),
                     id="Authentik, pasted with the well-known path"),
        pytest.param("", f"{ROOT}/oidc{WELL_KNOWN}", Location(f"{ROOT}/oidc{WELL_KNOWN}", (f"{ROOT}/oidc",)),
                     id="VoidAuth: only the full address"),
        pytest.param(ROOT, f"{ROOT}/oidc{WELL_KNOWN}", Location(f"{ROOT}/oidc{WELL_KNOWN}", (f"{ROOT}/oidc", ROOT)),
                     id="VoidAuth: the full address wins"),
        pytest.param(AUTHENTIK, AUTHENTIK + WELL_KNOWN, Location(AUTHENTIK + WELL_KNOWN, (AUTHENTIK, AUTHENTIK)),
                     id="Authentik: both, as one guide has it"),
        pytest.param("", f"{ROOT}/oidc/discovery.json", Location(f"{ROOT}/oidc/discovery.json", (ROOT,)),
                     id="an address of its own kind stands for its origin"),
        pytest.param(f"{ROOT}/oidc", f"{ROOT}/discovery.json", Location(f"{ROOT}/discovery.json", (f"{ROOT}/oidc", ROOT)),
                     id="an address of its own kind with an issuer"),
        pytest.param("http://nas.local:5000/webman/sso", "",
                     Location("http://nas.local:5000/webman/sso" + WELL_KNOWN, ("http://nas.local:5000/webman/sso",)),
                     id="a home network"),
    ],
)  # fmt: skip
def test_the_document_is_where_the_guides_say(application_url: str, metadata_url: str, expected: Location) -> None:
    """R-06; seeds 000 to 004."""
    assert location(application_url, metadata_url) == expected


def judged(where: Location, **changes: Any) -> Code | None:
    refusal = accept(metadata(**changes), where)
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("configured", "issuer"),
    [
        pytest.param(ROOT, ROOT, id="to the letter"),
        pytest.param(AUTHENTIK, f"{AUTHENTIK}/", id="Authentik: the document has the slash"),
        pytest.param(f"{AUTHENTIK}/", AUTHENTIK, id="the setting has the slash"),
        pytest.param(f"{AUTHENTIK}/", f"{AUTHENTIK}/", id="both have it"),
        pytest.param(AUTHENTIK + WELL_KNOWN, f"{AUTHENTIK}/", id="the setting was pasted"),
        pytest.param("HTTPS://Auth.Example.COM:443/x", "https://auth.example.com/x", id="the host's spelling"),
        pytest.param("https://müller.example", "https://xn--mller-kva.example", id="the host's letters"),
    ],
)
def test_an_issuer_is_ours_but_for_one_slash(configured: str, issuer: str) -> None:
    """R-06."""
    assert judged(location(configured, ""), issuer=issuer) is None


@pytest.mark.parametrize(
    "issuer",
    [
        pytest.param("https://evil.example", id="somebody else"),
        pytest.param(f"{AUTHENTIK}//", id="two slashes"),
        pytest.param(AUTHENTIK.upper(), id="another case"),
        pytest.param(AUTHENTIK.replace("https", "http"), id="another scheme"),
        pytest.param(f"{AUTHENTIK}-2", id="ours and more"),
        pytest.param(AUTHENTIK[:-1], id="a prefix of ours"),
        pytest.param(ROOT, id="only our origin"),
        pytest.param(f"{AUTHENTIK}?x", id="with a query"),
        pytest.param(f" {AUTHENTIK}", id="with a space"),
        pytest.param("", id="empty"),
        pytest.param("/", id="only a slash"),
    ],
)
def test_a_foreign_issuer_is_refused(issuer: str) -> None:
    """R-06, CVE-2026-104056."""
    where = location(AUTHENTIK, "")
    assert accept(metadata(issuer=issuer), where) == Refuse(
        Code.ISSUER_MISMATCH, {"found": issuer, "expected": AUTHENTIK, "url": AUTHENTIK + WELL_KNOWN}
    )


@pytest.mark.parametrize(
    ("configured", "issuer", "code"),
    [
        pytest.param("common/v2.0", "{tenantid}/v2.0", Code.ISSUER_PLACEHOLDER, id="common"),
        pytest.param("organizations/v2.0", "{tenantid}/v2.0", Code.ISSUER_PLACEHOLDER, id="organizations"),
        pytest.param("{tenantid}/v2.0", "{tenantid}/v2.0", Code.ISSUER_PLACEHOLDER, id="copied from the document"),
        pytest.param("11-22/v2.0", "11-22/v2.0", None, id="one tenant"),
        pytest.param("consumers/v2.0", "91-88/v2.0", Code.ISSUER_MISMATCH, id="the tenant of private accounts"),
        pytest.param("example.com/v2.0", "11-22/v2.0", Code.ISSUER_MISMATCH, id="a tenant by its domain"),
    ],
)
def test_an_issuer_that_stands_for_many_tenants_is_refused(configured: str, issuer: str, code: Code | None) -> None:
    """Entra ID: whoever accepts the placeholder accepts everybody's tenant."""
    base = "https://login.microsoftonline.com"
    assert judged(location(f"{base}/{configured}", ""), issuer=f"{base}/{issuer}") is code


ENDPOINTS = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "pushed_authorization_request_endpoint",
]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://auth.example.com/x", id="http"),
        pytest.param("HTTP://auth.example.com/x", id="http in capitals"),
        pytest.param("https://user@auth.example.com/x", id="a user in front"),
        pytest.param("https://auth.example.com@evil.example/x", id="our host as a user"),
        pytest.param("https://auth.example.com:pass@evil.example/x", id="our host as a user with a password"),
        pytest.param("https:///x", id="no host"),
        pytest.param("//auth.example.com/x", id="no scheme"),
        pytest.param("/x", id="a path"),
        pytest.param("", id="empty"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("ftp://auth.example.com/x", id="another scheme"),
        pytest.param("https://[::1/x", id="half an address"),
        pytest.param("https://auth.example.com:0/x", id="a port that is none"),
        pytest.param("https://auth.example.com:65536/x", id="a port above the last"),
    ],
)
def test_an_https_issuer_leads_to_https_only(endpoint: str, url: str) -> None:
    """R-62, R-63."""
    assert accept(metadata(**{endpoint: url}), location(ROOT, "")) == Refuse(
        Code.ENDPOINT_INSECURE, {"endpoint": endpoint, "found": url}
    )


def test_an_endpoint_may_be_on_another_host() -> None:
    """Entra ID has UserInfo elsewhere."""
    assert judged(location(ROOT, ""), userinfo_endpoint="https://graph.example.com/oidc/userinfo") is None


def test_an_endpoint_may_have_two_slashes_and_a_query() -> None:
    """Pocket ID with a slash behind its base URL; Azure AD B2C."""
    assert judged(location(ROOT, ""), authorization_endpoint=f"{ROOT}//authorize?p=b2c_1") is None


AT_HOME = "http://auth.home:9000"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param(f"{AT_HOME}/x", None, id="http"),
        pytest.param("https://auth.home/x", None, id="https"),
        pytest.param("http://user@auth.home:9000/x", Code.ENDPOINT_INSECURE, id="a user in front"),
        pytest.param("ftp://auth.home/x", Code.ENDPOINT_INSECURE, id="another scheme"),
    ],
)
def test_http_is_for_those_whose_own_address_is_http(endpoint: str, url: str, code: Code | None) -> None:
    """R-62."""
    assert judged(location(AT_HOME, ""), issuer=AT_HOME, **{endpoint: url}) is code

"""The doctor about the discovery document."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.diagnosis.checks import metadata
from romm.domain.diagnosis.findings import Outcome
from romm.domain.diagnosis.history import History, LogLine
from romm.domain.errors import Code, Refuse
from tests.domain.diagnosis.checks.examples import BASE_URL, ISSUER, NOW, configured, discovered

WELL_KNOWN = f"{ISSUER}/.well-known/openid-configuration"
INSECURE = Refuse(Code.ENDPOINT_INSECURE, {"endpoint": "token_endpoint", "found": "http://auth.example.com/token"})


PLACEHOLDER = Refuse(Code.ISSUER_PLACEHOLDER, {"found": "https://login.test/{tenantid}/v2.0"})


def invalid(problem: str) -> Refuse:
    return Refuse(Code.PROVIDER_ANSWER_INVALID, {"url": WELL_KNOWN, "problem": problem})


def another(found: str, expected: str = ISSUER) -> Refuse:
    return Refuse(Code.ISSUER_MISMATCH, {"found": found, "expected": expected, "url": WELL_KNOWN})


@pytest.mark.parametrize(
    ("problem", "hint"),
    [
        pytest.param("200 with text/html instead of a JSON object", "a web page", id="HTML"),
        pytest.param("404 with text/plain", "OIDC_SERVER_METADATA_URL", id="a wrong path"),
        pytest.param(
            "302 to https://x/, and redirects are not followed",
            "OIDC_SERVER_METADATA_URL",
            id="a redirect",
        ),
        pytest.param(
            "200 with unusable metadata: no jwks_uri", "must be the issuer: Authelia's", id="another document"
        ),
    ],
)
def test_what_is_no_discovery_document(problem: str, hint: str) -> None:
    finding = metadata.discovery(invalid(problem), configured())
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.PROVIDER_ANSWER_INVALID)
    assert finding.found == f"{WELL_KNOWN}: {problem}"
    assert hint in " ".join(finding.fixes)
    assert "OIDC_SERVER_APPLICATION_URL must be the issuer" in " ".join(finding.fixes)
    assert "If that is" not in " ".join(finding.fixes), "it is known which document it is"


def test_a_slow_discovery_document_is_a_warning() -> None:
    assert metadata.discovery(discovered(seconds=2.0), configured()).outcome is Outcome.OK
    finding = metadata.discovery(discovered(seconds=2.1), configured())
    assert finding.outcome is Outcome.WARNING
    assert "after 2.1 s; a sign-in waits 4" in finding.found


@pytest.mark.parametrize(
    "refuse", [PLACEHOLDER, another("https://other"), INSECURE], ids=["placeholder", "issuer", "endpoint"]
)
def test_a_document_that_says_something_wrong_is_there(refuse: Refuse) -> None:
    assert metadata.discovery(refuse, configured()).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("said", "expected", "hint"),
    [
        pytest.param("http://auth.example.com", ISSUER, "X-Forwarded-Proto", id="a proxy that does not tell of https"),
        pytest.param("http://authelia:9091", ISSUER, "authelia:9091 is the provider's public name", id="an inner name"),
        pytest.param("http://[x", ISSUER, "Authelia's own address", id="no address at all"),
        pytest.param(f"{ISSUER}/realms/a", ISSUER, "Authelia's own address", id="another path"),
    ],
)
def test_another_issuer(said: str, expected: str, hint: str) -> None:
    finding = metadata.issuer(another(said, expected), configured())
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.ISSUER_MISMATCH)
    assert finding.found == f"the provider calls itself {said}, configured is {expected}"
    assert len(finding.fixes) == 1
    assert hint in finding.fixes[0]


@pytest.mark.parametrize(
    ("said", "written", "told"),
    [
        pytest.param(ISSUER, ISSUER, ISSUER, id="equal"),
        pytest.param(
            f"{ISSUER}/", ISSUER, "with a slash at the end, unlike your setting; that is fine", id="Authentik"
        ),
        pytest.param(
            ISSUER, f"{ISSUER}/", "without a slash at the end, unlike your setting; that is fine", id="the other way"
        ),
        pytest.param(ISSUER, "", ISSUER, id="only the metadata's address is known"),
    ],
)
def test_the_right_issuer_and_its_slash(said: str, written: str, told: str) -> None:
    finding = metadata.issuer(discovered(metadata={"issuer": said}), configured(application_url=written))
    assert finding.outcome is Outcome.OK
    assert told in finding.found
    assert metadata.issuer(INSECURE, configured()).outcome is Outcome.OK


def test_the_issuer_of_many_tenants_at_once() -> None:
    finding = metadata.issuer(PLACEHOLDER, configured())
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.ISSUER_PLACEHOLDER)
    assert "{tenantid}" in finding.found


def test_endpoints() -> None:
    assert metadata.endpoints(discovered(), configured()).found == "https, the token endpoint at auth.example.com"
    finding = metadata.endpoints(INSECURE, configured())
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.ENDPOINT_INSECURE)
    assert finding.found == "token_endpoint is http://auth.example.com/token"
    assert "X-Forwarded-Proto" in finding.fixes[0]


@pytest.mark.parametrize(
    ("ahead", "outcome", "told"),
    [
        pytest.param(0, Outcome.OK, "the same time", id="equal"),
        pytest.param(10, Outcome.OK, "the same time", id="a little ahead"),
        pytest.param(-10, Outcome.OK, "the same time", id="a little behind"),
        pytest.param(11, Outcome.WARNING, "11 s ahead", id="ahead"),
        pytest.param(60, Outcome.WARNING, "60 s ahead", id="just allowed"),
        pytest.param(61, Outcome.FAILED, "61 s ahead", id="ID tokens of the future"),
        pytest.param(-61, Outcome.WARNING, "61 s behind", id="tokens are old when they are born"),
        pytest.param(-600, Outcome.WARNING, "0:10:00 behind", id="just young enough"),
        pytest.param(-601, Outcome.FAILED, "0:10:01 behind", id="too old"),
        pytest.param(7200, Outcome.FAILED, "2:00:00 ahead", id="a time zone"),
    ],
)
def test_the_clock(ahead: int, outcome: Outcome, told: str) -> None:
    finding = metadata.clock(discovered(provider_time=NOW + timedelta(seconds=ahead)), History())
    assert finding.outcome is outcome
    assert finding.code is (Code.ID_TOKEN_ISSUED_AT if outcome is Outcome.FAILED else None)
    assert told in finding.found
    assert outcome is Outcome.OK or "NTP" in finding.fixes[0]


def test_a_clock_that_is_not_shown_cannot_be_compared() -> None:
    assert metadata.clock(discovered(provider_time=None), History()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("methods", "outcome"),
    [
        pytest.param(("plain", "S256"), Outcome.OK, id="S256"),
        pytest.param(("plain",), Outcome.WARNING, id="only plain"),
        pytest.param(None, Outcome.OK, id="not announced"),
        pytest.param((), Outcome.OK, id="empty"),
    ],
)
def test_pkce(methods: tuple[str, ...] | None, outcome: Outcome) -> None:
    assert metadata.pkce(discovered(announced={"challenge_methods": methods})).outcome is outcome


@pytest.mark.parametrize(
    ("wishes", "endpoint", "outcome", "told"),
    [
        pytest.param({}, None, Outcome.OK, "the RomM session only", id="not wanted"),
        pytest.param(
            {"rp_initiated_logout": True, "provider": "google"}, None, Outcome.WARNING, "no end-session endpoint",
            id="there is none",
        ),
        pytest.param(
            {"rp_initiated_logout": True, "provider": "authelia"}, None, Outcome.OK,
            f"at {ISSUER}/logout, and back to https://romm.example.com/login", id="a page that is known",
        ),
        pytest.param(
            {"rp_initiated_logout": True, "provider": "authelia", "post_logout_redirect_uri": "https://r/bye"}, None,
            Outcome.OK, f"at {ISSUER}/logout, and back to https://r/bye", id="a page that is known, and back elsewhere",
        ),
        pytest.param(
            {"rp_initiated_logout": True}, f"{ISSUER}/logout", Outcome.OK,
            "register https://romm.example.com/login there (the client's post logout redirect URIs) and set "
            "OIDC_POST_LOGOUT_REDIRECT_URI", id="no way back",
        ),
        pytest.param(
            {"rp_initiated_logout": True, "provider": "keycloak"}, f"{ISSUER}/logout", Outcome.OK,
            "(Clients → yours → Settings → Valid post logout redirect URIs)", id="no way back, with the click",
        ),
        pytest.param(
            {"rp_initiated_logout": True, "end_session_endpoint": "https://x/bye"}, None, Outcome.OK, "at https://x/bye",
            id="named by hand",
        ),
        pytest.param(
            {"rp_initiated_logout": True, "post_logout_redirect_uri": "https://r/login"}, f"{ISSUER}/logout", Outcome.OK,
            "back to https://r/login, which must be registered", id="there and back",
        ),
    ],
)  # fmt: skip
def test_signing_out(wishes: dict[str, Any], endpoint: str | None, outcome: Outcome, told: str) -> None:
    finding = metadata.end_session(
        discovered(metadata={"end_session_endpoint": endpoint}), configured(**wishes), History()
    )
    assert finding.outcome is outcome
    assert told in finding.found
    assert outcome is Outcome.OK or "OIDC_RP_INITIATED_LOGOUT=false" in finding.fixes[0]


@pytest.mark.parametrize(
    ("says", "suggested"), [(True, True), (False, False), (None, False), ("true", False), ({"a": 1}, False)]
)
def test_the_address_for_back_channel_logout_is_suggested_where_the_provider_has_it(says: Any, suggested: bool) -> None:
    finding = metadata.end_session(discovered(metadata={"backchannel_logout_supported": says}), configured(), History())
    assert finding.outcome is Outcome.OK
    assert (f"{configured().base_url}/api/oauth/openid/backchannel-logout" in finding.found) is suggested


CAME = LogLine(at=NOW, method="openid", outcome="signed_in", issuer=ISSUER)
LATE = replace(CAME, outcome="refused", code=Code.ID_TOKEN_ISSUED_AT)


def test_where_nothing_shows_the_time_the_last_sign_in_does() -> None:
    found = discovered(provider_time=None)
    assert metadata.clock(found, History(signed_in=CAME)).outcome is Outcome.OK
    late = metadata.clock(found, History(refused=LATE))
    assert (late.outcome, late.code) == (Outcome.WARNING, Code.ID_TOKEN_ISSUED_AT)
    assert "NTP" in late.fixes[0]
    assert metadata.clock(discovered(), History(refused=LATE)).outcome is Outcome.OK, "a clock that is seen counts more"


@pytest.mark.parametrize(
    ("endpoint", "base_url", "outcome"),
    [
        ("http://authentik-server:9000/authorize", BASE_URL, Outcome.WARNING),
        ("https://auth.internal/authorize", BASE_URL, Outcome.WARNING),
        ("http://localhost:9000/authorize", BASE_URL, Outcome.WARNING),
        ("http://localhost:9000/authorize", "http://localhost:8080", Outcome.OK),
        ("http://nas.local/authorize", "http://nas.local:8080", Outcome.OK),
        ("https://[2001:db8::1]/authorize", BASE_URL, Outcome.OK),
        (f"{ISSUER}/authorize", BASE_URL, Outcome.OK),
    ],
)
def test_browsers_must_be_able_to_open_the_providers_pages(endpoint: str, base_url: str, outcome: Outcome) -> None:
    found = discovered(metadata={"authorization_endpoint": endpoint})
    assert metadata.endpoints(found, configured(base_url=base_url)).outcome is outcome


def test_a_logout_token_that_came_is_told() -> None:
    finding = metadata.end_session(discovered(), configured(), History(logout=CAME))
    assert finding.found.endswith("Its last logout token: 2026-01-02 03:04 UTC")


def test_nobody_is_told_to_register_an_address_where_there_is_no_field_for_it() -> None:
    found = discovered(metadata={"backchannel_logout_supported": True})
    assert "register" not in metadata.end_session(found, configured(provider="voidauth"), History()).found

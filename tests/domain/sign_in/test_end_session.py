"""Where a browser goes so that the provider's session ends, too."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.end_session import EndSession, end_session_url
from tests.domain.examples import ISSUER, metadata

ON, OFF = EndSession(enabled=True), EndSession(enabled=False)
OVERRIDE = EndSession(enabled=True, endpoint="https://auth.example.com/goodbye")
RETURNING = EndSession(enabled=True, post_logout_redirect_uri="https://romm.example/login")
KNOWN = metadata(end_session_endpoint=f"{ISSUER}/logout")
UNKNOWN = metadata()


def url(wishes: EndSession, provider: Metadata | None = KNOWN, id_token: str | None = "e30.e30.c2ln") -> str | None:
    return end_session_url(wishes, provider, client_id="romm", id_token=id_token, state="state-1")


@pytest.mark.parametrize(
    ("wishes", "provider", "id_token", "expected"),
    [
        pytest.param(ON, KNOWN, "t", f"{ISSUER}/logout?id_token_hint=t&client_id=romm", id="discovered"),
        pytest.param(OVERRIDE, KNOWN, "t", f"{ISSUER}/goodbye?id_token_hint=t&client_id=romm", id="the operator's wins"),
        pytest.param(OVERRIDE, UNKNOWN, "t", f"{ISSUER}/goodbye?id_token_hint=t&client_id=romm", id="only the operator's"),
        pytest.param(OVERRIDE, None, "t", f"{ISSUER}/goodbye?id_token_hint=t&client_id=romm",
                     id="the provider was not reached"),
        pytest.param(RETURNING, KNOWN, "t",
                     f"{ISSUER}/logout?id_token_hint=t&client_id=romm"
                     "&post_logout_redirect_uri=https%3A%2F%2Fromm.example%2Flogin&state=state-1",
                     id="an address to return to brings the state along"),
        pytest.param(OFF, KNOWN, "t", None, id="switched off"),
        pytest.param(EndSession(enabled=False, endpoint=f"{ISSUER}/goodbye"), KNOWN, "t", None,
                     id="switched off, whatever is set beside"),
        pytest.param(ON, UNKNOWN, "t", None, id="the provider has none (Authelia)"),
        pytest.param(ON, None, "t", None, id="nothing is known of the provider"),
        pytest.param(ON, KNOWN, None, None, id="this session came by password"),
        pytest.param(OVERRIDE, KNOWN, None, None, id="this session came by password, whatever is set"),
    ],
)  # fmt: skip
def test_the_switches_decide(
    wishes: EndSession, provider: Metadata | None, id_token: str | None, expected: str | None
) -> None:
    """R-41; OpenID Connect RP-Initiated Logout 1.0, 2."""
    assert url(wishes, provider, id_token) == expected


def test_a_query_that_the_endpoint_has_is_kept() -> None:
    """R-41; Azure AD B2C names its policy there."""
    kept = url(ON, metadata(end_session_endpoint=f"{ISSUER}/logout?p=b2c_1&x=%20#top"))
    assert kept == f"{ISSUER}/logout?p=b2c_1&x=%20&id_token_hint=e30.e30.c2ln&client_id=romm"


def test_every_value_arrives_as_it_was_sent() -> None:
    """R-41."""
    wishes = EndSession(enabled=True, post_logout_redirect_uri="https://romm.example/login?a=1&b=ü #x")
    there = end_session_url(wishes, KNOWN, client_id="r&m=1", id_token="a+b/c==", state="s&t")
    assert there is not None
    assert dict(parse_qsl(urlsplit(there).query, strict_parsing=True)) == {
        "id_token_hint": "a+b/c==",
        "client_id": "r&m=1",
        "post_logout_redirect_uri": "https://romm.example/login?a=1&b=ü #x",
        "state": "s&t",
    }

"""A text for strangers."""

import pytest

from romm.domain.diagnosis.redaction import Redaction

PRIVATE = {
    "secret": ["correct-horse"],
    "setting": ["romm-smith", "https://auth.smith.example/application/o/smith/", "smith-admins, smith-family", "idp"],
    "person": ["alice", "alice@smith.example"],
}


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("client romm-smith with correct-horse", "client setting-1 with secret-1"),
        ("ALICE has alice@smith.example", "person-1 has person-2"),
        ("groups smith-family", "groups setting-4"),
        ("https://auth.smith.example/application/o/smith/", "https://host-1/…"),
        ("http://auth.smith.example", "http://host-1"),
        ("https://auth.smith.example/", "https://host-1/"),
        ("https://user:pass@other.example:8443/x?code=1", "https://host-2/…"),
        (
            "https://auth.smith.example/.well-known/openid-configuration",
            "https://host-1/.well-known/openid-configuration",
        ),
        ("auth.smith.example, port 443", "host-1, port 443"),
        ("is 203.0.113.7 and 2001:db8::7", "is address-1 and address-2"),
        ("bob@example.org wrote", "email-1 wrote"),
        ("idp:9091 answered", "setting-5:9091 answered"),
        ("code eyJhbGciOiJSUzI1NiJ9 at 10:25", "code value-1 at 10:25"),
        ("ROMM_PROVIDERS__ZB__CLIENT_ID is empty", "ROMM_PROVIDERS__…__CLIENT_ID is empty"),
        ("malice and idpx are other words", "malice and idpx are other words"),
        ("RS256, login_required, in 31 ms", "RS256, login_required, in 31 ms"),
        ("client_secret_basic by romm", "client_secret_basic by romm"),
    ],
)
def test_what_is_private_has_another_word(text: str, shared: str) -> None:
    assert Redaction(PRIVATE)(text) == shared


def test_the_same_host_is_the_same_word_and_another_is_another() -> None:
    redacted = Redaction({})
    assert redacted("https://a.example/x b.example A.example") == "https://host-1/… host-2 host-1"


def test_nothing_private_changes_nothing() -> None:
    assert Redaction({})("the provider answered invalid_client") == "the provider answered invalid_client"

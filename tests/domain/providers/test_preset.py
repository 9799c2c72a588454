"""What providers are known to need: a preset fills what is empty, and never weakens a check."""

import string

import pytest

from romm.domain.errors import Code
from romm.domain.providers.preset import DEFAULT_SCOPES, Preset, hint_fact
from romm.domain.providers.register import PRESETS, preset

OF_ACCOUNTS_HERE = {
    Code.CREDENTIALS_WRONG,
    Code.TOO_MANY_ATTEMPTS,
    Code.PASSWORDS_OFF,
    Code.NOT_SIGNED_IN,
    Code.UNEXPECTED,
}


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        pytest.param("authelia", "authelia", id="as the guides write it"),
        pytest.param("Authelia", "authelia", id="with a capital"),
        pytest.param(" pocket id ", "pocket-id", id="with a space"),
        pytest.param("POCKET_ID", "pocket-id", id="with an underscore"),
    ],
)
def test_a_provider_is_known_by_name(provider: str, key: str) -> None:
    assert preset(provider) is PRESETS[key]


@pytest.mark.parametrize(
    ("provider", "label"),
    [
        pytest.param("My Company", "My Company", id="an unknown name is its own label"),
        pytest.param(" My Company ", "My Company", id="trimmed"),
        pytest.param("", "OIDC", id="no name"),
        pytest.param("  ", "OIDC", id="only spaces"),
    ],
)
def test_of_an_unknown_provider_nothing_is_presumed(provider: str, label: str) -> None:
    assert preset(provider) == Preset(label=label)


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_found_by_its_key_and_has_a_label(key: str) -> None:
    assert preset(key) is PRESETS[key]
    assert PRESETS[key].label


@pytest.mark.parametrize("key", PRESETS)
def test_whatever_could_let_more_in_is_for_the_one_provider_that_needs_it(key: str) -> None:
    """A preset never weakens a check: these are the exceptions, one provider each."""
    known = PRESETS[key]
    assert known.booleans_as_text == (key == "google")
    assert known.roles_keys == (key == "zitadel")
    assert known.leaves_empty_roles_out == (key in ("dex", "keycloak"))
    assert known.own_email_domains == (("gmail.com",) if key == "google" else ())
    assert known.extra_audiences == (("account",) if key == "keycloak" else ())
    pinned = {"accounts.google.com": "https://accounts.google.com"}
    assert known.issuer_spellings == (pinned if key == "google" else {})


def test_groups_are_asked_for_where_they_have_a_scope_of_their_own() -> None:
    with_scope = {key for key, known in PRESETS.items() if known.roles_scope == "groups"}
    assert with_scope == {"authelia", "cloudflare", "dex", "kanidm", "okta", "pocket-id", "voidauth"}
    assert {known.roles_scope for known in PRESETS.values()} == {"", "groups"}


def test_the_ordinary_scopes_ask_for_no_groups() -> None:
    """A scope that is not granted to the client ends in `invalid_scope` (seen with Authelia)."""
    assert DEFAULT_SCOPES.split() == ["openid", "profile", "email"]


@pytest.mark.parametrize("key", PRESETS)
def test_a_hint_is_one_finished_sentence_about_the_provider(key: str) -> None:
    """It goes into a log line and into a cell of a table, as it is: no facts, no lines, no markup."""
    hints = PRESETS[key].hints
    assert OF_ACCOUNTS_HERE.isdisjoint(hints)
    for hint in hints.values():
        assert hint.isprintable()
        assert hint.endswith(".")
        assert [name for _, name, _, _ in string.Formatter().parse(hint) if name is not None] == []
        assert not set(hint) & set("<>$`|")


def test_only_a_reason_with_a_hint_has_one_in_the_log() -> None:
    hints = PRESETS["authentik"].hints
    assert hint_fact(hints, Code.EMAIL_NOT_VERIFIED) == {"provider_hint": hints[Code.EMAIL_NOT_VERIFIED]}
    assert hint_fact(hints, Code.ATTEMPT_USED) == {}
    assert hint_fact({}, Code.EMAIL_NOT_VERIFIED) == {}

"""What providers are known to need: a preset fills what is empty, and never weakens a check."""

import pytest

from romm.domain.presets import DEFAULT_SCOPES, PRESETS, Preset, preset


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        pytest.param("authelia", Preset(label="Authelia", roles_scope="groups"), id="as the guides write it"),
        pytest.param("Authelia", Preset(label="Authelia", roles_scope="groups"), id="with a capital"),
        pytest.param(" pocket id ", Preset(label="Pocket ID", roles_scope="groups"), id="with a space"),
        pytest.param("POCKET_ID", Preset(label="Pocket ID", roles_scope="groups"), id="with an underscore"),
        pytest.param("zitadel", Preset(label="Zitadel", roles_shape="keys"), id="roles as keys of an object"),
        pytest.param("google", Preset(label="Google", booleans_as_text=True), id="booleans as text"),
        pytest.param("keycloak", Preset(label="Keycloak", extra_audiences=("account",)), id="a second audience"),
        pytest.param("My Company", Preset(label="My Company"), id="an unknown name is its own label"),
        pytest.param(" My Company ", Preset(label="My Company"), id="trimmed"),
        pytest.param("", Preset(label="OIDC"), id="no name"),
        pytest.param("  ", Preset(label="OIDC"), id="only spaces"),
    ],
)
def test_a_provider_is_known_by_name(provider: str, expected: Preset) -> None:
    assert preset(provider) == expected


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_found_by_its_key_and_has_a_label(key: str) -> None:
    assert preset(key) is PRESETS[key]
    assert PRESETS[key].label


@pytest.mark.parametrize("key", PRESETS)
def test_texts_are_read_as_booleans_and_texts_are_split_for_known_providers_only(key: str) -> None:
    """Rules of the claims: everything else is not verified, and a text is one value."""
    assert PRESETS[key].booleans_as_text == (key == "google")
    assert PRESETS[key].roles_shape == ("keys" if key == "zitadel" else "")


def test_the_ordinary_scopes_ask_for_no_groups() -> None:
    """A scope that is not granted to the client ends in `invalid_scope` (seen with Authelia)."""
    assert DEFAULT_SCOPES.split() == ["openid", "profile", "email"]

"""The nouns that every layer shares."""

import pytest

from romm.domain.model import AccessLevel, Identity
from tests.domain.examples import account


@pytest.mark.parametrize(
    ("level", "label", "role"),
    [
        pytest.param(AccessLevel.VIEWER, "viewer", "user", id="a viewer is a user"),
        pytest.param(AccessLevel.EDITOR, "editor", "user", id="an editor is a user"),
        pytest.param(AccessLevel.ADMIN, "admin", "admin", id="an admin is an admin"),
    ],
)
def test_a_level_has_the_names_of_the_wire(level: AccessLevel, label: str, role: str) -> None:
    assert (level.label, level.role) == (label, role)


def test_levels_are_ordered() -> None:
    assert AccessLevel.VIEWER < AccessLevel.EDITOR < AccessLevel.ADMIN


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Identity("https://auth.example.com/", "alice"), id="a slash more in the issuer"),
        pytest.param(Identity("https://auth.example.com", "Alice"), id="another case"),
        pytest.param(Identity("https://auth.example.com", "alice "), id="a space more"),
        pytest.param(Identity("alice", "https://auth.example.com"), id="the other way round"),
    ],
)
def test_identities_are_compared_byte_for_byte(other: Identity) -> None:
    """R-01; OpenID Connect Core 1.0, 5.7."""
    assert Identity("https://auth.example.com", "alice") != other


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("level", AccessLevel)
def test_an_enabled_admin_is_both(level: AccessLevel, enabled: bool) -> None:
    assert account(level=level, enabled=enabled).is_enabled_admin == (enabled and level is AccessLevel.ADMIN)

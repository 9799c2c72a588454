"""Every warning of a sign-in that went well says what to look at."""

import re
from pathlib import Path

import pytest

from romm.domain.sign_in.claims.rules import ClaimMapping, Unknown, read
from romm.domain.sign_in.roles import hints as role_hints

ID_TOKEN = {"iss": "https://idp.test", "sub": "alice"}
DOMAIN = Path(role_hints.__file__).parents[1]


@pytest.mark.parametrize(
    ("said", "why", "fix"),
    [
        pytest.param({}, "absent", "OIDC_SCOPES", id="another name, or no scope"),
        pytest.param({"groups": {"admin": 1}}, "unreadable", "OIDC_CLAIM_ROLES_SHAPE=keys", id="an object"),
        pytest.param({"groups": ["a", 1]}, "unreadable", "a list of 2 with a number in it", id="numbers"),
        pytest.param({"hasgroups": True}, "overage", "app roles", id="too many for Entra ID"),
    ],
)
def test_a_claim_that_says_nothing_is_named_with_what_to_do(said: dict, why: str, fix: str) -> None:
    claims = read(ID_TOKEN | said, None, ClaimMapping(roles_claim="groups"))
    roles = getattr(claims, "roles", None)
    assert isinstance(roles, Unknown)
    assert roles.why == why
    hint = role_hints.hint(why, "groups", roles.found)
    assert "claim groups (OIDC_CLAIM_ROLES)" in hint
    assert fix in hint
    assert roles.found in hint


def test_no_warning_that_a_decision_can_have_is_without_a_hint() -> None:
    given = set(re.findall(r'Unknown\("(\w+)"', (DOMAIN / "claims" / "rules.py").read_text(encoding="utf-8")))
    given |= {"overage", "unreadable", "last_admin_kept", "admin_linked"}
    assert given == set(role_hints.HINTS)


def test_without_a_warning_there_is_nothing_to_say() -> None:
    assert role_hints.hint(None, "groups") == ""

"""The doctor about scopes and claims."""

from typing import Any

import pytest

from romm.domain.diagnosis.checks import scopes
from romm.domain.diagnosis.checks.request import ProbeResult
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.authorization import Accepted
from tests.domain.diagnosis.checks.examples import configured, discovered

GOOD = ProbeResult(Accepted("code"), returned=True)
REFUSED = ProbeResult(Refuse(Code.INVALID_SCOPE, {"error": "invalid_scope", "scopes": "openid groups"}), returned=True)


@pytest.mark.parametrize(
    ("came", "asked", "announced", "outcome", "code"),
    [
        pytest.param(GOOD, "openid email", ("openid", "email"), Outcome.OK, None, id="all known"),
        pytest.param(GOOD, "openid groups", ("openid", "email"), Outcome.WARNING, None, id="one is not announced"),
        pytest.param(GOOD, "openid groups", None, Outcome.OK, None, id="none is announced"),
        pytest.param(GOOD, "email", ("openid",), Outcome.FAILED, Code.ID_TOKEN_MISSING, id="without openid"),
        pytest.param(REFUSED, "openid groups", None, Outcome.FAILED, Code.INVALID_SCOPE, id="refused"),
        pytest.param(
            REFUSED,
            "openid groups",
            ("openid", "groups"),
            Outcome.FAILED,
            Code.INVALID_SCOPE,
            id="known, but not to the client",
        ),
    ],
)
def test_scopes(
    came: ProbeResult, asked: str, announced: tuple[str, ...] | None, outcome: Outcome, code: Code | None
) -> None:
    finding = scopes.scopes(came, discovered(announced={"scopes": announced}), configured(scope=asked))
    assert (finding.outcome, finding.code) == (outcome, code)
    assert outcome is Outcome.OK or "OIDC_SCOPES" in finding.fixes[0]


@pytest.mark.parametrize(
    ("changes", "announced", "roles_scope", "outcome", "told"),
    [
        pytest.param({}, {}, "groups", Outcome.OK, "email and groups", id="both"),
        pytest.param({"roles_claim": ""}, {"claims": ("email",)}, "groups", Outcome.OK, "email", id="roles are managed here"),
        pytest.param({}, {"claims": None}, "groups", Outcome.OK, "does not announce its claims", id="not announced"),
        pytest.param({}, {"claims": ("email",), "scopes": None}, "", Outcome.WARNING, "announce groups", id="no groups"),
        pytest.param({}, {"claims": ("groups",), "scopes": None}, "", Outcome.WARNING, "announce email", id="no email"),
        pytest.param({}, {"claims": ("sub",)}, "", Outcome.OK, "email and groups", id="a scope of that name will do"),
        pytest.param(
            {"roles_claim": "realm_access.roles"}, {"claims": ("email", "realm_access")}, "", Outcome.OK, "realm_access.roles",
            id="inside an object",
        ),
        pytest.param({"scope": "openid email"}, {}, "groups", Outcome.WARNING, "not ask for the scope groups", id="scope left out"),
        pytest.param({"scope": "openid email"}, {}, "", Outcome.OK, "groups", id="needs no scope of its own"),
        pytest.param({"scope": "openid groups"}, {}, "groups", Outcome.WARNING, "not ask for the scope email", id="no scope email"),
    ],
)  # fmt: skip
def test_claims(
    changes: dict[str, Any], announced: dict[str, Any], roles_scope: str, outcome: Outcome, told: str
) -> None:
    finding = scopes.claims(discovered(announced=announced), configured(**changes), roles_scope)
    assert finding.outcome is outcome
    assert told in finding.found
    assert outcome is Outcome.OK or "OIDC_" in finding.fixes[0]


def test_a_missing_claim_is_looked_for_where_the_provider_keeps_it() -> None:
    found = discovered(announced={"claims": ("email",), "scopes": ("openid",)})
    finding = scopes.claims(found, configured(provider="keycloak"), "")
    assert "OIDC_CLAIM_ROLES" in finding.fixes[0]
    assert "Client scopes" in finding.fixes[1]

"""The doctor about scopes and claims."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.diagnosis import verdicts
from romm.domain.diagnosis.checks import scopes
from romm.domain.diagnosis.findings import Outcome
from romm.domain.diagnosis.history import History, LogLine
from romm.domain.diagnosis.probes import ClientProbes, RequestProbe
from romm.domain.diagnosis.visits import ProviderWords
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.authorization import Accepted
from tests.domain.diagnosis.checks.examples import ISSUER, NOW, configured, discovered
from tests.domain.diagnosis.test_verdicts import FORM, TOKEN

GOOD = Accepted("code")
REFUSED = Refuse(Code.INVALID_SCOPE, {"error": "invalid_scope", "scopes": "openid groups"})
CAME = LogLine(at=NOW, method="openid", outcome="signed_in", issuer=ISSUER)
LACKING = replace(CAME, warning="absent")
UNTOLD = verdicts.Untold(ProviderWords("", ""))


@pytest.mark.parametrize(
    ("came", "asked", "announced", "invented", "past", "outcome", "code"),
    [
        pytest.param(GOOD, "openid email", ("openid", "email"), None, None, Outcome.OK, None, id="all known"),
        pytest.param(GOOD, "openid groups", ("openid",), True, None, Outcome.UNKNOWN, None, id="any is accepted"),
        pytest.param(GOOD, "openid groups", ("openid",), False, None, Outcome.OK, None, id="an invented one is refused"),
        pytest.param(GOOD, "openid groups", ("openid",), True, CAME, Outcome.OK, None, id="a sign-in brought the claims"),
        pytest.param(GOOD, "openid groups", ("openid",), True, LACKING, Outcome.UNKNOWN, None, id="a sign-in did not"),
        pytest.param(GOOD, "openid groups", None, None, None, Outcome.OK, None, id="none is announced"),
        pytest.param(GOOD, "email", ("openid",), None, None, Outcome.FAILED, Code.ID_TOKEN_MISSING, id="without openid"),
        pytest.param(REFUSED, "openid groups", None, None, None, Outcome.FAILED, Code.INVALID_SCOPE, id="refused"),
        pytest.param(
            REFUSED, "openid groups", ("openid", "groups"), None, None, Outcome.FAILED, Code.INVALID_SCOPE,
            id="known, but not to the client",
        ),
    ],
)  # fmt: skip
def test_scopes(
    came: Accepted | Refuse,
    asked: str,
    announced: tuple[str, ...] | None,
    invented: bool | None,
    past: LogLine | None,
    outcome: Outcome,
    code: Code | None,
) -> None:
    finding = scopes.scopes(
        came,
        verdicts.Registered(verdicts.RETURNED),
        ClientProbes(token=TOKEN, request=RequestProbe(silent=FORM, invented_scope=invented)),
        discovered(announced={"scopes": announced}),
        configured(scope=asked),
        History(signed_in=past),
    )
    assert (finding.outcome, finding.code) == (outcome, code)
    assert outcome is Outcome.OK or "OIDC_SCOPES" in finding.fixes[0]


@pytest.mark.parametrize(
    ("announced", "outcome"),
    [
        (("openid",), Outcome.SKIPPED),
        (("openid", "groups"), Outcome.OK),
        (None, Outcome.OK),
    ],
)
def test_scopes_without_an_answer_are_compared_with_the_announced_ones(
    announced: tuple[str, ...] | None, outcome: Outcome
) -> None:
    probes = ClientProbes(token=TOKEN, request=RequestProbe(silent=FORM))
    found, mine = discovered(announced={"scopes": announced}), configured(scope="openid groups")
    assert scopes.scopes(None, UNTOLD, probes, found, mine, History()).outcome is outcome


@pytest.mark.parametrize(
    ("changes", "announced", "roles_scope", "past", "outcome", "told"),
    [
        pytest.param({}, {}, "groups", None, Outcome.OK, "email and groups", id="both"),
        pytest.param({"roles_claim": ""}, {"claims": ("email",)}, "groups", None, Outcome.OK, "email", id="roles are managed here"),
        pytest.param({}, {"claims": None}, "groups", None, Outcome.OK, "does not announce its claims", id="not announced"),
        pytest.param({}, {"claims": ("email",), "scopes": None}, "", None, Outcome.UNKNOWN, "announce groups", id="no groups"),
        pytest.param({}, {"claims": ("groups",), "scopes": None}, "", None, Outcome.UNKNOWN, "announce email", id="no email"),
        pytest.param({}, {"claims": ("sub",), "scopes": None}, "", CAME, Outcome.OK, "came with the last sign-in", id="they came"),
        pytest.param({}, {}, "", LACKING, Outcome.WARNING, "brought no claim groups", id="announced, but it did not come"),
        pytest.param(
            {"roles_claim": ""}, {}, "", LACKING, Outcome.OK, "email", id="it did not come, and is not wanted",
        ),
        pytest.param({}, {"claims": ("sub",)}, "", None, Outcome.OK, "email and groups", id="a scope of that name will do"),
        pytest.param(
            {"roles_claim": "realm_access.roles"}, {"claims": ("email", "realm_access")}, "", None, Outcome.OK,
            "realm_access.roles", id="inside an object",
        ),
        pytest.param(
            {"scope": "openid email"}, {}, "groups", None, Outcome.WARNING, "not ask for the scope groups", id="scope left out",
        ),
        pytest.param(
            {"scope": "openid email"}, {}, "", None, Outcome.UNKNOWN, "a scope groups", id="a scope of the claim's own name",
        ),
        pytest.param(
            {"scope": "openid email"}, {}, "groups", CAME, Outcome.OK, "came with", id="scope left out, and it came all the same",
        ),
        pytest.param(
            {"scope": "openid email"}, {"scopes": None}, "", None, Outcome.OK, "groups", id="needs no scope of its own",
        ),
        pytest.param(
            {"scope": "openid groups"}, {}, "groups", None, Outcome.WARNING, "not ask for the scope email", id="no scope email",
        ),
    ],
)  # fmt: skip
def test_claims(
    changes: dict[str, Any],
    announced: dict[str, Any],
    roles_scope: str,
    past: LogLine | None,
    outcome: Outcome,
    told: str,
) -> None:
    finding = scopes.claims(
        discovered(announced=announced), configured(**changes), roles_scope, History(signed_in=past)
    )
    assert finding.outcome is outcome
    assert told in finding.found
    assert outcome is Outcome.OK or "OIDC_" in finding.fixes[0]


def test_a_missing_claim_is_looked_for_where_the_provider_keeps_it() -> None:
    found = discovered(announced={"claims": ("email",), "scopes": ("openid",)})
    finding = scopes.claims(found, configured(provider="keycloak"), "", History())
    assert "OIDC_CLAIM_ROLES" in finding.fixes[0]
    assert "Client scopes" in finding.fixes[1]


def test_a_later_refusal_does_not_hide_what_came_before() -> None:
    later = replace(CAME, at=NOW + timedelta(hours=1), outcome="refused", code=Code.ACCESS_DENIED)
    found = discovered(announced={"claims": ("sub",), "scopes": None})
    past = History(signed_in=CAME, refused=later)
    assert scopes.claims(found, configured(), "", past).outcome is Outcome.OK

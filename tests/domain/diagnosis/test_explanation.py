"""A decision in words: nothing is said that the rules did not decide, and no value is shown that decided nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.diagnosis.explanation import Explanation, documents, explain, outline
from romm.domain.errors import MAX_FACT_LENGTH, Code, Refuse
from romm.domain.model import AccessLevel
from romm.domain.sign_in.claims.rules import ClaimMapping, Claims, Email, NotConfigured, Unknown, Values, read
from romm.domain.sign_in.linking.decisions import Decision, Ends, LinkIdentity, Register, Reject, SignIn
from romm.domain.sign_in.linking.table import ROWS
from romm.domain.sign_in.roles.rules import Give, Keep, NoRole, RoleDecision
from tests.domain.examples import ADDRESS, ALICE, ISSUER, account, claims, json_values, link

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
REGISTER = Register(rule="L-12", level=VIEWER, email=ADDRESS)


def explained(
    decision: Decision = REGISTER, said: Claims | None = None, role: RoleDecision | None = None
) -> Explanation:
    return explain(said or claims(), decision, role or Keep(), "alice")


def found(explanation: Explanation, about: str) -> str:
    return next(line.found for line in explanation.lines if line.about == about)


@pytest.mark.parametrize(
    ("pasted", "id_token", "userinfo"),
    [
        pytest.param({"email": "a"}, {"email": "a", "iss": ISSUER, "sub": "subject-of-the-example"}, None, id="flat"),
        pytest.param({"iss": "x", "sub": "y"}, {"iss": "x", "sub": "y"}, None, id="what is there stays"),
        pytest.param(
            {"id_token": {"sub": "y"}, "userinfo": {"email": "a"}},
            {"iss": ISSUER, "sub": "y"},
            {"sub": "y", "email": "a"},
            id="both documents",
        ),
        pytest.param({"userinfo": {"sub": "y"}}, {"iss": ISSUER, "sub": "y"}, {"sub": "y"}, id="UserInfo alone"),
        pytest.param(
            {"id_token": {"sub": "y"}, "userinfo": {"sub": "z"}},
            {"iss": ISSUER, "sub": "y"},
            {"sub": "z"},
            id="two people, for the rules to judge",
        ),
    ],
)
def test_what_was_pasted_becomes_two_documents(pasted: Any, id_token: Any, userinfo: Any) -> None:
    assert documents(pasted, ISSUER) == (id_token, userinfo)


@pytest.mark.parametrize(
    "pasted",
    [None, [], "text", 7, {}, {"id_token": {"sub": "y"}, "userinfo": 7}, {"sub": 7}, {"sub": ""}, {"iss": None}],
)
def test_what_is_no_claim_set_is_refused(pasted: Any) -> None:
    refused = documents(pasted, ISSUER)
    assert isinstance(refused, Refuse)
    assert refused.code is Code.CLAIMS_UNREADABLE


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_whatever_is_pasted_is_read_or_refused(pasted: dict[str, Any]) -> None:
    judged = documents(pasted, ISSUER)
    if not isinstance(judged, Refuse):
        assert isinstance(read(*judged, ClaimMapping(roles_claim="groups")), Claims | Refuse)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        pytest.param(claims(), f"{ADDRESS}, from the ID token; verified", id="verified"),
        pytest.param(claims(verified=False), f"{ADDRESS}, from the ID token; not verified", id="not verified"),
        pytest.param(claims(verified=None), "does not say whether it is verified", id="not said"),
        pytest.param(claims(None), "not sent", id="absent"),
        pytest.param(claims(email=Email(ADDRESS, True, "userinfo")), "from UserInfo", id="the other document"),
    ],
)
def test_the_address_is_told_with_its_document_and_verification(said: Claims, line: str) -> None:
    assert line in found(explained(said=said), "E-mail address")


@pytest.mark.parametrize(
    ("address", "compared"), [("Alice@Example.com", ADDRESS), ("ａlice@example.com", "cannot be compared")]
)
def test_an_address_in_another_form_is_told_as_it_is_compared(address: str, compared: str) -> None:
    assert compared in found(explained(said=claims(address)), "Compared as")


@pytest.mark.parametrize(
    ("roles", "line"),
    [
        (NotConfigured(), "OIDC_CLAIM_ROLES"),
        (Unknown("overage"), "overage"),
        (Values((), "id_token"), "empty, from the ID token"),
        (Values(("a", "b"), "userinfo"), "a, b, from UserInfo"),
        (Values(tuple(str(n) for n in range(99)), "id_token"), "19, …, from"),
    ],
)
def test_the_roles_claim_is_told(roles: Any, line: str) -> None:
    assert line in found(explained(said=claims(roles=roles)), "Roles claim")


def test_the_role_names_the_value_that_gave_it() -> None:
    assert found(explained(role=Give(ADMIN, "romm-admins")), "Role") == "admin, by romm-admins"


@pytest.mark.parametrize(
    ("decision", "outcome", "lines"),
    [
        pytest.param(
            SignIn(rule="L-03", account=account(), level=EDITOR, email="new@example.com"),
            "SignIn",
            {
                "Account": "alice (editor)",
                "Written": "role viewer → editor; e-mail address → new@example.com",
                "Ends": "nothing",
            },
            id="a change",
        ),
        pytest.param(
            SignIn(rule="L-03", account=account(), level=VIEWER, email=ADDRESS),
            "SignIn",
            {"Written": "only the time of the sign-in"},
            id="no change",
        ),
        pytest.param(
            LinkIdentity(rule="L-11b", account=account(), level=ADMIN, ends=Ends.EVERYTHING),
            "Link",
            {
                "Written": "the identity, linked to alice; role viewer → admin",
                "Ends": "its sessions, tokens, links and its local password",
            },
            id="a link that raises",
        ),
        pytest.param(
            REGISTER,
            "Register",
            {"Account": "a new one: alice, or with a number behind it when that is taken"},
            id="new",
        ),
        pytest.param(
            Reject(rule="L-07", refuse=Refuse(Code.EMAIL_NOT_VERIFIED, {"found": False, "source": "id_token"})),
            "Refuse",
            {"The person reads": CATALOGUE[Code.EMAIL_NOT_VERIFIED].person},
            id="refused",
        ),
    ],
)
def test_a_decision_says_what_it_would_do(decision: Decision, outcome: str, lines: dict[str, str]) -> None:
    explanation = explained(decision)
    assert (explanation.outcome, explanation.rule) == (outcome, decision.rule)
    assert ROWS[decision.rule][0] in found(explanation, "Rule")
    assert {about: found(explanation, about) for about in lines} == lines


def test_a_refusal_tells_the_operator_what_to_do_with_its_facts() -> None:
    refuse = Refuse(Code.EMAIL_NOT_VERIFIED, {"found": False, "source": "userinfo"})
    explanation = explained(Reject(rule="L-07", refuse=refuse))
    assert explanation.code is Code.EMAIL_NOT_VERIFIED
    assert "`email_verified` is false in userinfo" in found(explanation, "What to do")


def test_a_warning_is_told() -> None:
    decision = SignIn(rule="L-03", account=account(links=(link(),)), level=ADMIN, email=None, warning="last_admin_kept")
    assert found(explained(decision), "Warning").startswith("last_admin_kept: By the claim for roles")


def test_what_came_instead_of_groups_is_told_with_the_warning() -> None:
    said = claims(roles=Unknown("unreadable", "a list of 2 with a number in it"))
    decision = SignIn(rule="L-03", account=account(links=(link(),)), level=ADMIN, email=None, warning="unreadable")
    assert found(explained(decision, said), "Roles claim") == "unreadable: a list of 2 with a number in it"
    assert "is a list of 2 with a number in it, and no list of texts" in found(explained(decision, said), "Warning")


def test_both_warnings_of_a_link_are_told() -> None:
    warned: dict[str, Any] = {"warning": "admin_linked", "role_warning": "absent"}
    decision = LinkIdentity(rule="L-11c", account=account(), level=ADMIN, ends=Ends.ALL_BUT_PASSWORD, **warned)
    warnings = [line.found.partition(":")[0] for line in explained(decision).lines if line.about == "Warning"]
    assert warnings == ["absent", "admin_linked"]


@pytest.mark.parametrize(("role", "told"), [(NoRole(()), "absent, which counts as none"), (Keep("absent"), "absent")])
def test_a_claim_that_was_not_sent_is_told_with_what_it_counts_as(role: RoleDecision, told: str) -> None:
    said = claims(roles=Unknown("absent"))
    assert found(explained(said=said, role=role), "Roles claim") == told


def test_the_outline_shows_what_decides_and_only_the_shape_of_the_rest() -> None:
    merged = {
        "sub": "s3cret-sub", "email": ADDRESS, "email_verified": False, "groups": ["a", "b"], "name": "Alice Liddell",
        "picture": "https://x", "age": 7, "address": {"city": "Oxford"}, "locale": None, "amr": ["pwd"],
    }  # fmt: skip
    said = replace(claims(), merged=merged)
    assert outline(said, "groups") == {
        "sub": "text of 10", "email": ADDRESS, "email_verified": "False", "groups": "['a', 'b']", "name": "text of 13",
        "picture": "text of 9", "age": "number", "address": "object of 1", "locale": "none", "amr": "list of 1",
    }  # fmt: skip


def test_the_claim_that_a_dotted_path_starts_in_decides() -> None:
    said = replace(claims(), merged={"realm_access": {"roles": ["admin"]}, "resource_access": {"roles": ["x"]}})
    assert outline(said, "realm_access.roles") == {
        "realm_access": "{'roles': ['admin']}",
        "resource_access": "object of 1",
    }


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=3))
def test_every_outline_is_short(merged: dict[str, Any]) -> None:
    said = replace(claims(), merged={**merged, "groups": ["x" * 10_000] * 50, ALICE.subject: "x" * 10_000})
    assert all(len(value) <= MAX_FACT_LENGTH + 1 for value in outline(said, "groups").values())

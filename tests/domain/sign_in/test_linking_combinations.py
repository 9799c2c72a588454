"""What holds for every combination of facts, whatever the table of docs/linking.md says row by row."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import groupby, product
from typing import Any, NamedTuple, TypeVar

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Identity
from romm.domain.sign_in.claims import Claims
from romm.domain.sign_in.linking import (
    Decision,
    Ends,
    Found,
    LinkIdentity,
    LinkRequest,
    Policy,
    Register,
    Reject,
    SignIn,
    TrustEmail,
    decide,
)
from romm.domain.sign_in.linking_table import ROWS
from romm.domain.sign_in.roles import Give, Keep, NoRole, RoleDecision
from tests.domain.examples import ADDRESS, ALICE, ISSUER, NOW, account, claims, link

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
LONG_AGO, YESTERDAY = NOW - timedelta(days=365), NOW - timedelta(days=1)
OLD_ADDRESS = "alice@old.example"


class Facts(NamedTuple):
    claims: Claims
    found: Found
    policy: Policy
    role: RoleDecision


OWNERS = (
    None,
    account(email=OLD_ADDRESS, links=(link(),)),
    account(email=OLD_ADDRESS, links=(link(),), password_set_at=LONG_AGO),
    account(email=OLD_ADDRESS, links=(link(),), password_set_at=YESTERDAY, level=EDITOR),
    account(email=OLD_ADDRESS, links=(link(),), level=ADMIN),
    account(email=OLD_ADDRESS, links=(link(),), enabled=False),
)
OTHER_SUBJECT = link(Identity(ISSUER, "somebody-else"))
MATCHES = (
    (),
    (account(id=8),),
    (account(id=8, password_set_at=LONG_AGO),),
    (account(id=8, enabled=False),),
    (account(id=8, links=(OTHER_SUBJECT,), password_set_at=LONG_AGO),),
    (account(id=8, level=ADMIN, password_set_at=LONG_AGO),),
    (account(id=8), account(id=9)),
)
REQUESTER = account(id=10, email="carol@example.com", password_set_at=LONG_AGO)
FRESH = LinkRequest(account=REQUESTER, same_session=True, authenticated_at=NOW)
STALE = LinkRequest(account=REQUESTER, same_session=True, authenticated_at=NOW - timedelta(minutes=6))
ELSEWHERE = LinkRequest(account=REQUESTER, same_session=False, authenticated_at=NOW)
EMAILS = ((ADDRESS, True), (ADDRESS, False), (ADDRESS, None), (None, None), ("a@b@x.com", True))
ROLES: tuple[RoleDecision, ...] = (Keep(), *(Give(level, "group") for level in AccessLevel), NoRole(("family",)))
ADMINS = ((True, 1), (True, 2), (False, 0))
POLICIES = tuple(
    Policy(trust_email=trust, link_by_email=by_email, allow_registration=registration)
    for trust, by_email, registration in product(TrustEmail, (True, False), (True, False))
)


def founds(address: str | None) -> Iterator[Found]:
    """Everything a database may know that does not contradict itself."""
    for owner, matches, request, (any_admin, admins) in product(
        OWNERS, MATCHES, (None, FRESH, STALE, ELSEWHERE), ADMINS
    ):
        found_by_nothing = matches and address != ADDRESS
        forgotten_admin = not any_admin and any(person.level is ADMIN for person in (owner, *matches) if person)
        if not found_by_nothing and not forgotten_admin:
            yield Found(by_identity=owner, by_email=matches, link=request, any_admin=any_admin, enabled_admins=admins)


@cache
def decided() -> list[tuple[Facts, Decision]]:
    return [
        (facts, decide(*facts, NOW))
        for said in (claims(address, verified=verified) for address, verified in EMAILS)
        for found in founds(said.email.address)
        for facts in (Facts(said, found, policy, role) for policy, role in product(POLICIES, ROLES))
    ]


D = TypeVar("D", SignIn, LinkIdentity, Register, Reject)


@cache
def by_kind() -> dict[type, list[Any]]:
    kinds: dict[type, list[Any]] = {SignIn: [], LinkIdentity: [], Register: [], Reject: []}
    for facts, decision in decided():
        kinds[type(decision)].append((facts, decision))
    return kinds


def every(kind: type[D]) -> list[tuple[Facts, D]]:
    """All combinations that end in this kind of decision."""
    return by_kind()[kind]


def opened() -> list[tuple[Facts, SignIn | LinkIdentity]]:
    """All combinations that open an account which was there before."""
    return [*every(SignIn), *every(LinkIdentity)]


def trusted(facts: Facts) -> bool:
    """The meaning of OIDC_TRUST_EMAIL, written down a second time."""
    enough: dict[TrustEmail, list[bool | None]] = {
        TrustEmail.VERIFIED: [True],
        TrustEmail.ABSENT: [True, None],
        TrustEmail.ALWAYS: [True, False, None],
    }
    return facts.claims.email.verified in enough[facts.policy.trust_email]


def test_every_rule_of_the_printed_table_is_reached_and_no_other() -> None:
    assert {decision.rule for _, decision in decided()} == set(ROWS)


def test_the_printed_table_names_the_refusals_that_are_given() -> None:
    refused = {(decision.rule, decision.refuse.code) for _, decision in every(Reject) if decision.rule != "L-04"}
    assert refused == {(rule, code) for rule, (_, then) in ROWS.items() for code in Code if f"`{code}`" in then}


def test_nothing_but_a_verified_address_or_an_explicit_link_ever_attaches() -> None:
    """R-02, R-44."""
    for facts, decision in every(LinkIdentity):
        asked = facts.found.link is FRESH and decision.account == REQUESTER
        proven = facts.found.link is None and trusted(facts) and facts.policy.link_by_email
        the_only_match = facts.found.by_email == (decision.account,) and not decision.account.links
        assert asked or (proven and the_only_match), facts


def test_only_a_verified_address_that_nobody_has_registers() -> None:
    """R-02."""
    for facts, decision in every(Register):
        assert trusted(facts), facts
        assert decision.email == ADDRESS
        assert facts.found.by_identity is None, facts
        assert facts.found.by_email == (), facts


def test_an_identity_that_is_known_is_never_attached_again() -> None:
    """R-45."""
    for facts, _ in [*every(LinkIdentity), *every(Register)]:
        assert facts.found.by_identity is None, facts


def test_an_account_never_gets_a_second_subject_of_an_issuer() -> None:
    """R-45."""
    for facts, decision in every(LinkIdentity):
        assert all(known.identity.issuer != ALICE.issuer for known in decision.account.links), facts


def test_a_known_identity_never_opens_another_account() -> None:
    """R-01."""
    for facts, decision in every(SignIn):
        assert decision.account == facts.found.by_identity, facts


def test_a_disabled_account_never_signs_in() -> None:
    """R-29."""
    for facts, decision in opened():
        assert decision.account.enabled, facts


def test_closed_means_closed() -> None:
    """R-13."""
    for facts, _ in every(Register):
        assert facts.policy.allow_registration, facts


def test_a_password_older_than_the_link_never_survives_a_raise() -> None:
    """R-12."""
    for facts, decision in opened():
        linked_at = decision.account.links[0].linked_at if isinstance(decision, SignIn) else NOW
        password = decision.account.password_set_at
        if decision.level > decision.account.level and password is not None and password <= linked_at:
            assert decision.ends is Ends.EVERYTHING, facts


def test_a_link_by_address_always_ends_what_was_open() -> None:
    """R-12."""
    for facts, decision in every(LinkIdentity):
        assert decision.ends is not Ends.NOTHING or facts.found.link is FRESH, facts


def test_a_sign_in_that_does_not_raise_ends_nothing() -> None:
    for facts, decision in every(SignIn):
        assert decision.ends is Ends.NOTHING or decision.level > decision.account.level, facts


def test_the_last_enabled_admin_is_never_demoted() -> None:
    """Kept, and said loudly."""
    for facts, decision in opened():
        if decision.account.is_enabled_admin and facts.found.enabled_admins == 1:
            assert decision.level is ADMIN, facts
            kept_against_the_groups = isinstance(facts.role, Give) and facts.role.level < ADMIN
            assert (decision.warning == "last_admin_kept") == kept_against_the_groups, facts


def test_any_other_admin_is_demoted_by_the_groups() -> None:
    """R-15."""
    for facts, decision in opened():
        if facts.found.enabled_admins == 2 and isinstance(facts.role, Give):
            assert decision.level is facts.role.level, facts


def test_without_a_role_nobody_is_signed_in() -> None:
    for facts, _ in [*opened(), *every(Register)]:
        assert not isinstance(facts.role, NoRole), facts


def test_without_an_admin_only_a_role_that_makes_one_passes() -> None:
    """R-67."""
    for facts, decision in [*opened(), *every(Register)]:
        if not facts.found.any_admin:
            assert facts.role == Give(ADMIN, "group"), facts
            assert decision.level is ADMIN, facts


def test_a_level_changes_only_because_the_provider_gives_one() -> None:
    """R-15."""
    for facts, decision in opened():
        assert decision.level is decision.account.level or isinstance(facts.role, Give), facts
    for facts, registered in every(Register):
        assert registered.level is VIEWER or isinstance(facts.role, Give), facts


def test_an_account_keeps_its_address_unless_the_new_one_is_verified_and_free() -> None:
    """R-01."""
    moved = [(facts, decision) for facts, decision in every(SignIn) if decision.email != OLD_ADDRESS]
    assert moved
    for facts, decision in moved:
        assert decision.email == ADDRESS
        assert trusted(facts), facts
        assert not facts.found.by_email, facts
        assert facts.found.link is None, facts


def test_an_unproven_address_gets_one_answer_whether_or_not_somebody_here_has_it() -> None:
    """R-33: before somebody is authenticated no answer says whether an account exists."""

    def all_but_the_match(case: tuple[Facts, Decision]) -> str:
        claims_, found, policy, role = case[0]
        return repr((claims_.email, policy, role, found.any_admin))

    strangers = [case for case in decided() if case[0].found.by_identity is None and case[0].found.link is None]
    unproven = [case for case in strangers if case[0].claims.email.address == ADDRESS and not trusted(case[0])]
    alike = [list(group) for _, group in groupby(sorted(unproven, key=all_but_the_match), key=all_but_the_match)]
    assert all(len(group) >= len(MATCHES) - 1 for group in alike)
    for group in alike:
        assert len({repr(decision) for _, decision in group}) == 1, group[0][0]


def test_exactly_the_refusals_that_smell_of_an_attack_are_severe() -> None:
    for facts, decision in every(Reject):
        assert decision.severe == (decision.rule in {"L-08", "L-10"}), facts

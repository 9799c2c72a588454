"""What holds for every combination of links: of this provider, of another one, of a former one and of a foreign one."""

from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from romm.domain.accounts.changes import Proof, Unlink, WaysIn, unlink
from romm.domain.errors import Code
from romm.domain.issuers import Issuers
from romm.domain.model import AccessLevel, Account, EmailSource, Identity, LinkedIdentity
from romm.domain.sign_in.linking.decisions import Confirm, Decision, Ends, LinkIdentity, Register, Reject, SignIn
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.rules import Found, LinkRequest, Policy, decide
from romm.domain.sign_in.roles.rules import Give, Keep, RoleDecision
from tests.domain.examples import ADDRESS, ALICE, ISSUER, NOW, account, claims, link

CURRENT, FORMER, FOREIGN = "https://beside.example", "https://before.example", "https://nobody.example"
LINKS = {issuer: link(Identity(issuer, "somebody")) for issuer in (ISSUER, CURRENT, FORMER, FOREIGN)}
SETS = [frozenset(each) for each in chain.from_iterable(combinations(LINKS, size) for size in range(5))]
OPEN: tuple[tuple[str, ...], ...] = ((), (ISSUER,), (CURRENT,), (f"{CURRENT}/",), (ISSUER, CURRENT), (FOREIGN, FORMER))
SLASHES = ("", "/")
"""Operators copy issuers with and without one."""


class Case(NamedTuple):
    linked: frozenset[str]
    match: Account
    policy: Policy
    by_email: bool
    answer: bool | None


def links(issuers: frozenset[str]) -> tuple[LinkedIdentity, ...]:
    return tuple(LINKS[each] for each in LINKS if each in issuers)


def cases(source: EmailSource) -> Iterator[Case]:
    for linked, opened, by_email, answer, slash, level, enabled in product(
        SETS, OPEN, (True, False), (None, True, False), SLASHES, AccessLevel, (True, False)
    ):
        match = account(id=8, links=links(linked), email_source=source, level=level, enabled=enabled)
        policy = Policy(
            link_by_email=by_email,
            current_issuers=(f"{CURRENT}{slash}",),
            former_issuers=(f"{FORMER}{slash}",),
            open_issuers=opened,
        )
        yield Case(linked, match, policy, by_email, answer)


def decided(case: Case, role: RoleDecision = Keep(), *, verified: bool = True) -> Decision:  # noqa: B008  (frozen)
    answer = None if case.answer is None else Answer(account=case.match, mine=case.answer)
    found = Found(by_email=(case.match,), answer=answer)
    return decide(claims(ADDRESS, verified=verified), found, case.policy, role, NOW)


def code_of(decision: Decision) -> Code | None:
    return decision.refuse.code if isinstance(decision, Reject) else None


def is_open(case: Case) -> bool:
    """At either of the two providers of L-10a."""
    return any(each.removesuffix("/") in (ISSUER, CURRENT) for each in case.policy.open_issuers)


VOUCHED = [each for source in (EmailSource.PROVIDER, EmailSource.ADMINISTRATOR) for each in cases(source)]
TYPED = list(cases(EmailSource.OWNER))


def test_a_second_subject_here_or_a_foreign_link_blocks_and_only_the_first_smells_of_an_attack() -> None:
    """L-10."""
    for case in (each for each in VOUCHED if each.match.enabled):
        decision, blocked = decided(case), not case.linked.isdisjoint({ISSUER, FOREIGN})
        assert (code_of(decision) is Code.ALREADY_LINKED) == blocked, case
        if isinstance(decision, Reject) and blocked:
            assert decision.severe == (ISSUER in case.linked), case
            assert decision.refuse.facts["linked"] == (ISSUER if ISSUER in case.linked else FOREIGN), case


def test_between_two_providers_an_address_counts_unless_anyone_can_have_it_at_one_of_them() -> None:
    """L-10a, L-11 and L-11a to L-11c."""
    for case in (each for each in VOUCHED if each.match.enabled and each.linked.isdisjoint({ISSUER, FOREIGN})):
        decision = decided(case)
        if CURRENT in case.linked and is_open(case):
            assert (decision.rule, code_of(decision)) == ("L-10a", Code.LINK_FROM_ACCOUNT), case
        elif not case.by_email:
            assert (decision.rule, code_of(decision)) == ("L-11", Code.LINK_FROM_ACCOUNT), case
        else:
            admin = case.match.level is AccessLevel.ADMIN
            assert isinstance(decision, LinkIdentity), case
            assert decision.rule == ("L-11c" if admin else "L-11a"), case


def test_a_raised_role_ends_the_password_wherever_else_the_account_is_linked() -> None:
    """L-11b."""
    for case in VOUCHED:
        kept, raised = decided(case), decided(case, Give(AccessLevel.EDITOR, "editors"))
        is_raised = isinstance(kept, LinkIdentity) and case.match.level is AccessLevel.VIEWER
        assert raised.rule == ("L-11b" if is_raised else kept.rule), case
        if isinstance(raised, LinkIdentity):
            assert (raised.ends is Ends.EVERYTHING) == is_raised, case


def test_without_a_verified_address_no_link_and_no_switch_matters() -> None:
    """L-07."""
    assert {decided(each, verified=False).rule for each in (*VOUCHED, *TYPED)} == {"L-07"}


def test_closed_registration_refuses_exactly_those_who_would_be_registered() -> None:
    """L-13."""
    for case in (*VOUCHED, *TYPED):
        before = decided(case)
        closed = decided(case._replace(policy=replace(case.policy, allow_registration=False)))
        assert closed == before or (isinstance(before, Register) and closed.rule == "L-13"), case


def test_two_accounts_with_the_address_are_ambiguous_however_they_are_linked() -> None:
    """L-08."""
    other = account(id=9, email_source=EmailSource.PROVIDER)
    for case in VOUCHED:
        found = Found(by_email=(case.match, other))
        assert decide(claims(ADDRESS, verified=True), found, case.policy, Keep(), NOW).rule == "L-08", case


def test_a_former_link_changes_nothing() -> None:
    for case in (each for each in (*VOUCHED, *TYPED) if FORMER in each.linked):
        without = replace(case.match, links=links(case.linked - {FORMER}))
        other = decided(case._replace(match=without))
        same = replace(other, account=case.match) if hasattr(other, "account") else other
        same = replace(same, room=(case.match,)) if getattr(other, "room", ()) else same
        assert decided(case) == same, case


def test_a_typed_address_asks_only_about_an_account_without_a_way_in_and_else_makes_room() -> None:
    """L-11p, L-11q and L-12."""
    for case in TYPED:
        decision, taken = decided(case), not case.linked.isdisjoint({ISSUER, CURRENT, FOREIGN})
        if taken or not case.match.enabled or case.answer is False:
            assert isinstance(decision, Register), case
            assert decision.room == (case.match,), case
        elif case.answer and case.by_email:
            assert isinstance(decision, LinkIdentity), case
            assert decision.rule == "L-11p", case
        else:
            assert isinstance(decision, Confirm), case
            assert decision.provable is case.by_email, case


def test_nothing_but_an_unblocked_account_is_ever_linked_by_an_address() -> None:
    for case in (*VOUCHED, *TYPED):
        decision = decided(case)
        if isinstance(decision, LinkIdentity):
            assert case.match.enabled, case
            assert case.by_email, case
            assert case.linked.isdisjoint({ISSUER, FOREIGN}), case
            assert CURRENT not in case.linked or (case.match.has_vouched_email and not is_open(case)), case


@pytest.mark.parametrize("linked", SETS, ids=lambda each: f"{len(each)} links")
def test_a_known_identity_signs_in_whatever_else_is_linked(linked: frozenset[str]) -> None:
    """L-03, with the role of this sign-in alone."""
    owner = account(links=(link(), *links(linked - {ISSUER})))
    for role in (Keep(), Give(AccessLevel.EDITOR, "editors")):
        policy = Policy(current_issuers=(CURRENT,), former_issuers=(FORMER,), open_issuers=(ISSUER, CURRENT))
        decision = decide(claims(ADDRESS, verified=True), Found(by_identity=owner), policy, role, NOW)
        assert isinstance(decision, SignIn)
        assert (decision.account, decision.role_from_claim) == (owner, isinstance(role, Give))


@pytest.mark.parametrize("linked", SETS, ids=lambda each: f"{len(each)} links")
def test_from_the_account_page_one_subject_of_each_provider_is_linked(linked: frozenset[str]) -> None:
    """L-04, also where anyone can have an account."""
    owner = account(links=links(linked))
    request = LinkRequest(account=owner, same_session=True, authenticated_at=NOW)
    policy = Policy(current_issuers=(CURRENT,), former_issuers=(FORMER,), open_issuers=(ISSUER, CURRENT))
    decision = decide(claims(None), Found(link=request), policy, Keep(), NOW)
    assert isinstance(decision, LinkIdentity) == (ISSUER not in linked)
    assert code_of(decision) == (Code.ACCOUNT_LINKED if ISSUER in linked else None)


@pytest.mark.parametrize("linked", SETS[1:], ids=lambda each: f"{len(each)} links")
def test_each_link_may_go_but_the_last_that_is_a_way_in(linked: frozenset[str]) -> None:
    ways = WaysIn(passwords=True, issuers=Issuers(this=ISSUER, current=(CURRENT,), former=(FORMER,)))
    opening = linked & {ISSUER, CURRENT}
    for issuer in linked:
        gone = LINKS[issuer].identity
        without_password = unlink(account(links=links(linked)), gone, Proof.PASSWORD, ways, keep=None)
        assert isinstance(without_password, Unlink) == (opening != {issuer})
        with_password = account(links=links(linked), password_set_at=NOW)
        assert isinstance(unlink(with_password, gone, Proof.PASSWORD, ways, keep=None), Unlink)


def test_the_identity_that_came_is_of_this_provider() -> None:
    assert ALICE.issuer == ISSUER
    assert LINKS[ISSUER].identity != ALICE

"""What holds for every combination of facts, whatever the table of docs/linking.md says row by row."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import groupby, product
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.claims.rules import Claims
from romm.domain.sign_in.linking.decisions import (
    Confirm,
    Decision,
    Ends,
    Invited,
    LinkIdentity,
    Register,
    Reject,
    SignIn,
)
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.rules import Found, LinkRequest, Policy, TrustEmail, decide
from romm.domain.sign_in.linking.table import ROWS
from romm.domain.sign_in.roles.rules import Give, Keep, NoRole, RoleDecision
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
OLD = "https://old.example"
AT_OLD = link(Identity(OLD, "alice"))
OWNER = EmailSource.OWNER
TYPED = account(id=8, email_source=OWNER, password_set_at=LONG_AGO)
MATCHES = (
    (),
    (account(id=8),),
    (account(id=8, password_set_at=LONG_AGO),),
    (account(id=8, enabled=False),),
    (account(id=8, links=(OTHER_SUBJECT,), password_set_at=LONG_AGO),),
    (account(id=8, level=ADMIN, password_set_at=LONG_AGO),),
    (account(id=8), account(id=9)),
    (account(id=8, links=(AT_OLD,), password_set_at=LONG_AGO),),
    (account(id=8, email_source=EmailSource.PROVIDER),),
    (TYPED,),
    (account(id=8, email_source=OWNER, level=ADMIN, password_set_at=LONG_AGO),),
    (account(id=8, email_source=OWNER, enabled=False),),
    (account(id=8, email_source=OWNER, links=(OTHER_SUBJECT,)),),
    (account(id=8, email_source=OWNER, links=(AT_OLD,)),),
    (account(id=8), account(id=9, email_source=OWNER)),
    (TYPED, account(id=9, email_source=OWNER)),
)
REQUESTER = account(id=10, email="carol@example.com", password_set_at=LONG_AGO)
FRESH = LinkRequest(account=REQUESTER, same_session=True, authenticated_at=NOW)
STALE = LinkRequest(account=REQUESTER, same_session=True, authenticated_at=NOW - timedelta(minutes=6))
ELSEWHERE = LinkRequest(account=REQUESTER, same_session=False, authenticated_at=NOW)
INVITED, ENDED = Invited(digest="a link", level=EDITOR, by=1), Invited(digest="a link", level=None)
EMAILS = ((ADDRESS, True), (ADDRESS, False), (ADDRESS, None), (None, None), ("a@b@x.com", True))
ROLES: tuple[RoleDecision, ...] = (Keep(), *(Give(level, "group") for level in AccessLevel), NoRole(("family",)))
ADMINS = ((True, 1), (True, 2), (False, 0))
POLICIES = tuple(
    Policy(trust_email=trust, link_by_email=by_email, allow_registration=registration)
    for trust, by_email, registration in product(TrustEmail, (True, False), (True, False))
)
WITH_OLD_ISSUER = tuple(
    replace(about_old, link_by_email=by_email, allow_registration=registration)
    for by_email, registration, about_old in product(
        (True, False),
        (True, False),
        (
            Policy(),
            Policy(former_issuers=(OLD,)),
            Policy(current_issuers=(ISSUER, OLD)),
            Policy(current_issuers=(ISSUER, OLD), open_issuers=(OLD,)),
        ),
    )
)


def founds(address: str | None) -> Iterator[Found]:
    """Everything a database may know that does not contradict itself."""
    for owner, matches, request, (any_admin, admins) in product(
        OWNERS, MATCHES, (None, FRESH, STALE, ELSEWHERE), ADMINS
    ):
        found_by_nothing = matches and address != ADDRESS
        forgotten_admin = not any_admin and any(person.level is ADMIN for person in (owner, *matches) if person)
        if not found_by_nothing and not forgotten_admin:
            found = Found(by_identity=owner, by_email=matches, link=request, any_admin=any_admin, enabled_admins=admins)
            stranger = owner is None and request is None
            yield from (replace(found, answer=answer) for answer in (answers(matches) if stranger else [None]))
            yield from (replace(found, invited=invited) for invited in (INVITED, ENDED))


def answers(matches: tuple[Account, ...]) -> Iterator[Answer | None]:
    """No answer, and every one that a person may have given about what was typed, also before it changed."""
    yield None
    for each in matches:
        if each.email_source is OWNER:
            yield Answer(account=each, mine=True)
            yield Answer(account=each, mine=False)
            yield Answer(account=replace(each, version=each.version - 1), mine=True)


def policies(found: Found) -> tuple[Policy, ...]:
    """What the operator says about other issuers matters where there is one."""
    at_old = any(AT_OLD in each.links for each in found.by_email)
    return WITH_OLD_ISSUER if at_old else POLICIES


@cache
def decided() -> list[tuple[Facts, Decision]]:
    return [
        (facts, decide(*facts, NOW))
        for said in (claims(address, verified=verified) for address, verified in EMAILS)
        for found in founds(said.email.address)
        for facts in (Facts(said, found, policy, role) for policy, role in product(policies(found), ROLES))
    ]


D = TypeVar("D", SignIn, LinkIdentity, Confirm, Register, Reject)


@cache
def by_kind() -> dict[type, list[Any]]:
    kinds: dict[type, list[Any]] = {SignIn: [], LinkIdentity: [], Confirm: [], Register: [], Reject: []}
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


def counts_as_linked(each: Account, policy: Policy) -> bool:
    """Is it linked to anything but a former issuer?"""
    return any(known.identity.issuer not in policy.former_issuers for known in each.links)


def is_vouched(each: Account) -> bool:
    return each.email_source is not OWNER


def vouched(facts: Facts) -> list[Account]:
    return [each for each in facts.found.by_email if is_vouched(each)]


def candidates(facts: Facts) -> list[Account]:
    """The accounts that could be the person's, although only their owner says so; without those that are declined."""
    answer = facts.found.answer
    declined = answer.account.id if answer and not answer.mine else None
    open_ones = (each for each in facts.found.by_email if each.enabled and not counts_as_linked(each, facts.policy))
    return [each for each in open_ones if not is_vouched(each) and each.id != declined]


def test_every_rule_of_the_printed_table_is_reached_and_no_other() -> None:
    assert {decision.rule for _, decision in decided()} == set(ROWS)


def test_the_printed_table_names_the_refusals_that_are_given() -> None:
    refused = {(decision.rule, decision.refuse.code) for _, decision in every(Reject) if decision.rule != "L-04"}
    assert refused == {(rule, code) for rule, (_, then) in ROWS.items() for code in Code if f"`{code}`" in then}


def test_nothing_but_a_vouched_address_or_a_proof_or_an_explicit_link_ever_attaches() -> None:
    """R-02, R-44."""
    for facts, decision in every(LinkIdentity):
        owner, answer = decision.account, facts.found.answer
        asked = facts.found.link is FRESH and owner == REQUESTER
        by_address = facts.found.link is None and trusted(facts) and facts.policy.link_by_email
        blocked = any(known.identity.issuer == ISSUER for known in owner.links) or (
            counts_as_linked(owner, facts.policy) and OLD not in facts.policy.current_issuers
        )
        the_only_match = vouched(facts) == [owner] and not blocked
        proven = answer is not None and answer.mine and answer.account == owner and owner in candidates(facts)
        assert asked or (by_address and (the_only_match or proven)), facts
        assert not decision.room or decision.rule != "L-04", facts


def test_only_a_verified_address_that_nobody_has_vouched_for_registers() -> None:
    """R-02."""
    for facts, decision in every(Register):
        assert trusted(facts), facts
        assert decision.email == ADDRESS
        assert facts.found.by_identity is None, facts
        assert not vouched(facts), facts
        assert not candidates(facts), facts
        assert decision.room == facts.found.by_email, facts


def test_only_a_typed_address_of_an_open_account_is_asked_about() -> None:
    for facts, decision in every(Confirm):
        assert trusted(facts), facts
        assert (facts.found.by_identity, facts.found.link) == (None, None), facts
        assert not vouched(facts), facts
        assert decision.account in candidates(facts), facts
        assert decision.provable is facts.policy.link_by_email, facts


def test_nobody_is_kept_out_by_an_address_that_somebody_typed() -> None:
    """A typed address leads to a question at most; what is decided after all of them is what is decided without it."""
    for facts, decision in decided():
        typed = [each for each in facts.found.by_email if not is_vouched(each)]
        if typed and len(facts.found.by_email) == len(typed) and not isinstance(decision, Confirm | LinkIdentity):
            alone = decide(facts.claims, replace(facts.found, by_email=()), facts.policy, facts.role, NOW)
            assert replace(decision, room=()) == alone if hasattr(decision, "room") else decision == alone, facts


def test_only_what_its_owner_typed_makes_room_and_only_for_a_verified_address() -> None:
    for facts, decision in [*opened(), *every(Register)]:
        assert not any(is_vouched(each) for each in decision.room), facts
        assert set(decision.room) <= set(facts.found.by_email), facts
        assert not decision.room or trusted(facts), facts
        if trusted(facts) and facts.found.link is None:
            own = getattr(decision, "account", None)
            others = {each for each in facts.found.by_email if not is_vouched(each) and each != own}
            taken = not isinstance(decision, SignIn) or decision.email == ADDRESS
            assert set(decision.room) == (others if taken else set()), facts


def test_an_older_password_never_gains_an_address_by_a_link() -> None:
    """Whoever knows the password of an account had its vouched address before, or proved to be the one who came."""
    for facts, decision in every(LinkIdentity):
        gains = decision.email_source is not OWNER and not is_vouched(decision.account)
        assert not gains or (decision.rule == "L-11p" and facts.found.answer), facts


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
        assert facts.policy.allow_registration or facts.found.invited is INVITED, facts


def test_an_invitation_is_spent_by_a_new_account_alone() -> None:
    for facts, decision in every(Register):
        assert decision.invited is facts.found.invited, facts
        assert decision.invited is not ENDED, facts


def test_an_invitation_changes_nothing_but_the_making_of_a_new_account() -> None:
    """Linking, refusals and the question are the same with it, open or ended."""
    for facts, decision in decided():
        if facts.found.invited is None or isinstance(decision, Register):
            continue
        without = decide(facts.claims, replace(facts.found, invited=None), facts.policy, facts.role, NOW)
        assert decision == without or (facts.found.invited is ENDED and without.rule in ("L-12", "L-13")), facts


def test_a_role_by_claim_wins_over_that_of_an_invitation() -> None:
    for facts, decision in every(Register):
        if facts.found.invited is INVITED:
            assert decision.level is (facts.role.level if isinstance(facts.role, Give) else EDITOR), facts
            assert decision.role_from_claim is isinstance(facts.role, Give), facts


def test_a_password_older_than_the_link_never_survives_a_raise() -> None:
    """R-12."""
    for facts, decision in opened():
        linked_at = decision.account.links[0].linked_at if isinstance(decision, SignIn) else NOW
        password = decision.account.password_set_at
        if decision.rule == "L-11p":
            continue  # who proved that the account is theirs is who came
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
        otherwise = EDITOR if facts.found.invited is INVITED else VIEWER
        assert registered.level is otherwise or isinstance(facts.role, Give), facts


def test_an_account_keeps_its_address_unless_the_new_one_is_verified_and_free() -> None:
    """R-01."""
    moved = [(facts, decision) for facts, decision in every(SignIn) if decision.email != OLD_ADDRESS]
    assert moved
    for facts, decision in moved:
        assert decision.email == ADDRESS
        assert trusted(facts), facts
        assert not vouched(facts), facts
        assert facts.found.link is None, facts


def test_an_unproven_address_gets_one_answer_whether_or_not_somebody_here_has_it() -> None:
    """R-33: before somebody is authenticated no answer says whether an account exists."""

    def all_but_the_match(case: tuple[Facts, Decision]) -> str:
        claims_, found, policy, role = case[0]
        return repr((claims_.email, policy, role, found.any_admin))

    strangers = [case for case in decided() if case[0].found.by_identity is None and case[0].found.link is None]
    unproven = [case for case in strangers if case[0].claims.email.address == ADDRESS and not trusted(case[0])]
    alike = [list(group) for _, group in groupby(sorted(unproven, key=all_but_the_match), key=all_but_the_match)]
    assert all(len(group) > 1 for group in alike)
    for group in alike:
        assert len({repr(decision) for _, decision in group}) == 1, group[0][0]


def test_exactly_the_refusals_that_smell_of_an_attack_are_severe() -> None:
    for facts, decision in every(Reject):
        here = decision.refuse.facts.get("linked") == ISSUER
        assert decision.severe == (decision.rule == "L-08" or (decision.rule == "L-10" and here)), facts

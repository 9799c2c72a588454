"""Several sign-ins in a row, carried out on a tiny database in memory: what an older credential may do afterwards.

The attack behind it: Sudhodanan and Paverd, "Pre-hijacked accounts", 2022. Mallory has an account with Alice's address
and a password before Alice ever signs in through the provider: she typed the address, or an administrator did.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain import emails
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account, EmailSource, Identity, LinkedIdentity
from romm.domain.sign_in.claims.rules import Email, Unknown, Values
from romm.domain.sign_in.linking.decisions import Confirm, Decision, Ends, LinkIdentity, Register, Reject, SignIn
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.rules import Found, LinkRequest, Policy, decide
from romm.domain.sign_in.roles.rules import RoleMapping, grant
from tests.domain.examples import ADDRESS, ISSUER, NOW, account, claims

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
MAPPING = RoleMapping(admin=("admins",), editor=("editors",), viewer=("users",))
GROUPS: tuple[tuple[str, ...] | None, ...] = (None, (), ("users",), ("editors",), ("admins",))
ALICE, MALLORY, BOB = "alice", "mallory", "bob"
PROVIDER = EmailSource.PROVIDER


@dataclass
class House:
    """A database that carries decisions out. Who knows a password or holds a session is a person's name."""

    accounts: dict[int, Account] = field(default_factory=dict)
    passwords: dict[int, str] = field(default_factory=dict)
    sessions: set[tuple[str, int]] = field(default_factory=set)
    now: datetime = NOW

    def move_in(self, owner: Account, password_of: str | None = None) -> None:
        self.accounts[owner.id] = owner
        if password_of is not None:
            self.passwords[owner.id] = password_of
            self.accounts[owner.id] = msgspec.structs.replace(owner, password_set_at=self._tick())

    def type_password(self, who: str) -> None:
        self.sessions |= {(who, id_) for id_, knower in self.passwords.items() if knower == who}

    def single_sign_on(
        self,
        who: str,
        groups: tuple[str, ...] | None,
        address: str = ADDRESS,
        *,
        verified: bool = True,
        subject: str = "",
        link_to: int | None = None,
    ) -> Decision:
        """`groups` is None when the claim is absent. Who is asked says yes to an account whose password they know."""
        identity = Identity(ISSUER, subject or who)
        said = claims(identity=identity, email=Email(address, verified, "id_token"))
        role = grant(Unknown("absent") if groups is None else Values(groups, "id_token"), MAPPING)
        self._tick()
        found = self._find(identity, address, link_to)
        decision = decide(said, found, Policy(), role, self.now)
        while isinstance(decision, Confirm):
            mine = self.passwords.get(decision.account.id) == who
            found = msgspec.structs.replace(found, answer=Answer(account=decision.account, mine=mine))
            decision = decide(said, found, Policy(), role, self.now)
        self._carry_out(decision, identity, who)
        return decision

    def type_address(self, who: str, address: str) -> None:
        """Somebody types an address into an account of theirs; one that another account has is taken."""
        free = all(owner.email != emails.canonical(address) for owner in self.accounts.values())
        for id_ in {id_ for holder, id_ in self.sessions if holder == who and free}:
            owner = self.accounts[id_]
            source = EmailSource.typed_by(owner.level)
            self.accounts[id_] = msgspec.structs.replace(owner, email=address, email_source=source)
            return

    def addresses(self, who: str) -> set[str]:
        """The vouched addresses of the accounts that a session or password of this person opens (`Remote-Email`)."""
        opened = {id_ for holder, id_ in self.sessions if holder == who}
        opened |= {id_ for id_, knower in self.passwords.items() if knower == who}
        return {self.accounts[id_].email or "" for id_ in opened if self.accounts[id_].has_vouched_email}

    def rights(self, who: str) -> int:
        """The highest level that a session or password of this person opens; 0 is none."""
        known = {id_ for id_, knower in self.passwords.items() if knower == who}
        held = {id_ for holder, id_ in self.sessions if holder == who}
        return max((self.accounts[id_].level for id_ in known | held if self.accounts[id_].enabled), default=0)

    def _find(self, identity: Identity, address: str, link_to: int | None) -> Found:
        everybody = self.accounts.values()
        request = link_to and LinkRequest(account=self.accounts[link_to], same_session=True, authenticated_at=self.now)
        return Found(
            by_identity=next((a for a in everybody if any(known.identity == identity for known in a.links)), None),
            by_email=tuple(a for a in everybody if a.email == emails.canonical(address)),
            any_admin=any(a.level is ADMIN for a in everybody),
            enabled_admins=sum(a.is_enabled_admin for a in everybody),
            link=request or None,
        )

    def _carry_out(self, decision: Decision, identity: Identity, who: str) -> None:
        for giving_way in getattr(decision, "room", ()):
            self.accounts[giving_way.id] = msgspec.structs.replace(giving_way, email=None)
        match decision:
            case SignIn(account=owner, level=level, email=email, email_source=source, ends=ends):
                after = msgspec.structs.replace(owner, level=level, email=email, email_source=source)
            case LinkIdentity(account=owner, level=level, ends=ends, rule=rule):
                links = (*owner.links, LinkedIdentity(identity=identity, linked_at=self.now, rule=rule))
                source = decision.email_source
                after = msgspec.structs.replace(owner, level=level, links=links, email_source=source)
            case Register(level=level, email=email, rule=rule):
                links = (LinkedIdentity(identity=identity, linked_at=self.now, rule=rule),)
                id_ = max(self.accounts, default=0) + 1
                after, ends = (
                    account(
                        id=id_,
                        username=f"user-{id_}",
                        email=email,
                        level=level,
                        links=links,
                        email_source=EmailSource.PROVIDER,
                    ),
                    Ends.NOTHING,
                )
            case Confirm() | Reject():
                return
        self.accounts[after.id] = after
        self._end(after.id, ends)
        self.sessions.add((who, after.id))

    def _end(self, id_: int, ends: Ends) -> None:
        if ends is not Ends.NOTHING:
            self.sessions = {held for held in self.sessions if held[1] != id_}
        if ends is Ends.EVERYTHING:
            self.passwords.pop(id_, None)
            self.accounts[id_] = msgspec.structs.replace(self.accounts[id_], password_set_at=None)

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def trapped_house(level: AccessLevel = VIEWER, typed_by: EmailSource = EmailSource.ADMINISTRATOR) -> House:
    """Bob is the admin; account 7 has Alice's address and Mallory's password, and Mallory is signed in to it."""
    house = House()
    house.move_in(account(id=1, username="bob", email="bob@example.com", level=ADMIN), BOB)
    house.move_in(account(id=7, level=level, email_source=typed_by), MALLORY)
    house.type_password(MALLORY)
    return house


@pytest.mark.parametrize(
    "typed_by", [EmailSource.OWNER, EmailSource.ADMINISTRATOR], ids=lambda by: f"typed by the {by}"
)
@pytest.mark.parametrize("level", AccessLevel, ids=lambda level: f"the trap is an {level.label}'s account")
@pytest.mark.parametrize("explicit", [False, True], ids=["linked by address", "linked from the account page"])
def test_an_older_password_never_gains_a_right_through_somebodys_single_sign_on(
    level: AccessLevel, explicit: bool, typed_by: EmailSource
) -> None:
    """R-12: the group comes at once or later, and Mallory signs in again whenever it may help."""
    for *signing_on, returns in product(GROUPS, GROUPS, GROUPS, (False, True)):
        house = trapped_house(level, typed_by)
        for visit, groups in enumerate(signing_on):
            before, known = house.rights(MALLORY), house.addresses(MALLORY)
            house.single_sign_on(ALICE, groups, link_to=7 if explicit and visit == 0 else None)
            if returns:
                house.type_password(MALLORY)
            assert house.rights(MALLORY) <= before, (signing_on, returns)
            assert explicit or house.addresses(MALLORY) <= known, (signing_on, returns)


def test_the_admin_group_opens_the_trapped_account_to_alice_alone() -> None:
    """R-12, L-11b."""
    house = trapped_house()
    house.single_sign_on(ALICE, ("admins",))
    house.type_password(MALLORY)
    assert (house.rights(ALICE), house.rights(MALLORY)) == (ADMIN, 0)


def test_the_admin_group_that_comes_later_shuts_mallory_out_then() -> None:
    """R-12, L-11b at a later sign-in."""
    house = trapped_house()
    house.single_sign_on(ALICE, ("users",))
    house.type_password(MALLORY)
    assert house.rights(MALLORY) == VIEWER
    house.single_sign_on(ALICE, ("admins",))
    house.type_password(MALLORY)
    assert (house.rights(ALICE), house.rights(MALLORY)) == (ADMIN, 0)


def test_an_admin_who_is_lowered_and_raised_again_loses_a_password_older_than_the_link() -> None:
    """R-12: the second raise is a raise, too."""
    house = trapped_house(ADMIN)
    house.single_sign_on(ALICE, ("users",))
    house.single_sign_on(ALICE, ("admins",))
    house.type_password(MALLORY)
    assert house.rights(MALLORY) == 0


def test_groups_that_are_taken_away_take_their_rights_along_in_every_session() -> None:
    """R-15."""
    house = trapped_house()
    house.single_sign_on(ALICE, ("admins",))
    house.single_sign_on(ALICE, ("users",))
    assert house.rights(ALICE) == VIEWER


def test_the_last_admin_is_lowered_as_soon_as_there_is_another() -> None:
    house = House()
    house.single_sign_on(ALICE, ("admins",))
    house.single_sign_on(ALICE, ("users",))
    assert house.rights(ALICE) == ADMIN
    house.single_sign_on(BOB, ("admins",), "bob@example.com")
    house.single_sign_on(ALICE, ("users",))
    assert house.rights(ALICE) == VIEWER


def test_the_first_admin_comes_by_group_and_nobody_comes_before() -> None:
    """R-67."""
    house = House()
    assert house.single_sign_on(BOB, ("users",), "bob@example.com").rule == "L-01"
    assert house.single_sign_on(ALICE, ("admins",)).rule == "L-12"
    assert house.single_sign_on(BOB, ("users",), "bob@example.com").rule == "L-12"
    assert [owner.level for owner in house.accounts.values()] == [ADMIN, VIEWER]


def test_addresses_swapped_at_the_provider_leave_everybody_in_their_own_account() -> None:
    """R-01."""
    house = House()
    house.single_sign_on(ALICE, ("admins",), "alice@example.com")
    house.single_sign_on(BOB, ("users",), "bob@example.com")
    assert house.single_sign_on(ALICE, ("admins",), "bob@example.com") == SignIn(
        rule="L-03",
        account=house.accounts[1],
        level=ADMIN,
        email="alice@example.com",
        email_source=PROVIDER,
        role_from_claim=True,
    )
    assert house.single_sign_on(BOB, ("users",), "alice@example.com") == SignIn(
        rule="L-03",
        account=house.accounts[2],
        level=VIEWER,
        email="bob@example.com",
        email_source=PROVIDER,
        role_from_claim=True,
    )


def test_a_changed_address_is_followed_and_the_account_stays_the_same() -> None:
    """R-01; the provider fixture `email-changed`."""
    house = House()
    house.single_sign_on(ALICE, ("admins",))
    house.single_sign_on(ALICE, ("admins",), "alice@new.example")
    assert [owner.email for owner in house.accounts.values()] == ["alice@new.example"]


def test_a_changed_subject_with_the_same_address_is_refused_and_changes_nothing() -> None:
    """CVE-2024-25618; the provider fixture `sub-changed-same-email`."""
    house = House()
    house.single_sign_on(ALICE, ("admins",))
    before = dict(house.accounts)
    decision = house.single_sign_on(MALLORY, ("admins",), subject="new-subject")
    assert isinstance(decision, Reject)
    assert (decision.refuse.code, decision.severe) == (Code.ALREADY_LINKED, True)
    assert house.accounts == before
    assert house.rights(MALLORY) == 0


@pytest.mark.parametrize("groups", GROUPS, ids=str)
def test_the_second_sign_in_of_a_newcomer_finds_the_account_of_the_first(
    groups: tuple[str, ...] | None,
) -> None:
    """R-45."""
    house = House()
    house.single_sign_on(BOB, ("admins",), "bob@example.com")
    first, second = house.single_sign_on(ALICE, groups), house.single_sign_on(ALICE, groups)
    assert [first.rule, second.rule] in (["L-12", "L-03"], ["L-none", "L-none"])


def test_who_typed_somebodys_address_gets_nothing_when_they_come() -> None:
    """R-12: not the address, not the link, not the rights; and it keeps nobody out."""
    house = trapped_house(typed_by=EmailSource.OWNER)
    assert house.single_sign_on(ALICE, ("admins",)).rule == "L-12"
    house.type_password(MALLORY)
    assert (house.rights(ALICE), house.rights(MALLORY)) == (ADMIN, VIEWER)
    assert (house.addresses(ALICE), house.addresses(MALLORY)) == ({ADDRESS}, set())
    assert (house.accounts[7].email, house.accounts[7].links) == (None, ())


def test_an_address_that_was_typed_after_single_sign_on_keeps_nobody_out() -> None:
    """Mallory came through the provider herself, and her account is linked."""
    house = trapped_house()
    house.accounts.pop(7)
    house.passwords.pop(7)
    house.sessions.clear()
    house.single_sign_on(MALLORY, ("users",), "mallory@example.com")
    house.type_address(MALLORY, ADDRESS)
    assert house.single_sign_on(ALICE, ("users",)).rule == "L-12"
    assert house.addresses(ALICE) == {ADDRESS}
    assert house.single_sign_on(MALLORY, ("users",), "mallory@example.com").rule == "L-03"
    assert house.addresses(MALLORY) == {"mallory@example.com"}


def test_who_typed_their_own_address_links_by_their_password_and_keeps_it() -> None:
    """The groups may raise the role: who came is who knows the password."""
    house = House()
    house.move_in(account(id=1, username="bob", email="bob@example.com", level=ADMIN), BOB)
    house.move_in(account(id=7, email_source=EmailSource.OWNER), ALICE)
    assert house.single_sign_on(ALICE, ("admins",)).rule == "L-11p"
    assert house.accounts[7].email_source is PROVIDER
    assert house.passwords[7] == ALICE
    assert house.rights(ALICE) == ADMIN


signs_on = st.tuples(
    st.sampled_from([ALICE, BOB, MALLORY]),
    st.sampled_from(GROUPS),
    st.sampled_from([ADDRESS, "bob@example.com", "mallory@example.com"]),
    st.booleans(),
)


types = st.sampled_from([None, ADDRESS, "bob@example.com", "mallory@example.com"])
"""What Mallory types: the password, or an address into an account that she is signed in to."""


@given(
    st.sampled_from([EmailSource.OWNER, EmailSource.ADMINISTRATOR]), st.lists(st.one_of(signs_on, types), max_size=10)
)
def test_no_sequence_of_sign_ins_lets_mallory_profit_from_somebody_elses(
    typed_by: EmailSource, events: list[tuple[str, tuple[str, ...] | None, str, bool] | str | None]
) -> None:
    """R-12, R-45. Nobody but Alice can verify Alice's address."""
    house = trapped_house(typed_by=typed_by)
    for event in events:
        before, known = house.rights(MALLORY), house.addresses(MALLORY)
        match event:
            case None:
                house.type_password(MALLORY)
            case str() as address:
                house.type_address(MALLORY, address)
            case who, groups, address, verified:
                own = address.startswith(who)
                decision = house.single_sign_on(who, groups, address, verified=verified and own)
                assert who == MALLORY or house.rights(MALLORY) <= before
                assert who == MALLORY or house.addresses(MALLORY) <= known
                if own and verified and groups not in (None, ()) and isinstance(decision, Reject):
                    typed = [a for a in house.accounts.values() if a.email == address and not a.has_vouched_email]
                    assert not typed, "kept out by what somebody typed"
        identities = [known.identity for owner in house.accounts.values() for known in owner.links]
        assert len(identities) == len(set(identities)), "one identity, one account"
        assert all(len(owner.links) <= 1 for owner in house.accounts.values()), "one account, one subject of an issuer"
        assert any(owner.is_enabled_admin for owner in house.accounts.values()), "the last admin is kept"

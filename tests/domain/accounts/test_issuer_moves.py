"""What becomes of each link when the provider changed, row by row."""

from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.accounts.changes import Unlink
from romm.domain.accounts.issuer_moves import (
    IssuerMove,
    IssuerMoveDecision,
    Retire,
    Rewrite,
    Stay,
    Stays,
    Way,
    decide,
    describe,
    notes,
)
from romm.domain.issuers import Issuers
from romm.domain.model import EmailSource, Identity
from tests.domain.examples import ADDRESS, ISSUER, NOW, account, link

OLD = "https://old.example"
THERE = Identity(OLD, "alice")
SAME = IssuerMove(old=OLD, new=ISSUER, way=Way.SAME_SUBJECTS)
EMAIL = IssuerMove(old=OLD, new=ISSUER, way=Way.BY_EMAIL)
ANEW = IssuerMove(old=OLD, new=OLD, way=Way.BY_EMAIL)

ALICE = account(links=(link(THERE),))
BOTH = replace(ALICE, links=(link(THERE), link()))
RETIRED = replace(ALICE, links=(replace(link(THERE), retired_at=NOW),))
HOLDER = account(id=8, username="bob")
NAMELESS = replace(ALICE, email=None)


@pytest.mark.parametrize(
    ("move", "seen", "holder", "expected"),
    [
        pytest.param(SAME, ALICE, None, Rewrite(account=ALICE, identity=THERE, issuer=ISSUER), id="a new name"),
        pytest.param(
            SAME, ALICE, HOLDER, Stay(account=ALICE, why=Stays.SUBJECT_TAKEN, other="bob"), id="another has the subject"
        ),
        pytest.param(SAME, BOTH, None, Stay(account=BOTH, why=Stays.LINKED_ALREADY), id="one subject per issuer"),
        pytest.param(
            SAME, BOTH, BOTH, Stay(account=BOTH, why=Stays.LINKED_ALREADY), id="the account itself has the subject"
        ),
        pytest.param(
            SAME, RETIRED, None, Rewrite(account=RETIRED, identity=THERE, issuer=ISSUER), id="a retired link is no less"
        ),
        pytest.param(
            SAME, NAMELESS, None, Rewrite(account=NAMELESS, identity=THERE, issuer=ISSUER), id="needs no address"
        ),
        pytest.param(EMAIL, ALICE, None, Retire(account=ALICE, identity=THERE), id="history"),
        pytest.param(EMAIL, ALICE, HOLDER, Retire(account=ALICE, identity=THERE), id="other subjects do not matter"),
        pytest.param(EMAIL, BOTH, None, Retire(account=BOTH, identity=THERE), id="history beside a new link"),
        pytest.param(EMAIL, RETIRED, None, Stay(account=RETIRED, why=Stays.RETIRED_ALREADY), id="once is enough"),
        pytest.param(
            EMAIL, NAMELESS, None, Stay(account=NAMELESS, why=Stays.WITHOUT_ADDRESS), id="nothing to be recognized by"
        ),
        pytest.param(ANEW, ALICE, None, Unlink(account=ALICE, identity=THERE), id="the same issuer, new subjects"),
        pytest.param(
            ANEW, NAMELESS, None, Stay(account=NAMELESS, why=Stays.WITHOUT_ADDRESS), id="the same, without an address"
        ),
    ],
)
def test_each_link_is_decided_by_itself(move: IssuerMove, seen: Any, holder: Any, expected: IssuerMoveDecision) -> None:
    assert decide(move, seen, seen.links[0], holder, keep=None) == expected


@pytest.mark.parametrize("move", [SAME, EMAIL, ANEW])
def test_the_session_that_asks_is_kept(move: IssuerMove) -> None:
    assert getattr(decide(move, ALICE, ALICE.links[0], None, keep="mine"), "keep", None) == "mine"


@pytest.mark.parametrize(("move", "beginning"), [(EMAIL, "an earlier provider from now on"), (ANEW, "unlinked")])
def test_an_address_that_its_owner_typed_is_told_to_be_asked_about(move: IssuerMove, beginning: str) -> None:
    typed = replace(ALICE, email_source=EmailSource.OWNER)
    plain, asked = (describe(decide(move, each, each.links[0], None, keep=None), move) for each in (ALICE, typed))
    assert plain == f"{beginning}; links again at the next sign-in with {ADDRESS}, verified"
    assert asked.startswith(f"{plain}. Its owner only typed the address")


def test_what_stays_says_why_and_who() -> None:
    told = {why: describe(Stay(account=ALICE, why=why, other="bob"), SAME) for why in Stays}
    assert all(text.startswith("stays: ") for text in told.values())
    assert told[Stays.SUBJECT_TAKEN] == f"stays: bob is linked to the same subject at {ISSUER}. Unlink one of the two"
    assert describe(decide(SAME, ALICE, ALICE.links[0], None, keep=None), SAME) == f"same subject, now at {ISSUER}"


THIRD = "https://third.example"


@pytest.mark.parametrize(
    ("move", "issuers", "told"),
    [
        (SAME, Issuers(this=ISSUER), []),
        (SAME, Issuers(this=None), []),
        (SAME, Issuers(this=OLD), ["is not the configured provider", "is the provider that is configured now"]),
        (SAME, Issuers(this=None, current=(f"{ISSUER}/",)), ["was not reached"]),
        (EMAIL, Issuers(this=None, current=(f"{ISSUER}/",)), []),
        (EMAIL, Issuers(this=THIRD), [f"is not the configured provider, which is {THIRD}"]),
        (ANEW, Issuers(this=OLD), []),
    ],
)
def test_a_likely_mistake_is_noted(move: IssuerMove, issuers: Issuers, told: list[str]) -> None:
    noted = list(notes(move, issuers, link_by_email=True))
    assert len(noted) == len(told)
    assert all(part in note for part, note in zip(told, noted, strict=True))


@pytest.mark.parametrize(("move", "noted"), [(EMAIL, True), (ANEW, True), (SAME, False)])
def test_where_addresses_do_not_link_that_is_noted(move: IssuerMove, noted: bool) -> None:
    told = " ".join(notes(move, Issuers(this=move.new), link_by_email=False))
    assert ("OIDC_LINK_BY_EMAIL is false" in told) is noted

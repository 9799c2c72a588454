"""Of which issuer a link is, and who is linked elsewhere only."""

import pytest
from msgspec.structs import replace

from romm.domain.issuers import OPENING, Issuers, Relation, spelled
from romm.domain.model import Account, Identity, LinkedIdentity
from tests.domain.examples import ISSUER, NOW, account, link

NEXT, OLD, FOREIGN = "https://next.example", "https://old.example/realm/", "https://foreign.example"
ISSUERS = Issuers(this=ISSUER, current=(ISSUER, NEXT), former=(OLD, NEXT))


def at(issuer: str) -> LinkedIdentity:
    return link(Identity(issuer, "a"))


def linked(*issuers: str) -> Account:
    return account(links=tuple(map(at, issuers)))


@pytest.mark.parametrize(
    ("issuer", "relation"),
    [
        (ISSUER, Relation.THIS),
        (NEXT, Relation.CURRENT),
        (f"{NEXT}/", Relation.CURRENT),
        (OLD, Relation.FORMER),
        ("https://old.example/realm", Relation.FORMER),
        ("https://old.example", Relation.FOREIGN),
        ("https://OLD.example/realm/", Relation.FOREIGN),
        (FOREIGN, Relation.FOREIGN),
    ],
)
def test_an_issuer_is_compared_whole_but_for_one_slash(issuer: str, relation: Relation) -> None:
    assert ISSUERS.relation(at(issuer)) is relation


def test_this_issuer_is_compared_byte_for_byte() -> None:
    """R-05: the provider's own spelling is pinned."""
    assert Issuers(this=ISSUER).relation(at(f"{ISSUER}/")) is Relation.FOREIGN


@pytest.mark.parametrize(
    ("issuer", "relation"),
    [(ISSUER, Relation.THIS), (NEXT, Relation.CURRENT), (OLD, Relation.FORMER), (FOREIGN, Relation.FORMER)],
)
def test_a_retired_link_is_of_a_former_issuer_unless_that_one_is_configured(issuer: str, relation: Relation) -> None:
    assert ISSUERS.relation(replace(at(issuer), retired_at=NOW)) is relation


def test_while_no_issuer_is_known_a_link_may_be_of_any() -> None:
    nowhere = Issuers(this=None, former=(OLD,))
    assert [nowhere.relation(at(issuer)) for issuer in (FOREIGN, OLD)] == [Relation.UNKNOWN, Relation.FORMER]
    assert Issuers(this=None, current=(NEXT,)).relation(at(FOREIGN)) is Relation.FOREIGN


def test_an_account_names_the_issuers_of_its_links_by_relation() -> None:
    owner = linked(ISSUER, OLD, FOREIGN)
    assert ISSUERS.linked(owner, {Relation.THIS, Relation.FOREIGN}) == (ISSUER, FOREIGN)
    assert ISSUERS.linked(owner, {Relation.CURRENT}) == ()


def test_stored_issuers_are_told_apart_by_relation() -> None:
    stored = (ISSUER, f"{NEXT}/", OLD, FOREIGN)
    assert ISSUERS.among(stored, OPENING) == (ISSUER, f"{NEXT}/")
    assert ISSUERS.among(stored, {Relation.FOREIGN}) == (FOREIGN,)


@pytest.mark.parametrize(
    ("typed", "found"),
    [(OLD, OLD), (OLD.rstrip("/"), OLD), (f"{FOREIGN}/", FOREIGN), ("https://x.example/", "https://x.example/")],
)
def test_an_issuer_is_spelled_as_it_is_known(typed: str, found: str) -> None:
    assert spelled(typed, (ISSUER, OLD, FOREIGN)) == found


def test_of_two_spellings_the_typed_one_counts() -> None:
    assert spelled(f"{ISSUER}/", (ISSUER, f"{ISSUER}/")) == f"{ISSUER}/"

"""Of which issuer a link is, and which accounts with an address attract, are asked about, or make room."""

import pytest

from romm.domain.model import EmailSource, Identity
from romm.domain.sign_in.matches import Answer, Issuers, Matches, Relation, matches
from tests.domain.examples import ISSUER, account, link

NEXT, OLD, FOREIGN = "https://next.example", "https://old.example/realm/", "https://foreign.example"
ISSUERS = Issuers(this=ISSUER, current=(ISSUER, NEXT), former=(OLD, NEXT))


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
    assert ISSUERS.relation(issuer) is relation


def test_this_issuer_is_compared_byte_for_byte() -> None:
    """R-05: the provider's own spelling is pinned."""
    assert Issuers(this=ISSUER).relation(f"{ISSUER}/") is Relation.FOREIGN


def test_an_account_names_the_issuers_of_its_links_by_relation() -> None:
    owner = account(links=tuple(link(Identity(issuer, "a")) for issuer in (ISSUER, OLD, FOREIGN)))
    assert ISSUERS.linked(owner, {Relation.THIS, Relation.FOREIGN}) == (ISSUER, FOREIGN)
    assert ISSUERS.linked(owner, {Relation.CURRENT}) == ()


def test_accounts_are_sorted_by_whose_word_their_address_is() -> None:
    vouched = account(id=1)
    asked = account(id=2, email_source=EmailSource.OWNER)
    disabled = account(id=3, email_source=EmailSource.OWNER, enabled=False)
    found = matches((vouched, asked, disabled), ISSUERS, Answer(account=asked, mine=True))
    assert found == Matches(vouched=(vouched,), unconfirmed=(asked,), proven=asked, room=(disabled,))
    assert found.others(asked) == (disabled,)
    assert found.others(vouched) == (asked, disabled)

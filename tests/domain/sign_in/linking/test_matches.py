"""Which accounts with an address attract, are asked about, or make room."""

from romm.domain.issuers import Issuers
from romm.domain.model import EmailSource
from romm.domain.sign_in.linking.matches import Answer, Matches, matches
from tests.domain.examples import ISSUER, account

ISSUERS = Issuers(this=ISSUER)


def test_accounts_are_sorted_by_whose_word_their_address_is() -> None:
    vouched = account(id=1)
    asked = account(id=2, email_source=EmailSource.OWNER)
    disabled = account(id=3, email_source=EmailSource.OWNER, enabled=False)
    found = matches((vouched, asked, disabled), ISSUERS, Answer(account=asked, mine=True))
    assert found == Matches(vouched=(vouched,), unconfirmed=(asked,), proven=asked, room=(disabled,))
    assert found.others(asked) == (disabled,)
    assert found.others(vouched) == (asked, disabled)

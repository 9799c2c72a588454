"""Which decisions change an account."""

from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.model import AccessLevel, EmailSource
from romm.domain.sign_in.linking.decisions import Ends, SignIn
from tests.domain.examples import account

SEEN = account()
AGAIN = SignIn(
    rule="L-01",
    account=SEEN,
    level=SEEN.level,
    email=SEEN.email,
    email_source=SEEN.email_source,
    role_from_claim=SEEN.role_from_claim,
)


def test_signing_in_again_with_the_same_claims_changes_nothing() -> None:
    assert not AGAIN.changes_account


@pytest.mark.parametrize(
    "change",
    [
        {"level": AccessLevel.ADMIN},
        {"email": "new@example.org"},
        {"email_source": EmailSource.PROVIDER},
        {"role_from_claim": not SEEN.role_from_claim},
        {"ends": Ends.ALL_BUT_PASSWORD},
        {"ends": Ends.EVERYTHING},
        {"room": (account(),)},
    ],
    ids=str,
)
def test_anything_else_does(change: dict[str, Any]) -> None:
    assert replace(AGAIN, **change).changes_account

"""How a person can prove that an account is theirs."""

import pytest

from romm.domain.sign_in.linking.pending import Proofs, proofs
from tests.domain.examples import NOW, account

BY_CLICK, BY_PASSWORD, BY_NOTHING = (
    Proofs(click=c, password=p) for c, p in ((True, False), (False, True), (False, False))
)


@pytest.mark.parametrize(
    ("is_known_browser", "passwords", "has_password", "provable", "expected"),
    [
        pytest.param(False, True, True, True, BY_PASSWORD, id="by its password"),
        pytest.param(True, True, True, True, BY_CLICK, id="a browser that it knows spares the password"),
        pytest.param(True, False, True, True, BY_CLICK, id="also where passwords are closed"),
        pytest.param(False, False, True, True, BY_NOTHING, id="a closed door proves nothing"),
        pytest.param(False, True, False, True, BY_NOTHING, id="nor does a password that there is not"),
        pytest.param(True, True, True, False, BY_NOTHING, id="where accounts link on their page alone, nothing does"),
    ],
)
def test_what_proves_it(
    is_known_browser: bool, passwords: bool, has_password: bool, provable: bool, expected: Proofs
) -> None:
    owner = account(password_set_at=NOW if has_password else None)
    given = proofs(owner, is_known_browser=is_known_browser, passwords=passwords, provable=provable)
    assert given == expected

"""`ports.HolderSeal`: what only the holder of a secret can read."""

import base64

import pytest

from romm.adapters.credentials.holder_seal import HolderSeal
from romm.domain.digests import digest
from tests.fakes import FakeHolderSeal

SECRET = "Jh4r2Z0bC7xD3hYtVq1mPz9sKfLw8uEoNaTiGyXcRbQ"
CONTENT = "an ID token, é".encode()


@pytest.fixture(params=[HolderSeal, FakeHolderSeal], ids=["real", "fake"])
def seal(request: pytest.FixtureRequest) -> HolderSeal | FakeHolderSeal:
    made: HolderSeal | FakeHolderSeal = request.param()
    return made


def test_it_opens_with_its_secret_and_for_its_use(seal: HolderSeal | FakeHolderSeal) -> None:
    sealed = seal.seal(CONTENT, SECRET, "a use")
    assert seal.open(sealed, SECRET, "a use") == CONTENT
    assert seal.open(sealed, SECRET, "another use") is None
    assert seal.open(sealed, SECRET[:-1], "a use") is None
    assert seal.open(sealed, digest(SECRET), "a use") is None


@pytest.mark.parametrize("forged", ["", "=", "x", "é", "AAAA", "A" * 200])
def test_what_was_never_sealed_does_not_open(seal: HolderSeal | FakeHolderSeal, forged: str) -> None:
    assert seal.open(forged, SECRET, "a use") is None


def test_a_changed_byte_is_noticed() -> None:
    sealed = base64.urlsafe_b64decode(HolderSeal().seal(CONTENT, SECRET, "a use"))
    for place in range(len(sealed)):
        changed = bytes(byte ^ (number == place) for number, byte in enumerate(sealed))
        assert HolderSeal().open(base64.urlsafe_b64encode(changed).decode(), SECRET, "a use") is None


def test_the_same_content_never_looks_the_same() -> None:
    sealed = {HolderSeal().seal(CONTENT, SECRET, "a use") for _ in range(100)}
    assert len(sealed) == 100
    assert not any("ID token" in each for each in sealed)

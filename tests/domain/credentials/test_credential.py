"""One idea for every credential: kept as a digest, alive between two limits."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from romm.domain.credentials.credential import SECRET_BYTES, Credential, Kind, SessionLimits, is_live, is_unused, issued
from romm.domain.digests import digest
from tests.domain.examples import NOW, credential

LIMITS = SessionLimits(idle=timedelta(days=14), absolute=timedelta(days=90))
MOMENT = timedelta(microseconds=1)


def session(**changes: datetime) -> Credential:
    return replace(credential(expires_at=NOW + LIMITS.absolute), **changes)


@pytest.mark.parametrize(
    ("last_used", "now", "live"),
    [
        pytest.param(timedelta(), timedelta(), True, id="new"),
        pytest.param(timedelta(), LIMITS.idle - MOMENT, True, id="just before the idle limit"),
        pytest.param(timedelta(), LIMITS.idle, False, id="at the idle limit"),
        pytest.param(timedelta(days=10), LIMITS.idle, True, id="used in between"),
        pytest.param(timedelta(days=89), LIMITS.absolute - MOMENT, True, id="just before the absolute limit"),
        pytest.param(timedelta(days=89), LIMITS.absolute, False, id="at the absolute limit, however much it is used"),
        pytest.param(timedelta(days=89), timedelta(days=365), False, id="long after both"),
    ],
)
def test_a_session_lives_within_both_limits(last_used: timedelta, now: timedelta, live: bool) -> None:
    """R-17."""
    assert is_live(session(last_used_at=NOW + last_used), LIMITS, NOW + now) is live


def test_a_credential_is_unused_until_its_use_is_noted() -> None:
    fresh = issued(Kind.CLIENT_TOKEN, 7, digest("secret"), NOW, NOW + timedelta(days=30), name="phone")
    assert is_unused(fresh)
    assert (fresh.expires_at, fresh.name, fresh.scopes) == (NOW + timedelta(days=30), "phone", ())
    assert not is_unused(replace(fresh, last_used_at=NOW + timedelta(microseconds=1)))


def test_a_digest_is_the_sha_256_in_hexadecimal() -> None:
    """R-80; the first vector of FIPS 180-2."""
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("other", ["secres", "Secret", "secret ", "", "sécret"])
def test_another_secret_has_another_digest(other: str) -> None:
    """R-75."""
    assert digest(other) != digest("secret")


def test_a_secret_has_256_bits() -> None:
    """R-17, R-75."""
    assert SECRET_BYTES * 8 >= 256

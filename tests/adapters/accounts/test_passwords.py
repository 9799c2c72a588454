"""The contract of `ports.Passwords`, and what only slow hashing must keep."""

import asyncio
import time
from statistics import median

import bcrypt
import pytest

from romm.adapters.accounts.common_passwords import common_passwords
from romm.adapters.accounts.passwords import THREADS, WAITING, Argon2Passwords
from romm.domain.accounts.passwords import is_legacy
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.hashing_order import FIRST
from romm.ports.accounts import Passwords, Verdict
from tests.fakes import FakePasswords


@pytest.fixture(params=[FakePasswords, Argon2Passwords])
def passwords(request: pytest.FixtureRequest) -> Passwords:
    made: Passwords = request.param()
    return made


async def fits(passwords: Passwords, password_hash: str | None, password: str) -> bool:
    return (await passwords.verify(password_hash, password, FIRST, salt="keeper")).fits


@pytest.mark.parametrize("password", ["correct horse", "ünïcödé ☃ 日本", "", " ", "x" * 256, "\x00", "\udcff"])
async def test_a_password_fits_its_own_hash(passwords: Passwords, password: str):
    made = await passwords.hash(password)

    assert await fits(passwords, made, password)
    assert not passwords.is_outdated(made)


@pytest.mark.parametrize("other", ["correct hors", "Correct horse", "correct horse ", "", "x" * 256])
async def test_another_password_does_not_fit(passwords: Passwords, other: str):
    assert not await fits(passwords, await passwords.hash("correct horse"), other)


async def test_long_passwords_are_compared_to_their_last_character(passwords: Passwords):
    made = await passwords.hash("x" * 255 + "y")

    assert not await fits(passwords, made, "x" * 255 + "z")


@pytest.mark.parametrize("password", ["", "correct horse", "None"])
async def test_nothing_fits_where_there_is_no_password(passwords: Passwords, password: str):
    assert await fits(passwords, None, password) is False


@pytest.mark.parametrize("password_hash", [None, "", "$argon2id$odd", "its own"])
async def test_the_same_password_has_the_same_mark_in_every_process_and_another_has_another(
    passwords: Passwords, password_hash: str | None
):
    if password_hash == "its own":
        password_hash = await passwords.hash("correct horse")
    elsewhere = type(passwords)()

    async def mark(at: Passwords, typed: str, salt: str = "keeper") -> str:
        return (await at.verify(password_hash, typed, FIRST, salt=salt)).mark

    assert await mark(passwords, "stale") == await mark(elsewhere, "stale")
    assert await mark(passwords, "stale") != await mark(passwords, "another")


@pytest.mark.parametrize("password_hash", [None, "", "$argon2id$odd"])
async def test_without_a_hash_the_mark_has_the_counter_s_own_salt(password_hash: str | None):
    """So that work on one counter serves for no other."""
    passwords = Argon2Passwords()
    marks = [(await passwords.verify(password_hash, "stale", FIRST, salt=salt)).mark for salt in ("one", "two")]
    assert marks[0] != marks[1]


async def test_a_mark_is_as_costly_to_search_as_the_hash_itself():
    """No digest of the password alone: the salt of the account is in it, and so is the work."""
    passwords = Argon2Passwords()
    one, two = await passwords.hash("correct horse"), await passwords.hash("correct horse")

    marks = [(await passwords.verify(each, "stale", FIRST, salt="")).mark for each in (one, two)]

    assert marks[0] != marks[1]
    assert one.rpartition("$")[2] not in marks[0]


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "plain text",
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$%%%",
        "$argon2id$v=19$m=x,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        "$2b$12$abcdefghijklmnopqrstuuTQkJRmZ2qN1jVZ8u0C1QG2Q9nO2oZ2e",
        "häsh",
        "\x00",
    ],
)
async def test_a_hash_that_cannot_be_read_fits_nothing(passwords: Passwords, odd: str):
    assert await fits(passwords, odd, "") is False
    assert await fits(passwords, odd, "correct horse") is False


@pytest.mark.parametrize("hash_text", ["$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", "$2b$12$abc", ""])
async def test_a_hash_made_otherwise_is_outdated(hash_text: str):
    assert Argon2Passwords().is_outdated(hash_text)


async def test_equal_passwords_have_different_hashes_that_say_how_they_were_made():
    passwords = Argon2Passwords()

    one, two = await passwords.hash("same"), await passwords.hash("same")

    assert one != two
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("missing", [None, "", "$argon2id$odd", "$2b$12$bcrypt"])
async def test_who_has_no_usable_password_waits_as_long_as_everybody(missing: str | None):
    passwords = Argon2Passwords()
    made = await passwords.hash("correct horse")

    wrong, nobody = [
        min(each) for each in zip(*[await in_turn(passwords, made, missing) for _ in range(5)], strict=True)
    ]

    assert nobody > wrong / 10  # an answer without work would take a hundredth


def legacy(password: str, prefix: str = "$2b$", cost: int = 4) -> str:
    """As an existing RomM hashes; cost 12 there, less here, for the tests' sake."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode().replace("$2b$", prefix)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_a_legacy_hash_fits_its_password_and_no_other(prefix: str):
    """R-34."""
    passwords = Argon2Passwords()
    made = legacy("ünïcödé ☃", prefix)

    assert is_legacy(made)
    assert await fits(passwords, made, "ünïcödé ☃")
    assert not await fits(passwords, made, "ünïcödé")
    assert not await fits(passwords, made, "")
    assert passwords.is_outdated(made)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("x" * 72, True, id="72 bytes"),
        pytest.param("x" * 73, False, id="one more"),
        pytest.param("x" * 72 + "\x00", False, id="one more that is nothing in C"),
        pytest.param("x" * 256, False, id="many more"),
        pytest.param("x" * 71 + "é", False, id="72 characters, 73 bytes"),
        pytest.param("\x00", False, id="nothing in C"),
        pytest.param("\udcff", False, id="no Unicode"),
    ],
)
async def test_no_password_above_72_bytes_fits_a_legacy_hash(typed: str, expected: bool):
    """R-35: bcrypt would compare the first 72 bytes alone."""
    assert await fits(Argon2Passwords(), legacy("x" * 72), typed) is expected


async def test_a_legacy_hash_that_fits_takes_the_same_work_as_one_that_does_not():
    """Its account may be disabled."""
    passwords = Argon2Passwords()
    right, wrong = [
        await passwords.verify(legacy("correct horse"), typed, FIRST, salt="x") for typed in ("correct horse", "other")
    ]
    assert (right.fits, wrong.fits) == (True, False)
    assert len(right.mark) == len(wrong.mark) > 0, "the mark is made of the Argon2 hash"


@pytest.mark.parametrize("salt", ["9" * 22, "." * 22], ids=["a salt that is none", "a salt"])
async def test_a_legacy_hash_of_nonsense_fits_nothing(salt: str):
    odd = f"$2b$04${salt}" + "9" * 31

    assert is_legacy(odd)
    assert not await fits(Argon2Passwords(), odd, "correct horse")
    assert not await fits(Argon2Passwords(), odd, "")


async def test_a_wrong_password_takes_as_long_with_a_legacy_hash_as_without_any():
    """R-33: when everybody lingers for the one who has it. The cost is a small one; 12 takes 16 times as long."""
    passwords = Argon2Passwords()
    old, new = legacy("correct horse", cost=8), await passwords.hash("correct horse")

    rounds = [[await failing(passwords, each, old) for each in (old, new, None)] for _ in range(15)]

    by_legacy, by_argon2, by_nobody = (median(each) for each in zip(*rounds, strict=True))
    assert 0.75 < by_argon2 / by_legacy < 1.33, "without lingering it is below 0.6"
    assert 0.75 < by_nobody / by_legacy < 1.33


async def failing(passwords: Passwords, password_hash: str | None, left: str) -> float:
    """How much processor time a refusal takes while `left` is stored for somebody."""
    began = time.process_time()
    assert not await fits(passwords, password_hash, "wrong")
    await passwords.equalize_time(password_hash, left, "wrong", FIRST)
    return time.process_time() - began


@pytest.mark.parametrize("left", [None, "$2b$17$" + "." * 53, "not a hash"])
async def test_nobody_lingers_for_what_is_no_legacy_hash(left: str | None):
    passwords = Argon2Passwords()
    began = time.process_time()

    await passwords.equalize_time(None, left, "wrong", FIRST)

    assert time.process_time() - began < 2, "a cost of 17 takes some 9 seconds"


async def test_a_password_that_is_too_long_for_a_legacy_hash_takes_as_long_as_another():
    """R-33, R-35."""
    passwords = Argon2Passwords()
    made = legacy("x" * 72, cost=10)

    async def taken(typed: str) -> float:
        began = time.process_time()
        assert not await fits(passwords, made, typed)
        return time.process_time() - began

    rounds = [(await taken("x" * 73), await taken("y" * 72)) for _ in range(5)]
    too_long, another = (min(each) for each in zip(*rounds, strict=True))
    assert too_long > 0.6 * another, "without the work of bcrypt it is below 0.4"


async def test_legacy_hashes_wait_in_the_same_bounded_queue():
    passwords = Argon2Passwords()
    made = legacy("correct horse")
    crowd = [passwords.verify(made, "correct horse", FIRST, salt="") for _ in range((THREADS + WAITING) // 2)]
    crowd += [passwords.verify(None, "correct horse", FIRST, salt="") for _ in range((THREADS + WAITING) // 2)]
    last = [
        passwords.verify(made, "correct horse", FIRST, salt=""),
        passwords.equalize_time(None, made, "correct horse", FIRST),
    ]

    answers = await asyncio.gather(*crowd, *last, return_exceptions=True)

    assert [each.code for each in answers if isinstance(each, Refused)] == [Code.BUSY] * 2


async def test_the_common_passwords_are_many_and_only_those_that_could_be_chosen(passwords: Passwords):
    """R-36."""
    common = await passwords.common()

    assert "12345678" in common
    assert "sunshine" in common
    assert "correct horse" not in common
    assert "1234567" not in common


def test_the_common_passwords_are_the_first_3000_of_the_list():
    """R-36."""
    found = common_passwords()

    assert len(found) == 3000
    assert min(map(len, found)) == 8
    assert all(each == each.lower() for each in found)
    assert {"password1", "qwerty123", "football", "trustno1"} <= found


async def in_turn(passwords: Passwords, *hashes: str | None) -> list[float]:
    return [await seconds(passwords, each) for each in hashes]


async def seconds(passwords: Passwords, password_hash: str | None) -> float:
    began = time.process_time()
    await fits(passwords, password_hash, "wrong")
    return time.process_time() - began


async def test_everything_else_goes_on_while_passwords_are_checked():
    passwords = Argon2Passwords()
    made = await passwords.hash("correct horse")
    checking = asyncio.gather(*(passwords.verify(made, "wrong", FIRST, salt="") for _ in range(8)))

    beats = 0
    while not checking.done():
        await asyncio.sleep(0.001)
        beats += 1

    assert beats > 8  # a check on the event loop would let it beat once or not at all in between


async def test_whoever_comes_when_too_many_wait_is_asked_to_try_again():
    passwords = Argon2Passwords()
    made = await passwords.hash("correct horse")

    crowd = (passwords.verify(made, "correct horse", FIRST, salt="") for _ in range(THREADS + WAITING + 3))
    answers = await asyncio.gather(*crowd, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [each.code for each in refused] == [Code.BUSY] * 3
    assert [each.fits for each in answers if isinstance(each, Verdict)] == [True] * (THREADS + WAITING)
    assert await fits(passwords, made, "correct horse")

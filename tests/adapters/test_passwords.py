"""The contract of `ports.Passwords`, and what only slow hashing must keep."""

import asyncio
import time

import pytest

from romm.adapters.passwords import THREADS, WAITING, Argon2Passwords
from romm.domain.errors import Code, Refused
from romm.ports import Passwords
from tests.fakes import FakePasswords


@pytest.fixture(params=[FakePasswords, Argon2Passwords])
def passwords(request: pytest.FixtureRequest) -> Passwords:
    made: Passwords = request.param()
    return made


@pytest.mark.parametrize("password", ["correct horse", "ünïcödé ☃ 日本", "", " ", "x" * 256, "\x00", "\udcff"])
async def test_a_password_fits_its_own_hash(passwords: Passwords, password: str):
    made = await passwords.hash(password)

    assert await passwords.verify(made, password)
    assert not passwords.is_outdated(made)


@pytest.mark.parametrize("other", ["correct hors", "Correct horse", "correct horse ", "", "x" * 256])
async def test_another_password_does_not_fit(passwords: Passwords, other: str):
    assert not await passwords.verify(await passwords.hash("correct horse"), other)


async def test_long_passwords_are_compared_to_their_last_character(passwords: Passwords):
    made = await passwords.hash("x" * 255 + "y")

    assert not await passwords.verify(made, "x" * 255 + "z")


@pytest.mark.parametrize("password", ["", "correct horse", "None"])
async def test_nothing_fits_where_there_is_no_password(passwords: Passwords, password: str):
    assert await passwords.verify(None, password) is False


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
    assert await passwords.verify(odd, "") is False
    assert await passwords.verify(odd, "correct horse") is False


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


async def in_turn(passwords: Passwords, *hashes: str | None) -> list[float]:
    return [await seconds(passwords, each) for each in hashes]


async def seconds(passwords: Passwords, password_hash: str | None) -> float:
    began = time.perf_counter()
    await passwords.verify(password_hash, "wrong")
    return time.perf_counter() - began


async def test_everything_else_goes_on_while_passwords_are_checked():
    passwords = Argon2Passwords()
    made = await passwords.hash("correct horse")
    checking = asyncio.gather(*(passwords.verify(made, "wrong") for _ in range(8)))

    beats = 0
    while not checking.done():
        await asyncio.sleep(0.001)
        beats += 1

    assert beats > 8  # a check on the event loop would let it beat once or not at all in between


async def test_whoever_comes_when_too_many_wait_is_asked_to_try_again():
    passwords = Argon2Passwords()
    made = await passwords.hash("correct horse")

    crowd = (passwords.verify(made, "correct horse") for _ in range(THREADS + WAITING + 3))
    answers = await asyncio.gather(*crowd, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [each.code for each in refused] == [Code.BUSY] * 3
    assert answers.count(True) == THREADS + WAITING
    assert await passwords.verify(made, "correct horse")

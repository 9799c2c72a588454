"""The contract of `ports.SignInLog`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import Engine, event, func, insert, select
from sqlalchemy.engine.interfaces import CacheStats

from romm.adapters.database.tables import SignInRow
from romm.adapters.database.transactions import FORGOTTEN_AT_ONCE, Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.adapters.sign_in.sign_in_log import FEW_RANGES, MOST_CODES, MOST_PEOPLE, SQLSignInLog
from romm.domain.errors import Code
from romm.domain.sign_in.log_search import ByReference, ByText, OfPerson, Term
from romm.ports.sign_in import SignInEntry, SignInFilter
from tests.adapters.conftest import RETENTION, Stores
from tests.domain.examples import ISSUER, NOW
from tests.factories import filled, new_account


@contextmanager
def noted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def entry(subject_digest: str, after: timedelta = timedelta(0)) -> SignInEntry:
    return SignInEntry(
        at=NOW + after,
        method="openid",
        outcome="refused",
        rule="L-02",
        code=Code.ACCOUNT_DISABLED,
        issuer=ISSUER,
        subject_digest=subject_digest,
        account_id=7,
        address="192.0.2.1",
        correlation_id="abc",
    )


async def test_lines_stand_in_the_order_they_came(stores: Stores):
    for name in ("one", "two", "three"):
        await stores.sign_in_log.add(entry(name))

    assert await stores.subjects_in_log() == ["one", "two", "three"]


async def test_every_fact_of_a_line_is_read_as_it_was_written(stores: Stores):
    written = list(filled(SignInEntry, at=NOW, id=None))
    for each in written:
        await stores.sign_in_log.add(each)

    read = await stores.sign_in_log.search(SignInFilter(), len(written))

    assert [replace(each, id=None) for each in reversed(read)] == written
    assert {each.code for each in read} >= set(Code)


async def test_lines_older_than_the_retention_are_forgotten(stores: Stores):
    await stores.sign_in_log.add(entry("old"))
    await stores.sign_in_log.add(entry("young", timedelta(days=1)))

    await stores.sign_in_log.add(entry("new", RETENTION + timedelta(hours=12)))

    assert await stores.subjects_in_log() == ["young", "new"]


async def test_a_line_outlives_its_account_and_keeps_every_fact(database: Database):
    await SQLSignInLog(database, RETENTION).add(entry("subject"))

    async with database.read() as reader:
        row = (await reader.execute(select(SignInRow.__table__))).mappings().one()

    assert {**row, "id": None} == {
        "id": None,
        "at": NOW,
        "method": "openid",
        "outcome": "refused",
        "rule": "L-02",
        "code": "account_disabled",
        "issuer": ISSUER,
        "subject_digest": "subject",
        "account_id": 7,
        "address": "192.0.2.1",
        "correlation_id": "abc",
        "received": "",
        "facts": "",
        "email": None,
        "claims": "",
        "role_before": None,
        "role_after": None,
        "warning": None,
    }


async def test_old_lines_are_looked_for_once_an_hour(database: Database):
    log = SQLSignInLog(database, timedelta(minutes=10))
    for name, minutes in (("looks", 0), ("old by now", 20), ("does not look", 59), ("looks again", 60)):
        await log.add(entry(name, timedelta(minutes=minutes)))
        async with database.read() as reader:
            left = (await reader.scalars(select(SignInRow.subject_digest).order_by(SignInRow.id))).all()
        if name == "does not look":
            assert left == ["looks", "old by now", "does not look"]

    assert left == ["does not look", "looks again"]


async def test_lines_are_found_the_newest_first_with_what_was_received(stores: Stores):
    for minute, (name, code) in enumerate((("a", Code.NO_ROLE), ("b", Code.EMAIL_MISSING), ("c", Code.NO_ROLE))):
        line = replace(entry(name, timedelta(minutes=minute)), code=code, received='{"sub":"text of 1"}')
        await stores.sign_in_log.add(line)

    async def found(limit: int = 10, **wanted: Any) -> list[str | None]:
        return [each.subject_digest for each in await stores.sign_in_log.search(SignInFilter(**wanted), limit)]

    newest = (await stores.sign_in_log.search(SignInFilter(), 1))[0]
    assert replace(newest, id=None) == line
    assert await found() == ["c", "b", "a"]
    assert await found(2) == ["c", "b"]
    assert await found(before=newest.id) == ["b", "a"]
    assert await found(code="no_role") == ["c", "a"]
    assert await found(code="no_role", before=newest.id) == ["a"]
    assert await found(outcome="signed_in") == []
    assert await found(account_id=7) == ["c", "b", "a"]
    assert await found(account_id=0) == []
    assert await found(correlation_id="another") == []


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        pytest.param(ByReference("0123456789abcdef"), ["reference"], id="a reference"),
        pytest.param(ByText("BOB"), ["bob"], id="beginning of a refused address"),
        pytest.param(ByText("example"), [], id="another part of a refused address"),
        pytest.param(ByText("not_verified"), ["bob"], id="part of a code"),
        pytest.param(ByText("192.0.2.9"), ["reference"], id="a visitor's address"),
        pytest.param(ByText("192.0.2."), [], id="part of a visitor's address"),
        pytest.param(ByText("Vera"), ["vera"], id="beginning of an account's name"),
        pytest.param(ByText("era"), [], id="another part of an account's name"),
        pytest.param(ByText("vera@lib"), ["vera"], id="beginning of an account's address"),
        pytest.param(ByText("Vera", names=False), [], id="no names"),
        pytest.param(ByText("7", number=7), ["reference"], id="an account's number"),
        pytest.param(ByText("%"), [], id="a wildcard is a character"),
        pytest.param(ByText("b_b"), [], id="so is an underscore"),
    ],
)
async def test_a_text_finds_lines_by_person_code_and_address(stores: Stores, sought: Term, found: list[str]) -> None:
    vera = await stores.accounts.create(new_account("vera", email="vera@library.example"), NOW)
    plain = replace(entry(""), code=None, account_id=None)
    for line in (
        replace(
            plain, subject_digest="reference", correlation_id="0123456789abcdef", address="192.0.2.9", account_id=7
        ),
        replace(plain, subject_digest="bob", code=Code.EMAIL_NOT_VERIFIED, email="bob@example.org"),
        replace(plain, subject_digest="vera", account_id=vera.id),
    ):
        await stores.sign_in_log.add(line)

    lines = await stores.sign_in_log.search(SignInFilter(term=sought), 10)

    assert [each.subject_digest for each in lines] == found


async def test_a_person_s_lines_are_those_of_the_account_and_of_the_address(stores: Stores) -> None:
    for name, account_id, email in (
        ("own", 7, None),
        ("refused", None, "bob@example.org"),
        ("other", 8, "b@example.org"),
        ("without an address", 9, None),
    ):
        await stores.sign_in_log.add(replace(entry(name), account_id=account_id, email=email))

    async def found(person: OfPerson) -> list[str | None]:
        return [each.subject_digest for each in await stores.sign_in_log.search(SignInFilter(term=person), 10)]

    assert await found(OfPerson(7, "bob@example.org")) == ["refused", "own"]
    assert await found(OfPerson(7, None)) == ["own"]


async def test_a_text_that_finds_very_many_codes_and_people_takes_few_statements(database: Database):
    accounts, log = SQLAccounts(database), SQLSignInLog(database, RETENTION)
    line = asdict(entry("by code")) | {"account_id": None}
    del line["id"]
    lines = [line | {"code": f"p{number:03}"} for number in range(MOST_CODES)]
    line |= {"subject_digest": "by person", "code": None}
    for number in range(MOST_PEOPLE):
        people = new_account(f"p{number:02}"), new_account(f"x{number:02}", email=f"p{number:02}@example.org")
        lines += [line | {"account_id": (await accounts.create(each, NOW)).id} for each in people]
        lines += [line | {"email": f"{letter}{number:02}@example.org"} for letter in "pP"]
    await database.write(lambda connection: connection.execute(insert(SignInRow), lines).rowcount)

    with noted() as statements:
        found = await log.search(SignInFilter(term=ByText("P")), len(lines))

    assert Counter(each.subject_digest for each in found) == {"by code": MOST_CODES, "by person": 4 * MOST_PEOPLE}
    assert [each.id for each in found] == list(range(len(lines), 0, -1))
    assert len(statements) < MOST_PEOPLE


@pytest.mark.parametrize(("codes", "is_kept"), [(FEW_RANGES - 1, True), (FEW_RANGES, False)])
async def test_a_long_statement_that_hardly_comes_again_is_not_kept(
    database: Database, codes: int, is_kept: bool
) -> None:
    log = SQLSignInLog(database, RETENTION)
    line = asdict(entry("by code")) | {"account_id": None}
    del line["id"]
    lines = [line | {"code": f"p{number:02}"} for number in range(codes)]  # the address is one more range
    await database.write(lambda connection: connection.execute(insert(SignInRow), lines).rowcount)
    kept: list[bool] = []

    def note(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        if " UNION SELECT" in " ".join(statement.split()):
            kept.append(context.cache_hit in {CacheStats.CACHE_HIT, CacheStats.CACHE_MISS})

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await log.search(SignInFilter(term=ByText("p")), 10)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert kept == [is_kept]


async def test_no_line_has_to_clear_away_more_than_takes_a_moment(database: Database):
    log = SQLSignInLog(database, RETENTION)
    await log.add(entry("first"))
    old = asdict(entry("old"))
    del old["id"]
    await database.write(lambda connection: connection.execute(insert(SignInRow), [old] * FORGOTTEN_AT_ONCE).rowcount)

    left = []
    for name in ("new", "newer"):
        await log.add(entry(name, 2 * RETENTION))
        async with database.read() as reader:
            left.append(await reader.scalar(select(func.count()).select_from(SignInRow)))

    assert left == [2, 2]

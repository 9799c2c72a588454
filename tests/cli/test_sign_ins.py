"""`romm sign-ins`, on a real database file."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.domain.errors import Code
from romm.ports.sign_in import SignInEntry
from tests.cli.test_users import folder, on

__all__ = ["folder"]  # a fixture

REFERENCE = "7b52009b64fd0a2a"


@pytest.fixture
def used(folder: Path) -> Path:
    async def fill() -> None:
        database = Database(f"sqlite+aiosqlite:///{folder}/romm.db")
        log = SQLSignInLog(database, timedelta(days=90))
        for each in (entry("signed_in", account_id=2), entry("refused", code=Code.EMAIL_NOT_VERIFIED)):
            await log.add(each)
        await database.close()

    asyncio.run(fill())
    return folder


def entry(outcome: str, account_id: int | None = None, code: Code | None = None) -> SignInEntry:
    return SignInEntry(
        at=datetime.now(UTC),
        method="openid",
        outcome=outcome,
        rule=None,
        code=code,
        issuer="https://idp.test",
        subject_digest=None,
        account_id=account_id,
        address="192.0.2.7",
        correlation_id=REFERENCE if code else "0123456789abcdef",
        facts='{"found": "\x1b[2J", "source": "the ID token"}'.replace("\x1b", "\\u001b") if code else "",
        email="bob@example.org" if code else None,
    )


def test_the_log_is_listed_the_newest_first_with_what_to_do(used: Path) -> None:
    result = on(used, "sign-ins")
    refused, hint, signed_in = result.stdout.splitlines()
    assert (
        refused.split("  ", 1)[1]
        == f"{REFERENCE}  192.0.2.7        openid       bob@example.org  refused (email_not_verified)"
    )
    assert "`email_verified` is \\u001b[2J in the ID token" in hint
    assert signed_in.endswith("vera  signed in")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("bob",), 1),
        (("vera",), 1),
        ((f"Reference: {REFERENCE}",), 1),
        (("email_not_verified",), 1),
        (("192.0.2.7",), 2),
        (("carol",), 0),
        (("--refused",), 1),
        (("--outcome", "signed_in"), 1),
        (("--limit", "1"), 1),
    ],
)
def test_the_log_is_searched_as_on_its_page(used: Path, options: tuple[str, ...], count: int) -> None:
    result = on(used, "sign-ins", *options, "--json")
    assert len(json.loads(result.stdout)) == count


def test_a_line_as_json_is_that_of_the_api(used: Path) -> None:
    [line] = json.loads(on(used, "sign-ins", "bob", "--json").stdout)
    assert (line["code"], line["email"], line["correlation_id"]) == ("email_not_verified", "bob@example.org", REFERENCE)
    assert line["hint"].startswith("`email_verified` is ")


def test_nothing_found_is_said(used: Path) -> None:
    assert on(used, "sign-ins", "carol").stdout == "No sign-ins found.\n"

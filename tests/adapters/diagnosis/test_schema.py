"""The schema's state, looked at without making anything."""

from pathlib import Path

import pytest

from romm.adapters.database.transactions import HEAD, Database
from romm.adapters.diagnosis.schema import DatabaseStorage
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Identity
from romm.domain.sign_in.linking.decisions import Register
from tests.domain.examples import NOW
from tests.factories import new_account


async def test_the_revision_of_a_migrated_database(url: str) -> None:
    storage = DatabaseStorage(url)
    assert (await storage.revision(), storage.newest) == (HEAD, HEAD)
    assert storage.is_embedded is url.startswith("sqlite")


async def test_a_database_before_its_first_migration(bare_url: str) -> None:
    assert await DatabaseStorage(bare_url).revision() is None


async def test_accounts_are_counted_with_the_issuers_of_their_links(url: str) -> None:
    database = Database(url)
    accounts, identity = SQLAccounts(database), Identity("https://old.example", "Bob at old.example")
    await accounts.create(new_account("keeper", AccessLevel.ADMIN), NOW)
    await accounts.register(
        Register(rule="L-12", level=AccessLevel.VIEWER, email="bob@example.com"), identity, "bob", NOW
    )
    await database.close()
    storage = DatabaseStorage(url)
    assert await storage.number_of_accounts() == 2
    assert await storage.issuers() == ["https://old.example"]
    assert await storage.only_linked_to("https://old.example", ["https://new.example"]) == 1
    words = ["Keeper", "bob@example.com", "Bob at old.example", "https://old.example", "nobody"]
    assert await storage.personal(words) == ["keeper", "bob@example.com", "Bob at old.example"]
    many = [f"word{number}" for number in range(1_200)]
    assert await storage.personal([*many, "bob"]) == ["bob"]


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    """It would belong to whoever looked, and `romm serve` may be somebody else."""
    assert await DatabaseStorage(f"sqlite+aiosqlite:///{tmp_path}/data/romm.db").revision() is None
    assert files(tmp_path) == []


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "romm.db"
    path.write_text("this is a letter, not a database, and long enough to be read as one" * 10)
    with pytest.raises(Refused) as caught:
        await DatabaseStorage(f"sqlite+aiosqlite:///{path}").revision()
    assert caught.value.code is Code.STORAGE_UNAVAILABLE

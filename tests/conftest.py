"""What holds for all tests."""

import gc
from pathlib import Path

import authlib.deprecate  # noqa: F401  first: it lets its own warnings pass, and what pytest sets later has precedence
import pytest

from romm.adapters.database.migrations import upgrade


def pytest_collection_finish() -> None:
    """Spare the collector what lives until the end: modules, and thousands of tests. It would look at it in each of them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row, to be copied: copies are faster than migrations."""
    path = tmp_path_factory.mktemp("migrated") / "romm.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path

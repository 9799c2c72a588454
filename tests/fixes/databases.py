"""SQLite files that cannot be used, for the scenarios that name them."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def spoil(folder: Path, migrated: Path) -> None:
    (folder / "folder.db").mkdir()
    (folder / "letter.db").write_bytes(b"a letter, which is long enough to be taken for a page" * 100)
    content = migrated.read_bytes()
    (folder / "damaged.db").write_bytes(content[:100] + b"\xff" * 8000 + content[8100:])
    shutil.copy(migrated, folder / "newer.db")
    with closing(sqlite3.connect(folder / "newer.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")

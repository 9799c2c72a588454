"""Prints the newest schema for a new SQLite file, as the migrations make it: `python alembic/newest.py` after a migration."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from romm.adapters.database import migrations
from romm.adapters.database.sqlite.versions import NEWEST, SQLITE


def statements(file: Path) -> Iterator[str]:
    """Of an empty database: its tables, its indexes and its version."""
    with closing(sqlite3.connect(file)) as connection:
        for (statement,) in connection.execute("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"):
            if statement is not None:
                yield re.sub(" +\n", "\n", f"{statement};\n")
        for (version,) in connection.execute("SELECT version_num FROM alembic_version"):
            yield f"INSERT INTO alembic_version VALUES ('{version}');\n"  # noqa: S608  a migration's own number


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        made = Path(folder, "romm.db")
        migrations.upgrade(f"{SQLITE}{made}")
        NEWEST.write_text("".join(statements(made)), encoding="utf-8")

import sqlite3
from contextlib import closing
from pathlib import Path

from bench.filling import BEGINNING, fill
from tests.mounted import application, running, sign_in

EACH = "SELECT COUNT(DISTINCT {0}), COUNT(*) FROM {1} WHERE account_id > 1"


def test_each_new_account_has_an_identity_a_session_and_a_line_in_the_log(tmp_path: Path) -> None:
    with running(application(tmp_path)) as client:
        sign_in(client)
    (file,) = tmp_path.rglob("romm.db")
    fill(f"sqlite:///{file}", 50)
    with closing(sqlite3.connect(file)) as database:
        people = database.execute(
            "SELECT username, email, level, enabled FROM accounts WHERE id > 1 ORDER BY id"
        ).fetchall()
        names = [name for name, *_ in people]
        assert len(set(names)) == 50
        assert {(name.startswith(BEGINNING), len(name)) for name in names} == {(True, len(BEGINNING) + 8)}
        assert people == [(name, f"{name}@example.org", "viewer", 1) for name in names]
        for column, table in (("subject", "identities"), ("digest", "credentials"), ("correlation_id", "sign_ins")):
            assert database.execute(EACH.format(column, table)).fetchone() == (50, 50)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []

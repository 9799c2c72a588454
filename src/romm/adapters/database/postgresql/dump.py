"""A copy of a PostgreSQL database by `pg_dump`."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

from romm.adapters.database.causes import place_of
from romm.domain.diagnosis.storage import Cause, unusable

PROGRAM = "pg_dump"

_QUERY = {"ssl": "PGSSLMODE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}


def dump(url: str, file: Path, environ: Mapping[str, str] = os.environ) -> None:
    """For `pg_restore`, into `file`, which is there and empty.

    Raises `Refused(STORAGE_UNAVAILABLE)`, with the last line of `pg_dump`.
    """
    place = place_of(url).name
    program = shutil.which(PROGRAM, path=environ.get("PATH"))
    if program is None:
        raise unusable(Cause.NOT_COPIED, place, f"{PROGRAM} is not installed here")
    command = [program, "--format=custom", "--no-password", f"--file={file}"]
    own = {**environ, **variables(url)}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)  # noqa: S603  (no shell)
    if done.returncode:
        raise unusable(
            Cause.NOT_COPIED, place, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        )


def variables(url: str) -> dict[str, str]:
    """For PostgreSQL's programs: every user of the machine can read a command line's password."""
    address = make_url(url)
    found = {
        "PGHOST": address.host,
        "PGPORT": str(address.port or 5432),
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
    }
    found |= {variable: str(address.query[name]) for name, variable in _QUERY.items() if name in address.query}
    return {name: value for name, value in found.items() if value}

"""Why the database cannot be used, with a fix for each cause."""

import enum
from collections.abc import Mapping

from msgspec import Struct

from romm.domain.errors import Code, Refused


class Cause(enum.StrEnum):
    """In the order of the checks."""

    DRIVER = "driver"
    HALF_RESTORED = "half_restored"
    MISSING = "missing"
    NOT_A_FILE = "not_a_file"
    PERMISSION = "permission"
    UNREACHABLE = "unreachable"
    SIGN_IN = "sign_in"
    NO_SUCH_DATABASE = "no_such_database"
    CONNECTIONS = "connections"
    NOT_A_DATABASE = "not_a_database"
    DAMAGED = "damaged"
    EMPTY = "empty"
    OLDER = "older"
    NEWER = "newer"
    RIGHTS = "rights"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    IN_USE = "in_use"
    FULL = "full"
    NOT_COPIED = "not_copied"
    OTHER = "other"


class Sentence(Struct, frozen=True):
    """`problem` may name {place} and {detail}. Both without a full stop at the end."""

    problem: str
    fix: str


SENTENCES: Mapping[Cause, Sentence] = {
    Cause.DRIVER: Sentence(
        "the Python package {detail} is missing, which PostgreSQL needs",
        "In RomM's source run `pip install --require-hashes -r requirements/postgres.txt`",
    ),
    Cause.HALF_RESTORED: Sentence(
        "a restore of {place} was interrupted, and left {detail}",
        "Run `romm db restore` again with the same copy. The replaced database, if there was one, is beside it and has "
        "`before-restore` in its name",
    ),
    Cause.MISSING: Sentence(
        "there is no database at {place}",
        "`romm db upgrade` creates it. If there should be one, check ROMM_BASE_PATH, ROMM_DATABASE_URL and the folder that "
        "the command runs in",
    ),
    Cause.NOT_A_FILE: Sentence(
        "{place} is not a file, or goes through one",
        "ROMM_BASE_PATH must be a folder, and ROMM_DATABASE_URL must name a file in a folder",
    ),
    Cause.PERMISSION: Sentence(
        "{detail} may not read and write {place}",
        "Run the command as the user that RomM runs as, or give the file and its folder to that user (chown)",
    ),
    Cause.UNREACHABLE: Sentence(
        "no PostgreSQL answers at {place} ({detail})",
        "Start the server, or correct the host and port in ROMM_DATABASE_URL (DB_HOST and DB_PORT)",
    ),
    Cause.SIGN_IN: Sentence(
        "PostgreSQL refuses the user or the password for {place}",
        "Correct them in ROMM_DATABASE_URL (DB_USER and DB_PASSWD). In a URL write special characters as %XX",
    ),
    Cause.NO_SUCH_DATABASE: Sentence(
        "the PostgreSQL server has no database {place}",
        "Create it with CREATE DATABASE, or correct the name in ROMM_DATABASE_URL (DB_NAME)",
    ),
    Cause.CONNECTIONS: Sentence(
        "PostgreSQL has no connection left for {place}",
        "Raise the limit (max_connections of the server, or CONNECTION LIMIT of the user or the database), or lower "
        "WEB_SERVER_CONCURRENCY",
    ),
    Cause.NOT_A_DATABASE: Sentence(
        "{place} is not a SQLite database",
        "Name another file in ROMM_DATABASE_URL, or stop RomM and restore a backup with `romm db restore`",
    ),
    Cause.DAMAGED: Sentence(
        "{place} is damaged ({detail})",
        "Stop RomM, check the disk, and restore a backup with `romm db restore`",
    ),
    Cause.EMPTY: Sentence(
        "{place} has no tables of RomM yet",
        "Run `romm db upgrade`",
    ),
    Cause.OLDER: Sentence(
        "{place} is at revision {detail}, older than this version",
        "Make a backup, then run `romm db upgrade`. A SQLite file is migrated when RomM starts",
    ),
    Cause.NEWER: Sentence(
        "{place} is at revision {detail}, which this version does not know",
        "A newer version wrote it, or another program. Install that version again, restore a backup from before, or name "
        "another database in ROMM_DATABASE_URL",
    ),
    Cause.RIGHTS: Sentence(
        "the PostgreSQL user lacks a right in {place}",
        "Let the user of ROMM_DATABASE_URL own the database and its tables",
    ),
    Cause.READ_ONLY: Sentence(
        "{place} is read-only",
        "Mount its folder for writing (in Compose without :ro and read_only), or choose another with ROMM_BASE_PATH. With "
        "PostgreSQL name the primary, not a standby",
    ),
    Cause.LOCKED: Sentence(
        "another program has {place} locked",
        "Wait until that backup, migration or database tool ends, and try again",
    ),
    Cause.IN_USE: Sentence(
        "another process has {place} open",
        "Stop RomM and everything else that uses the file, and try again",
    ),
    Cause.FULL: Sentence(
        "the disk of {place} is full",
        "Free some space there. A running RomM then goes on by itself",
    ),
    Cause.NOT_COPIED: Sentence(
        "{place} was not copied ({detail})",
        "Install PostgreSQL's client programs (Debian: postgresql-client), not older than the server, or run pg_dump where "
        "they are",
    ),
    Cause.OTHER: Sentence(
        "{place}: {detail}",
        "Check ROMM_DATABASE_URL. `romm doctor` says what else is wrong",
    ),
}


def unusable(cause: Cause, place: str, detail: str = "") -> Refused:
    """For `raise`."""
    sentence = SENTENCES[cause]
    problem = sentence.problem.format(place=place, detail=detail)
    return Refused(Code.STORAGE_UNAVAILABLE, problem=problem, fix=sentence.fix, cause=cause.value)


def age(revision: str | None, newest: str) -> Cause | None:
    """None if it is this version's. Ours are numbered, another program's look different."""
    match revision:
        case None:
            return Cause.EMPTY
        case str() if revision == newest:
            return None
        case str() if revision.isdecimal() and len(revision) == len(newest) and revision < newest:
            return Cause.OLDER
        case _:
            return Cause.NEWER

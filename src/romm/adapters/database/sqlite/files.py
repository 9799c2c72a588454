"""SQLite's file, for its owner only."""

import errno
import glob
import os
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600  # the database has e-mail addresses and password hashes


def prepare(path: Path) -> None:
    """Create a missing file. Raises OSError, clearer than SQLite's."""
    # Never open an existing file here: closing it would drop SQLite's locks on it (POSIX).
    if not path.exists():
        create(path, exist_ok=True)
    if not path.is_file():
        raise IsADirectoryError(errno.EISDIR, "is not a file", str(path))
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        read_only = os.statvfs(path).f_flag & os.ST_RDONLY
        raise OSError(errno.EROFS if read_only else errno.EACCES, "may not be read and written", str(path))


def half_restored(target: Path) -> list[Path]:
    """What an interrupted `restore` left."""
    return sorted(target.parent.glob(f".{glob.escape(target.name)}.restoring-*"))


def create(path: Path, *, exist_ok: bool = False) -> None:
    """SQLite takes an empty file for a new database. Raises OSError."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path.touch(mode=FILE_MODE, exist_ok=exist_ok)

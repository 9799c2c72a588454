"""Plays a stage that mounts a file system: `unshare -rm python -m tests.fixes.mounted CAUSE FOLDER MIGRATED`."""

import sys
from pathlib import Path

from romm.domain.diagnosis.storage import Cause
from tests.fixes.stages import MOUNTED, At, play

if __name__ == "__main__":
    cause, folder, migrated = sys.argv[1:]
    play(Cause(cause), MOUNTED[Cause(cause)](At(folder=Path(folder), migrated=Path(migrated))))

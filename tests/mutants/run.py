"""Remove one guard after the other in a copy, and let the nearest tests look: `python -m tests.mutants.run [WORD …]`.

With words, only guards with one of them in their name or file.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

from tests.mutants.guards import ROOT, Guard, guards, without

WORKERS = min(2, os.cpu_count() or 1)
SECONDS = 600  # for the tests of one guard
COPIED = (
    "src",
    "tests",
    "alembic",
    "docs",
    "requirements",
    "pyproject.toml",
    "settings.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
)


class Verdict(Enum):
    NOTICED = "noticed"
    SURVIVED = "survived"
    RED = "its tests fail with the guard, too"
    BROKEN = "its tests did not run"
    ENDLESS = f"its tests did not end within {SECONDS} seconds"


def copied(folder: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def verdict_on(guard: Guard, copy: Path) -> tuple[Verdict, str]:
    """Whether the nearest tests pass with it and fail without it, and the end of what they say."""
    verdict, said = passing(guard.nearest, copy)
    if verdict is not Verdict.SURVIVED:
        return (Verdict.RED if verdict is Verdict.NOTICED else verdict), said
    module = copy / guard.path
    text = module.read_text(encoding="utf-8")
    write(module, without(guard, text))
    try:
        return tested(guard.nearest, copy)
    finally:
        write(module, text)


def passing(tests: tuple[str, ...], copy: Path) -> tuple[Verdict, str]:
    """With every guard in place; asked once."""
    if tests not in _PASSING:
        _PASSING[tests] = tested(tests, copy)
    return _PASSING[tests]


_PASSING: dict[tuple[str, ...], tuple[Verdict, str]] = {}


def write(module: Path, text: str) -> None:
    """And forget its bytecode: two texts of one second and length look the same to an import."""
    module.write_text(text, encoding="utf-8")
    for compiled in module.parent.glob(f"__pycache__/{module.stem}.*.pyc"):
        compiled.unlink()


def tested(tests: Sequence[str], copy: Path) -> tuple[Verdict, str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
    # Some containers disable bytecode files; then every run compiles all of RomM.
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": ""}
    try:
        ran = subprocess.run(
            command, cwd=copy, env=environment, timeout=SECONDS, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict.ENDLESS, ""
    verdicts = {0: Verdict.SURVIVED, 1: Verdict.NOTICED}
    return verdicts.get(ran.returncode, Verdict.BROKEN), f"{ran.stdout[-1500:]}{ran.stderr[-500:]}"


def main(words: Sequence[str]) -> int:
    chosen = [guard for guard in guards() if not words or any(word in f"{guard.file} {guard.name}" for word in words)]
    began, copies = time.monotonic(), Queue[Path]()

    def judged(guard: Guard) -> tuple[Guard, Verdict, str, float]:
        copy, started = copies.get(), time.monotonic()
        try:
            return guard, *verdict_on(guard, copy), time.monotonic() - started
        finally:
            copies.put(copy)

    wrong: list[Guard] = []
    with TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        Path(folder).chmod(0o755)  # some tests run RomM as another user
        for number in range(WORKERS):
            copies.put(copied(Path(folder, str(number))))
        for number, (guard, verdict, said, seconds) in enumerate(pool.map(judged, chosen), 1):
            print(f"{number}/{len(chosen)} {verdict.value}: {guard.name} ({guard.file}, {seconds:.1f} s)", flush=True)
            if verdict is not Verdict.NOTICED:
                wrong.append(guard)
                print(
                    said if verdict in (Verdict.BROKEN, Verdict.RED) else f"  tests: {' '.join(guard.nearest)}",
                    flush=True,
                )
    print(f"{len(chosen) - len(wrong)} of {len(chosen)} guards noticed in {time.monotonic() - began:.0f} seconds.")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

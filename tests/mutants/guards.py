"""Guards, and how each is removed. The lists are the TOML files beside this one, one for each layer.

`find` occurs exactly once in `file` (below `src/romm`), and `replace` is there without the guard. `tests` are the nearest ones,
by default those that the list names for the module, else those of the module's own place in `tests/`.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, convert

ROOT = Path(__file__).parents[2]
FILES = sorted(Path(__file__).parent.glob("*.toml"))


class Guard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"src/romm/{self.file}"

    @property
    def nearest(self) -> tuple[str, ...]:
        return self.tests or near(self.file)


def guards() -> list[Guard]:
    """In the order of their files."""
    return [guard for file in FILES for guard in listed(file)]


def listed(file: Path) -> Iterator[Guard]:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    for row in content["guard"]:
        yield convert({"tests": content.get("tests", {}).get(row["file"], ()), **row}, Guard)


def without(guard: Guard, text: str) -> str:
    """The module's text without its guard. Raises `ValueError` if the guard's text is not there exactly once."""
    if (found := text.count(guard.find)) != 1:
        raise ValueError(f"its text is {found} times in {guard.file}: write it anew, or leave the guard out")
    return text.replace(guard.find, guard.replace)


def near(file: str) -> tuple[str, ...]:
    """The module's own tests; a use case's, also those of its routes."""
    layer, *_ = parts = Path(file).parts
    places = [Path("tests", file)] if layer in ("domain", "api", "adapters", "settings") else [
        Path("tests", file), Path("tests", "api", *parts)
    ]  # fmt: skip
    own = [place.with_name(f"test_{place.name}") for place in places]
    return tuple(str(place) for place in own if (ROOT / place).is_file())

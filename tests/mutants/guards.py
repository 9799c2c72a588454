"""Guards, and how each is removed. The lists are the TOML files beside this one, one for each layer.

`find` occurs exactly once in `file` (below `src/romm`), and `replace` is there without the guard. `tests` are the nearest ones,
by default those of the module's own place in `tests/`.
"""

import tomllib
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
    return [convert(row, Guard) for file in FILES for row in tomllib.loads(file.read_text(encoding="utf-8"))["guard"]]


def without(guard: Guard, text: str) -> str:
    """The module's text without its guard. Raises `ValueError` if the guard's text is not there exactly once."""
    if (found := text.count(guard.find)) != 1:
        raise ValueError(f"its text is {found} times in {guard.file}: write it anew, or leave the guard out")
    return text.replace(guard.find, guard.replace)


def near(file: str) -> tuple[str, ...]:
    """The module's own tests; a use case's, also those of its routes; without any, the tests of its folder."""
    layer, *_ = parts = Path(file).parts
    places = [Path("tests", file)] if layer in ("domain", "api", "adapters", "settings") else [
        Path("tests", file), Path("tests", "api", *parts)
    ]  # fmt: skip
    own = [place.with_name(f"test_{place.name}") for place in places]
    found = [str(place) for place in own if (ROOT / place).is_file()]
    return tuple(found or [str(place.parent) for place in places if any((ROOT / place.parent).glob("test_*.py"))])

"""`romm.toml`, and whether an answer has at least RomM's names with RomM's types."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

ROMM: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("romm.toml").read_text(encoding="utf-8"))


class Route(Struct, frozen=True, kw_only=True):
    """`who`: `bearer`, `basic`, `cookie` or nobody. `sends`: its values may have names of `Facts` in braces."""

    route: str
    gives: str
    who: str = ""
    place: str = ""
    status: int = 200
    sends: Mapping[str, Any] = {}


ROUTES = [
    Route(
        route=row["route"],
        gives=row["gives"],
        who=row.get("as", ""),
        place=row.get("place", ""),
        status=row.get("status", 200),
        sends=row.get("sends", {}),
    )
    for row in ROMM["routes"]
]


def differences(answer: Any, kind: str, where: str = "") -> list[str]:
    """From RomM's type of this name. More names are allowed."""
    return list(_differences(answer, kind, where))


def _differences(answer: Any, kind: str, where: str) -> Iterator[str]:
    if kind.startswith("["):
        if not isinstance(answer, list):
            yield f"{where or 'the answer'} is no list"
            return
        for number, each in enumerate(answer):
            yield from _differences(each, kind[1:-1], f"{where}[{number}]")
    elif kind in ROMM["types"]:
        yield from _of_table(answer, ROMM["types"][kind], where)
    elif not _is(answer, kind):
        yield f"{where or 'the answer'} is {answer!r}, not {kind}"


def _of_table(answer: Any, table: Mapping[str, Any], where: str) -> Iterator[str]:
    if not isinstance(answer, dict):
        yield f"{where or 'the answer'} is no object"
        return
    names = dict(ROMM["types"].get(table.get("extends", ""), {})) | {k: v for k, v in table.items() if k != "extends"}
    for name, kind in names.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in answer:
            yield f"{place} is missing"
        elif isinstance(kind, dict):
            yield from _of_table(answer[name], kind, place)
        else:
            yield from _differences(answer[name], kind, place)


def _is(value: Any, kind: str) -> bool:
    if kind.endswith("?"):
        return value is None or _is(value, kind[:-1])
    match kind:
        case "null":
            return value is None
        case "text":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "time":
            return isinstance(value, str) and _has_zone(value)
    raise ValueError(f"romm.toml has the type {kind!r}, which is none")


def _has_zone(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def filled(value: Any, facts: Mapping[str, str]) -> Any:
    """With the facts for their names in braces."""
    if isinstance(value, list):
        return [filled(each, facts) for each in value]
    if isinstance(value, dict):
        return {name: filled(each, facts) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    return re.sub(r"\{(\w+)\}", lambda found: facts[found[1]], value)

"""A setting on its way: what somebody wrote, as which type it is read, and what there is to say about it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

DEFAULT = "default"  # the origin of a value that nobody wrote

_BOOLEANS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


class Variable(Struct, frozen=True):
    """How the environment calls a key. `commas`: only commas part its values; `least` and `most` bound a number."""

    name: str
    secret: bool = False
    commas: bool = False
    least: int = 1
    most: int = 2**31 - 1


class Field(Struct, frozen=True, kw_only=True):
    """One key of the settings: where it stands, its type, and what it is called outside."""

    section: str
    key: str
    type: type
    variable: Variable

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}"

    @property
    def names(self) -> tuple[str, str]:
        """The flat name that the guides use, and the generic one that every key has."""
        return self.variable.name, f"ROMM_{self.section}__{self.key}".upper()


class RawValue(Struct, frozen=True):
    """A value as somebody wrote it. `name` is for sentences about it, `origin` for the list of settings."""

    value: Any
    name: str
    origin: str


class ConfigurationReport(Struct):
    """What there is to say about the configuration: mistakes that stop the start, warnings, and notes."""

    problems: list[str] = []
    warnings: list[str] = []
    notes: list[str] = []


class Draft(Struct):
    """Typed values by path, still to be completed and judged; `names` says what the operator calls each of them."""

    values: dict[str, Any]
    names: Mapping[str, str]
    origins: dict[str, str]
    report: ConfigurationReport

    def derive(self, path: str, value: Any, source: str) -> None:
        """Complete a value that depends on others; `source` is the name of the one that decided."""
        self.values[path] = value
        self.origins[path] = f"derived from {source}"


def typed(field: Field, given: RawValue) -> Any:
    """A value as its field's type. Raises ValueError with a sentence for the operator."""
    read = next(read for kind, read in _READERS if issubclass(field.type, kind))
    try:
        return read(given.value, field.variable)
    except ValueError as error:
        raise ValueError(f"{given.name} {error}.") from None


def _boolean(value: object, _: Variable) -> bool:
    known = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError(f"is {_format(value)}; write true (1, yes, on) or false (0, no, off)")
    return known


def _number(value: object, variable: Variable) -> int:
    digits = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,12}", digits) or not variable.least <= int(digits) <= variable.most:
        raise ValueError(f"is {_format(value)}; write a whole number from {variable.least} to {variable.most}")
    return int(digits)


def _list(value: object, variable: Variable) -> tuple[str, ...]:
    parts = re.split(r"," if variable.commas else r"[,\s]+", _text(value, variable))
    return tuple(part for part in map(str.strip, parts) if part)


def _text(value: object, _: Variable) -> str:
    if isinstance(value, list):
        raise ValueError('is a list; write it as one text, such as "first, second"')
    if not isinstance(value, str):
        raise ValueError("must be text; put it in quotes")
    return value


def _format(value: object) -> str:
    return repr(value)[:40]


_READERS: tuple[tuple[type, Callable[[object, Variable], Any]], ...] = (
    (bool, _boolean),
    (int, _number),  # after bool, which Python counts among them
    (tuple, _list),
    (str, _text),
)

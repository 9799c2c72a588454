"""Typed values, and the incomplete settings."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from romm.domain.sign_in.providers import FIRST
from romm.settings import role_values
from romm.settings.model import PROVIDERS, DeclaredProvider, Field, Settings

DEFAULT = "default"  # the origin of a value that is not set

_BOOLEANS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


class ConfigurationReport(Struct):
    """`off`: wrong values that only switch a provider off, by its section."""

    problems: list[str] = []
    warnings: list[str] = []
    notes: list[str] = []
    off: dict[str, list[str]] = {}


class Draft(Struct):
    """`names`: the operator's names, by section and key. `autologin_named`: by a provider's id."""

    settings: Settings
    names: Mapping[str, Mapping[str, str]]
    origins: dict[str, str]
    report: ConfigurationReport
    autologin_named: bool = False

    def complete(self, section: str, source: str = "", **changes: object) -> None:
        """`source`: the setting that they derive from."""
        if section.startswith(f"{PROVIDERS}."):
            declared = self.provider(section)
            self._put(replace(declared, oidc=replace(declared.oidc, **changes)))
        else:
            changed = replace(getattr(self.settings, section), **changes)
            self.settings = replace(self.settings, **{section: changed})
        if source:
            self.origins.update({f"{section}.{key}": f"derived from {source}" for key in changes})

    def provider(self, section: str) -> DeclaredProvider:
        return next(each for each in self.settings.all_providers if each.section == section)

    def switch_off(self, section: str, reasons: Iterable[str]) -> None:
        off = "; ".join(reasons)
        if section == FIRST:
            self.settings = replace(self.settings, oidc_off=off)
        else:
            self._put(replace(self.provider(section), off=off))

    def _put(self, changed: DeclaredProvider) -> None:
        providers = tuple(changed if each.id == changed.id else each for each in self.settings.providers)
        self.settings = replace(self.settings, providers=providers)


def typed(field: Field, value: object) -> Any:
    """Raises ValueError with the rest of a sentence that begins with the field's name."""
    return _READERS.get(field.type, _choice if field.choices else _text)(value, field)


def _boolean(value: object, _: Field) -> bool:
    known = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError(f"is {_format(value)}; write true (1, yes, on) or false (0, no, off)")
    return known


def _number(value: object, field: Field) -> int:
    digits, least, most = str(value).strip(), field.variable.least, field.variable.most
    if not re.fullmatch(r"[0-9]{1,12}", digits) or not least <= int(digits) <= most:
        raise ValueError(f"is {_format(value)}; write a whole number from {least} to {most}")
    return int(digits)


def _list(value: object, field: Field) -> tuple[str, ...]:
    if field.variable.commas:
        return role_values.parsed(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if not isinstance(value, str):
        raise ValueError(
            'must be a list of strings, such as ["first", "second"], or one string, such as "first, second"'
        )
    parts = re.split(r"[,\s]+", value)
    return tuple(part for part in map(str.strip, parts) if part)


def _choice(value: object, field: Field) -> str:
    for choice in field.choices:
        if str(value).lower() == choice.lower():
            return choice
    raise ValueError(f"is {_format(value)}: write one of {', '.join(filter(None, field.choices))}")


def _text(value: object, _: Field) -> str:
    if not isinstance(value, str):
        raise ValueError("must be one string; put it in quotes")
    if odd := next((each for each in value if each == "\0" or "\ud800" <= each <= "\udfff"), None):
        raise ValueError(f"has {odd!a} in it, which is no text in UTF-8")
    return value


def _format(value: object) -> str:
    return repr(value)[:40]


_READERS: dict[type, Callable[[object, Field], Any]] = {bool: _boolean, int: _number, tuple: _list}

"""The settings in a report for strangers."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from romm.domain.providers.register import PRESETS, key
from romm.settings import providers
from romm.settings.model import FIELDS, Field, Settings
from romm.settings.values import DEFAULT

_UNKNOWN = "unknown"


def rows(settings: Settings, origins: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Variable, value and kind of origin. Texts are only “set”, further providers numbered."""
    found = []
    for number, field in _fields(settings):
        name = field.variable.name if number == 1 else f"[provider {number}] {field.key}"
        found.append((name, _shareable(field, settings.value(field)), _origin(field, origins)))
    return found


def private(settings: Settings) -> dict[str, list[str]]:
    """All texts, by what stands for them."""
    found: dict[str, list[str]] = {"secret": [], "setting": _of_database(settings.database.url)}
    for _, field in _fields(settings):
        value = settings.value(field)
        texts = [value] if isinstance(value, str) else value if isinstance(value, tuple) else []
        is_private = not field.choices and not (field.key == "provider" and key(str(value)) in PRESETS)
        found["secret" if field.variable.secret else "setting"] += map(str, texts) if is_private else []
    for app in settings.clients:
        found["setting"] += [app.name, *app.redirect_uris]
    found["provider"] = [each.id for each in settings.providers]
    return found


def _of_database(url: str) -> list[str]:
    """What an error of its driver may name."""
    parts = urlsplit(url)
    file = PurePosixPath(unquote(parts.path.removeprefix("/")))
    named = [parts.hostname, unquote(parts.username or ""), unquote(parts.password or "")]
    return [url, *filter(None, named), *(str(each) for each in (file, *file.parents))]


def _fields(settings: Settings) -> Iterator[tuple[int, Field]]:
    yield from ((1, field) for field in FIELDS)
    for number, each in enumerate(settings.providers, start=2):
        yield from ((number, field) for field in providers.fields([each.id]))


def _shareable(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or field.choices or value in ("", ()):
        return str(value) if value != () else ""
    if field.key == "provider" and key(value) in PRESETS:
        return key(value)
    return f"{len(value)} values" if isinstance(value, tuple) else "set"


def _origin(field: Field, origins: Mapping[str, str]) -> str:
    found = origins.get(field.path, _UNKNOWN)
    if found in (DEFAULT, _UNKNOWN):
        return found
    if found.startswith("settings file"):
        return "settings file"
    if found.startswith("--"):
        return "command line"
    return "environment" if field.variable.name in found or "ROMM_" in found else "derived"

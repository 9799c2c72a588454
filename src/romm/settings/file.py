"""Settings from the operator's file. An unknown key is an error."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from romm.settings.environment import SETTINGS_FILE
from romm.settings.model import Field
from romm.settings.values import ConfigurationReport


def parsed(name: str, report: ConfigurationReport) -> dict[str, Any]:
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8-sig"))
    except OSError as error:
        report.problems.append(f"{SETTINGS_FILE} names {name}, which cannot be read ({error.strerror}).")
    except (ValueError, RecursionError) as error:
        report.problems.append(f"{SETTINGS_FILE} names {name}, which is not valid TOML: {error}.")
    return {}


def read(content: Mapping[str, Any], name: str, fields: Sequence[Field], report: ConfigurationReport) -> dict[str, Any]:
    """By path. An empty value means "not set"."""
    written = flat(content)
    known = {field.path for field in fields}
    report.problems += [_unknown(path, fields, name) for path in written if path not in known]
    return {path: value for path, value in written.items() if path in known and value not in ("", [])}


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables by dotted path."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            values |= flat(value, f"{prefix}{key}.")
        else:
            values[prefix + key] = value.strip() if isinstance(value, str) else value
    return values


def _unknown(path: str, fields: Sequence[Field], name: str) -> str:
    """Also for a variable's name as key, the likeliest mistake."""
    known = {alias.lower(): field for field in fields for alias in (*field.names, field.path)}
    close = difflib.get_close_matches(path.lower(), known, n=1)
    hints = [f"did you mean {known[other].key} in [{known[other].section}]?" for other in close]
    return f"{path} in {name} is not a setting; {(hints or ['remove it.'])[0]}"

"""The values that stand in the operator's settings file. Every key must be one of ours: a slip there is never meant."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from romm.settings.environment import SETTINGS_FILE
from romm.settings.values import ConfigurationReport, Field

Tables = Mapping[str, Mapping[str, Any]]


def parsed(name: str, report: ConfigurationReport) -> dict[str, Any]:
    """The file as it is; empty when it cannot be read or there is none."""
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        report.problems.append(f"{SETTINGS_FILE} names {name}, which cannot be read ({error.strerror}).")
    except ValueError as error:
        report.problems.append(f"{SETTINGS_FILE} names {name}, which is not valid TOML: {error}.")
    return {}


def read(content: Mapping[str, Any], name: str, fields: Sequence[Field], report: ConfigurationReport) -> Tables:
    """What the file sets, as tables of our own keys; an empty value is an unset one."""
    written = dict(_flat(content))
    known = {field.path for field in fields}
    report.problems += [_unknown(path, fields, name) for path in written if path not in known]
    tables: dict[str, dict[str, Any]] = {field.section: {} for field in fields}
    for field in fields:
        if written.get(field.path, "") != "":
            tables[field.section][field.key] = written[field.path]
    return tables


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for section, table in tables.items():
        if not isinstance(table, dict):
            yield section, table
            continue
        for key, value in table.items():
            yield f"{section}.{key}", value.strip() if isinstance(value, str) else value


def _unknown(path: str, fields: Sequence[Field], name: str) -> str:
    """The flat names are known here too: writing `OIDC_CLIENT_ID = …` into the file is the likeliest slip of all."""
    known = {alias.lower(): field for field in fields for alias in (*field.names, field.path)}
    close = difflib.get_close_matches(path.lower(), known, n=1)
    hints = [f"did you mean {known[other].key} in [{known[other].section}]?" for other in close]
    return f"{path} in {name} is no setting; {(hints or ['remove it.'])[0]}"

"""The apps in the operator's file (`[[clients]]`); no variable can hold them."""

from collections.abc import Iterator, Mapping
from typing import Any

from romm.domain.credentials.native_apps import unfit
from romm.settings.values import ConfigurationReport

SECTION = "clients"

_KEYS = ("name", "redirect_uris")
_EXAMPLE = 'name = "My app" and redirect_uris = ["com.example.app:/callback"]'
_LONGEST_NAME = 100


def read(written: object, file: str, report: ConfigurationReport) -> list[Mapping[str, Any]]:
    if not isinstance(written, list) or not all(isinstance(table, dict) for table in written):
        report.problems.append(f"{SECTION} in {file} is not a list of tables; write [[{SECTION}]], then {_EXAMPLE}.")
        return []
    problems = [
        f"{problem} (client {number} in [[{SECTION}]] of {file})."
        for number, table in enumerate(written, start=1)
        for problem in _problems(table)
    ]
    names = [table.get("name") for table in written]
    problems += [
        f"name {name!r} appears twice in [[{SECTION}]] of {file}; give each app a name of its own."
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    report.problems += problems
    return [] if problems else [{key: table[key] for key in _KEYS} for table in written]


def _problems(table: Mapping[str, Any]) -> Iterator[str]:
    for key in table.keys() - set(_KEYS):
        yield f"{key} is not a setting; an app has only {_EXAMPLE}"
    name, uris = table.get("name"), table.get("redirect_uris")
    if not isinstance(name, str) or not _is_name(name):
        yield f"name has to be a text of 1 to {_LONGEST_NAME} printable characters, without spaces around it"
    if not isinstance(uris, list) or not uris or not all(isinstance(uri, str) for uri in uris):
        yield 'redirect_uris has to be a list of strings, such as ["com.example.app:/callback"]'
        return
    for uri in uris:
        if reason := unfit(uri):
            yield f"redirect_uris has {uri!r}, which {reason}"


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable() and name == name.strip()

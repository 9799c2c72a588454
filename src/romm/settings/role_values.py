"""The values of a role: a text with commas between them, or a list."""

import json
import re

from romm.domain.sign_in.roles import distinguished_names

_COMMA = re.compile(r"(?<!\\),")
_AS_A_LIST = 'write them as a list of strings: ["first", "second, with a comma"]'


def parsed(written: object) -> tuple[str, ...]:
    """A text with commas (`\\,` inside a value), a JSON list or a TOML list.

    Raises ValueError with what to write.
    """
    values = written
    if isinstance(written, str):
        is_json = written.startswith("[") and written.endswith("]")
        values = _json(written) if is_json else [part.replace("\\,", ",") for part in _COMMA.split(written)]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"is neither a string nor a list of strings; {_AS_A_LIST}")
    return tuple(value for each in values if (value := each.strip()))


def without_parts(values: tuple[str, ...]) -> tuple[str, ...]:
    """Without pieces of an LDAP name cut at its commas: `ou=groups` fits everyone in a directory."""
    if not distinguished_names.is_cut(values):
        return values
    return tuple(value for value in values if not distinguished_names.is_part(value))


def format_values(values: tuple[str, ...]) -> str:
    """As `parsed` reads them."""
    return json.dumps(values, ensure_ascii=False) if any("," in value for value in values) else ", ".join(values)


def _json(written: str) -> object:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        raise ValueError(f"begins with [ and is no JSON list; {_AS_A_LIST}") from None

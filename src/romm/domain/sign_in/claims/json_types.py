"""Find and describe values in a JSON document."""

from collections.abc import Mapping
from typing import Any

NOT_SENT = "not sent"
MISSING: Any = object()


def describe(value: Any) -> str:
    """Type and size: `a list of 2`, `an empty text`, `null`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a text" if value else "an empty text"
        case int() | float():
            return "a number"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case Mapping():
            return f"an object of {len(value)}" if value else "an empty object"
        case _:
            return f"a {type(value).__name__}"


def describe_member(document: Mapping[str, Any], name: str) -> Any:
    value = document.get(name, NOT_SENT)
    return describe(value) if value is None or value == "" else value


def find(document: Mapping[str, Any], path: str) -> Any:
    """The exact name wins; otherwise dots descend into objects."""
    found = find_or_missing(document, path)
    return None if found is MISSING else found


def find_or_missing(document: Mapping[str, Any], path: str) -> Any:
    if path in document:
        return document[path]
    head, dot, rest = path.partition(".")
    while dot:
        inner = document.get(head)
        if isinstance(inner, Mapping) and (found := find_or_missing(inner, rest)) is not MISSING:
            return found
        step, dot, rest = rest.partition(".")
        head = f"{head}.{step}"
    return MISSING

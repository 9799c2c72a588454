"""The values in a roles claim, however a provider writes it: a list, one text, or an object."""

from collections.abc import Mapping
from typing import Any

from romm.domain.sign_in import distinguished_names
from romm.domain.sign_in.json_types import MISSING, describe

MAX_ROLE_VALUES = 10_000
SEPARATORS: Mapping[str, str] = {"csv": ",", "space": " ", ",": ",", ";": ";"}
"""How settings name what parts the values of one text: `OIDC_CLAIM_ROLES_SHAPE` the first two, the separator all but `csv`."""


def texts(claim: Any, separator: str, *, keys: bool) -> tuple[str, ...] | None:
    """The values of a roles claim, None when it cannot be read: parted by `separator`, or the `keys` of an object."""
    match claim:
        case None | "":
            return ()
        case str():
            return _listed(_parted(claim, separator))
        case dict() if keys:
            return _listed(list(claim))
        case _:
            return _listed(claim)


def _parted(text: str, separator: str) -> list[str]:
    """The values in one text. An LDAP name stays whole where its own commas, and blanks behind them, would part it."""
    if not separator or (separator in ", " and distinguished_names.is_whole(text)):
        return [text]
    return [part for each in text.split(separator) if (part := each.strip())]


def _listed(claim: Any) -> tuple[str, ...] | None:
    readable = isinstance(claim, list) and len(claim) <= MAX_ROLE_VALUES and all(isinstance(v, str) for v in claim)
    return tuple(claim) if readable else None


def describe_unreadable(claim: Any) -> str:
    """What a claim that is no list of texts is, and the first thing in it that is no text."""
    odd = next((each for each in claim if not isinstance(each, str)), MISSING) if isinstance(claim, list) else MISSING
    return describe(claim) if odd is MISSING else f"{describe(claim)} with {describe(odd)} in it"


def is_overage(document: Mapping[str, Any], roles_claim: str) -> bool:
    """Entra ID leaves the groups of a person with very many out, and says only that there are some."""
    names = document.get("_claim_names")
    return bool(document.get("hasgroups")) or (isinstance(names, Mapping) and roles_claim in names)

"""Values of a roles claim that is a list, a text or an object."""

from collections.abc import Mapping
from typing import Any

from romm.domain.sign_in.claims.json_types import MISSING, describe
from romm.domain.sign_in.roles import distinguished_names

MAX_ROLE_VALUES = 10_000
SEPARATORS: Mapping[str, str] = {"csv": ",", "space": " ", ",": ",", ";": ";"}
"""`OIDC_CLAIM_ROLES_SHAPE` accepts the first two, `OIDC_CLAIM_ROLES_SEPARATOR` all but `csv`."""


def texts(claim: Any, separator: str, *, keys: bool) -> tuple[str, ...] | None:
    """None if unreadable. `keys`: take an object's."""
    match claim:
        case None | "":
            return ()
        case str():
            return _listed(_split(claim, separator))
        case dict() if keys:
            return _listed(list(claim))
        case _:
            return _listed(claim)


def _split(text: str, separator: str) -> list[str]:
    if not separator or (separator in ", " and distinguished_names.is_whole(text)):
        return [text]
    return [part for each in text.split(separator) if (part := each.strip())]


def _listed(claim: Any) -> tuple[str, ...] | None:
    readable = isinstance(claim, list) and len(claim) <= MAX_ROLE_VALUES and all(isinstance(v, str) for v in claim)
    return tuple(claim) if readable else None


def describe_unreadable(claim: Any) -> str:
    odd = next((each for each in claim if not isinstance(each, str)), MISSING) if isinstance(claim, list) else MISSING
    return describe(claim) if odd is MISSING else f"{describe(claim)} with {describe(odd)} in it"


def is_overage(document: Mapping[str, Any], roles_claim: str) -> bool:
    """Entra ID sends only a marker for too many groups."""
    names = document.get("_claim_names")
    return bool(document.get("hasgroups")) or (isinstance(names, Mapping) and roles_claim in names)

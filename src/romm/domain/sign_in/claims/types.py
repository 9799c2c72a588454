"""Types of ID token claims (OpenID Connect Core 1.0, 2)."""

from collections.abc import Mapping
from typing import Any

from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.claims.json_types import describe

_TEXT, _NUMBER = "a text", "a number"
_TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "iss": (_TEXT, (str,)),
    "aud": ("a text or a list", (str, list)),
    "azp": (_TEXT, (str,)),
    "exp": (_NUMBER, (int, float)),
    "iat": (_NUMBER, (int, float)),
    "nbf": (_NUMBER, (int, float)),
    "auth_time": (_NUMBER, (int, float)),
    "acr": (_TEXT, (str,)),
    "nonce": (_TEXT, (str,)),
    "at_hash": (_TEXT, (str,)),
    "sub": (_TEXT, (str,)),
}


def mistyped(claims: Mapping[str, Any], claim: str) -> Refuse | None:
    if claim not in _TYPES or claim not in claims:
        return None
    (needed, types), found = _TYPES[claim], claims[claim]
    if isinstance(found, types) and not isinstance(found, bool):
        return None
    return Refuse(Code.ID_TOKEN_CLAIM_TYPE, {"claim": claim, "found": describe(found), "expected": needed})

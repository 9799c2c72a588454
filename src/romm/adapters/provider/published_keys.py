"""Parses the provider's JWK Set.

Tolerates unambiguous deviations from RFC 7517: padding, the other base64 alphabet, empty members, `alg` in lower case.
Reports every other key as unreadable, with the reason (RFC 7517, 5).
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from msgspec import Meta, Struct

from romm.domain.sign_in.discovery import ED25519, UnreadableKey

MAX_KEYS = 100  # a provider has two or three; importing one takes about 70 µs

ASYMMETRIC = frozenset(
    {*ED25519, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"},
)

_NUMBERS = ("n", "e", "x", "y")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_OTHER_ALPHABET = str.maketrans("+/", "-_")  # RFC 4648, 4 and 5
_NAMES = {name.lower(): name for name in ASYMMETRIC}


class _PublicKey(Struct, tag_field="kty", omit_defaults=True, kw_only=True):
    """Ignores other members, such as private ones."""

    kid: str | None = None
    use: Literal["sig"] | None = None


class _RSA(_PublicKey, tag="RSA", kw_only=True):
    n: Annotated[str, Meta(min_length=342, max_length=2731)]  # 2,048 (RFC 7518, 3.3) to 16,384 bits
    e: Annotated[str, Meta(max_length=11)]
    alg: str | None = None


class _EC(_PublicKey, tag="EC", kw_only=True):
    crv: Literal["P-256", "P-384", "P-521"]
    x: str
    y: str
    alg: str | None = None


class _OKP(_PublicKey, tag="OKP", kw_only=True):
    crv: Literal["Ed25519"]  # its only algorithm, so `alg`, which has two names, is not read
    x: str


class KeySet(Struct, frozen=True):
    """Signing keys; keys for encryption are in neither list."""

    usable: tuple[Key, ...] = ()
    unreadable: tuple[UnreadableKey, ...] = ()


def published_keys(jwks: dict[str, Any]) -> KeySet:
    listed = jwks.get("keys")
    read = [_read(jwk) for jwk in (listed[:MAX_KEYS] if isinstance(listed, list) else ()) if not is_for_encryption(jwk)]
    return KeySet(
        usable=tuple(key for key in read if not isinstance(key, UnreadableKey)),
        unreadable=tuple(key for key in read if isinstance(key, UnreadableKey)),
    )


def is_for_encryption(jwk: Any) -> bool:
    """RFC 7517, 4.2."""
    return isinstance(jwk, dict) and jwk.get("use") == "enc"


def _read(jwk: Any) -> Key | UnreadableKey:
    try:
        return JWKRegistry.import_key(msgspec.to_builtins(msgspec.convert(_tidied(jwk), _RSA | _EC | _OKP)))
    except (JoseError, ValueError) as error:
        kid = jwk.get("kid") if isinstance(jwk, dict) else None
        return UnreadableKey(kid if isinstance(kid, str) else None, str(error) or type(error).__name__)


def _tidied(jwk: Any) -> Any:
    """Raises ValueError for an invalid number."""
    if not isinstance(jwk, dict):
        return jwk
    tidied = {name: value for name, value in jwk.items() if value not in ("", None)}
    for name in _NUMBERS:
        if isinstance(number := tidied.get(name), str):
            tidied[name] = _number(name, number)
    if isinstance(algorithm := tidied.get("alg"), str):
        tidied["alg"] = _NAMES.get(algorithm.lower(), algorithm)
    return tidied


def _number(name: str, written: str) -> str:
    number = written.rstrip("=").translate(_OTHER_ALPHABET)
    if not _BASE64URL.fullmatch(number):
        raise ValueError(f"`{name}` is not base64url without padding (RFC 7518, 6)")
    return number

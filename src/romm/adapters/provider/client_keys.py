"""Our keys for `private_key_jwt`: the file's first one signs; all are published, for rotation."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

_PEM = re.compile(r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", re.DOTALL)
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


def client_keys(file: str) -> tuple[Key, ...]:
    """Raises ValueError without a key that can sign."""
    try:
        blocks = [block.group() for block in _PEM.finditer(Path(file).read_text(encoding="utf-8"))]
        keys = tuple(_key(block) for block in blocks)
    except (OSError, ValueError, JoseError) as error:
        raise ValueError(f"OIDC_CLIENT_KEY_FILE: {file} cannot be read ({error}).") from error
    if not keys:
        raise ValueError(f"OIDC_CLIENT_KEY_FILE: {file} has no private key in PEM form.")
    return keys


def signing_algorithm(key: Key) -> str:
    """Raises ValueError for a curve that cannot sign."""
    if isinstance(key, RSAKey):
        return "RS256"
    curve = str(key.as_dict(private=False).get("crv"))
    if curve not in _CURVES:
        raise ValueError(f"no signature with a key on {curve}")
    return _CURVES[curve]


def public_keys(keys: Sequence[Key]) -> dict[str, Any]:
    """A JWK Set (RFC 7517, 5)."""
    return {"keys": [dict(key.as_dict(private=False, use="sig", alg=signing_algorithm(key))) for key in keys]}


def _key(pem: str) -> Key:
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            key = kind.import_key(pem)
        except (ValueError, TypeError, JoseError):
            continue
        key.ensure_kid()  # RFC 7638
        signing_algorithm(key)
        return key
    raise ValueError("a key that is neither RSA, EC nor Ed25519, or that has a password")

"""Encrypts with AES-256-GCM for the holder of a secret.

Sources: RFC 5869 (HKDF); NIST SP 800-38D.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_NONCE_BYTES = 12  # a secret seals a few values in its life


class HolderSeal:
    """Without salt: the secrets are random (RFC 5869, 3.1)."""

    def seal(self, content: bytes, secret: str, use: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + _cipher(secret, use).encrypt(nonce, content, None)).decode()

    def open(self, sealed: str, secret: str, use: str) -> bytes | None:
        try:
            found = base64.urlsafe_b64decode(sealed)
            return _cipher(secret, use).decrypt(found[:_NONCE_BYTES], found[_NONCE_BYTES:], None)
        except (ValueError, InvalidTag):
            return None


def _cipher(secret: str, use: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"romm {use}".encode()).derive(secret.encode()))

"""Bind an access token to its ID token (OpenID Connect Core 1.0, 3.1.3.6)."""

import base64
import hashlib
from typing import Any

from romm.domain.sign_in.discovery import ED25519

_HASHES = {"SHA-256": "256", "SHA-384": "384", "SHA-512": "512"}


def at_hash(access_token: str, algorithm: str) -> str | None:
    """Half the hash, base64url; None: unknown algorithm."""
    size = "512" if algorithm in ED25519 else algorithm[-3:]
    return _left_half(access_token, size) if size in _HASHES.values() else None


def mismatch(unverified_at_hash: Any, access_token: str, algorithm: str) -> str:
    """Some providers always use SHA-256."""
    for name, size in _HASHES.items():
        if unverified_at_hash == _left_half(access_token, size):
            return f"it is made with {name}, which does not belong to {algorithm}"
    return "it belongs to another access token"


def _left_half(access_token: str, size: str) -> str:
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()

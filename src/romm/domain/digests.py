"""SHA-256 digests of secrets and verifiers."""

import base64
import hashlib


def code_challenge(code_verifier: str) -> str:
    """RFC 7636, 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def digest(secret: str) -> str:
    """64 hex digits. Secrets are random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()

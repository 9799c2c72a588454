"""Fresh secrets from the operating system's generator."""

import secrets

from romm.domain.credentials import short_codes
from romm.domain.credentials.credential import CLIENT_TOKEN_PREFIX, SECRET_BYTES
from romm.domain.credentials.tokens import Secrets

UNIQUE_BYTES = 16


def url_secret() -> str:
    """256 bits in 43 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hex_secret() -> str:
    """256 bits in 64 hex digits."""
    return secrets.token_hex(SECRET_BYTES)


def new_secret() -> str:
    """Its prefix lets secret scanners recognize leaks."""
    return CLIENT_TOKEN_PREFIX + hex_secret()


def fresh_secrets() -> Secrets:
    return Secrets(hex_secret(), hex_secret())


def short_code() -> str:
    """For people to type: `domain.credentials.short_codes`."""
    return "".join(secrets.choice(short_codes.ALPHABET) for _ in range(short_codes.LENGTH))


def unique() -> str:
    """128 bits; not a credential."""
    return secrets.token_hex(UNIQUE_BYTES)

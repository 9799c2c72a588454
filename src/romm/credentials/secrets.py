"""Fresh secrets from the system's generator."""

import secrets

from romm.domain.credentials import short_codes
from romm.domain.credentials.credential import (
    CLIENT_TOKEN_PREFIX,
    SECRET_BYTES,
)
from romm.domain.credentials.tokens import Secrets


def short_code() -> str:
    """Draw a code that a person types, see `domain.codes`."""
    return "".join(secrets.choice(short_codes.ALPHABET) for _ in range(short_codes.LENGTH))


def fresh_secrets() -> Secrets:
    """Draw the secrets of the first pair of a family."""
    return Secrets(secrets.token_hex(SECRET_BYTES), secrets.token_hex(SECRET_BYTES))


def new_secret() -> str:
    """256 random bits that say what they are."""
    return CLIENT_TOKEN_PREFIX + secrets.token_hex(SECRET_BYTES)

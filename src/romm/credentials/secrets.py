"""Fresh secrets from the system's generator."""

import secrets

from romm.domain.credentials import short_codes
from romm.domain.credentials.credential import CLIENT_TOKEN_PREFIX, SECRET_BYTES
from romm.domain.credentials.tokens import Secrets

UNIQUE_BYTES = 16


def url_secret() -> str:
    """256 bits in 43 characters, for cookies, links and parameters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hex_secret() -> str:
    """256 bits in 64 hex digits, for apps."""
    return secrets.token_hex(SECRET_BYTES)


def new_secret() -> str:
    """The secret of a client token. Its prefix tells scanners of leaked secrets what it is."""
    return CLIENT_TOKEN_PREFIX + hex_secret()


def fresh_secrets() -> Secrets:
    """The secrets of the first pair of a family."""
    return Secrets(hex_secret(), hex_secret())


def short_code() -> str:
    """A code that a person types, see `domain.codes`."""
    return "".join(secrets.choice(short_codes.ALPHABET) for _ in range(short_codes.LENGTH))


def unique() -> str:
    """128 bits: a salt, or a name that nothing else has. It opens nothing."""
    return secrets.token_hex(UNIQUE_BYTES)

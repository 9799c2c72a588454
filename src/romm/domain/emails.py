"""Canonical e-mail addresses, independent of database collations."""

import unicodedata

from romm.domain.hosts import a_label

MAX_BYTES = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets

NO_ADDRESS = ("", "none", "None", "null", "undefined")
"""What apps send without one: RomM takes any text."""


def canonical(address: object) -> str | None:
    """None if invalid; nothing is repaired.

    The domain becomes a lower-case A-label, an ASCII local part lower case. Dots and `+tags` stay.
    """
    if not isinstance(address, str) or not address.isprintable() or len(address.encode()) > MAX_BYTES:
        return None
    if " " in address or not _is_normal(address) or address.count("@") != 1:
        return None
    local, domain = address.split("@")
    ascii_domain = _a_label(domain)
    if not local or not local.isascii() or ascii_domain is None:
        return None
    return f"{local.lower()}@{ascii_domain}"


def _is_normal(text: str) -> bool:
    return text.isascii() or unicodedata.normalize("NFKC", text) == text


def _a_label(domain: str) -> str | None:
    labels = domain.split(".")
    if not all(labels) or any(label.startswith("-") or label.endswith("-") for label in labels):
        return None
    ascii_domain = a_label(domain)
    return ascii_domain if ascii_domain and all(c.isalnum() or c in "-." for c in ascii_domain) else None

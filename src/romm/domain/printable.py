"""Text of strangers for a terminal or a log line.

Sources: Unicode Standard, 4.5 (`str.isprintable` is false for categories C and Z but the space: C0, C1, bidirectional
controls, line separators); OWASP ASVS 5.0, 16.4.1.
"""

import json


def escaped(text: str, kept: str = "") -> str:
    """As in JSON, `\\u001b`: a JSON document stays the same. `kept`: characters to leave alone."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else json.dumps(c)[1:-1] for c in text)


def shortened(text: str, length: int) -> str:
    """Keeps both ends: providers put the reason last (fosite) or first."""
    if len(text) <= length:
        return text
    head = length - length // 2
    return f"{text[:head]}…{text[len(text) - length // 2 :]}"

"""Short codes that a person reads on one screen and types on another."""

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters that neither look alike nor spell words (RFC 8628, 6.1)."""

LENGTH = 8  # with 20 letters 34 bits: enough for minutes in which few tries are allowed (RFC 8628, 5.1)


def normalized(typed: str) -> str | None:
    """A code as it was made, however it was typed: any case, with hyphens and spaces; None when it can be none."""
    code = typed.upper().replace("-", "").replace(" ", "")
    return code if typed.isascii() and len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def format_code(code: str) -> str:
    """A code in two halves, easier to read out and to type."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"

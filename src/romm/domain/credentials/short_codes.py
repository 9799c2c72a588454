"""Short codes for people to read and type."""

ALPHABET = "BCDFGHJKMNPQRSTVWXZ"
"""Letters that neither look alike nor spell words (RFC 8628, 6.1), without `L`, which RomM's apps refuse."""

LENGTH = 8  # 33.98 bits: enough for minutes with few tries (RFC 8628, 5.1)

TYPED_PATTERN = rf"^[- ]*([{ALPHABET}{ALPHABET.lower()}][- ]*){{{LENGTH}}}$"


def normalized(typed: str) -> str | None:
    """None if invalid."""
    code = typed.upper().replace("-", "").replace(" ", "")
    return code if typed.isascii() and len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def format_code(code: str) -> str:
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"

"""Error bodies."""

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457. `code` is a row of the error catalogue, `reference` the correlation id in the log."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: str


class OAuthProblem(Struct, frozen=True, kw_only=True):
    """RFC 6749, 5.2. `detail` repeats the description for existing apps."""

    error: str
    error_description: str
    detail: str
    code: str
    reference: str

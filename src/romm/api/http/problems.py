"""Error bodies of the API."""

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457 problem details. `code` names the row of the error catalogue, `reference` the line in the log."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: str


class OAuthProblem(Struct, frozen=True, kw_only=True):
    """An error as OAuth wants it (RFC 6749, 5.2). `detail` says the same again, for apps of RomM that read it there."""

    error: str
    error_description: str
    detail: str
    code: str
    reference: str

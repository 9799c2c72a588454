"""Error bodies."""

from http import HTTPStatus

from msgspec import Struct

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code

PROBLEM_JSON = "application/problem+json"


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457. `code` is a row of the error catalogue, `reference` the correlation id in the log."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: str


def problem(code: Code, status: int, reference: str) -> Problem:
    return Problem(
        type=f"urn:romm:refusal:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=CATALOGUE[code].person,
        code=code,
        reference=reference,
    )


class OAuthProblem(Struct, frozen=True, kw_only=True):
    """RFC 6749, 5.2. `detail` repeats the description for existing apps."""

    error: str
    error_description: str
    detail: str
    code: str
    reference: str

"""Types of request fields, for the OpenAPI document.

Constraints of `extra_json_schema` are the rules' own, which refuse with their own codes. msgspec checks the others,
with `request_invalid`.
"""

from typing import Annotated, Any

from litestar.params import PathParameter
from msgspec import Meta

from romm.domain import emails, scopes
from romm.domain.accounts import passwords, usernames
from romm.domain.credentials import client_tokens, short_codes
from romm.domain.model import LEVEL_NAMES

LARGEST_ID = 2**31 - 1  # that every database accepts
MOST_AT_ONCE = 1000
"""Of one list."""

_SCOPE = "|".join(scope.replace(".", r"\.") for scope in scopes.ALL)


def _shown(**schema: Any) -> Meta:
    return Meta(extra_json_schema=schema)


IdInPath = Annotated[int, PathParameter(ge=1, le=LARGEST_ID)]
Secret = Annotated[str, Meta(min_length=1)]
Scopes = Annotated[list[Annotated[str, _shown(enum=list(scopes.ALL))]], _shown(minItems=1)]
TokenScopes = Annotated[list[Annotated[str, _shown(enum=[*scopes.ALL, scopes.GRANT_ACCESS])]], _shown(minItems=1)]
ScopeTextNeeded = Annotated[str, _shown(pattern=rf"^({_SCOPE})( +({_SCOPE}))*$")]
ScopeText = Annotated[str, _shown(pattern=rf"^ *(({_SCOPE})( +({_SCOPE}))*)? *$")]
OptionalRole = Annotated[str, _shown(enum=["", *LEVEL_NAMES])]
Role = Annotated[str, _shown(enum=list(LEVEL_NAMES))]
NewUsername = Annotated[
    str, _shown(pattern=usernames.TYPED_PATTERN, minLength=usernames.MIN_LENGTH, maxLength=usernames.MAX_LENGTH)
]
NewPassword = Annotated[str, _shown(minLength=passwords.MIN_LENGTH, maxLength=passwords.MAX_LENGTH)]
OptionalEmail = Annotated[
    str, _shown(anyOf=[{"format": "email", "maxLength": emails.MAX_BYTES}, {"enum": list(emails.NO_ADDRESS)}])
]
TokenName = Annotated[str, _shown(minLength=1, maxLength=client_tokens.NAME_LENGTH, pattern=r"\S")]
ShortCode = Annotated[str, _shown(pattern=short_codes.TYPED_PATTERN, minLength=short_codes.LENGTH)]


def within(number: int | None) -> int | None:
    """An id that every database accepts."""
    return number and min(max(number, 0), LARGEST_ID)


def at_most(limit: int) -> int:
    return min(max(limit, 0), MOST_AT_ONCE)

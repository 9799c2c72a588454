"""What requests without an account may cause, from one address and from all together; and the longest search.

The table in docs/operating.md is printed from here. Sealed sign-ins cost the server nothing and have no limit.
"""

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from romm.domain.credentials.rate_limits import Limit, RateLimitKey, by_address
from romm.domain.errors import Code, Refuse

SEARCH_CHARACTERS = 255
"""Of a text to search for; no name, address or reference is longer."""

MOST_WAITING = 10_000
"""Addresses that a process remembers for one limit."""


class Bound(Struct, frozen=True, kw_only=True):
    """`each` counts by address (an IPv6 /64 is one), `together` counts all. `causes` and `afterwards` are documentation."""

    causes: str
    each: Limit
    together: Limit
    afterwards: str = "`429` with `Retry-After`"

    def of(self, address: str) -> tuple[RateLimitKey, RateLimitKey]:
        return by_address(self.each, address), RateLimitKey(self.together)

    def at(self, provider_id: str) -> "Bound":
        """Counted for one provider: what goes wrong there limits no sign-in at another."""
        each, together = (replace(limit, name=f"{limit.name} at {provider_id}") for limit in (self.each, self.together))
        return replace(self, each=each, together=together)


def _bound(causes: str, name: str, each: int, together: int, **more: str) -> Bound:
    return Bound(
        causes=causes,
        each=Limit(name=f"{name} per address", tries=each),
        together=Limit(name=name, tries=together),
        **more,
    )


def check_search(*texts: str | None) -> Refuse | None:
    longest = max(len(text or "") for text in texts)
    if longest <= SEARCH_CHARACTERS:
        return None
    problem = f"a text to search for has {longest} characters; the most are {SEARCH_CHARACTERS}"
    return Refuse(Code.REQUEST_INVALID, {"problem": problem})


_FIRST_COMES_THROUGH = "`429`; an address with none so far still comes through once"

DEVICE_REQUESTS = _bound("A device asks to be paired: a row for 70 minutes", "device requests", 10, 200)

DEVICE_POLLS = _bound("A device of an existing app polls", "device polls", 60, 3000)

USER_CODES = _bound("A device's code is typed, by a person who is signed in", "device user codes", 20, 200)
"""A person needs two tries per device, the rest is for typing errors. Guessing finds one of a hundred waiting devices
with odds below 1 in 100,000 in ten minutes (RFC 8628, 5.1).
"""

EXCHANGES = _bound("A pairing code is exchanged for its token", "exchanged pairing codes", 5, 100)

QUESTIONS = _bound("A pairing code's state is asked for", "questions about pairing codes", 30, 600)
"""The page that shows a code polls every few seconds. With `EXCHANGES` at most 4200 tries of 1.69e10 during a code's life
(`short_codes.ALPHABET`).
"""

FORGOTTEN = Bound(
    causes="A person says that the password is forgotten: a mark on the account",
    each=Limit(name="forgotten passwords per address", tries=20, window=timedelta(hours=1)),
    together=Limit(name="forgotten passwords", tries=60),
)

PUSHED_REQUESTS = _bound(
    "A sign-in begins with a request pushed to the provider",
    "pushed sign-ins",
    60,
    600,
    afterwards=_FIRST_COMES_THROUGH,
)
"""Only these: other sign-ins cost neither a row nor the provider anything before they come back."""

FAILED_CALLBACKS = _bound(
    "A callback is refused: a row for 70 minutes, and perhaps a request to the provider",
    "refused sign-ins",
    60,
    600,
    afterwards=_FIRST_COMES_THROUGH,
)
"""It may send an invented code to the provider, which then limits *us*."""

FAILED_LOGOUT_TOKENS = _bound(
    "A logout token is refused", "refused logout tokens", 60, 600, afterwards=_FIRST_COMES_THROUGH
)
"""Valid ones are free: a provider may end all sessions at once with one token each."""

NOTED_REFUSALS = _bound(
    "A refused sign-in is noted in the log of sign-ins: a row for `ROMM_SIGN_IN_RETENTION_DAYS`",
    "noted refusals",
    30,
    300,
    afterwards="only a line in the server's own log",
)

REGISTRATIONS = Limit(name="registrations per invitation", tries=20, window=timedelta(hours=1))
"""Needs an invitation, which counts in place of the address. Hinders probing for taken names and addresses."""

CANDIDATE_CHECKS = Limit(name="checks of settings that are not in use", tries=20, window=timedelta(minutes=10))
"""By administrators, of all together: each may send a dozen requests to an address that no setting names."""

STRANGERS = (
    DEVICE_REQUESTS,
    DEVICE_POLLS,
    USER_CODES,
    EXCHANGES,
    QUESTIONS,
    FORGOTTEN,
    PUSHED_REQUESTS,
    FAILED_CALLBACKS,
    FAILED_LOGOUT_TOKENS,
    NOTED_REFUSALS,
)

"""What a real server answers, as data: a table for each endpoint, from what is wrong to the answer.

A table is read from the top, in the order in which the server looks. What it has no row for, it does not look at there.
`State.HEALTHY` is the last row: nothing that this endpoint looks at is wrong.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from tests.fake_provider import Response

ABSENT = "(absent)"  # a member that is left out


class State(enum.StrEnum):
    """What is wrong. A request shows the first seven; the others are states of the provider, the client or the person."""

    HEALTHY = "healthy"
    CLIENT_ID = "client_id"
    SECRET = "secret"
    METHOD = "method"
    REDIRECT_URI = "redirect_uri"
    SCOPE = "scope"
    PAR = "par"
    POST_LOGOUT = "post_logout"
    DISABLED = "disabled"
    REALM = "realm"
    GRANTS = "grants"
    REQUEST_OBJECT = "request_object"
    DPOP = "dpop"
    HS256 = "hs256"
    ENCRYPTION = "encryption"
    FORWARDED = "forwarded"
    SLUG = "slug"
    MAPPING = "mapping"
    UNVERIFIED = "unverified"
    PERSON = "person"
    CONSENT = "consent"


class Turn(Struct, frozen=True, kw_only=True):
    """A request as its answer needs it. `save` keeps an authorization request in a session and gives the session's id."""

    origin: str
    asked: Mapping[str, str]
    query: str
    more: Mapping[str, str]  # what each answer to the redirect URI has: `state`, and `iss` where it is sent
    save: Callable[[], str]


Answer = Callable[[Turn], Response]
Table = Mapping[State, Answer]


class Seen(enum.StrEnum):
    """How the answers are known."""

    RUN = "the running server"
    STAND_IN = "a stand-in after its source"
    SOURCE = "its source"
    REPORTS = "public reports"


class Shape(Struct, frozen=True, kw_only=True):
    """A server of one version. Paths are below its host; the endpoints that it does not have are left out of `paths`.

    `silent` answers authorization requests with `prompt=none`, `asked` those without, as a browser without a session gets
    them. `form` is what the own page at `form_at` answers, if the server redirects to one, and `submitted` comes after the
    person has signed in there: without a row for it, the code.
    """

    name: str
    product: str
    version: str
    seen: Seen
    provider: str = ""  # OIDC_PROVIDER
    settings: Mapping[str, str] = {}
    issuer: str = "https://idp.test"
    paths: Mapping[str, str]
    form_at: str = ""
    own_pages: Mapping[str, Answer] = {}  # by path

    discovery: Table = {}
    silent: Table
    asked: Table
    form: Table = {}
    submitted: Table = {}
    token: Table
    par: Table = {}
    par_methods: tuple[str, ...] = ()  # those of the token endpoint, unless these
    userinfo: Table = {}
    sign_out: Table = {}

    metadata: Mapping[str, Any] = {}
    knobs: Mapping[str, Any] = {}
    claims: Mapping[str, Any] = {}
    id_token: Mapping[str, Any] = {}
    only_userinfo: bool = False
    logout_token: Mapping[str, Any] = {}
    states: tuple[State, ...]  # the broken ones that are known

    @property
    def title(self) -> str:
        """As a column is headed."""
        return f"{self.product} {self.version}".strip()

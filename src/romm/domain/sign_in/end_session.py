"""End the provider's session (OpenID Connect RP-Initiated Logout 1.0, 2), and interpret the browser's return (3)."""

import base64
import enum
from urllib.parse import quote

import msgspec
from msgspec import Struct

from romm.domain.digests import digest
from romm.domain.model import Identity
from romm.domain.sign_in.claims.signed_tokens import Document
from romm.domain.sign_in.discovery import Metadata
from romm.domain.urls import with_query

MAX_URL_LENGTH = 2_000
"""Characters. nginx holds 4 kB of response headers (`proxy_buffer_size 4k`), IIS a query of 2,048
(`maxQueryString`), Entra ID about 2,000 (AADSTS90015)."""

_NAMES = ("login_hint", "preferred_username", "email")
"""Claims for a `logout_hint`; the first is Entra ID's own."""


_NOT_KEPT = (
    "the session has no ID token: it began before OIDC_RP_INITIATED_LOGOUT was true, or before RomM sealed ID tokens, or its "
    "browser repeated the provider's answer"
)


class EndSession(Struct, frozen=True, kw_only=True):
    """An empty endpoint means the discovered one; an empty return address is not sent.

    `page` (`Preset.sign_out_page`) returns to `post_logout_redirect_uri` or else `login_page`.
    """

    enabled: bool
    client_id: str
    endpoint: str = ""
    post_logout_redirect_uri: str = ""
    page: str = ""
    login_page: str = ""

    def concern(self, identity: Identity | None) -> bool:
        return self.enabled and identity is not None


class EndedSession(Struct, frozen=True, kw_only=True):
    """`id_token` is empty if not kept. `is_verifiable`: a published key signed it."""

    issuer: str
    id_token: str
    is_verifiable: bool


class AtProvider(Struct, frozen=True, kw_only=True, tag=True):
    """`omitted`: why there is no `id_token_hint`."""

    url: str
    state: str | None = None
    omitted: str = ""


class HereOnly(Struct, frozen=True, kw_only=True, tag=True):
    """The provider's session stays."""

    problem: str


def end_session(
    wishes: EndSession, metadata: Metadata | None, ended: EndedSession, state: str
) -> AtProvider | HereOnly:
    endpoint = wishes.endpoint or (metadata and metadata.end_session_endpoint)
    if endpoint:
        return _at_endpoint(endpoint, wishes, metadata, ended, state)
    if metadata is None:
        return HereOnly(problem="the provider did not answer")
    return (
        _at_page(wishes, metadata, state)
        if wishes.page
        else HereOnly(problem="the provider has no end-session endpoint")
    )


def _at_endpoint(
    endpoint: str, wishes: EndSession, metadata: Metadata | None, ended: EndedSession, state: str
) -> AtProvider | HereOnly:
    back, whole = wishes.post_logout_redirect_uri, {"id_token_hint": ended.id_token} | _login_hint(ended)
    always = {"client_id": wishes.client_id} | ({"post_logout_redirect_uri": back, "state": state} if back else {})
    omitted = _unusable(metadata, ended, wishes.client_id) or _too_long(with_query(endpoint, whole | always))
    hints = (_logout_hint(metadata, ended), {}) if omitted else (whole,)
    urls = (with_query(endpoint, hint | always) for hint in hints)
    url = next((url for url in urls if not _too_long(url)), None)
    if url is None:
        return HereOnly(problem="the address of its end-session endpoint is too long")
    return AtProvider(url=url, state=state if back else None, omitted=omitted)


def _at_page(wishes: EndSession, metadata: Metadata, state: str) -> AtProvider | HereOnly:
    """The page accepts only the return address, so that carries the state."""
    back = with_query(wishes.post_logout_redirect_uri or wishes.login_page, {"state": state})
    url = wishes.page.format(issuer=metadata.issuer.removesuffix("/"), return_to=quote(back, safe=""))
    return (
        HereOnly(problem="the address to return to is too long") if _too_long(url) else AtProvider(url=url, state=state)
    )


def _unusable(metadata: Metadata | None, ended: EndedSession, client_id: str) -> str:
    """Why the ID token may not be a hint (2); else empty."""
    match metadata:
        case None:
            return "the provider did not answer, so it is not known whether it would accept the ID token"
        case Metadata(issuer=issuer) if issuer != ended.issuer:
            return f"the session comes from another issuer, {ended.issuer}"
        case _ if not ended.id_token:
            return _NOT_KEPT
        case _ if client_id not in _audiences(ended.id_token):
            return "the session comes from another client id"
        case _ if not ended.is_verifiable:
            return "the key that signed the session's ID token is not published any more, or the keys could not be had"
        case _:
            return ""


def _too_long(url: str) -> str:
    return f"the URL would have {len(url)} characters" if len(url) > MAX_URL_LENGTH else ""


def _login_hint(ended: EndedSession) -> dict[str, str]:
    """Without it Entra ID asks which account to sign out; it reads no `id_token_hint`."""
    name = claims_of(ended.id_token).get(_NAMES[0])
    return {"logout_hint": name} if isinstance(name, str) and name else {}


def _logout_hint(metadata: Metadata | None, ended: EndedSession) -> dict[str, str]:
    """Only for the provider that knows the person."""
    if metadata is None or metadata.issuer != ended.issuer:
        return {}
    claims = claims_of(ended.id_token)
    names = (claims.get(name) for name in _NAMES)
    return next(({"logout_hint": name} for name in names if isinstance(name, str) and name), {})


def _audiences(id_token: str) -> list[object]:
    audience = claims_of(id_token).get("aud")
    return audience if isinstance(audience, list) else [audience]


def claims_of(id_token: str) -> Document:
    """For ID tokens validated at sign-in. Empty if unreadable."""
    payload = id_token.split(".")[1] if id_token.count(".") == 2 else ""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="), type=dict)
    except (ValueError, RecursionError):
        return {}


class SignOutNotice(enum.StrEnum):
    NOTHING = ""
    SIGNED_IN = "signed_in"
    STILL_SIGNED_IN = "still_signed_in"
    SIGNED_OUT_HERE = "signed_out_here"
    SIGNED_OUT_THERE_TOO = "signed_out_there_too"


def sign_out_notice(*, is_signed_in: bool, mark: str | None, state: str | None, is_announced: bool) -> SignOutNotice:
    """`mark`: the digest of the state sent to the provider. `is_announced`: the URL claims a sign-out."""
    is_after = is_announced or state is not None
    match mark:
        case _ if is_signed_in:
            return SignOutNotice.STILL_SIGNED_IN if is_after else SignOutNotice.SIGNED_IN
        case None:
            return SignOutNotice.NOTHING
        case _ if state and digest(state) == mark:
            return SignOutNotice.SIGNED_OUT_THERE_TOO
        case _ if is_after:
            return SignOutNotice.SIGNED_OUT_HERE
        case _:
            return SignOutNotice.NOTHING

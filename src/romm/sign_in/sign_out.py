"""Sign out, also at the provider if configured."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from romm.credentials.secrets import unique
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import Credential
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.end_session import AtProvider, EndedSession, EndSession, HereOnly, end_session
from romm.domain.sign_in.providers import FIRST, in_words_of
from romm.ports.process import Log
from romm.ports.provider import Provider

_NO_END_SESSION = (
    "OIDC_RP_INITIATED_LOGOUT is true, but {problem}, so the provider's own session stays. Set it to false if the provider "
    "has no such endpoint (Google), or name the address in OIDC_END_SESSION_ENDPOINT."
)

_COMING_BACK = (
    "If the provider shows an error instead of sending people back, {back} (OIDC_POST_LOGOUT_REDIRECT_URI) is not registered "
    "there: register it for the client, or leave it empty."
)

_WITHOUT_HINT = (
    "The provider is not sent the ID token (id_token_hint): {omitted}. It may ask the person before it signs out."
)


class SignedOut(Struct, frozen=True, kw_only=True):
    """Visit `url` to end the provider's session too; its `state`, by digest, comes back."""

    url: str | None = None
    state_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderSignOut:
    provider: Provider
    wishes: EndSession
    log: Log
    id: str = FIRST

    async def after(self, ended: Credential, id_token: str | None) -> SignedOut:
        if not self.wishes.concern(ended.identity):
            return SignedOut()
        match await self._decided(ended, id_token):
            case HereOnly(problem=problem):
                hint = _NO_END_SESSION.format(problem=problem)
                self.log.warning("signout.not_at_provider", provider=self.id, hint=in_words_of(self.id, hint))
                return SignedOut()
            case AtProvider() as there:
                self._note(there)
                return SignedOut(url=there.url, state_digest=digest(there.state) if there.state else None)

    async def _decided(self, ended: Credential, id_token: str | None) -> AtProvider | HereOnly:
        metadata = await _metadata(self.provider)
        session = EndedSession(
            issuer=ended.identity.issuer if ended.identity else "",
            id_token=id_token or "",
            is_verifiable=metadata is not None and await _is_verifiable(self.provider, metadata, id_token or ""),
        )
        return end_session(self.wishes, metadata, session, unique())

    def _note(self, there: AtProvider) -> None:
        """The provider does not report its errors to us."""
        back = self.wishes.post_logout_redirect_uri
        hints = [_COMING_BACK.format(back=back)] if back else []
        hints += [_WITHOUT_HINT.format(omitted=there.omitted)] if there.omitted else []
        if hints:
            hint = in_words_of(self.id, " ".join(hints))
            self.log.info("signout.to_provider", provider=self.id, post_logout_redirect_uri=back, hint=hint)


@dataclass(frozen=True, kw_only=True)
class SignOut:
    """`at_provider`: by the session's issuer, None if there is nothing to do."""

    sessions: Sessions
    at_provider: Callable[[str], ProviderSignOut | None]

    async def sign_out(self, session: str | None) -> SignedOut:
        """Ends the session first. Raises `Refused(SESSION_NOT_ENDED)`: sign the browser out even so."""
        ended = await self._ended(session) if session else None
        issuer = ended.identity.issuer if ended is not None and ended.identity else ""
        there = self.at_provider(issuer)
        if ended is None or there is None:
            return SignedOut()
        return await there.after(ended, self.sessions.id_token(ended, session or ""))

    async def _ended(self, session: str) -> Credential | None:
        try:
            return await self.sessions.end(session)
        except Refused as refused:
            if refused.code is not Code.STORAGE_UNAVAILABLE:
                raise
            raise Refused(Code.SESSION_NOT_ENDED, **refused.facts) from refused


async def _metadata(provider: Provider) -> Metadata | None:
    """None without an answer: signing out goes on."""
    try:
        return await provider.metadata()
    except Refused:
        return None


async def _is_verifiable(provider: Provider, metadata: Metadata, id_token: str) -> bool:
    try:
        await provider.verify(metadata, id_token)
    except Refused:
        return False
    return True

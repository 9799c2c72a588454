"""Use case: sign out here, and at the provider."""

from dataclasses import dataclass

from romm.credentials.secrets import unique
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.end_session import EndSession, end_session_url
from romm.ports.process import Log
from romm.ports.provider import Provider

_NO_END_SESSION = (
    "OIDC_RP_INITIATED_LOGOUT is true, but the provider names no end-session endpoint, or did not answer, so its own session "
    "stays. Set it to false if the provider has none (Authelia, Google), or name the address in OIDC_END_SESSION_ENDPOINT."
)

_COMING_BACK = (
    "If the provider shows an error instead of sending people back, {back} (OIDC_POST_LOGOUT_REDIRECT_URI) is not registered "
    "there: register it for the client, or leave it empty."
)


@dataclass(frozen=True, kw_only=True)
class SignOut:
    """Signing out here, and at the provider when the operator wants that."""

    sessions: Sessions
    provider: Provider | None
    wishes: EndSession
    log: Log

    async def sign_out(self, session: str | None) -> str | None:
        """End a session first, whatever the provider does; gives the provider's end-session URL, if it is to be visited.

        Raises `Refused(SESSION_NOT_ENDED)`: the browser must be signed out whatever the database does.
        """
        ended = await self._ended(session) if session else None
        if ended is None or ended.id_token is None or self.provider is None or not self.wishes.enabled:
            return None
        url = end_session_url(
            self.wishes,
            await self._metadata(self.provider),
            client_id=self.provider.client.client_id,
            id_token=ended.id_token,
            state=unique(),
        )
        self._note(url)
        return url

    async def _ended(self, session: str) -> Credential | None:
        try:
            return await self.sessions.end(session)
        except Refused as refused:
            if refused.code is not Code.STORAGE_UNAVAILABLE:
                raise
            raise Refused(Code.SESSION_NOT_ENDED, **refused.facts) from refused

    def _note(self, url: str | None) -> None:
        """Of what goes wrong at the provider nobody tells RomM."""
        back = self.wishes.post_logout_redirect_uri
        if url is None:
            self.log.warning("signout.not_at_provider", hint=_NO_END_SESSION)
        elif back:
            self.log.info("signout.to_provider", post_logout_redirect_uri=back, hint=_COMING_BACK.format(back=back))

    async def _metadata(self, provider: Provider) -> Metadata | None:
        """What the provider says of itself; nothing when it does not answer, for that must not keep anybody signed in."""
        try:
            return await provider.metadata()
        except Refused:
            return None

"""A browser loads its callback again, with the same result."""

from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from romm.credentials.sessions import Sessions
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.model import Visitor
from romm.domain.sign_in import authorization
from romm.domain.sign_in.authorization import AuthorizationResponse, LoginAttempt
from romm.domain.sign_in.outcomes import NotOpened, Opened, Outcome, QuestionAsked, Reported
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from romm.ports.sign_in import PendingSignIns
from romm.sign_in.destinations import QUESTION_PAGE, CallbackCookies, Finished, led_back, reported
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.attempts import LoginAttempts


@dataclass(frozen=True, kw_only=True)
class RepeatedResponses:
    attempts: LoginAttempts
    pending: PendingSignIns
    sessions: Sessions
    journal: SignInJournal
    clock: Clock

    async def with_attempt(self, attempt: LoginAttempt, cookies: CallbackCookies, visitor: Visitor) -> Finished:
        """For a reload, a restored tab, or parallel requests. Raises `Refused`."""
        match await self.attempts.outcome(attempt.state_digest):
            case Reported():
                return reported(attempt)
            case Opened() as opened if finished := await self._opened(opened, attempt, cookies.session, visitor):
                return finished
            case QuestionAsked() if await self._waits(cookies.pending_to_be):
                return Finished(return_to=QUESTION_PAGE, pending=cookies.pending_to_be)
            case outcome if await self.sessions.who(cookies.session):
                return Finished(return_to="/")
            case outcome:
                raise led_back(attempt, _first_refusal(outcome))

    async def without_attempt(
        self, response: AuthorizationResponse, cookies: CallbackCookies, visitor: Visitor, redirect_uri: str
    ) -> Finished:
        """For a bookmark, late reload, replay or another browser. Raises `Refused`."""
        if await self._waits(cookies.pending):
            return Finished(return_to=QUESTION_PAGE)
        if await self.sessions.who(cookies.session):
            return Finished(return_to="/")
        if not authorization.is_state(response.state):
            raise Refused(Code.STATE_UNKNOWN, found="none of ours" if response.state else "missing")
        if recalled := await self.attempts.used.recall(digest(response.state or "")):
            raise _first_refusal(recalled.outcome)
        mismatch = Refused(Code.BROWSER_MISMATCH, redirect_uri=redirect_uri)
        await self.journal.refused("openid", mismatch, visitor)
        raise mismatch

    async def _opened(
        self, opened: Opened, attempt: LoginAttempt, session: str | None, visitor: Visitor
    ) -> Finished | None:
        """The first response may have been lost. None if its session ended."""
        finished = Finished(return_to=attempt.return_to, linked=opened.linked)
        who = await self.sessions.who(session)
        if who is not None and who.digest == opened.session_digest:
            return finished
        if self.clock() >= attempt.expires_at:
            return None
        with suppress(Conflict):  # the account changed at this moment, which ends its sessions
            if another := await self.sessions.another(opened.session_digest, visitor):
                if session is not None:  # a browser has one session at a time
                    await self.sessions.end(session)
                return replace(finished, session=another)
        return None

    async def _waits(self, pending: str | None) -> bool:
        found = await self.pending.find(pending) if pending else None
        return found is not None and self.clock() < found.expires_at


def _first_refusal(outcome: Outcome | None) -> Refused:
    if isinstance(outcome, NotOpened) and outcome.code in set(Code):
        return Refused(Code(outcome.code), again=outcome.reference)
    return Refused(Code.ATTEMPT_USED)

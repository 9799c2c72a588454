"""What a browser brings to the callback, and where it goes on."""

from msgspec import Struct

from romm.domain.digests import digest
from romm.domain.errors import Refused
from romm.domain.sign_in.authorization import LoginAttempt, Purpose
from romm.domain.sign_in.decisions import Admitted

ACCOUNT_PAGE = "/account"
LINKED_PAGE = f"{ACCOUNT_PAGE}?notice=linked"
PREVIEW_PAGE = "/admin/oidc"
QUESTION_PAGE = "/login/account"

_PAGES = {Purpose.LINK: ACCOUNT_PAGE, Purpose.PREVIEW: PREVIEW_PAGE}


class CallbackCookies(Struct, frozen=True, kw_only=True):
    """What the browser brought: its sealed attempt, the secret of its session, that of a sign-in that waits for an answer."""

    sealed: str | None = None
    session: str | None = None
    pending: str | None = None

    @property
    def pending_to_be(self) -> str:
        """The secret under which this attempt's sign-in waits, should it have to. Only the attempt's browser can repeat it."""
        return digest(f"pending sign-in {self.sealed}")


class Finished(Struct, frozen=True, kw_only=True):
    """The browser may go on to `return_to`. `session` is its new secret, None when it has a good one already.

    `pending` is the secret of a sign-in that waits for an answer on `QUESTION_PAGE`. `linked` when the identity was attached
    to an account that existed.
    """

    return_to: str
    session: str | None = None
    pending: str | None = None
    decision: Admitted | None = None
    linked: bool = False


def reported(attempt: LoginAttempt) -> Finished:
    """To the report in which a trial ended."""
    return Finished(return_to=f"{PREVIEW_PAGE}?report={attempt.state_digest}")


def led_back(attempt: LoginAttempt, refused: Refused) -> Refused:
    """The refusal, which leads back to where the attempt began."""
    refused.return_to = attempt.return_to
    refused.page = _PAGES.get(attempt.purpose)
    return refused

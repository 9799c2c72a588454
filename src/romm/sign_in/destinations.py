"""The callback's cookies, and the pages that follow it."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from romm.domain.credentials.step_up import CONFIRM_PAGE
from romm.domain.digests import digest
from romm.domain.errors import Refused
from romm.domain.sign_in.authorization import LoginAttempt, Purpose
from romm.domain.sign_in.linking.decisions import Admitted
from romm.domain.sign_in.providers import FIRST
from romm.domain.urls import with_query

ACCOUNT_PAGE = "/account"
LINKED_PAGE = f"{ACCOUNT_PAGE}?notice=linked"
PREVIEW_PAGE = "/admin/oidc"
QUESTION_PAGE = "/login/account"

_PAGES = {Purpose.LINK: ACCOUNT_PAGE, Purpose.PREVIEW: PREVIEW_PAGE, Purpose.CONFIRM: CONFIRM_PAGE}


class CallbackCookies(Struct, frozen=True, kw_only=True):
    """`sealed`: the attempt. `pending`: the secret of a pending sign-in."""

    sealed: str | None = None
    session: str | None = None
    pending: str | None = None

    @property
    def pending_to_be(self) -> str:
        """Derived: only the attempt's browser can know it."""
        return digest(f"pending sign-in {self.sealed}")


class Finished(Struct, frozen=True, kw_only=True):
    """`session` and `pending` are new secrets. `linked`: to an existing account."""

    return_to: str
    session: str | None = None
    pending: str | None = None
    decision: Admitted | None = None
    linked: bool = False


def reported(attempt: LoginAttempt) -> Finished:
    return Finished(return_to=with_query(PREVIEW_PAGE, {"report": attempt.state_digest} | about(attempt.provider)))


def about(provider_id: str) -> dict[str, str]:
    """A page's parameter for a further provider."""
    return {} if provider_id == FIRST else {"provider": provider_id}


@contextmanager
def concerning(provider_id: str) -> Iterator[None]:
    """A refusal is about this provider, unless it names the attempt's."""
    try:
        yield
    except Refused as refused:
        refused.provider = refused.provider or provider_id
        raise


def led_back(attempt: LoginAttempt, refused: Refused) -> Refused:
    refused.return_to = attempt.return_to
    refused.page = _PAGES.get(attempt.purpose)
    return refused

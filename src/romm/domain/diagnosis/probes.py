"""What the provider answered to RomM's client, and to controls that must fail. None: not asked."""

from typing import Any

from msgspec import Struct

from romm.domain.diagnosis import visits
from romm.domain.diagnosis.evidence import INVENTED_CLIENT
from romm.domain.diagnosis.visits import Visit
from romm.domain.errors import Code, Refuse

ABSENT = (Code.PROVIDER_ANSWER_INVALID, Code.PROVIDER_UNAVAILABLE, Code.PROVIDER_TLS)


class PushProbe(Struct, frozen=True, kw_only=True):
    """Pushed authorization requests (RFC 9126). None: accepted; of controls also: not asked.

    `redirect_uri` and `client` are controls with invented ones. `openid_only`: accepted without other scopes.
    """

    method: str
    answer: Refuse | None
    redirect_uri: Refuse | None = None
    client: Refuse | None = None
    openid_only: bool = False

    @property
    def is_absent(self) -> bool:
        """Announced, but not there: no fault, unless RomM has to push."""
        return self.answer is not None and self.answer.code in ABSENT

    @property
    def proves_request(self) -> bool:
        return self.answer is None and self.redirect_uri is not None

    @property
    def proves_client(self) -> bool:
        """The endpoint authenticates the client first (RFC 9126, 2.1), and refuses an invented one otherwise."""
        return self.answer is None or (not self.is_absent and not _alike(self.answer, self.client) and not self.rejects)

    @property
    def rejects(self) -> bool:
        return self.answer is not None and self.answer.code is Code.CLIENT_REJECTED

    @property
    def refuses_redirect_uri(self) -> bool:
        return self.proves_client and self.answer is not None and _alike(self.answer, self.redirect_uri)

    @property
    def refuses_client(self) -> bool:
        return self.answer is not None and not self.is_absent and _alike(self.answer, self.client)

    @property
    def refuses_scopes(self) -> bool:
        return self.proves_client and self.answer is not None and self.openid_only and not self.refuses_redirect_uri


class TokenProbe(Struct, frozen=True, kw_only=True):
    """An invented code. `method` was sent; `answer` None: tokens. `accepted`: another method that works; `automatic`: a
    sign-in tries it. `secret` and `client` are controls with invented ones.
    """

    method: str
    answer: Refuse | None
    accepted: str = ""
    automatic: bool = False
    secret: Refuse | None = None
    client: Refuse | None = None

    @property
    def is_rejected(self) -> bool:
        return self.answer is not None and self.answer.code is Code.CLIENT_REJECTED

    @property
    def like_secret(self) -> bool:
        return _alike(self.answer, self.secret)

    @property
    def like_client(self) -> bool:
        return _alike(self.answer, self.client)


class RequestProbe(Struct, frozen=True, kw_only=True):
    """`silent` with `prompt=none`, `shown` as at a sign-in. `…_control`: an invented redirect URI; `client_control`: an
    invented client.

    `faulty`: with a scope that cannot exist. `as_object`: as an unsigned request object.
    """

    silent: Visit | Refuse
    silent_control: Visit | Refuse | None = None
    shown: Visit | Refuse | None = None
    shown_control: Visit | Refuse | None = None
    client_control: Visit | Refuse | None = None
    invented_scope: bool | None = None
    """Is a scope that cannot exist accepted?"""
    faulty: Visit | Refuse | None = None
    faulty_control: Visit | Refuse | None = None
    as_object: Visit | Refuse | None = None

    @property
    def returned(self) -> Visit | None:
        both = (self.silent, self.shown)
        return next((each for each in both if isinstance(each, Visit) and each.returned), None)

    @property
    def is_proved(self) -> bool:
        return visits.proves(self.silent, self.silent_control) or visits.proves(self.shown, self.shown_control)

    @property
    def returns_faults(self) -> bool:
        """Only to RomM's redirect URI: errors are sent to a registered one (RFC 6749, 4.1.2.1)."""
        return _returned(self.faulty) and isinstance(self.faulty_control, Visit) and not self.faulty_control.returned

    @property
    def needs_object(self) -> bool:
        return not self.returned and _returned(self.as_object)

    @property
    def as_sign_in(self) -> Visit | Refuse:
        return self.shown if self.shown is not None else self.silent


class ClientProbes(Struct, frozen=True, kw_only=True):
    """`push` is None where nothing announces it; `pushes`: a sign-in does."""

    token: TokenProbe
    request: RequestProbe
    push: PushProbe | None = None
    pushes: bool = False

    @property
    def pushed(self) -> PushProbe | None:
        return self.push if self.push and not self.push.is_absent else None


def _returned(visit: Visit | Refuse | None) -> bool:
    return isinstance(visit, Visit) and visit.returned


def _alike(answer: Refuse | None, control: Refuse | None) -> bool:
    return answer is not None and control is not None and _outline(answer) == _outline(control)


def _outline(refuse: Refuse) -> tuple[Any, ...]:
    facts = refuse.facts
    redirect_uri = str(facts.get("redirect_uri") or "")
    ours = (str(facts.get("client_id") or ""), redirect_uri)
    sent = (INVENTED_CLIENT, visits.invented_redirect_uri(redirect_uri), *ours)
    told = (facts.get(name) for name in ("error", "description", "problem"))
    return (refuse.code, *(visits.masked(str(each), sent) for each in told if each))

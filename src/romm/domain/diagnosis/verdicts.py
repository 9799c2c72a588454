"""Is the redirect URI registered? Judged by RomM's requests and their controls, for any provider."""

from msgspec import Struct

from romm.domain.diagnosis import visits
from romm.domain.diagnosis.probes import ClientProbes, RequestProbe
from romm.domain.diagnosis.visits import ProviderWords, Visit
from romm.domain.errors import Refuse


class Registered(Struct, frozen=True):
    how: str


class Unregistered(Struct, frozen=True):
    """An invented redirect URI gets the same answer. `pushed`: to a pushed request."""

    words: ProviderWords
    pushed: bool = False


class UnknownClient(Struct, frozen=True):
    """An invented client gets the same answer."""

    words: ProviderWords


class UnknownEither(Struct, frozen=True):
    """An invented one of either gets the same answer."""

    words: ProviderWords


class OnlyAsObject(Struct, frozen=True):
    """Accepted as a request object. `words` answer the plain request."""

    words: ProviderWords


class Failing(Struct, frozen=True):
    """A server error, whatever is asked."""

    words: ProviderWords
    status: int


class OtherError(Struct, frozen=True):
    """Only RomM's own request gets this answer."""

    words: ProviderWords


class Untold(Struct, frozen=True):
    """No error, and the controls get the same answer."""

    words: ProviderWords


class Unreachable(Struct, frozen=True):
    refuse: Refuse


Verdict = (
    Registered
    | Unregistered
    | UnknownClient
    | UnknownEither
    | OnlyAsObject
    | Failing
    | OtherError
    | Untold
    | Unreachable
)

RETURNED = "the provider sends the browser back to it"
PUSHED = "the provider accepts a pushed request with it, and refuses an invented one"
FAULTY = "the provider sends the browser back to it when the scopes are wrong, and not to an invented one"
COMPARED = "the provider goes on to its own page, and refuses an invented one"


def redirect_uri(probes: ClientProbes) -> Verdict:
    request, pushed = probes.request, probes.pushed
    match request.as_sign_in:
        case _ if request.returned:
            return Registered(RETURNED)
        case _ if request.needs_object and isinstance(request.as_sign_in, Visit):
            return OnlyAsObject(visits.words(request.as_sign_in))
        case _ if pushed and pushed.answer and pushed.refuses_redirect_uri:
            return Unregistered(_refusal(pushed.answer), pushed=True)
        case _ if request.is_proved:
            return Registered(COMPARED)
        case _ if pushed and pushed.proves_request:
            return Registered(PUSHED)
        case _ if request.returns_faults:
            return Registered(FAULTY)
        case Refuse() as refuse:
            return Unreachable(refuse)
        case Visit() as visit if visits.is_error(visit):
            return _error(visit, request)
        case Visit() as visit:
            return Untold(visits.words(visit))


def _error(visit: Visit, request: RequestProbe) -> Verdict:
    told = visits.words(visit)
    by_redirect_uri = request.shown_control is not None and visits.alike(visit, request.shown_control)
    by_client = request.client_control is not None and visits.alike(visit, request.client_control)
    match by_redirect_uri, by_client:
        case True, True if visit.last.status >= 500 and not told.code:
            return Failing(told, visit.last.status)
        case True, True:
            return UnknownEither(told)
        case True, False:
            return Unregistered(told)
        case False, True:
            return UnknownClient(told)
        case _:
            return OtherError(told)


def _refusal(refuse: Refuse) -> ProviderWords:
    return ProviderWords(str(refuse.facts.get("error") or ""), str(refuse.facts.get("description") or ""))

"""The responses to RomM's authorization requests.

Sources: OpenID Connect Core 1.0, 3.1.2.1 and 3.1.2.6; RFC 6749, 4.1.2.1 (no redirect for an unregistered URI).
"""

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from romm.domain.catalogue import operator_text
from romm.domain.diagnosis import visits
from romm.domain.diagnosis.evidence import Configured
from romm.domain.diagnosis.findings import Check, Finding, Outcome, failed, ok, refused, skipped, unknown
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.history import History
from romm.domain.diagnosis.probes import ClientProbes, RequestProbe
from romm.domain.diagnosis.verdicts import (
    COMPARED,
    FAULTY,
    Failing,
    OnlyAsObject,
    OtherError,
    Registered,
    UnknownClient,
    UnknownEither,
    Unreachable,
    Unregistered,
    Untold,
    Verdict,
)
from romm.domain.diagnosis.visits import Visit
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.providers.preset import click
from romm.domain.providers.register import preset
from romm.domain.sign_in import authorization
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME, Accepted, Client, LoginAttempt
from romm.domain.sign_in.discovery import Metadata

_SEE_CLIENT = "fix “Client and secret” first"
_SEE_REDIRECT_URI = "see Redirect URI"


class ProbeRequest(Struct, frozen=True, kw_only=True):
    client: Client
    state: str
    now: datetime


def interpret(probes: ClientProbes, sent: ProbeRequest, metadata: Metadata) -> Accepted | Refuse | None:
    """A sign-in's result for the response; None if none came back."""
    pushed = probes.pushed
    if pushed and pushed.answer and pushed.refuses_scopes:
        return Refuse(Code.INVALID_SCOPE, pushed.answer.facts)
    if pushed and pushed.answer and probes.pushes:
        return pushed.answer
    visit = probes.request.returned
    return _callback(visit.last.location or "", sent, metadata) if visit else None


def redirect_uri(verdict: Verdict, client: Finding, probes: ClientProbes, configured: Configured) -> Finding:
    """Skipped where the `client` finding has the same cause."""
    register = _registration_fixes(configured)
    match verdict:
        case Registered(how=how):
            return ok(Check.REDIRECT_URI, f"{configured.redirect_uri} is registered: {how}")
        case UnknownClient():
            return skipped(Check.REDIRECT_URI, _SEE_CLIENT)
        case UnknownEither() | Unreachable(refuse=Refuse(code=Code.CLIENT_REJECTED)) if (
            client.outcome is Outcome.FAILED
        ):
            return skipped(Check.REDIRECT_URI, _SEE_CLIENT)
        case Unregistered(pushed=False) | Untold() if client.outcome is Outcome.FAILED and probes.pushed:
            return skipped(Check.REDIRECT_URI, _SEE_CLIENT)
        case Unregistered(words=words, pushed=pushed):
            message = f"not registered: the provider answers {str(words) or 'the same'}, as to an invented one"
            code = Code.REQUEST_REFUSED if pushed and probes.pushes else None
            return failed(Check.REDIRECT_URI, message, *register, code=code, about=Code.REQUEST_REFUSED)
        case UnknownEither(words=words) if client.outcome is Outcome.OK:
            message = f"not registered: the provider answers {str(words) or 'the same'}, as to an invented one"
            return failed(Check.REDIRECT_URI, message, *register, about=Code.REQUEST_REFUSED)
        case UnknownEither(words=words):
            message = f"the provider answers {str(words) or 'with an error'} to any request"
            return failed(Check.REDIRECT_URI, message, Fix.READ_PAGE, *register)
        case Failing(words=words, status=status):
            return failed(
                Check.REDIRECT_URI, f"the provider answers {status} to any request. {words}", Fix.PROVIDER_LOG
            )
        case OtherError() | OnlyAsObject():
            return skipped(Check.REDIRECT_URI, "see Sign-in request")
        case Untold():
            page = _page(probes.request.as_sign_in)
            message = (
                f"the provider shows the same page ({page}) to an invented redirect URI{_silently(probes.request)}"
            )
            return unknown(Check.REDIRECT_URI, message, _try_sign_in(configured), register[1])
        case Unreachable(refuse=Refuse(code=code) as refuse) if probes.pushes and code is Code.INVALID_SCOPE:
            return skipped(Check.REDIRECT_URI, "the provider did not get beyond the scopes; see Scopes")
        case Unreachable(refuse=refuse) if refuse.facts.get("error"):
            return skipped(Check.REDIRECT_URI, "see Sign-in request")
        case Unreachable(refuse=refuse):
            return refused(Check.REDIRECT_URI, refuse, f"{refuse.facts.get('url')}: {describe(refuse)}")


def request(result: Accepted | Refuse | None, verdict: Verdict, probes: ClientProbes, history: History) -> Finding:
    match result:
        case Refuse(code=Code.RESPONSE_ISSUER) as refuse if _may_be_fine(refuse, history):
            return _without_issuer(refuse, history)
        case Refuse(code=Code.INVALID_SCOPE):
            return skipped(Check.REQUEST, "the provider did not get beyond the scopes; see Scopes")
        case Refuse(code=Code.ACCESS_DENIED) as refuse:
            return ok(Check.REQUEST, f"{refuse.facts.get('error')}, as expected")
        case Refuse(code=Code.CLIENT_REJECTED):
            return skipped(Check.REQUEST, _SEE_CLIENT)
        case Refuse() if isinstance(verdict, Unregistered):
            return skipped(Check.REQUEST, _SEE_REDIRECT_URI)
        case Refuse() as refuse:
            return refused(Check.REQUEST, refuse, describe(refuse))
        case Accepted():
            return ok(Check.REQUEST, "accepted")
        case None:
            return _not_returned(verdict, probes.request.as_sign_in)


def _may_be_fine(refuse: Refuse, history: History) -> bool:
    """Some providers announce `iss` (RFC 9207) and leave it out of errors only; `prompt=none` is answered with one."""
    never_worked = history.signed_in is None and history.refused_with(Code.RESPONSE_ISSUER)
    return refuse.facts.get("found") == authorization.WITHOUT_ISS and not never_worked


def _without_issuer(refuse: Refuse, history: History) -> Finding:
    if history.succeeded:
        return ok(Check.REQUEST, f"accepted: the last sign-in ({history.when}) had the iss that an error here lacks")
    message = (
        "the provider announces iss, and its answer to a request that must fail has none; a sign-in shows the rest"
    )
    return unknown(Check.REQUEST, message, operator_text(Refused.by(refuse)))


def _not_returned(verdict: Verdict, visit: Visit | Refuse) -> Finding:
    shown = visit if isinstance(visit, Visit) else None
    match verdict:
        case OnlyAsObject(words=words):
            message = f"the provider answers {str(words) or 'with an error'}, but accepts the same request as a request object"
            return failed(Check.REQUEST, message, Fix.NO_REQUEST_OBJECT, about=Code.REQUEST_REFUSED)
        case OtherError(words=words):
            message = (
                f"the provider answers {str(words) or 'with an error'} on a page of its own, and only to this request"
            )
            return failed(Check.REQUEST, message, Fix.READ_PAGE, about=Code.REQUEST_REFUSED)
        case Registered(how=how) if how in (COMPARED, FAULTY):
            page = visits.address(shown) if shown else ""
            return ok(Check.REQUEST, f"accepted: the provider goes on to its own page {page}".rstrip())
        case Registered() if shown and visits.is_error(shown):
            message = f"the provider answers {visits.words(shown)} on a page of its own"
            return failed(Check.REQUEST, message, Fix.READ_PAGE, Fix.PUSH, about=Code.REQUEST_REFUSED)
        case Registered() if shown:
            return unknown(
                Check.REQUEST, "accepted as a pushed request; the page for others is always the same", Fix.PUSH
            )
        case UnknownClient():
            return skipped(Check.REQUEST, _SEE_CLIENT)
        case _:
            return skipped(Check.REQUEST, _SEE_REDIRECT_URI)


def _silently(probe: RequestProbe) -> str:
    """Some providers look at the request first where they may show no log-in."""
    silent, control = probe.silent, probe.silent_control
    if (
        isinstance(silent, Refuse)
        or control is None
        or not visits.is_error(silent)
        or not visits.alike(silent, control)
    ):
        return ""
    return f"; with prompt=none it answers {visits.words(silent)} to both"


def _page(visit: Visit | Refuse) -> str:
    if isinstance(visit, Refuse):
        return describe(visit)
    told = visits.words(visit)
    return (
        str(told) or visits.address(visit) or f"{visit.last.status} with {visit.last.content_type or 'no content type'}"
    )


def _registration_fixes(configured: Configured) -> tuple[str, str]:
    register = Fix.REGISTER.text(redirect_uri=configured.redirect_uri, client_id=configured.client_id)
    return register, click(preset(configured.provider).locations.redirect_uri)


def _try_sign_in(configured: Configured) -> str:
    return Fix.TRY_SIGN_IN.text(redirect_uri=configured.redirect_uri, client_id=configured.client_id)


def describe(refuse: Refuse) -> str:
    facts = refuse.facts
    if error := facts.get("error"):
        return f"the provider answered {error}" + (f" ({facts['description']})" if facts.get("description") else "")
    if refuse.code is Code.RESPONSE_ISSUER:
        return f"the answer came from {facts.get('found')}, not {facts.get('expected')}"
    return str(facts.get("problem"))


def _callback(location: str, sent: ProbeRequest, metadata: Metadata) -> Accepted | Refuse:
    answer = authorization.response(parse_qsl(urlsplit(location).query, keep_blank_values=True))
    if isinstance(answer, Refuse):
        return answer
    if answer.state != sent.state:
        return Refuse(Code.RESPONSE_INVALID, {"problem": "state is not the one that RomM sent"})
    return authorization.accept(answer, _attempt(sent, metadata), metadata, sent.client, sent.now)


def _attempt(sent: ProbeRequest, metadata: Metadata) -> LoginAttempt:
    return LoginAttempt(
        state_digest="",
        nonce="",
        code_verifier="",
        return_to="/",
        issuer=metadata.issuer,
        client_id=sent.client.client_id,
        expires_at=sent.now + ATTEMPT_LIFETIME,
    )

"""The response to an authorization request with `prompt=none`.

Sources: OpenID Connect Core 1.0, 3.1.2.1 and 3.1.2.6; RFC 6749, 4.1.2.1 (no redirect for an unregistered URI).
"""

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from romm.domain.diagnosis.evidence import Configured, ProbeResponse
from romm.domain.diagnosis.findings import Check, Finding, ok, refused, skipped, warning
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import preset
from romm.domain.sign_in import authorization
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME, Accepted, Client, LoginAttempt
from romm.domain.sign_in.discovery import Metadata

_NO_ANSWER = (Code.PROVIDER_UNAVAILABLE, Code.PROVIDER_TLS, Code.PROVIDER_ANSWER_INVALID)


class ProbeRequest(Struct, frozen=True, kw_only=True):
    client: Client
    state: str
    now: datetime


class RedirectedAway(Struct, frozen=True):
    url: str


class Page(Struct, frozen=True):
    response: ProbeResponse


Verdict = Accepted | Refuse | RedirectedAway | Page
"""`Refuse` is a sign-in's result for this response."""


class ProbeResult(Struct, frozen=True):
    verdict: Verdict
    returned: bool = False


def interpret(response: ProbeResponse | Refuse, sent: ProbeRequest, metadata: Metadata) -> ProbeResult:
    match response:
        case Refuse():
            return ProbeResult(response)
        case ProbeResponse(location=None):
            return ProbeResult(Page(response))
        case ProbeResponse(location=str(location)) if _is(location, sent.client.redirect_uri):
            return ProbeResult(_callback(location, sent, metadata), returned=True)
        case ProbeResponse(location=str(location)):
            return ProbeResult(RedirectedAway(location))
        case _:
            raise AssertionError(response)


def redirect_uri(result: ProbeResult, configured: Configured) -> Finding:
    match result:
        case ProbeResult(returned=True):
            return ok(Check.REDIRECT_URI, f"{configured.redirect_uri} is registered")
        case ProbeResult(verdict=Refuse(code=Code.CLIENT_REJECTED)):
            return skipped(
                Check.REDIRECT_URI, "the provider does not accept RomM's pushed request; see Client and secret"
            )
        case ProbeResult(verdict=Refuse(code=code) as refuse) if code in _NO_ANSWER:
            return refused(Check.REDIRECT_URI, refuse, f"{refuse.facts.get('url')}: {describe(refuse)}")
        case ProbeResult(verdict=Refuse() as refuse):
            return refused(Check.REDIRECT_URI, refuse, describe(refuse), *_registration_fixes(configured))
        case ProbeResult(verdict=RedirectedAway(url=url)):
            return _redirected_away(url, configured)
        case ProbeResult(verdict=Page(response=response)):
            return _page(response, configured)
        case _:
            raise AssertionError(result)


def request(result: ProbeResult) -> Finding:
    match result:
        case ProbeResult(returned=False):
            return skipped(Check.REQUEST, "the provider did not send the browser back with an answer")
        case ProbeResult(verdict=Refuse(code=Code.INVALID_SCOPE)):
            return skipped(Check.REQUEST, "the provider did not get beyond the scopes; see Scopes")
        case ProbeResult(verdict=Refuse(code=Code.ACCESS_DENIED) as refuse):
            return ok(Check.REQUEST, f"{refuse.facts.get('error')}, as expected")
        case ProbeResult(verdict=Refuse() as refuse):
            return refused(Check.REQUEST, refuse, describe(refuse))
        case _:
            return ok(Check.REQUEST, "accepted")


def _redirected_away(url: str, configured: Configured) -> Finding:
    page = url.partition("?")[0]
    if "error" in url.lower():
        message = f"the provider sends the browser to an error page of its own, {page}"
        return refused(
            Check.REDIRECT_URI, _not_registered(message, None, configured), message, *_registration_fixes(configured)
        )
    message = f"probably registered: the provider goes on to its own page {page}"
    return ok(Check.REDIRECT_URI, f"{message}, which it should not do with prompt=none, so this does not prove it")


def _page(response: ProbeResponse, configured: Configured) -> Finding:
    if response.status < 400:
        message = f"unknown: the provider shows a page ({response.status} with {response.content_type})"
        look = "Look at that page in a browser: press the button of the sign-in page. If it is an error:"
        return warning(Check.REDIRECT_URI, message, look, *_registration_fixes(configured))
    error = response.error or f"{response.status} with {response.content_type or 'no content type'}"
    message = f"the provider answered {error} and did not send the browser back, so it probably is not registered"
    refuse = _not_registered(error, response.description, configured)
    return refused(Check.REDIRECT_URI, refuse, message, *_registration_fixes(configured))


def _registration_fixes(configured: Configured) -> tuple[str, str]:
    register = (
        f"Register {configured.redirect_uri} there for client {configured.client_id}, or set OIDC_REDIRECT_URI to the one "
        "that is registered. The two must be exactly equal."
    )
    return register, click(preset(configured.provider).locations.redirect_uri)


def describe(refuse: Refuse) -> str:
    facts = refuse.facts
    if error := facts.get("error"):
        return f"the provider answered {error}" + (f" ({facts['description']})" if facts.get("description") else "")
    if refuse.code is Code.RESPONSE_ISSUER:
        return f"the answer's iss is {facts.get('found')}, not {facts.get('expected')}"
    return str(facts.get("problem"))


def _is(location: str, redirect_uri: str) -> bool:
    return location.partition("?")[0].partition("#")[0] == redirect_uri.partition("?")[0]


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


def _not_registered(error: str, description: str | None, configured: Configured) -> Refuse:
    facts = {"error": error, "description": description, "redirect_uri": configured.redirect_uri}
    return Refuse(Code.REQUEST_REFUSED, facts)

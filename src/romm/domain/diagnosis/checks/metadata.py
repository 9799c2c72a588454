"""Does the discovery document suit RomM?

Sources: OpenID Connect Discovery 1.0, 3 and 4.3; RFC 8414, 2 (`code_challenge_methods_supported`).
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from romm.domain import hosts
from romm.domain.diagnosis.evidence import Configured, Discovered, scheme_and_host
from romm.domain.diagnosis.findings import Check, Finding, diagnosed, failed, ok, refused, unknown, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.history import History, format_time
from romm.domain.errors import Code, Refuse
from romm.domain.instants import format_length
from romm.domain.providers.register import preset
from romm.domain.sign_in.claims.signed_tokens import CLOCK_SKEW_SECONDS, MAX_ISSUED_AGO_SECONDS

_INNER_ZONES = (".internal", ".local", ".localhost")  # RFC 6762, RFC 6761; `.internal`: ICANN
_CLOCK_CODES = (Code.ID_TOKEN_ISSUED_AT, Code.ID_TOKEN_EXPIRED, Code.ID_TOKEN_NOT_YET)
BACKCHANNEL_LOGOUT = "/api/oauth/openid/backchannel-logout"
SLOW_SECONDS = 2.0  # half of a sign-in's timeout
NOTABLE_SKEW_SECONDS = 10

_LATER = (
    Code.ISSUER_PLACEHOLDER,
    Code.ISSUER_MISMATCH,
    Code.ENDPOINT_INSECURE,
)  # the document exists, its contents are wrong


def discovery(found: Discovered | Refuse, configured: Configured) -> Finding:
    match found:
        case Discovered() if found.seconds > SLOW_SECONDS:
            slow = f"{found.url} answered after {found.seconds:.1f} s; a sign-in waits 4"
            return warning(Check.DISCOVERY, slow, Fix.SLOW)
        case Discovered():
            return ok(Check.DISCOVERY, f"in {found.seconds * 1000:.0f} ms, from {found.url}")
        case Refuse(code=code) if code in _LATER:
            return ok(Check.DISCOVERY, "there, but its content is wrong; see below")
        case Refuse(code=code):
            problem = str(found.facts.get("problem"))
            finding = diagnosed if code is Code.PROVIDER_ANSWER_INVALID else refused
            return finding(Check.DISCOVERY, found, f"{found.facts.get('url')}: {problem}", *_hints(problem, configured))


def issuer(found: Discovered | Refuse, configured: Configured) -> Finding:
    match found:
        case Refuse(code=Code.ISSUER_MISMATCH, facts=facts):
            actual, expected = str(facts["found"]), str(facts["expected"])
            message = f"the provider calls itself {actual}, configured is {expected}"
            if fix := _wrong_origin(actual, expected):
                return diagnosed(Check.ISSUER, found, message, fix)
            known = preset(configured.provider)
            finding = diagnosed if Code.ISSUER_MISMATCH in known.hints else refused
            return finding(Check.ISSUER, found, message, Fix.RIGHT_ADDRESS.text(issuer=known.locations.issuer))
        case Refuse(code=Code.ISSUER_PLACEHOLDER, facts=facts):
            return refused(Check.ISSUER, found, f"{facts['found']} is a pattern for many issuers")
        case Refuse():
            return ok(Check.ISSUER, "the configured one")
        case Discovered(metadata=metadata) if _only_slash(metadata.issuer, configured):
            where = "with" if metadata.issuer.endswith("/") else "without"
            note = f"{where} a slash at the end, unlike your setting; that is fine, RomM uses the provider's spelling"
            return ok(Check.ISSUER, f"{metadata.issuer}, {note}")
        case Discovered(metadata=metadata):
            return ok(Check.ISSUER, metadata.issuer)


def endpoints(found: Discovered | Refuse, configured: Configured) -> Finding:
    """Browsers open the authorization endpoint: a name known only in RomM's network fails."""
    match found:
        case Refuse(facts=facts):
            return refused(Check.ENDPOINTS, found, f"{facts.get('endpoint')} is {facts.get('found')}")
        case Discovered(metadata=metadata) if _is_inner(metadata.authorization_endpoint, configured.base_url):
            inner = scheme_and_host(metadata.authorization_endpoint)[1]
            message = f"browsers are sent to {inner}, which looks like a name or address inside the network only"
            return warning(Check.ENDPOINTS, message, Fix.INNER_NAME.text(host=inner))
        case Discovered(metadata=metadata):
            scheme, host = scheme_and_host(metadata.token_endpoint)
            return ok(Check.ENDPOINTS, f"{scheme}, the token endpoint at {host}")


def clock(found: Discovered, history: History) -> Finding:
    """Limits as in `claims`."""
    line = history.refused_with(*_CLOCK_CODES)
    if line and found.provider_time is None:
        message = f"the last sign-in ({format_time(line.at)}) was refused for the times in its ID token"
        return warning(Check.CLOCK, message, Fix.SYNCHRONIZE, code=line.code)
    if found.provider_time is None and history.succeeded:
        return ok(Check.CLOCK, f"the times in the ID token of the last sign-in ({history.when}) were right")
    if found.provider_time is None:
        return unknown(Check.CLOCK, "the provider's answer has no Date header to compare with; a sign-in shows it")
    ahead = (found.provider_time - found.our_time).total_seconds()
    message = f"the provider's clock is {format_length(ahead)} {'ahead' if ahead > 0 else 'behind'}"
    fix = Fix.SYNCHRONIZE
    match ahead:
        case _ if ahead > CLOCK_SKEW_SECONDS:
            return failed(Check.CLOCK, message, fix, code=Code.ID_TOKEN_ISSUED_AT)
        case _ if ahead < -MAX_ISSUED_AGO_SECONDS:
            return failed(Check.CLOCK, message, fix, code=Code.ID_TOKEN_ISSUED_AT)
        case _ if abs(ahead) > NOTABLE_SKEW_SECONDS:
            limits = f"up to {CLOCK_SKEW_SECONDS} s ahead is allowed; behind, tokens expire early"
            return warning(Check.CLOCK, f"{message}; {limits}", fix)
        case _:
            return ok(Check.CLOCK, "the same time, to a few seconds")


def pkce(found: Discovered) -> Finding:
    match found.announced.challenge_methods:
        case None | ():
            return ok(Check.PKCE, "not announced; RomM sends it anyway, and a provider without PKCE ignores it")
        case methods if "S256" in methods:
            return ok(Check.PKCE, "S256")
        case methods:
            message = f"the provider announces {', '.join(methods)}, without S256"
            return warning(Check.PKCE, message, Fix.ALLOW_S256)


def end_session(found: Discovered, configured: Configured, history: History) -> Finding:
    finding = _end_session(found, configured)
    if history.logout:
        return replace(finding, found=f"{finding.found}. Its last logout token: {format_time(history.logout.at)}")
    known = preset(configured.provider)
    if found.metadata.backchannel_logout_supported is not True or not known.registers_backchannel_logout:
        return finding
    register = (
        f"register {configured.base_url}{BACKCHANNEL_LOGOUT} there as back-channel logout URL, so that signing out there "
        "ends the RomM session too"
    )
    return replace(finding, found=f"{finding.found}. Optional: {register}")


def _end_session(found: Discovered, configured: Configured) -> Finding:
    if not configured.rp_initiated_logout:
        return ok(Check.END_SESSION, "signing out ends the RomM session only (OIDC_RP_INITIATED_LOGOUT is false)")
    endpoint = configured.end_session_endpoint or found.metadata.end_session_endpoint
    back, known = configured.post_logout_redirect_uri, preset(configured.provider)
    if not endpoint and known.sign_out_page:
        url = known.sign_out_page.format(issuer=found.metadata.issuer.removesuffix("/"), return_to="")
        message = f"at {url.partition('?')[0]}, and back to {back or f'{configured.base_url}/login'}"
        return ok(Check.END_SESSION, f"{message}, where {known.label} allows that address")
    if not endpoint:
        message = "the provider has no end-session endpoint, so its own session stays"
        return warning(Check.END_SESSION, message, Fix.NO_END_SESSION)
    place = known.locations.sign_out
    if back:
        return ok(Check.END_SESSION, f"at {endpoint}, and back to {back}, which must be registered there ({place})")
    register = f"register {configured.base_url}/login there ({place})"
    hint = f"to bring them back, {register} and set OIDC_POST_LOGOUT_REDIRECT_URI to it"
    return ok(Check.END_SESSION, f"at {endpoint}, and people stay there; {hint}")


def _hints(problem: str, configured: Configured) -> Sequence[str]:
    """A 404 with a page is no proxy's sign-in page."""
    place = Fix.RIGHT_ADDRESS.text(issuer=preset(configured.provider).locations.issuer)
    if "404" in problem:
        return place, Fix.OTHER_PATH
    if "text/html" in problem:
        return Fix.WEB_PAGE, place
    if "redirects are not followed" in problem:
        return Fix.FOLLOW_REDIRECT, place
    return (place,)


def _wrong_origin(actual: str, expected: str) -> str:
    """Empty where only the path differs."""
    (scheme, host), (expected_scheme, expected_host) = scheme_and_host(actual), scheme_and_host(expected)
    if host == expected_host and (scheme, expected_scheme) == ("http", "https"):
        return Fix.FORWARD_PROTO
    return Fix.PUBLIC_NAME.text(host=host) if host and host != expected_host else ""


def _is_inner(endpoint: str, base_url: str) -> bool:
    return _inner(endpoint) and not _inner(base_url)


def _inner(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return hosts.is_loopback(host) or host.endswith(_INNER_ZONES) or ("." not in host and ":" not in host)


def _only_slash(actual: str, configured: Configured) -> bool:
    expected = configured.application_url
    return actual != expected and actual.removesuffix("/") == expected.removesuffix("/")

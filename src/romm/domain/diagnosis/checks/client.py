"""Does the provider accept the client? Tried with an invented code (RFC 6749, 5.2) and a pushed request (RFC 9126)."""

from romm.domain.diagnosis.evidence import Configured
from romm.domain.diagnosis.findings import Check, Finding, diagnosed, failed, ok, refused, unknown
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.probes import ClientProbes, TokenProbe
from romm.domain.diagnosis.verdicts import Registered, UnknownClient, UnknownEither, Unregistered, Verdict
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import preset


def client(probes: ClientProbes, verdict: Verdict, configured: Configured) -> Finding:
    found = probes.token
    match found.answer:
        case None:
            return failed(Check.CLIENT, "the provider issued tokens for a made-up code", Fix.DISTRUST)
        case Refuse(code=Code.CODE_REJECTED | Code.TOKEN_RESPONSE_INVALID) as answer:
            return _code_refused(answer, probes, verdict, configured)
        case Refuse(code=Code.CLIENT_METHOD_UNSUPPORTED, facts=facts) as answer:
            message = f"the provider takes {facts['offered']}, and RomM has what it needs for {facts['usable']}"
            return refused(Check.CLIENT, answer, message, _place(configured))
        case Refuse(code=Code.CLIENT_REJECTED) as answer:
            return _rejected(answer, probes, verdict, configured)
        case Refuse() as answer:
            return refused(Check.CLIENT, answer, f"{answer.facts.get('url')}: {answer.facts.get('problem')}")


def _code_refused(answer: Refuse, probes: ClientProbes, verdict: Verdict, configured: Configured) -> Finding:
    """Was the client accepted before the code was refused?"""
    found, told = probes.token, describe(answer)
    problem = str(answer.facts.get("problem"))
    match answer.code:
        case Code.TOKEN_RESPONSE_INVALID if "unauthorized_client" in problem:
            return diagnosed(Check.CLIENT, answer, problem, Fix.ALLOW_CODE_GRANT)
        case Code.TOKEN_RESPONSE_INVALID if "dpop" in problem.lower():
            return diagnosed(Check.CLIENT, answer, problem, Fix.NO_DPOP)
        case Code.TOKEN_RESPONSE_INVALID if "text/html" in problem:
            return refused(Check.CLIENT, answer, f"{answer.facts.get('url')}: {problem}")
        case _ if probes.pushed and probes.pushed.proves_client:
            return ok(Check.CLIENT, f"known to the provider, which reads its pushed request (it answered {told})")
        case _ if isinstance(verdict, UnknownClient) or (probes.pushed and probes.pushed.refuses_client):
            return _unknown_client(verdict, told, configured)
        case _ if found.secret is None and found.client is None:
            return ok(Check.CLIENT, f"known to the provider, with {found.method} (it answered {told})")
        case _ if found.secret is not None and not found.like_secret:
            return ok(Check.CLIENT, f"known to the provider, with {found.method} (it answered {told})")
        case _ if found.secret is None and not found.like_client:
            return ok(Check.CLIENT, f"known to the provider, with {found.method} (it answered {told})")
        case _:
            message = f"the provider answered {told}, and the same to an invented secret"
            fix = Fix.CHECK_CLIENT.text()
            return unknown(Check.CLIENT, message, fix, _place(configured))


def _rejected(answer: Refuse, probes: ClientProbes, verdict: Verdict, configured: Configured) -> Finding:
    found = probes.token
    told, method = f"the provider answered {describe(answer)}", found.method
    is_at_provider = not isinstance(verdict, Registered)
    match found:
        case _ if found.automatic:
            first = f"{method} comes first and is refused; OIDC_TOKEN_ENDPOINT_AUTH_METHOD={found.accepted} saves that"
            return ok(Check.CLIENT, f"known to the provider, with {found.accepted}; {first}")
        case _ if found.accepted == "none":
            message = f"{told} with {method}, but accepts the client without a secret"
            return diagnosed(Check.CLIENT, answer, message, Fix.PUBLIC_CLIENT)
        case _ if found.accepted:
            message = f"{told} with {method}, but {found.accepted} is accepted"
            return diagnosed(Check.CLIENT, answer, message, Fix.SET_METHOD.text(method=found.accepted))
        case _ if probes.pushed and probes.pushed.proves_client and isinstance(verdict, Unregistered):
            return ok(Check.CLIENT, f"known to the provider, which reads its pushed request ({told} to a made-up code)")
        case _ if isinstance(verdict, Unregistered) and not probes.pushed:
            message = f"{told}, which some providers also answer to a redirect URI that is not registered"
            return unknown(Check.CLIENT, message, Fix.FIRST_REDIRECT_URI)
        case _ if isinstance(verdict, UnknownClient) or (found.like_client and not found.like_secret and found.secret):
            return _unknown_client(verdict, describe(answer), configured)
        case _ if isinstance(verdict, UnknownEither) and found.like_client:
            return _unknown_client(verdict, describe(answer), configured)
        case _ if method == "none":
            more = () if configured.has_secret else (Fix.SET_SECRET,)
            message = f"{told} to a client without a secret"
            return refused(Check.CLIENT, answer, message, *more, _place(configured), at_provider=is_at_provider)
        case _ if _is_secret_wrong(found):
            message = f"{told} to {configured.client_id} with {method}, and something else to an invented client"
            return diagnosed(Check.CLIENT, answer, message, Fix.COPY_SECRET, _place(configured))
        case _ if isinstance(verdict, Unregistered | UnknownEither) and str(verdict.words):
            message = f"{told} to {configured.client_id} with {method}; to the browser {verdict.words}"
            return refused(Check.CLIENT, answer, message, Fix.READ_PAGE, _place(configured), at_provider=True)
        case _:
            message = f"{told} to {configured.client_id} with {method}"
            return refused(Check.CLIENT, answer, message, _place(configured), at_provider=is_at_provider)


def _unknown_client(verdict: Verdict, told: str, configured: Configured) -> Finding:
    """A sign-in ends on the provider's page (RFC 6749, 4.1.2.1)."""
    said = str(verdict.words) if isinstance(verdict, UnknownClient | UnknownEither) else ""
    both = told if said in ("", told) else f"{told}, and to the browser {said},"
    message = f"the provider answers {both} to {configured.client_id}, as to an invented client"
    return failed(Check.CLIENT, message, Fix.COPY_CLIENT_ID.text(client_id=configured.client_id), _place(configured))


def _is_secret_wrong(found: TokenProbe) -> bool:
    is_sent = found.method in ("client_secret_basic", "client_secret_post")
    return is_sent and found.like_secret and found.client is not None and not found.like_client


def describe(answer: Refuse) -> str:
    facts = answer.facts
    error, description = facts.get("error") or facts.get("problem"), facts.get("description")
    return f"{error} ({description})" if description else str(error)


def _place(configured: Configured) -> str:
    return click(preset(configured.provider).locations.secret)

"""Does the provider accept the client? Tried with an invented code (RFC 6749, 5.2)."""

from msgspec import Struct

from romm.domain.diagnosis.evidence import Configured
from romm.domain.diagnosis.findings import Check, Finding, failed, ok, refused, warning
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import preset


class ClientProbe(Struct, frozen=True, kw_only=True):
    """`method` was sent; None: tokens. `accepted`: another method that works; `automatic`: a sign-in tries it."""

    method: str
    answer: Refuse | None
    accepted: str = ""
    automatic: bool = False


def client(found: ClientProbe, configured: Configured) -> Finding:
    method, answer = found.method, found.answer
    place = click(preset(configured.provider).locations.secret)
    match answer:
        case None:
            unsafe = "Do not use this provider: it lets everyone in."
            return failed(Check.CLIENT, "the provider issued tokens for a made-up code", unsafe)
        case Refuse(code=Code.CODE_REJECTED):
            return ok(Check.CLIENT, f"known to the provider, with {method} (it answered {answer.facts.get('error')})")
        case Refuse(code=Code.CLIENT_METHOD_UNSUPPORTED, facts=facts):
            message = f"the provider takes {facts['offered']}, and RomM has what it needs for {facts['usable']}"
            return refused(Check.CLIENT, answer, message, place)
        case Refuse(code=Code.CLIENT_REJECTED) if found.automatic:
            first = f"{method} comes first and is refused; OIDC_TOKEN_ENDPOINT_AUTH_METHOD={found.accepted} saves that"
            return ok(Check.CLIENT, f"known to the provider, with {found.accepted}; {first}")
        case Refuse(code=Code.CLIENT_REJECTED) if found.accepted == "none":
            message = f"{_answered(answer)} with {method}, but accepts the client without a secret"
            public = "It is a public client there: leave OIDC_CLIENT_SECRET empty, or set a secret there."
            return refused(Check.CLIENT, answer, message, public)
        case Refuse(code=Code.CLIENT_REJECTED) if found.accepted:
            message = f"{_answered(answer)} with {method}, but {found.accepted} is accepted"
            return refused(Check.CLIENT, answer, message, f"Set OIDC_TOKEN_ENDPOINT_AUTH_METHOD={found.accepted}.")
        case Refuse(code=Code.CLIENT_REJECTED) if method == "none":
            message = f"{_answered(answer)} to a client without a secret"
            more = () if configured.has_secret else ("Set OIDC_CLIENT_SECRET, or make it a public client there.",)
            return refused(Check.CLIENT, answer, message, *more, place)
        case Refuse(code=Code.CLIENT_REJECTED):
            return refused(Check.CLIENT, answer, f"{_answered(answer)} to {configured.client_id} with {method}", place)
        case Refuse(code=Code.TOKEN_RESPONSE_INVALID) if "unauthorized_client" in str(answer.facts.get("problem")):
            grant = "At the provider: allow this client the grant type authorization_code."
            return refused(Check.CLIENT, answer, str(answer.facts["problem"]), grant)
        case Refuse(code=Code.TOKEN_RESPONSE_INVALID) if "dpop" in str(answer.facts.get("problem")).lower():
            switch = "At the provider: switch off that this client must bind its tokens by DPoP (RFC 9449)."
            return refused(Check.CLIENT, answer, str(answer.facts["problem"]), switch)
        case Refuse(code=Code.TOKEN_RESPONSE_INVALID) if "text/html" in str(answer.facts.get("problem")):
            return refused(Check.CLIENT, answer, f"{answer.facts.get('url')}: {answer.facts.get('problem')}")
        case Refuse(code=Code.TOKEN_RESPONSE_INVALID):
            message = f"unknown: the provider answered {answer.facts.get('problem')}"
            look = "If signing in works, nothing is wrong. Otherwise the provider's log has the reason."
            return warning(Check.CLIENT, message, look, code=answer.code)
        case Refuse():
            return refused(Check.CLIENT, answer, f"{answer.facts.get('url')}: {answer.facts.get('problem')}")


def _answered(answer: Refuse) -> str:
    return f"the provider answered {answer.facts.get('error')}"

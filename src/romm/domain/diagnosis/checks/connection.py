"""Can RomM connect, and trust the connection?

Source: OpenSSL's `X509_V_ERR_…` texts.
"""

from romm.domain import hosts
from romm.domain.diagnosis.evidence import Certificate, Endpoint, Handshake
from romm.domain.diagnosis.findings import Check, Finding, ok, refused, warning
from romm.domain.errors import Code, Refuse

_CONTAINER = (
    "In a container `localhost` is the container itself: use the provider's host name, and in compose give the proxy's "
    "service the provider's public name as a network alias."
)


def dns(place: Endpoint, found: tuple[str, ...] | Refuse) -> Finding:
    if isinstance(found, Refuse):
        return refused(
            Check.DNS,
            found,
            f"{place.host} has no address: {found.facts.get('problem')}",
            "In compose give the proxy's service the provider's public name as a network alias, or add extra_hosts.",
        )
    return ok(Check.DNS, f"{place.host} is {', '.join(found)}")


def connect(place: Endpoint, found: float | Refuse) -> Finding:
    """`found` is in seconds."""
    if not isinstance(found, Refuse):
        return ok(Check.CONNECT, f"{place.host}, port {place.port}, in {found * 1000:.0f} ms")
    fixes = [_CONTAINER] if hosts.is_loopback(place.host) else []
    if "no answer" in str(found.facts.get("problem")):
        fixes.append(
            "There is no answer at all: check for a firewall, or a router that blocks your own public address from inside."
        )
    return refused(Check.CONNECT, found, f"{place.host}, port {place.port}: {found.facts.get('problem')}", *fixes)


def tls(place: Endpoint, found: Handshake | Refuse | None) -> Finding:
    """`found` is None for a plain http address."""
    match found:
        case None if hosts.is_loopback(place.host):
            return ok(Check.TLS, "plain http, but only inside this machine")
        case None:
            fix = "Give the provider https and use that address in OIDC_SERVER_APPLICATION_URL."
            return warning(Check.TLS, "plain http: an eavesdropper can sign in as any person", fix)
        case Refuse():
            return refused(Check.TLS, found, str(found.facts.get("problem")))
        case Handshake(problem=""):
            return ok(Check.TLS, _describe(found.chain))
        case Handshake():
            refuse = Refuse(Code.PROVIDER_TLS, {"url": place.origin, "problem": found.problem})
            return refused(Check.TLS, refuse, found.problem, *_advice(place, found))


def _advice(place: Endpoint, found: Handshake) -> list[str]:
    if not found.chain:
        return []
    leaf, last = found.chain[0], found.chain[-1]
    problem = found.problem.lower()
    if "mismatch" in problem or "not valid for" in problem:
        return [f"The certificate is for {', '.join(leaf.names) or leaf.subject}; RomM asked for {place.host}."]
    if "expired" in problem or "not yet valid" in problem:
        return [
            f"{each.subject}: valid from {each.not_before:%Y-%m-%d} to {each.not_after:%Y-%m-%d}."
            for each in found.chain
        ]
    if leaf.subject == leaf.issuer:
        return [f"The provider's certificate ({leaf.subject}) is self-signed: put that certificate there."]
    if last.subject == last.issuer:
        return [f"The authority {last.subject} is missing here: put its certificate there."]
    return [_missing(last, len(found.chain))]


def _missing(last: Certificate, length: int) -> str:
    if length > 1:
        return (
            f"The certificate of {last.issuer}, the authority at the end of the chain, is missing here: put it there."
        )
    return (
        f"The certificate of {last.issuer}, which signed this one, is missing: the provider sends only its own. If that is a "
        "private authority, put its certificate there. If it is an intermediate of a public one, let the provider's web "
        "server send the full chain (fullchain.pem)."
    )


def _describe(chain: tuple[Certificate, ...]) -> str:
    if not chain:
        return "trusted"
    return f"trusted; for {', '.join(chain[0].names[:3])}, by {chain[0].issuer}, until {chain[0].not_after:%Y-%m-%d}"

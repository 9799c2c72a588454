"""Can RomM connect, and trust the connection?

Source: OpenSSL's `X509_V_ERR_…` texts.
"""

from romm.domain import hosts
from romm.domain.diagnosis.evidence import Certificate, Endpoint, Handshake
from romm.domain.diagnosis.findings import Check, Finding, ok, refused, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.errors import Code, Refuse


def dns(place: Endpoint, found: tuple[str, ...] | Refuse) -> Finding:
    if isinstance(found, Refuse):
        return refused(
            Check.DNS,
            found,
            f"{place.host} has no address: {found.facts.get('problem')}",
            Fix.ALIAS,
        )
    return ok(Check.DNS, f"{place.host} is {', '.join(found)}")


def connect(place: Endpoint, found: float | Refuse) -> Finding:
    """`found` is in seconds."""
    if not isinstance(found, Refuse):
        return ok(Check.CONNECT, f"{place.host}, port {place.port}, in {found * 1000:.0f} ms")
    fixes = [Fix.CONTAINER] if hosts.is_loopback(place.host) else []
    if "no answer" in str(found.facts.get("problem")):
        fixes.append(Fix.FIREWALL)
    return refused(Check.CONNECT, found, f"{place.host}, port {place.port}: {found.facts.get('problem')}", *fixes)


def tls(place: Endpoint, found: Handshake | Refuse | None) -> Finding:
    """`found` is None for a plain http address."""
    match found:
        case None if hosts.is_loopback(place.host):
            return ok(Check.TLS, "plain http, but only inside this machine")
        case None:
            return warning(Check.TLS, "plain http: an eavesdropper can sign in as any person", Fix.USE_HTTPS)
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
        return [Fix.CERTIFICATE_NAME.text(names=", ".join(leaf.names) or leaf.subject, host=place.host)]
    if "expired" in problem or "not yet valid" in problem:
        return [_dates(each) for each in found.chain]
    if leaf.subject == leaf.issuer:
        return [Fix.SELF_SIGNED.text(subject=leaf.subject)]
    if last.subject == last.issuer:
        return [Fix.AUTHORITY.text(subject=last.subject)]
    return [_missing(last, len(found.chain))]


def _missing(last: Certificate, length: int) -> str:
    fix = Fix.AUTHORITY_OF_CHAIN if length > 1 else Fix.INTERMEDIATE
    return fix.text(issuer=last.issuer)


def _dates(certificate: Certificate) -> str:
    first, last = (f"{date:%Y-%m-%d}" for date in (certificate.not_before, certificate.not_after))
    return Fix.CERTIFICATE_DATE.text(subject=certificate.subject, not_before=first, not_after=last)


def _describe(chain: tuple[Certificate, ...]) -> str:
    if not chain:
        return "trusted"
    return f"trusted; for {', '.join(chain[0].names[:3])}, by {chain[0].issuer}, until {chain[0].not_after:%Y-%m-%d}"

"""Can RomM verify the provider's signatures?"""

from romm.domain.diagnosis.evidence import Configured, Discovered, PublishedKeys
from romm.domain.diagnosis.findings import Check, Finding, failed, ok, refused, skipped, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.history import History, format_time
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import key, preset
from romm.domain.sign_in.discovery import accepted_algorithms


def keys(found: PublishedKeys | Refuse, discovered: Discovered, configured: Configured) -> Finding:
    """With HS256 allowed, the client secret signs: no key is needed."""
    url = discovered.metadata.jwks_uri
    place = click(preset(configured.provider).locations.signing_key)
    match found:
        case PublishedKeys(usable=()) if _is_symmetric(_common(discovered, configured)):
            return ok(
                Check.KEYS,
                "none, and none is needed: ID tokens are signed with the client secret (see OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS)",
            )
        case PublishedKeys(usable=()) if _is_symmetric(discovered.announced.signing_algorithms or ()):
            return skipped(Check.KEYS, "none: the provider signs with the client secret (HS256); see Signature")
        case PublishedKeys(usable=(), for_encryption=number) if number and _encrypts(found, configured):
            return skipped(Check.KEYS, "none for signatures, only for encryption (JWE); see Signature")
        case PublishedKeys(usable=(), unreadable=(first, *_)):
            facts = {"url": url, "kid": first.kid, "problem": first.problem}
            return refused(Check.KEYS, Refuse(Code.ID_TOKEN_KEY_UNREADABLE, facts), first.described)
        case PublishedKeys(usable=(), for_encryption=0) if _may_be_symmetric(discovered):
            facts = {"found": "HS256", "expected": " ".join(configured.algorithms)}
            message = "none: without a key the provider signs with the client secret (HS256)"
            return refused(Check.KEYS, Refuse(Code.ID_TOKEN_ALGORITHM, facts), message, place)
        case PublishedKeys(usable=(), for_encryption=0):
            return refused(Check.KEYS, _no_key(url), "none: the provider has no signing key for this client", place)
        case PublishedKeys(usable=()):
            return refused(Check.KEYS, _no_key(url), "none for signatures, only for encryption (JWE)", place)
        case PublishedKeys(usable=kinds):
            more = "".join(f"; {each.described}" for each in found.unreadable)
            return ok(Check.KEYS, f"{len(kinds)}: {', '.join(kinds)}{more}")
        case Refuse():
            return refused(Check.KEYS, found, f"{found.facts.get('url')}: {found.facts.get('problem')}")


def algorithms(
    found: PublishedKeys | Refuse, discovered: Discovered, configured: Configured, history: History
) -> Finding:
    offered, common = discovered.announced.signing_algorithms, _common(discovered, configured)
    place = click(preset(configured.provider).locations.signing_key)
    if _encrypts(found, configured):
        message = "the client has an encryption key, so Authentik encrypts ID tokens (JWE)"
        return failed(Check.ALGORITHMS, message, Fix.NO_ENCRYPTION, place, code=Code.ID_TOKEN_ENCRYPTED)
    if offered and not common:
        allowed = " ".join(configured.algorithms)
        refuse = Refuse(Code.ID_TOKEN_ALGORITHM, {"found": " or ".join(offered), "expected": allowed})
        return refused(Check.ALGORITHMS, refuse, f"{', '.join(offered)}, which RomM does not accept", place)
    if line := history.refused_with(Code.ID_TOKEN_ALGORITHM, Code.ID_TOKEN_ENCRYPTED):
        message = f"the last sign-in ({format_time(line.at)}) was refused for how its ID token was signed or encrypted"
        return warning(Check.ALGORITHMS, message, place, code=line.code)
    told = ", ".join(common) if offered else f"not announced; RomM accepts {', '.join(common)}"
    return ok(Check.ALGORITHMS, f"{told}; accepted at the last sign-in" if history.succeeded else told)


def _encrypts(found: PublishedKeys | Refuse, configured: Configured) -> bool:
    """Authentik publishes an encryption key only if the provider encrypts (its `JWKSView.get_keys`)."""
    return isinstance(found, PublishedKeys) and bool(found.for_encryption) and key(configured.provider) == "authentik"


def _common(discovered: Discovered, configured: Configured) -> tuple[str, ...]:
    return accepted_algorithms(configured.algorithms, discovered.announced.signing_algorithms or ())


def _is_symmetric(algorithms: tuple[str, ...]) -> bool:
    return bool(algorithms) and all(name.startswith("HS") for name in algorithms)


def _may_be_symmetric(discovered: Discovered) -> bool:
    return any(name.startswith("HS") for name in discovered.announced.signing_algorithms or ())


def _no_key(url: str) -> Refuse:
    return Refuse(Code.PROVIDER_ANSWER_INVALID, {"url": url, "problem": "200 without a usable key"})

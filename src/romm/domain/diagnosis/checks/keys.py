"""Can RomM verify the provider's signatures?"""

from romm.domain.diagnosis.evidence import Configured, Discovered, PublishedKeys
from romm.domain.diagnosis.findings import Check, Finding, ok, refused, warning
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
        case PublishedKeys(usable=(), unreadable=(first, *_)):
            facts = {"url": url, "kid": first.kid, "problem": first.problem}
            return refused(Check.KEYS, Refuse(Code.ID_TOKEN_KEY_UNREADABLE, facts), first.described)
        case PublishedKeys(usable=(), for_encryption=0):
            none = "none: the provider has no signing key for this client, so it signs with the client secret (HS256)"
            return refused(Check.KEYS, _no_key(url), none, place)
        case PublishedKeys(usable=()):
            return refused(Check.KEYS, _no_key(url), "none for signatures, only for encryption (JWE)", place)
        case PublishedKeys(usable=kinds):
            more = "".join(f"; {each.described}" for each in found.unreadable)
            return ok(Check.KEYS, f"{len(kinds)}: {', '.join(kinds)}{more}")
        case Refuse():
            return refused(Check.KEYS, found, f"{found.facts.get('url')}: {found.facts.get('problem')}")


def algorithms(found: PublishedKeys | Refuse, discovered: Discovered, configured: Configured) -> Finding:
    offered, common = discovered.announced.signing_algorithms, _common(discovered, configured)
    place = click(preset(configured.provider).locations.signing_key)
    if not offered:
        return ok(Check.ALGORITHMS, f"not announced; RomM accepts {', '.join(common)}")
    if not common:
        allowed = " ".join(configured.algorithms)
        refuse = Refuse(Code.ID_TOKEN_ALGORITHM, {"found": " or ".join(offered), "expected": allowed})
        return refused(Check.ALGORITHMS, refuse, f"{', '.join(offered)}, which RomM does not accept", place)
    if isinstance(found, PublishedKeys) and found.for_encryption and key(configured.provider) == "authentik":
        message = "the client has an encryption key, so Authentik encrypts ID tokens (JWE)"
        return warning(
            Check.ALGORITHMS,
            message,
            "RomM cannot read encrypted tokens: remove the key.",
            place,
            code=Code.ID_TOKEN_ENCRYPTED,
        )
    return ok(Check.ALGORITHMS, ", ".join(common))


def _common(discovered: Discovered, configured: Configured) -> tuple[str, ...]:
    return accepted_algorithms(configured.algorithms, discovered.announced.signing_algorithms or ())


def _is_symmetric(common: tuple[str, ...]) -> bool:
    return bool(common) and all(name.startswith("HS") for name in common)


def _no_key(url: str) -> Refuse:
    return Refuse(Code.PROVIDER_ANSWER_INVALID, {"url": url, "problem": "200 without a usable key"})

"""Is RomM allowed the scopes it needs?

Sources: OpenID Connect Core 1.0, 5.4; OpenID Connect Discovery 1.0, 3 (a provider may allow more than it announces).
"""

from romm.domain.diagnosis.checks.request import ProbeResult, describe
from romm.domain.diagnosis.evidence import Configured, Discovered
from romm.domain.diagnosis.findings import Check, Finding, failed, ok, refused, warning
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import preset


def scopes(result: ProbeResult, discovered: Discovered, configured: Configured) -> Finding:
    requested, announced = configured.scope.split(), discovered.announced.scopes
    place = click(preset(configured.provider).locations.claims)
    unknown = [scope for scope in requested if announced is not None and scope not in announced]
    match result:
        case ProbeResult(verdict=Refuse(code=Code.INVALID_SCOPE) as refuse):
            return refused(Check.SCOPES, refuse, f"{describe(refuse)}; asked for: {configured.scope}", place)
        case _ if "openid" not in requested:
            return failed(
                Check.SCOPES,
                f"{configured.scope}, without openid",
                "Add openid to OIDC_SCOPES.",
                code=Code.ID_TOKEN_MISSING,
            )
        case _ if unknown:
            message = f"the provider does not announce {', '.join(unknown)}"
            fix = "Add it there, or remove it from OIDC_SCOPES. If the claims arrive anyway, nothing is wrong."
            return warning(Check.SCOPES, message, fix, place)
        case ProbeResult(returned=True):
            return ok(Check.SCOPES, configured.scope)
        case _:
            return ok(
                Check.SCOPES, f"{configured.scope}; {'all announced' if announced else 'the provider announces none'}"
            )


def claims(discovered: Discovered, configured: Configured, roles_scope: str) -> Finding:
    """`roles_scope`: required for the provider's roles claim."""
    needed = ["email", *filter(None, [configured.roles_claim])]
    place = click(preset(configured.provider).locations.claims)
    scopes_asked, known = configured.scope.split(), discovered.announced.claims
    if "email" not in scopes_asked:
        fix = "Add email to OIDC_SCOPES."
        return warning(Check.CLAIMS, "RomM does not ask for the scope email", fix, code=Code.EMAIL_MISSING)
    if configured.roles_claim and roles_scope and roles_scope not in scopes_asked:
        message = f"OIDC_CLAIM_ROLES is {configured.roles_claim}, but RomM does not ask for the scope {roles_scope}"
        return warning(Check.CLAIMS, message, f"Add {roles_scope} to OIDC_SCOPES, or leave OIDC_SCOPES empty.", place)
    if known is None:
        return ok(Check.CLAIMS, f"{' and '.join(needed)} wanted; the provider does not announce its claims")
    announced = {*known, *(discovered.announced.scopes or ())}
    missing = [claim for claim in needed if claim not in announced and claim.partition(".")[0] not in announced]
    if not missing:
        return ok(Check.CLAIMS, " and ".join(needed))
    variable = "OIDC_CLAIM_ROLES" if configured.roles_claim in missing else "OIDC_SCOPES"
    fix = f"Check {variable}, and that the provider sends it. If roles are correct, it sends more than it announces."
    return warning(Check.CLAIMS, f"the provider does not announce {' and '.join(missing)}", fix, place)

"""Is RomM allowed the scopes it needs?

Sources: OpenID Connect Core 1.0, 5.4; OpenID Connect Discovery 1.0, 3 (a provider may allow and send more than it announces).
"""

from romm.domain.diagnosis.checks.request import describe
from romm.domain.diagnosis.evidence import Configured, Discovered
from romm.domain.diagnosis.findings import Check, Finding, failed, ok, refused, skipped, unknown, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.history import History
from romm.domain.diagnosis.probes import ClientProbes
from romm.domain.diagnosis.verdicts import Registered, Verdict
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import preset
from romm.domain.sign_in.authorization import Accepted

SEE_REDIRECT_URI = "not announced, and not known before “Redirect URI” is ok"


def scopes(
    result: Accepted | Refuse | None,
    verdict: Verdict,
    probes: ClientProbes,
    discovered: Discovered,
    configured: Configured,
    history: History,
) -> Finding:
    requested, announced = configured.scope.split(), discovered.announced.scopes
    place = click(preset(configured.provider).locations.claims)
    unannounced = ", ".join(scope for scope in requested if announced is not None and scope not in announced)
    match result:
        case Refuse(code=Code.INVALID_SCOPE) as refuse:
            return refused(Check.SCOPES, refuse, f"{describe(refuse)}; asked for: {configured.scope}", place)
        case _ if "openid" not in requested:
            return failed(
                Check.SCOPES, f"{configured.scope}, without openid", Fix.ASK_OPENID, code=Code.ID_TOKEN_MISSING
            )
        case _ if not unannounced and result is not None:
            return ok(Check.SCOPES, configured.scope)
        case _ if not unannounced:
            how = "all announced" if announced else "the provider announces none"
            return ok(Check.SCOPES, f"{configured.scope}; {how}")
        case _ if probes.request.invented_scope is False:
            how = f"{unannounced} not announced, but accepted, and an invented one is refused"
            return ok(Check.SCOPES, f"{configured.scope}; {how}")
        case _ if history.brings_roles:
            how = f"{unannounced} not announced, but the last sign-in ({history.when}) brought what RomM needs"
            return ok(Check.SCOPES, f"{configured.scope}; {how}")
        case _ if not isinstance(verdict, Registered):
            return skipped(Check.SCOPES, f"{unannounced} {SEE_REDIRECT_URI}")
        case _:
            message = f"the provider does not announce {unannounced}, and accepts any scope"
            return unknown(Check.SCOPES, message, Fix.ALLOW_SCOPES.text(scopes=unannounced), place)


def claims(discovered: Discovered, configured: Configured, roles_scope: str, history: History) -> Finding:
    """`roles_scope`: required for the provider's roles claim. Sign-ins prove more than the announced list."""
    needed = ["email", *filter(None, [configured.roles_claim])]
    place = click(preset(configured.provider).locations.claims)
    scopes_asked, known = configured.scope.split(), discovered.announced.claims
    if "email" not in scopes_asked:
        return warning(
            Check.CLAIMS,
            "RomM does not ask for the scope email",
            Fix.ASK_SCOPE.text(scope="email"),
            code=Code.EMAIL_MISSING,
        )
    if configured.roles_claim and roles_scope and roles_scope not in scopes_asked and not history.brings_roles:
        message = f"OIDC_CLAIM_ROLES is {configured.roles_claim}, but RomM does not ask for the scope {roles_scope}"
        return warning(Check.CLAIMS, message, Fix.ASK_SCOPE.text(scope=roles_scope), place)
    if configured.roles_claim and history.lacks_roles:
        message = f"the last sign-in ({history.when}) brought no claim {configured.roles_claim} that RomM can read"
        return warning(Check.CLAIMS, message, Fix.CHECK_CLAIM.text(variable="OIDC_CLAIM_ROLES"), place)
    if history.brings_roles:
        return ok(Check.CLAIMS, f"{' and '.join(needed)} came with the last sign-in ({history.when})")
    if configured.roles_claim in (discovered.announced.scopes or ()) and configured.roles_claim not in scopes_asked:
        message = f"the provider has a scope {configured.roles_claim}, which RomM does not ask for"
        return unknown(Check.CLAIMS, message, Fix.OWN_SCOPE.text(scope=configured.roles_claim), place)
    if known is None:
        return ok(Check.CLAIMS, f"{' and '.join(needed)} wanted; the provider does not announce its claims")
    announced = {*known, *(discovered.announced.scopes or ())}
    missing = [claim for claim in needed if claim not in announced and claim.partition(".")[0] not in announced]
    if not missing:
        return ok(Check.CLAIMS, " and ".join(needed))
    variable = "OIDC_CLAIM_ROLES" if configured.roles_claim in missing else "OIDC_SCOPES"
    message = f"the provider does not announce {' and '.join(missing)}, which is no list of all; a sign-in shows it"
    return unknown(Check.CLAIMS, message, Fix.CHECK_CLAIM.text(variable=variable), place)

"""Are the accounts linked to the configured provider?"""

from collections.abc import Sequence

from romm.domain.diagnosis.evidence import Configured
from romm.domain.diagnosis.findings import Check, Finding, ok, skipped, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.errors import Refuse
from romm.domain.issuers import Issuers, LinkedElsewhere, linked_elsewhere
from romm.domain.model import Account


def accounts(found: Sequence[Account] | Refuse, configured: Configured) -> Finding:
    """Find sign-ins that would end in `already_linked`. Ignores a trailing slash."""
    if isinstance(found, Refuse):
        return skipped(Check.ACCOUNTS, "not possible without a working database")
    if not configured.issuer:
        return skipped(Check.ACCOUNTS, "not possible while the settings do not name the provider's issuer")
    ours = (configured.issuer, *configured.other_issuers)
    issuers = Issuers(this=None, current=ours, former=configured.former_issuers)
    elsewhere = linked_elsewhere(found, issuers)
    if not elsewhere:
        number = f"{len(found)} account{'' if len(found) == 1 else 's'}"
        return ok(Check.ACCOUNTS, f"{number}, none linked only to an unknown provider")
    counted = ", ".join(f"{each.accounts} of {len(found)} are linked to {each.issuer}" for each in elsewhere)
    remark = f"{counted}, which is not this provider; their sign-in ends in already_linked"
    return warning(Check.ACCOUNTS, remark, *(_fix(each, configured.issuer) for each in elsewhere))


def _fix(elsewhere: LinkedElsewhere, issuer: str) -> str:
    return Fix.MOVE_ISSUER.text(former=elsewhere.issuer, issuer=issuer)

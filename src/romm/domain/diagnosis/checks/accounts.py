"""Are the accounts linked to the configured provider?"""

from romm.domain.accounts.search import MOST_COUNTED
from romm.domain.diagnosis.evidence import Configured, LinkedAccounts
from romm.domain.diagnosis.findings import Check, Finding, ok, skipped, warning
from romm.domain.diagnosis.fixes import Fix
from romm.domain.errors import Refuse
from romm.domain.issuers import Issuers, LinkedElsewhere


def issuers(configured: Configured) -> Issuers:
    ours = (configured.issuer, *configured.other_issuers)
    return Issuers(this=None, current=ours, former=configured.former_issuers)


def accounts(found: LinkedAccounts | Refuse, configured: Configured) -> Finding:
    if isinstance(found, Refuse):
        return skipped(Check.ACCOUNTS, "not possible without a working database")
    if not configured.issuer:
        return skipped(Check.ACCOUNTS, "not possible while the settings do not name the provider's issuer")
    number = f"more than {MOST_COUNTED:,}" if found.total is None else str(found.total)
    if not found.elsewhere:
        everyone = f"{number} account{'' if found.total == 1 else 's'}"
        return ok(Check.ACCOUNTS, f"{everyone}, none linked only to an unknown provider")
    counted = ", ".join(f"{each.accounts} of {number} are linked to {each.issuer}" for each in found.elsewhere)
    remark = f"{counted}, which is not this provider; their sign-in ends in already_linked"
    return warning(Check.ACCOUNTS, remark, *(_fix(each, configured.issuer) for each in found.elsewhere))


def _fix(elsewhere: LinkedElsewhere, issuer: str) -> str:
    return Fix.MOVE_ISSUER.text(former=elsewhere.issuer, issuer=issuer)

"""The page of the sign-in log, for administrators."""

import re
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from romm.accounts.administration import Administration
from romm.api.http.fields import LARGEST_ID
from romm.api.http.openapi import needs
from romm.api.pages.described_sign_ins import describe_entries
from romm.api.pages.renderer import PageRenderer
from romm.credentials.principal import Principal, actor
from romm.domain.credentials.permissions import Actor
from romm.domain.errors import Code, Refused
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal

PAGE = "/admin/sign-ins"
AT_ONCE = 50

_UNKNOWN_ACCOUNT = 0  # no account has this id
_REFERENCE = re.compile(r"\b[0-9a-f]{16}\b")


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    outcome: str
    code: str
    reference: str
    account: str

    def filter(self, account_id: int | None, before: int | None) -> SignInFilter:
        """`before` is the id of an entry."""
        return SignInFilter(
            outcome=self.outcome,
            code=self.code,
            correlation_id=self.reference,
            account_id=account_id,
            before=before and min(max(before, 0), LARGEST_ID),
        )

    def older(self, number: int) -> str:
        said = {name: value for name, value in asdict(self).items() if value}
        return f"{PAGE}?{urlencode(said | {'before': number})}"


@get("/", **needs("logs.read", browser=True, error_page=PAGE))
async def sign_ins(
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    journal: NamedDependency[SignInJournal],
    administration: NamedDependency[Administration],
    outcome: FromQuery[str] = "",
    code: FromQuery[str] = "",
    reference: FromQuery[str] = "",
    account: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> Template:
    criteria = LogFilter(outcome=outcome, code=code.strip(), reference=_reference(reference), account=account.strip())
    by = actor(principal)
    number = await _number(criteria.account, by, administration)
    entries = await journal.search(by, criteria.filter(number, before), AT_ONCE + 1)
    return renderer.page(
        "sign_ins.html",
        who=principal,
        criteria=criteria,
        no_such_account=number == _UNKNOWN_ACCOUNT,
        lines=await describe_entries(entries[:AT_ONCE], renderer, principal, administration),
        older=criteria.older(entries[AT_ONCE - 1].id or 0) if len(entries) > AT_ONCE else None,
        newest=before is None,
        codes=sorted(Code),
        retention_days=renderer.settings.log.sign_in_retention_days,
    )


def _reference(pasted: str) -> str:
    """Accepts the error page's whole line."""
    found = _REFERENCE.search(pasted.lower())
    return found[0] if found else pasted.strip()


async def _number(account: str, by: Actor, administration: Administration) -> int | None:
    """A deleted account can only be found by id."""
    if not account:
        return None
    try:
        return (await administration.named(by, account)).id
    except Refused:
        is_number = account.isascii() and account.isdigit()
        return min(int(account), LARGEST_ID) if is_number and len(account) <= 10 else _UNKNOWN_ACCOUNT


router = Router(PAGE, route_handlers=[sign_ins], include_in_schema=False)

"""The page of the sign-in log, for administrators: who tried, how it ended and why, found by the reference they were shown."""

import re
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from romm.accounts.administration import Administration
from romm.api.diagnosis.explanation import LARGEST_NUMBER
from romm.api.http.openapi import needs
from romm.api.pages.described_sign_ins import describe_entries
from romm.api.pages.renderer import PageRenderer
from romm.credentials.principal import Principal
from romm.domain.errors import Code, Refused
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal

PAGE = "/admin/sign-ins"
AT_ONCE = 50

_NOBODY = 0  # no account has this number
_REFERENCE = re.compile(r"\b[0-9a-f]{16}\b")


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """What was asked for, as the form shows it again."""

    outcome: str
    code: str
    reference: str
    account: str

    def filter(self, account_id: int | None, before: int | None) -> SignInFilter:
        """As the log takes it. `before` is the number of a line."""
        return SignInFilter(
            outcome=self.outcome,
            code=self.code,
            correlation_id=self.reference,
            account_id=account_id,
            before=before and min(max(before, 0), LARGEST_NUMBER),
        )

    def older(self, number: int) -> str:
        """Where the lines before this one are."""
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
    """The newest lines that fit; under a reference its line, with all that is known."""
    wanted = LogFilter(outcome=outcome, code=code.strip(), reference=_reference(reference), account=account.strip())
    number = await _number(wanted.account, administration)
    entries = await journal.search(wanted.filter(number, before), AT_ONCE + 1)
    return renderer.page(
        "sign_ins.html",
        who=principal,
        wanted=wanted,
        nobody=number == _NOBODY,
        lines=await describe_entries(entries[:AT_ONCE], renderer, principal, administration),
        older=wanted.older(entries[AT_ONCE - 1].id or 0) if len(entries) > AT_ONCE else None,
        newest=before is None,
        codes=sorted(Code),
        retention_days=renderer.settings.log.sign_in_retention_days,
    )


def _reference(pasted: str) -> str:
    """The reference in what somebody pasted, which may be the whole line of the page that they were shown."""
    found = _REFERENCE.search(pasted.lower())
    return found[0] if found else pasted.strip()


async def _number(account: str, administration: Administration) -> int | None:
    """The number of the account that somebody typed by name or number; of one that is gone, only the number is left."""
    if not account:
        return None
    try:
        return (await administration.named(account)).id
    except Refused:
        is_number = account.isascii() and account.isdigit()
        return min(int(account), LARGEST_NUMBER) if is_number and len(account) <= 10 else _NOBODY


router = Router(PAGE, route_handlers=[sign_ins], include_in_schema=False)

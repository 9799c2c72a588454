"""The page of the sign-in log, for administrators."""

from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from romm.accounts.administration import Administration
from romm.api.openapi.fields import within
from romm.api.openapi.operations import needs
from romm.api.pages.described_sign_ins import describe_entries
from romm.api.pages.renderer import PageRenderer
from romm.credentials.principal import Principal, actor
from romm.domain.sign_in.log_search import ByReference, Term, term
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal

PAGE = "/admin/sign-ins"
AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """`account` may be a deleted one's number."""

    search: str
    outcome: str
    account: int | None

    @property
    def term(self) -> Term | None:
        return term(self.search)

    @property
    def reference(self) -> str:
        return self.term.correlation_id if isinstance(self.term, ByReference) else ""

    def filter(self, before: int | None) -> SignInFilter:
        """`before` is the id of an entry."""
        return SignInFilter(term=self.term, outcome=self.outcome, account_id=self.account, before=within(before))

    def older(self, number: int) -> str:
        said = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return f"{PAGE}?{urlencode(said | {'before': number})}"


@get("/", **needs("logs.read", browser=True, error_page=PAGE))
async def sign_ins(
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    journal: NamedDependency[SignInJournal],
    administration: NamedDependency[Administration],
    search: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    account: FromQuery[int | None] = None,
    before: FromQuery[int | None] = None,
) -> Template:
    criteria = LogFilter(search=search.strip(), outcome=outcome, account=within(account))
    entries = await journal.search(actor(principal), criteria.filter(before), AT_ONCE + 1)
    return renderer.page(
        "sign_ins.html",
        who=principal,
        criteria=criteria,
        lines=await describe_entries(entries[:AT_ONCE], renderer, principal, administration),
        older=criteria.older(entries[AT_ONCE - 1].id or 0) if len(entries) > AT_ONCE else None,
        newest=before is None,
        retention_days=renderer.settings.log.sign_in_retention_days,
    )


router = Router(PAGE, route_handlers=[sign_ins], include_in_schema=False)

"""The sign-in pages. They need no JavaScript."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from romm.accounts.administration import Administration
from romm.accounts.setup import Setup
from romm.api.http.authentication import Authentication
from romm.api.http.cookies import Cookies
from romm.api.http.requests import ProviderId, Request, body, hosts_asked, other_address
from romm.api.http.responses import see_other
from romm.api.pages.described_links import describe_links
from romm.api.pages.described_sign_ins import SignInView, describe_entries
from romm.api.pages.languages import LANGUAGES
from romm.api.pages.renderer import NextPath, Page, PageRenderer, explained
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.principal import Principal, actor
from romm.diagnosis.checkups import Checkups
from romm.domain import urls
from romm.domain.model import Account
from romm.domain.sign_in.end_session import sign_out_notice
from romm.ports.accounts import AccountQuery, Only
from romm.ports.diagnosis import Checkup
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal

SHOWN = 3
"""Of those who wait and of refusals, on the start page."""

LAST_DAY = timedelta(days=1)


@get("/login", summary="Sign-in page")
async def login(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    setup: NamedDependency[Setup],
    authentication: NamedDependency[Authentication],
    our_cookies: NamedDependency[Cookies],
    return_to: NextPath = "/",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    notice: FromQuery[str] = "",
    returned_state: Annotated[str | None, QueryParameter(name="state")] = None,
    bypass_autologin: FromQuery[str] = "",
    provider: ProviderId = None,
) -> Page:
    """The button of the provider, the password form, and what went wrong. The provider sends people back here with `state`."""
    target, mark = urls.return_to(return_to), our_cookies.sign_out_mark(request)
    used = our_cookies.provider_used(request)
    who = await authentication.browser(request)
    asked_to_stay = who or mark or error or notice or returned_state is not None or bypass_autologin == "true"
    if (straight := renderer.autologin_url(target)) and not asked_to_stay:
        return see_other(straight)
    return renderer.page(
        "login.html",
        who=who,
        sign_out_notice=sign_out_notice(
            is_signed_in=who is not None, mark=mark, state=returned_state, is_announced=notice == "signed_out"
        ),
        buttons=renderer.buttons(target, used),
        refused_at=renderer.one(provider) if error else None,
        signed_out_at=renderer.one(used),
        passwords=not renderer.settings.accounts.disable_userpass_login,
        next=target,
        username="",
        error=explained(error, ref, renderer.of_several(provider)),
        notice=notice,
        setup_needed=await setup.is_open(),
        oidc_off=not renderer.providers and any(each.oidc.enabled for each in renderer.settings.all_providers),
    )


@get("/setup", summary="First admin")
async def first_admin(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    setup: NamedDependency[Setup],
    refused_forms: NamedDependency[RefusedForms],
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Page:
    """Closed once an administrator exists."""
    if not await setup.is_open():
        return see_other("/login")
    setup.check_hosts(hosts_asked(request))
    typed = await refused_forms.typed(request, "/setup")
    return renderer.page(
        "setup.html",
        buttons=renderer.buttons("/"),
        error=explained(error, ref),
        typed=typed.values,
        cookies=typed.cookies,
    )


@get(["/", "/me"], summary="Who am I")
async def home(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    setup: NamedDependency[Setup],
    authentication: NamedDependency[Authentication],
    administration: NamedDependency[Administration],
    our_cookies: NamedDependency[Cookies],
    checkups: NamedDependency[Checkups],
    journal: NamedDependency[SignInJournal],
    return_to: NextPath = "/",
    notice: FromQuery[str] = "",
) -> Page:
    """At `/me` also where an application has a start page of its own. Does not lead back after a sign-in."""
    principal = await authentication.browser(request)
    if principal is None:
        dead = [our_cookies.no_session()] if our_cookies.session(request) is not None else []
        return see_other("/setup" if await setup.is_open() else "/login", dead)
    target = urls.return_to(return_to)
    return renderer.page(
        "home.html",
        who=principal,
        **_who(principal),
        links=describe_links(principal.account, administration.issuers.now(), renderer),
        checkup=await _checkup(checkups, principal),
        connects="users.write" in principal.scopes and not renderer.settings.working_providers,
        waiting=await _waiting(administration, principal),
        refused=await _refused(journal, principal, renderer, administration),
        notice=notice,
        elsewhere=other_address(request, renderer.settings.server.base_url)
        if "users.read" in principal.scopes
        else None,
        base_url=renderer.settings.server.base_url,
        continue_to=None if target == "/" else target,
        sign_out_goes_to_provider=_signs_out_at_provider(principal, renderer),
        provider_label=_provider(principal, renderer),
    )


class LanguageForm(Struct, frozen=True):
    language: str = ""
    next: str = "/"


@post("/language", summary="Choose the language of pages")
async def choose_language(request: Request, our_cookies: NamedDependency[Cookies]) -> Response[bytes]:
    """For this browser; an unknown one is not kept."""
    form = await body(request, LanguageForm)
    chosen = [our_cookies.language(form.language)] if form.language in LANGUAGES else []
    return see_other(urls.own_page(form.next), chosen)


def _provider(principal: Principal, renderer: PageRenderer) -> str | None:
    """The session's, else those of the account's links."""
    session = principal.credential.identity if principal.credential else None
    of_session = renderer.configured.of_issuer(session.issuer) if session else None
    links = [link.identity.issuer for link in principal.account.links]
    return renderer.providers_of([session.issuer] if session and of_session and of_session.is_on else links)


async def _checkup(checkups: Checkups, who: Principal) -> Checkup | None:
    """None also without the right to diagnose."""
    return await checkups.last(actor(who)) if "users.read" in who.scopes else None


async def _waiting(administration: Administration, who: Principal) -> Sequence[Account]:
    """Accounts that asked for a new password; at most one more than are shown."""
    if "users.read" not in who.scopes:
        return []
    waiting = AccountQuery(only=Only.WAITING, limit=SHOWN + 1)
    return (await administration.search(actor(who), waiting)).accounts


async def _refused(
    journal: SignInJournal, who: Principal, renderer: PageRenderer, administration: Administration
) -> Sequence[SignInView] | None:
    """Of the last day; at most one more than are shown. None without the right to read the log."""
    if "logs.read" not in who.scopes:
        return None
    entries = await journal.search(actor(who), SignInFilter(outcome="refused"), SHOWN + 1)
    recent = [each for each in entries if renderer.clock() - each.at < LAST_DAY]
    return await describe_entries(recent, renderer, who, administration)


def _who(principal: Principal) -> dict[str, Any]:
    account, credential = principal.account, principal.credential
    identity = credential.identity if credential else None
    by_session = (link for link in account.links if link.identity == identity)
    link = next(by_session, next(iter(account.links), None))
    return {
        "account": {
            "username": account.username,
            "email": account.email,
            "level": account.level.label,
            "role": account.level.role,
        },
        "link": link and {"issuer": link.identity.issuer, "since": link.linked_at, "rule": link.rule},
        "has_password": account.password_set_at is not None,
    }


def _signs_out_at_provider(principal: Principal, renderer: PageRenderer) -> bool:
    credential = principal.credential
    if credential is None or credential.identity is None:
        return False
    found = renderer.configured.of_issuer_or_only(credential.identity.issuer)
    return found is not None and found.is_on and renderer.declared(found.id).oidc.rp_initiated_logout


router = Router("/", route_handlers=[login, first_admin, home, choose_language], include_in_schema=False)

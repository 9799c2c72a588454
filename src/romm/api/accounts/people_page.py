"""The list of accounts, for administrators."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from romm.accounts.administration import Administration
from romm.accounts.invitations import Invitations
from romm.api.accounts.schemas import InvitationForm, NewUserForm, level
from romm.api.http.requests import Request, body, other_address
from romm.api.http.responses import see_other
from romm.api.openapi.operations import needs
from romm.api.pages.durations import in_words
from romm.api.pages.renderer import PageRenderer, explained
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.principal import Principal, actor
from romm.domain.accounts.search import MOST_COUNTED
from romm.domain.credentials.credential import Credential, link_url
from romm.domain.model import Account
from romm.ports.accounts import AccountPage, AccountQuery, Only
from romm.settings.model import Settings

PAGE = "/admin/users"
AT_ONCE = 25
INVITATIONS_AT_ONCE = 100
LIFETIMES = (("1 day", 86_400), ("7 days", 604_800), ("30 days", 2_592_000))
SENT = 3_600
"""Seconds; with less, as by default, a link cannot be sent, so the form proposes a week."""


@dataclass(frozen=True, kw_only=True)
class LinkView:
    url: str
    expires_at: datetime
    lasts: str


def link_view(settings: Settings, path: str, secret: str, stored: Credential) -> LinkView:
    return LinkView(
        url=link_url(settings.server.base_url, path, secret),
        expires_at=stored.expires_at,
        lasts=in_words(stored.expires_at - stored.created_at),
    )


@get("/", **needs("users.read", browser=True, error_page=PAGE))
async def people(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
    invitations: NamedDependency[Invitations],
    search: FromQuery[str] = "",
    only: FromQuery[str] = "",
    after: FromQuery[str] = "",
    before: FromQuery[str] = "",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Template:
    """`after` and `before` are names."""
    typed = await refused_forms.typed(request, PAGE, principal)
    shown = Only(only) if only in set(Only) else Only.ALL
    query = AccountQuery(text=search, only=shown, limit=AT_ONCE, after=after, before="" if after else before)
    found = await administration.search(actor(principal), query)
    return renderer.page(
        "people.html",
        who=principal,
        own_id=principal.account.id,
        people=[(account, administration.is_managed(account), _ways(account, renderer)) for account in found.accounts],
        only=shown,
        search=search,
        **_paging(query, found),
        invitations=await invitations.listed(actor(principal), INVITATIONS_AT_ONCE),
        invitations_at_once=INVITATIONS_AT_ONCE,
        lifetimes=_lifetimes(renderer),
        usual=_usual_lifetime(renderer),
        passwords=not renderer.settings.accounts.disable_userpass_login,
        writes="users.write" in principal.scopes,
        error=explained(error, ref),
        notice=notice,
        typed={"role": "viewer"} | typed.values,
        cookies=typed.cookies,
        confirm_first=renderer.confirm_first(principal, PAGE),
    )


@post("/", **needs("users.write", browser=True, error_page=PAGE))
async def create(
    request: Request,
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
) -> Response[bytes]:
    form = await body(request, NewUserForm)
    typed = {"username": form.username, "email": str(form.email or ""), "role": form.role}
    async with refused_forms.keeping(request, PAGE, typed, principal):
        account = await administration.create(actor(principal), form.account_form(), level(form.role))
    return see_other(f"{PAGE}/{account.id}?notice=created")


@post("/invite", **needs("users.write", browser=True, error_page=PAGE), status_code=200)
async def invite(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
) -> Template:
    """The link is in the response only: in no URL, and stored as a hash."""
    form = await body(request, InvitationForm)
    typed = {"role": form.role or "viewer", "expiration": str(form.expiration or "")}
    async with refused_forms.keeping(request, PAGE, typed, principal):
        secret, invitation = await invitations.create(principal, level(form.role or "viewer"), form.lifetime)
    link = link_view(renderer.settings, "/register", secret, invitation)
    elsewhere = other_address(request, renderer.settings.server.base_url)
    return renderer.page("invited.html", who=principal, link=link, gives=invitation.level, elsewhere=elsewhere)


@post("/invitations/{invitation_id:int}/revoke", **needs("users.write", browser=True, error_page=PAGE))
async def revoke(
    invitation_id: FromPath[int], principal: NamedDependency[Principal], invitations: NamedDependency[Invitations]
) -> Response[bytes]:
    await invitations.revoke(actor(principal), invitation_id)
    return see_other(f"{PAGE}?notice=revoked")


def _ways(account: Account, renderer: PageRenderer) -> list[str]:
    providers = [name for link in account.links if (name := renderer.name_of(link.identity.issuer))]
    usable = account.password_set_at and not renderer.settings.accounts.disable_userpass_login
    return [*providers, *(["password"] if usable else [])]


def _paging(query: AccountQuery, found: AccountPage) -> dict[str, Any]:
    """Addresses of the previous and next page, None without one."""
    names = [each.username for each in found.accounts]
    goes_back = found.has_more if query.before else bool(query.after)
    goes_on = found.has_more or bool(query.before)
    return {
        "total": found.total,
        "most_counted": f"{MOST_COUNTED:,}",
        "is_first": not (query.after or query.before),
        "previous": _address(query, before=names[0]) if names and goes_back else None,
        "following": _address(query, after=names[-1]) if names and goes_on else None,
    }


def _address(query: AccountQuery, **key: str) -> str:
    asked = {"search": query.text, "only": str(query.only)} | key
    return f"{PAGE}?{urlencode({name: value for name, value in asked.items() if value})}"


def _usual_lifetime(renderer: PageRenderer) -> str:
    configured = renderer.settings.accounts.invite_token_expiry_seconds
    return str(configured if configured >= SENT else 604_800)


def _lifetimes(renderer: PageRenderer) -> list[tuple[str, int]]:
    configured = renderer.settings.accounts.invite_token_expiry_seconds
    others = [(words, seconds) for words, seconds in LIFETIMES if seconds != configured]
    return [(in_words(timedelta(seconds=configured)), configured), *others]


router = Router(PAGE, route_handlers=[people, create, invite, revoke], include_in_schema=False)

"""The page of another account, for administrators."""

from collections.abc import Sequence

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from romm.accounts.administration import Administration
from romm.accounts.forms import AccountForm
from romm.accounts.recovery import Recovery
from romm.api.accounts.forms import PasswordForm, PersonForm, UnlinkPersonForm
from romm.api.accounts.people_page import PAGE, link_view
from romm.api.accounts.timeline import Event, entries_of, last_explained, timeline
from romm.api.http.requests import Request, body, other_address
from romm.api.http.responses import see_other
from romm.api.openapi.operations import needs
from romm.api.pages.described_links import describe_links
from romm.api.pages.described_sign_ins import SignInView
from romm.api.pages.renderer import PageRenderer, explained
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.client_tokens import ClientTokens
from romm.credentials.principal import Principal, actor
from romm.credentials.sessions import Sessions
from romm.diagnosis.explanation import Explainers
from romm.domain.credentials.permissions import Action
from romm.sign_in.journal import SignInJournal

_ONE = f"{PAGE}/{{user_id:int}}"
_READS = needs("users.read", browser=True, error_page=f"{PAGE}/{{user_id}}")
_WRITES = needs("users.write", browser=True, error_page=f"{PAGE}/{{user_id}}")


@get("/", **_READS)
async def person(
    request: Request,
    user_id: FromPath[int],
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
    sessions: NamedDependency[Sessions],
    journal: NamedDependency[SignInJournal],
    client_tokens: NamedDependency[ClientTokens],
    explainers: NamedDependency[Explainers],
    explain: FromQuery[bool] = False,
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Template:
    by, typed = actor(principal), await refused_forms.typed(request, f"{PAGE}/{user_id}", principal)
    account = await administration.get(by, user_id)
    entries, links = (
        await entries_of(account, principal, journal),
        describe_links(account, administration.issuers.now(), renderer),
    )
    open_sessions = await sessions.of(by, account.id)
    opening = [*open_sessions, *await client_tokens.of(by, account.id)]
    events = await timeline(account, entries, links, opening, renderer, principal, administration)
    return renderer.page(
        "person.html",
        last=_last_sign_in(events),
        events=events,
        explains=any(each.claims for each in entries),
        explained=await last_explained(account, entries, explainers, principal) if explain else None,
        who=principal,
        account=account,
        own=account.id == principal.account.id,
        managed=administration.is_managed(account),
        links=links,
        by_claim=administration.roles_by_claim,
        provider_label=renderer.providers_of(link.identity.issuer for link in account.links),
        passwords=administration.passwords_enabled,
        sessions=len(open_sessions),
        writes="users.write" in principal.scopes,
        typed={
            "username": account.username,
            "email": account.email,
            "role": account.level.label,
            **typed.values,
        },
        cookies=typed.cookies,
        error=explained(error, ref),
        notice=notice,
        confirm_first=renderer.confirm_first(principal, f"{PAGE}/{user_id}"),
    )


@post("/", **_WRITES)
async def change(
    request: Request,
    user_id: FromPath[int],
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
) -> Response[bytes]:
    form = await body(request, PersonForm)
    async with refused_forms.keeping(request, f"{PAGE}/{user_id}", form.shown(), principal):
        await administration.change(actor(principal), user_id, form.account_form())
    return _back(user_id, "saved")


@post("/enable", **_WRITES)
async def enable(
    user_id: FromPath[int], principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> Response[bytes]:
    await administration.change(actor(principal), user_id, AccountForm(enabled=True))
    return _back(user_id, "enabled")


@post("/disable", **_WRITES)
async def disable(
    user_id: FromPath[int], principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> Response[bytes]:
    await administration.change(actor(principal), user_id, AccountForm(enabled=False))
    return _back(user_id, "disabled")


@post("/confirm-address", **_WRITES)
async def confirm_address(
    user_id: FromPath[int], principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> Response[bytes]:
    """The administrator knows that the address is the person's."""
    await administration.change(actor(principal), user_id, AccountForm(vouched=True))
    return _back(user_id, "confirmed")


@post("/password", **_WRITES)
async def set_password(
    request: Request,
    user_id: FromPath[int],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
) -> Response[bytes]:
    form = await body(request, PasswordForm)
    await administration.change(actor(principal), user_id, AccountForm(password=form.password))
    return _back(user_id, "password_set")


@post("/reset-link", **_WRITES, status_code=200)
async def reset_link(
    request: Request,
    user_id: FromPath[int],
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
    recovery: NamedDependency[Recovery],
) -> Template:
    """The link is in the response only: in no URL, and stored as a hash."""
    by = actor(principal)
    account = await administration.get(by, user_id, Action.SET_PASSWORD)
    secret, stored = await recovery.reset_link(by, account)
    link = link_view(renderer.settings, "/reset-password", secret, stored)
    elsewhere = other_address(request, renderer.settings.server.base_url)
    return renderer.page("reset_link.html", who=principal, account=account, link=link, elsewhere=elsewhere)


@post("/end-sign-ins", **_WRITES)
async def end_sign_ins(
    user_id: FromPath[int], principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> Response[bytes]:
    await administration.end(actor(principal), user_id)
    return _back(user_id, "sign_ins_ended")


@post("/unlink", **_WRITES)
async def unlink(
    request: Request,
    user_id: FromPath[int],
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
) -> Response[bytes]:
    """Unlink the identity at an issuer, or every one; the next single sign-on links again."""
    form = await body(request, UnlinkPersonForm)
    await administration.unlink(actor(principal), user_id, form.issuer)
    return _back(user_id, "unlinked")


@post("/delete", **_WRITES)
async def delete(
    user_id: FromPath[int], principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> Response[bytes]:
    await administration.delete(actor(principal), user_id)
    return see_other(f"{PAGE}?notice=deleted")


def _last_sign_in(events: Sequence[Event]) -> SignInView | None:
    lines = (event.line for event in events if event.line is not None)
    return next((each for each in lines if (each.entry.method, each.entry.outcome) == ("openid", "signed_in")), None)


def _back(user_id: int, notice: str) -> Response[bytes]:
    return see_other(f"{PAGE}/{user_id}?notice={notice}")


router = Router(
    _ONE,
    route_handlers=[
        person, change, enable, disable, confirm_address, set_password, reset_link, end_sign_ins, unlink, delete,
    ],
    include_in_schema=False,
)  # fmt: skip

"""The page of the own account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from romm.accounts.administration import Administration
from romm.accounts.forms import AccountForm
from romm.accounts.profile import Profile
from romm.api.accounts.forms import LinkForm, PasswordForm, ProfileForm, SessionForm, UnlinkForm
from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import see_other, to_provider
from romm.api.openapi.operations import needs
from romm.api.pages.described_links import DescribedLink, describe_links
from romm.api.pages.renderer import PageRenderer, confirm_url, explained
from romm.api.pages.user_agents import in_words
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.principal import Principal, actor
from romm.credentials.sessions import Sessions
from romm.domain.accounts.changes import Proof, WaysIn, unlink
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Refuse
from romm.domain.model import Account
from romm.domain.scopes import granted
from romm.sign_in.openid.providers import SignIns

_PAGE = "/account"
_READS = needs("me.read", browser=True, error_page=_PAGE)
_WRITES = needs("me.write", browser=True, error_page=_PAGE)


@get("/", **_READS)
async def account_page(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    profile: NamedDependency[Profile],
    sessions: NamedDependency[Sessions],
    administration: NamedDependency[Administration],
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Template:
    account, typed = principal.account, await refused_forms.typed(request, _PAGE, principal)
    proof = profile.proof(principal)
    return renderer.page(
        "account.html",
        who=principal,
        account=account,
        typed={"username": account.username, "email": account.email, **typed.values},
        cookies=typed.cookies,
        managed=administration.is_managed(account),
        scopes=granted(account.level),
        **_ways(renderer, principal, proof),
        **_links(account, profile.ways_in(), renderer),
        provider_label=renderer.providers_of(link.identity.issuer for link in account.links),
        sessions=_sessions(await sessions.of(actor(principal), account.id), principal.credential),
        error=explained(error, ref),
        notice=notice,
    )


@post("/profile", **_WRITES)
async def change_profile(
    request: Request,
    refused_forms: NamedDependency[RefusedForms],
    principal: NamedDependency[Principal],
    profile: NamedDependency[Profile],
) -> Response[bytes]:
    form = await body(request, ProfileForm)
    async with refused_forms.keeping(request, _PAGE, form.shown(), principal):
        await profile.change(principal, form.account_form(), form.current_password, visitor(request))
    return see_other(f"{_PAGE}?notice=saved")


@post("/password", **_WRITES)
async def change_password(
    request: Request, principal: NamedDependency[Principal], profile: NamedDependency[Profile]
) -> Response[bytes]:
    """Change or set it; all other sessions end."""
    form = await body(request, PasswordForm)
    await profile.change(principal, AccountForm(password=form.password), form.current_password, visitor(request))
    return see_other(f"{_PAGE}?notice=password_set")


@post("/link", **_WRITES)
async def link(
    request: Request,
    principal: NamedDependency[Principal],
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
) -> Response[bytes]:
    """Unlike a link, a form sends its origin on plain http too."""
    form = await body(request, LinkForm)
    return to_provider(request, our_cookies, await sign_ins.at(form.provider).begin_link(principal))


@post("/unlink", **_WRITES)
async def unlink_identity(
    request: Request, principal: NamedDependency[Principal], profile: NamedDependency[Profile]
) -> Response[bytes]:
    form = await body(request, UnlinkForm)
    await profile.unlink(principal, form.identity, form.current_password, visitor(request))
    return see_other(f"{_PAGE}?notice=unlinked")


@post("/sessions/end", **_WRITES)
async def end_session(
    request: Request, principal: NamedDependency[Principal], sessions: NamedDependency[Sessions]
) -> Response[bytes]:
    form = await body(request, SessionForm)
    await sessions.end_one(principal, form.session)
    return see_other(f"{_PAGE}?notice=session_ended")


@post("/sessions/end-others", **_WRITES)
async def end_other_sessions(
    principal: NamedDependency[Principal], sessions: NamedDependency[Sessions]
) -> Response[bytes]:
    await sessions.end_others(principal)
    return see_other(f"{_PAGE}?notice=sessions_ended")


@post("/sign-out-everywhere", **_WRITES)
async def sign_out_everywhere(
    principal: NamedDependency[Principal], sessions: NamedDependency[Sessions], our_cookies: NamedDependency[Cookies]
) -> Response[bytes]:
    """Browsers, apps, devices and client tokens."""
    await sessions.end_everything(principal)
    return see_other("/login?notice=signed_out_everywhere", our_cookies.signed_out())


@dataclass(frozen=True, kw_only=True)
class SessionView:
    session: Credential
    device: str
    current: bool


def _ways(renderer: PageRenderer, principal: Principal, proof: Proof) -> dict[str, Any]:
    account = principal.account
    passwords = not renderer.settings.accounts.disable_userpass_login
    return {
        "passwords": passwords,
        "has_password": passwords and account.password_set_at is not None,
        "fresh": proof is not Proof.NONE,
        "links_by_email": renderer.links_by_email,
        "confirm_url": confirm_url(_PAGE),
    }


def _links(account: Account, ways: WaysIn, renderer: PageRenderer) -> dict[str, Any]:
    """`blocked`: a link keeps the provider's address from linking. `linkable`: providers without a link."""
    links = describe_links(account, ways.issuers, renderer)
    linked = {renderer.configured.of_issuer(each.link.identity.issuer) for each in links}
    newest = max(reversed(links), key=lambda each: each.link.linked_at, default=None)
    return {
        "linked_with": newest and newest.name,
        "links": [(each, _is_last(account, each, ways)) for each in links],
        "linked_here": any(each.opens for each in links),
        "linkable": [each for each in renderer.configured.on if each not in linked],
        "blocked": any(each.blocks for each in links),
    }


def _is_last(account: Account, each: DescribedLink, ways: WaysIn) -> bool:
    return isinstance(unlink(account, each.link.identity, Proof.PROVIDER, ways, keep=None), Refuse)


def _sessions(listed: Sequence[Credential], current: Credential | None) -> list[SessionView]:
    listed_sessions = [
        SessionView(
            session=each,
            device=in_words(each.user_agent),
            current=current is not None and each.digest == current.digest,
        )
        for each in listed
    ]
    return sorted(listed_sessions, key=lambda each: not each.current)


router = Router(
    _PAGE,
    route_handlers=[
        account_page, change_profile, change_password, link, unlink_identity, end_session, end_other_sessions,
        sign_out_everywhere,
    ],
    include_in_schema=False,
)  # fmt: skip

"""Accounts over HTTP."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from urllib.parse import urlencode

from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from romm.accounts.administration import Administration
from romm.accounts.profile import Profile
from romm.accounts.setup import Setup
from romm.api.accounts.schemas import (
    USER_EXAMPLE,
    NewUserForm,
    SetupForm,
    UserForm,
    UserSchema,
    level,
    own_schema,
    user_schema,
)
from romm.api.http.authentication import Authentication
from romm.api.http.requests import Request, body, hosts_asked, visitor, wants_page
from romm.api.http.responses import see_other
from romm.api.openapi.fields import MOST_AT_ONCE, IdInPath, at_most
from romm.api.openapi.operations import UNAUTHORIZED, gives, needs, refuses, takes
from romm.api.pages.renderer import PageRenderer
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.principal import Principal, actor, require
from romm.domain.accounts.search import MOST_SKIPPED
from romm.domain.credentials.permissions import Action
from romm.domain.errors import Code
from romm.domain.urls import with_query
from romm.ports.accounts import AccountPage, AccountQuery

_UNUSABLE = (
    Code.USERNAME_INVALID,
    Code.PASSWORD_WEAK,
    Code.USERNAME_TAKEN,
    Code.ADDRESS_INVALID,
    Code.EMAIL_TAKEN,
    Code.PASSWORDS_OFF,
)
_Offset = Annotated[int, QueryParameter(schema_extra={"maximum": MOST_SKIPPED})]
_OTHERS = (Code.ADMIN_REQUIRED, Code.OWN_ACCOUNT, Code.LAST_ADMIN, Code.ACCOUNT_UNKNOWN)
_LISTED = (
    "By name. `X-Total-Count`: how many fit, left out above 10,000. `Link`: the address of the next ones (RFC 8288)."
)
_AFTER_SET_UP = "/login?notice=set_up"
_TO_CONNECT = with_query(_AFTER_SET_UP, {"next": "/admin/connect"})
_OPEN_AT_FIRST = {**needs("users.write", error_page="/setup")}
_OPEN_AT_FIRST["security"] = [{}, *_OPEN_AT_FIRST["security"]]


@post(
    "/",
    **_OPEN_AT_FIRST,
    status_code=201,
    summary="Create an account",
    operation_class=takes(NewUserForm, {"username": "keeper", "password": "a lantern in the attic", "email": ""}),
    responses=gives(201, UserSchema, "Created.", USER_EXAMPLE)
    | refuses(
        Code.SETUP_CLOSED,
        Code.SETUP_HOST,
        Code.ADMIN_REQUIRED,
        Code.CONFIRMATION_REQUIRED,
        *_UNUSABLE,
        *UNAUTHORIZED,
    ),
)
async def create(
    request: Request,
    setup: NamedDependency[Setup],
    administration: NamedDependency[Administration],
    authentication: NamedDependency[Authentication],
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
) -> Response[UserSchema] | Response[bytes]:
    """The first account is open to everyone and becomes an administrator (the HTML form: 303 to `/login`). After that
    only administrators create accounts.
    """
    if await setup.is_open() or not authentication.was_tried(request):
        form = await body(request, SetupForm)
        typed = {"username": form.username, "email": str(form.email or "")}
        async with refused_forms.keeping(request, "/setup", typed):
            account = await setup.create_first_admin(form.username, form.email, form.password, hosts_asked(request))
        return (
            see_other(_AFTER_SET_UP if renderer.settings.working_providers else _TO_CONNECT)
            if wants_page(request)
            else Response(user_schema(account), status_code=201)
        )
    who = actor(await authentication.principal(request))
    new = await body(request, NewUserForm)
    return Response(user_schema(await administration.create(who, new.account_form(), level(new.role))), status_code=201)


@get(
    "/",
    **needs("users.read"),
    summary="All accounts",
    responses=gives(200, list[UserSchema], _LISTED, [USER_EXAMPLE]) | refuses(*UNAUTHORIZED),
)
async def everybody(
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
    search: FromQuery[str] = "",
    limit: FromQuery[int] = MOST_AT_ONCE,
    offset: _Offset = 0,
    after: FromQuery[str] = "",
) -> Response[list[UserSchema]]:
    """Accounts whose name or address begins with `search`: at most `limit`, of those after the name `after`, without the first
    `offset` (10,000 at most). A search finds the first 250 addresses.
    """
    query = AccountQuery(text=search, limit=at_most(limit), offset=max(offset, 0), after=after)
    page = await administration.search(actor(principal), query)
    return Response([user_schema(account) for account in page.accounts], headers=_paging(query, page))


def _paging(query: AccountQuery, page: AccountPage) -> dict[str, str]:
    headers = {} if page.total is None else {"x-total-count": str(page.total)}
    if page.has_more and page.accounts:
        following = {"search": query.text, "limit": query.limit, "after": page.accounts[-1].username}
        headers["link"] = f'<?{urlencode(following)}>; rel="next"'
    return headers


@get(
    "/identifiers",
    **needs("users.read"),
    summary="The ids of all accounts",
    responses=gives(200, list[int], "Every id, by name of its account.", [1, 2]) | refuses(*UNAUTHORIZED),
)
async def identifiers(
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
) -> Stream:
    """Only the ids, for apps that keep a copy. The answer is sent while it is read."""
    return Stream(_as_json(administration.identifiers(actor(principal))), media_type=MediaType.JSON)


async def _as_json(numbers: AsyncIterator[Sequence[int]]) -> AsyncIterator[bytes]:
    yield b"["
    separator = ""
    async for some in numbers:
        yield (separator + ",".join(map(str, some))).encode()
        separator = ","
    yield b"]"


@get(
    "/me",
    **needs("me.read"),
    summary="Who am I",
    responses=gives(200, UserSchema, "The account of the credential.", USER_EXAMPLE) | refuses(*UNAUTHORIZED),
)
async def me(principal: NamedDependency[Principal]) -> UserSchema:
    """The account that the request's credential belongs to."""
    return own_schema(principal)


@get(
    "/{user_id:int}",
    **needs("me.read"),
    summary="One account",
    responses=gives(200, UserSchema, "The account.", USER_EXAMPLE) | refuses(Code.ACCOUNT_UNKNOWN, *UNAUTHORIZED),
)
async def one(
    user_id: IdInPath, principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> UserSchema:
    """Your own account; other accounts need `users.read`."""
    if user_id == principal.account.id:
        return own_schema(principal)
    require(principal, "users.read")
    return user_schema(await administration.get(actor(principal), user_id))


@put(
    "/{user_id:int}",
    **needs("me.write"),
    summary="Change an account",
    operation_class=takes(UserForm, {"username": "alice", "email": "alice@example.org"}),
    responses=gives(200, UserSchema, "The account afterwards.", USER_EXAMPLE)
    | refuses(
        Code.ROLE_MANAGED,
        Code.ACCOUNT_CHANGED,
        Code.CONFIRMATION_REQUIRED,
        Code.PASSWORD_WRONG,
        Code.SCOPES_EXCEEDED,
        *_OTHERS,
        *_UNUSABLE,
        *UNAUTHORIZED,
    ),
)
async def change(
    request: Request,
    user_id: IdInPath,
    principal: NamedDependency[Principal],
    profile: NamedDependency[Profile],
    administration: NamedDependency[Administration],
) -> UserSchema:
    """Your own account (`role` and `enabled` are ignored; address and password need re-authentication), or with
    `users.write` another one.
    """
    form = await body(request, UserForm)
    if user_id == principal.account.id:
        typed = form.account_form(principal.account)
        return user_schema(await profile.change(principal, typed, form.current_password, visitor(request)))
    require(principal, "users.write")
    by = actor(principal)
    typed = form.account_form(await administration.get(by, user_id, Action.CHANGE_ACCOUNT))
    return user_schema(await administration.change(by, user_id, typed))


@delete(
    "/{user_id:int}",
    **needs("users.write"),
    status_code=204,
    summary="Delete an account",
    responses=gives(204, None, "Gone, with all that belonged to it.") | refuses(*_OTHERS, *UNAUTHORIZED),
)
async def remove(
    user_id: IdInPath, principal: NamedDependency[Principal], administration: NamedDependency[Administration]
) -> None:
    """Deletes an account, but never your own and never the last enabled administrator's."""
    await administration.delete(actor(principal), user_id)


router = Router("/api/users", route_handlers=[create, everybody, identifiers, me, one, change, remove], tags=["Users"])

"""Accounts over HTTP: the first admin, and who am I."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency

from romm.accounts import Setup
from romm.api.openapi import OPEN, gives, needs, refuses, takes
from romm.api.requests import Asking, body, wants_page
from romm.api.responses import see_other
from romm.api.schemas import USER_EXAMPLE, SetupForm, UserSchema, user_schema
from romm.credentials import Principal
from romm.domain.errors import Code


@post(
    "/",
    opt={"error_page": "/setup"},
    status_code=201,
    summary="Create the first admin",
    operation_class=takes(SetupForm, {"username": "keeper", "password": "a lantern in the attic", "email": ""}),
    responses=gives(201, UserSchema, "Created.", USER_EXAMPLE)
    | refuses(
        Code.SETUP_CLOSED,
        Code.PASSWORDS_OFF,
        Code.USERNAME_INVALID,
        Code.PASSWORD_WEAK,
        Code.USERNAME_TAKEN,
        Code.ADDRESS_INVALID,
        Code.EMAIL_TAKEN,
        Code.CROSS_SITE,
        Code.REQUEST_INVALID,
    ),
    security=OPEN,
)
async def create_first_admin(request: Asking, setup: NamedDependency[Setup]) -> Response[UserSchema] | Response[bytes]:
    """Open to anybody while there is no admin, and closed for good afterwards (the HTML form: 303 to `/login`)."""
    form = await body(request, SetupForm)
    account = await setup.create_first_admin(form.username, form.email, form.password)
    if wants_page(request):
        return see_other("/login?notice=set_up")
    return Response(user_schema(account), status_code=201)


@get(
    "/me",
    **needs("me.read"),
    summary="Who am I",
    responses=gives(200, UserSchema, "The account of the credential.", USER_EXAMPLE)
    | refuses(Code.NOT_SIGNED_IN, Code.CREDENTIALS_WRONG, Code.TOO_MANY_ATTEMPTS, Code.FORBIDDEN),
)
async def me(principal: NamedDependency[Principal]) -> UserSchema:
    """The account that the request's credential belongs to."""
    return user_schema(principal.account)


router = Router("/api/users", route_handlers=[create_first_admin, me], tags=["Users"])

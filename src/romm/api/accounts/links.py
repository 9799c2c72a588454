"""One-time links: invitations, new passwords, recovery."""

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from romm.accounts.administration import Administration
from romm.accounts.forms import AccountForm
from romm.accounts.invitations import Invitations
from romm.accounts.recovery import Recovery
from romm.api.accounts.schemas import (
    INVITATION_EXAMPLE,
    LINK_EXAMPLE,
    USER_EXAMPLE,
    ForgottenForm,
    InvitationForm,
    InvitationSchema,
    LinkAnswer,
    OneReset,
    RecoveryForm,
    RegistrationForm,
    ResetForm,
    UserSchema,
    invitation_schema,
    level,
    user_schema,
)
from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request, body, visitor, wants_page
from romm.api.http.responses import see_other
from romm.api.openapi.fields import MOST_AT_ONCE, IdInPath, at_most, within
from romm.api.openapi.operations import OPEN, UNAUTHORIZED, gives, needs, refuses, takes
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.principal import Principal, actor
from romm.domain.credentials.credential import link_url
from romm.domain.credentials.permissions import Action
from romm.domain.errors import Code
from romm.settings.model import Settings

_UNUSABLE = (Code.LINK_INVALID, Code.PASSWORDS_OFF, Code.PASSWORD_WEAK)


@post(
    "/users/invite-link",
    **needs("users.write"),
    status_code=201,
    summary="Invite a person",
    operation_class=takes(InvitationForm, {"role": "viewer", "expiration": 86400}),
    responses=gives(201, LinkAnswer, "A link that works once; it is shown this once.", LINK_EXAMPLE)
    | refuses(
        Code.PASSWORDS_OFF,
        Code.ADMIN_REQUIRED,
        Code.CONFIRMATION_REQUIRED,
        Code.ACCOUNT_CHANGED,
        *UNAUTHORIZED,
    ),
)
async def invite(
    request: Request,
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    settings: NamedDependency[Settings],
    role: FromQuery[str | None] = None,
    expiration: FromQuery[int | None] = None,
) -> LinkAnswer:
    """Creates a link that registers an account with this role. `expiration` is in seconds. RomM's apps send both in the
    query; the body works, too.
    """
    form = (await body(request, InvitationForm)).with_query(role, expiration)
    secret, invitation = await invitations.create(principal, level(form.role or "viewer"), form.lifetime)
    return LinkAnswer(secret, link_url(settings.server.base_url, "/register", secret), invitation.expires_at)


@get(
    "/users/invitations",
    **needs("users.read"),
    summary="Open invitations",
    responses=gives(200, list[InvitationSchema], "The newest first, without their secrets.", [INVITATION_EXAMPLE])
    | refuses(*UNAUTHORIZED),
)
async def open_invitations(
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    limit: FromQuery[int] = MOST_AT_ONCE,
    before: FromQuery[int | None] = None,
) -> list[InvitationSchema]:
    """Invitations that are neither used, revoked nor expired: at most `limit`, older than the one with the id `before`."""
    listed = await invitations.listed(actor(principal), at_most(limit), within(before))
    return [invitation_schema(invitation, inviter) for invitation, inviter in listed]


@delete(
    "/users/invitations/{invitation_id:int}",
    **needs("users.write"),
    status_code=204,
    summary="Take an invitation back",
    responses=gives(204, None, "Taken back.") | refuses(Code.ADMIN_REQUIRED, Code.CREDENTIAL_UNKNOWN, *UNAUTHORIZED),
)
async def revoke_invitation(
    invitation_id: IdInPath, principal: NamedDependency[Principal], invitations: NamedDependency[Invitations]
) -> None:
    """The link stops working at once."""
    await invitations.revoke(actor(principal), invitation_id)


@post(
    "/users/register",
    opt={"error_page": "/register"},
    status_code=201,
    summary="Make the account one was invited to",
    operation_class=takes(
        RegistrationForm, {"token": "q3mZ…", "username": "alice", "password": "a lantern in the attic"}
    ),
    responses=gives(201, UserSchema, "Made; sign in with it.", USER_EXAMPLE)
    | refuses(
        Code.TOO_MANY_REQUESTS,
        Code.USERNAME_INVALID,
        Code.USERNAME_TAKEN,
        Code.ADDRESS_INVALID,
        Code.EMAIL_TAKEN,
        *_UNUSABLE,
    ),
    security=OPEN,
)
async def register(
    request: Request, invitations: NamedDependency[Invitations], refused_forms: NamedDependency[RefusedForms]
) -> Response[UserSchema] | Response[bytes]:
    """Uses the link up, unless a field has to be corrected (the HTML form: 303 to `/login`)."""
    form = await body(request, RegistrationForm)
    typed = AccountForm(username=form.username, email=form.email, password=form.password)
    shown = {"username": form.username, "email": str(form.email or "")}
    async with refused_forms.keeping(request, link_url("", "/register", form.token), shown):
        account = await invitations.register(form.token, typed)
    return (
        see_other("/login?notice=registered")
        if wants_page(request)
        else Response(user_schema(account), status_code=201)
    )


@post(
    "/users/{user_id:int}/reset-link",
    **needs("users.write"),
    status_code=201,
    summary="A link to set a new password",
    responses=gives(201, LinkAnswer, "A link that works once, for 24 hours; it is shown this once.", LINK_EXAMPLE)
    | refuses(
        Code.PASSWORDS_OFF,
        Code.ADMIN_REQUIRED,
        Code.CONFIRMATION_REQUIRED,
        Code.OWN_ACCOUNT,
        Code.ACCOUNT_UNKNOWN,
        Code.ACCOUNT_DISABLED,
        Code.ACCOUNT_CHANGED,
        *UNAUTHORIZED,
    ),
)
async def reset_link(
    user_id: IdInPath,
    principal: NamedDependency[Principal],
    administration: NamedDependency[Administration],
    recovery: NamedDependency[Recovery],
    settings: NamedDependency[Settings],
) -> LinkAnswer:
    """Creates a link to set a new password. It replaces an older link of this account."""
    by = actor(principal)
    account = await administration.get(by, user_id, Action.SET_PASSWORD)
    secret, link = await recovery.reset_link(by, account)
    return LinkAnswer(secret, link_url(settings.server.base_url, "/reset-password", secret), link.expires_at)


@post(
    "/forgot-password",
    opt={"error_page": "/forgot-password"},
    status_code=200,
    summary="Tell the administrators that a password is forgotten",
    operation_class=takes(ForgottenForm, {"username": "alice"}),
    responses=gives(200, None, "Noted, if there is such an account.") | refuses(Code.TOO_MANY_REQUESTS),
    security=OPEN,
)
async def forgot_password(request: Request, recovery: NamedDependency[Recovery]) -> Response[None] | Response[bytes]:
    """The answer is the same for every name. RomM sends no e-mail: an administrator creates the link."""
    form = await body(request, ForgottenForm)
    await recovery.forgot(form.username, visitor(request).address)
    return see_other("/login?notice=reset_asked") if wants_page(request) else Response(None, status_code=200)


@post(
    "/reset-password",
    opt={"error_page": "/reset-password"},
    status_code=200,
    summary="Set a new password by a link",
    operation_class=takes(OneReset, {"token": "q3mZ…", "new_password": "a lantern in the attic"}),
    responses=gives(200, None, "Set; every sign-in of the account ended.") | refuses(*_UNUSABLE),
    security=OPEN,
)
async def reset_password(
    request: Request, recovery: NamedDependency[Recovery], refused_forms: NamedDependency[RefusedForms]
) -> Response[None] | Response[bytes]:
    """Uses the link up, unless the password is not acceptable (the HTML form: 303 to `/login`)."""
    form = await body(request, ResetForm)
    async with refused_forms.keeping(request, link_url("", "/reset-password", form.token), {}):
        await recovery.reset(form.token, form.chosen)
    return see_other("/login?notice=password_set") if wants_page(request) else Response(None, status_code=200)


@post(
    "/recover",
    opt={"error_page": "/login"},
    status_code=200,
    summary="Sign in by a recovery link",
    operation_class=takes(RecoveryForm, {"token": "q3mZ…"}),
    responses=gives(200, None, "Signed in: the session cookie is set.") | refuses(Code.LINK_INVALID),
    security=OPEN,
)
async def recover(
    request: Request, recovery: NamedDependency[Recovery], our_cookies: NamedDependency[Cookies]
) -> Response[None] | Response[bytes]:
    """Signs an administrator in once. `romm recover` on the command line creates the link."""
    session = await recovery.recover((await body(request, RecoveryForm)).token, visitor(request))
    cookies = our_cookies.signed_in(request, session)
    return see_other("/account", cookies) if wants_page(request) else Response(None, cookies=cookies, status_code=200)


router = Router(
    "/api",
    route_handlers=[
        invite, open_invitations, revoke_invitation, register, reset_link, forgot_password, reset_password, recover,
    ],
    tags=["Links"],
)  # fmt: skip

"""Browser sessions."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Router, delete, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from romm.accounts.administration import Administration
from romm.api.openapi.fields import IdInPath
from romm.api.openapi.operations import UNAUTHORIZED, gives, needs, refuses
from romm.credentials.principal import Principal, actor, require
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Code


class SessionSchema(Struct, frozen=True, kw_only=True):
    """`current` marks the session of this request; `method` is how it began."""

    id: int
    current: bool
    method: str
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


def session_schema(session: Credential, current: Credential | None) -> SessionSchema:
    return SessionSchema(
        id=session.id or 0,
        current=current is not None and current.digest == session.digest,
        method="password" if session.identity is None else "openid",
        address=session.address,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )


SESSION_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "current": True,
    "method": "openid",
    "address": "192.0.2.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "created_at": "2026-01-02T03:04:05Z",
    "last_used_at": "2026-01-02T03:04:05Z",
    "expires_at": "2026-04-02T03:04:05Z",
}


_REFUSED = (
    Code.ADMIN_REQUIRED,
    Code.ACCOUNT_UNKNOWN,
    Code.CONFIRMATION_REQUIRED,
    *UNAUTHORIZED,
)
UserId = Annotated[int | None, QueryParameter(name="user_id", description="another account's id, for administrators")]


@get(
    "/",
    **needs("me.read"),
    summary="Sessions",
    responses=gives(200, list[SessionSchema], "The newest first.", [SESSION_EXAMPLE])
    | refuses(Code.ACCOUNT_UNKNOWN, *UNAUTHORIZED),
)
async def sessions_of(
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    administration: NamedDependency[Administration],
    user_id: UserId = None,
) -> list[SessionSchema]:
    """Your own sessions; those of other accounts need `users.read`."""
    owner = principal.account.id
    if user_id not in (None, owner):
        require(principal, "users.read")
        owner = (await administration.get(actor(principal), user_id or 0)).id
    listed = await sessions.of(actor(principal), owner)
    return [session_schema(session, principal.credential) for session in listed]


@delete(
    "/{session_id:int}",
    **needs("me.write"),
    status_code=204,
    summary="End a session",
    responses=gives(204, None, "Ended.")
    | refuses(
        Code.CREDENTIAL_UNKNOWN,
        Code.ADMIN_REQUIRED,
        Code.ACCOUNT_UNKNOWN,
        Code.CONFIRMATION_REQUIRED,
        *UNAUTHORIZED,
    ),
)
async def end(
    session_id: IdInPath,
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    administration: NamedDependency[Administration],
    user_id: UserId = None,
) -> None:
    """Ends one of your own sessions; those of other accounts need `users.write`."""
    if user_id is None or user_id == principal.account.id:
        await sessions.end_one(principal, session_id)
    else:
        require(principal, "users.write")
        await administration.end_session(actor(principal), user_id, session_id)


@delete(
    "/",
    **needs("me.write"),
    status_code=204,
    summary="End all other sessions",
    responses=gives(204, None, "Ended, but for the session that asked.") | refuses(*_REFUSED),
)
async def end_others(
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    administration: NamedDependency[Administration],
    user_id: UserId = None,
) -> None:
    """Ends all sessions of an account, except the session of this request."""
    if user_id is None or user_id == principal.account.id:
        await sessions.end_others(principal)
    else:
        require(principal, "users.write")
        await administration.end_sessions(actor(principal), user_id)


router = Router("/api/sessions", route_handlers=[sessions_of, end, end_others], tags=["Sessions"])

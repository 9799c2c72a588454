"""Map the users of an existing RomM to accounts.

Existing accounts stay unchanged. A shared address goes to none of its users.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from romm.domain import emails
from romm.domain.accounts import usernames
from romm.domain.accounts.passwords import is_legacy
from romm.domain.model import AccessLevel

_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_OLDEST_YEAR = 1970


class ForeignUser(Struct, frozen=True, kw_only=True):
    """`group` is the permission group's name."""

    id: int
    username: str
    password_hash: str | None
    email: str | None
    enabled: bool
    role: str
    group: str | None = None
    created_at: dt.datetime | None = None
    last_login: dt.datetime | None = None


class ExistingAccounts(Struct, frozen=True, kw_only=True):
    """`emails` maps addresses to usernames."""

    usernames: frozenset[str] = frozenset()
    emails: Mapping[str, str] = {}
    any_admin: bool = False
    enabled_admin: bool = False


class Import(Struct, frozen=True, kw_only=True, tag=True):
    """`notes`: differences from the original."""

    found: ForeignUser
    username: str
    email: str | None
    level: AccessLevel
    enabled: bool
    password_hash: str | None
    created_at: dt.datetime | None
    last_login: dt.datetime | None
    notes: tuple[str, ...] = ()


class Skip(Struct, frozen=True, tag=True):
    found: ForeignUser
    reason: str


Decision = Import | Skip


class _Side(Struct, frozen=True):
    username: str
    sharing: tuple[str, ...]


def decide(found: Iterable[ForeignUser], here: ExistingAccounts, now: dt.datetime) -> tuple[Decision, ...]:
    users = sorted(found, key=lambda user: user.id)
    names, sharing = _names(users), _sharing(users)
    return tuple(_decide(user, _Side(names[user.id], sharing[user.id]), here, now) for user in users)


def level(role: str, group: str | None) -> tuple[AccessLevel, str | None]:
    """With a note if it is a guess."""
    match role.lower(), group:
        case "admin", _:
            return AccessLevel.ADMIN, None
        case "editor", _:
            return AccessLevel.EDITOR, None
        case "viewer", _:
            return AccessLevel.VIEWER, None
        case "user", "Editor (legacy)":
            return AccessLevel.EDITOR, None
        case "user", "Viewer (legacy)" | None:
            return AccessLevel.VIEWER, None
        case "user", other:
            return AccessLevel.VIEWER, f"the permission group {other!r} does not exist here, so the role is viewer"
        case _:
            return AccessLevel.VIEWER, f"the role {role!r} is unknown here, so the role is viewer"


def _decide(user: ForeignUser, side: _Side, here: ExistingAccounts, now: dt.datetime) -> Decision:
    email = emails.canonical(user.email)
    if side.username in here.usernames:
        return Skip(user, f"{side.username} exists already")
    if email is not None and email in here.emails:
        return Skip(user, f"{email} is already the address of {here.emails[email]}")
    access, about_level = level(user.role, user.group)
    password_hash = user.password_hash if is_legacy(user.password_hash) else None
    kept = None if side.sharing else email
    notes = (
        _about_name(user, side),
        about_level,
        _about_email(user, email, side),
        _about_password(user.password_hash),
        None if password_hash or kept else "it cannot be used until an administrator gives it an e-mail address",
    )
    return Import(
        found=user,
        username=side.username,
        email=kept,
        level=access,
        enabled=user.enabled,
        password_hash=password_hash,
        created_at=_sensible(user.created_at, now),
        last_login=_sensible(user.last_login, now),
        notes=tuple(note for note in notes if note),
    )


def _about_name(user: ForeignUser, side: _Side) -> str | None:
    if usernames.normalized(user.username) == side.username:
        return None
    cannot = usernames.normalized(user.username) is None
    why = "the name is not allowed here" if cannot else "another name looks the same"
    return f"{why}: tell them to sign in as {side.username}"


def _about_email(user: ForeignUser, email: str | None, side: _Side) -> str | None:
    if email is None:
        return f"the address {user.email!r} cannot be compared safely, so it is left out" if user.email else None
    others = ", ".join(repr(name) for name in side.sharing)
    return f"{email} is also the address of {others}, so it is left out for each of them" if others else None


def _about_password(password_hash: str | None) -> str | None:
    if not password_hash or _UUID.fullmatch(password_hash) or is_legacy(password_hash):
        return None
    return "the password's hash is not one of bcrypt with a bearable cost, so it is left out"


def _names(users: Sequence[ForeignUser]) -> dict[int, str]:
    """Independent of existing accounts: a second run gives the same names.

    Normalized names stay with their users; others get the next free one.
    """
    normalized = {user.id: usernames.normalized(user.username) for user in users}
    given: dict[str, int] = {}
    for user in sorted(users, key=lambda each: (each.username != normalized[each.id], each.id)):
        if (name := normalized[user.id]) is not None:
            given.setdefault(name, user.id)
    for user in users:
        if user.id not in given.values():
            given[_free(user, given)] = user.id
    return {user_id: name for name, user_id in given.items()}


def _free(user: ForeignUser, given: Mapping[str, int]) -> str:
    claims = {"preferred_username": user.username, "email": emails.canonical(user.email), "sub": user.id}
    proposal = usernames.proposal(claims, "preferred_username")
    return next(name for name in usernames.series(proposal) if name not in given)


def _sharing(users: Sequence[ForeignUser]) -> dict[int, tuple[str, ...]]:
    holders = defaultdict[str | None, list[ForeignUser]](list)
    for user in users:
        holders[emails.canonical(user.email)].append(user)
    return {
        user.id: tuple(other.username for other in same if other is not user)
        for same in holders.values()
        for user in same
    }


def _sensible(at: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """In UTC; None for an implausible time."""
    if at is None or not _OLDEST_YEAR < at.year <= now.year + 1:
        return None
    aware = at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
    return aware if aware <= now else None

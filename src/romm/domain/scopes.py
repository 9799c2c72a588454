"""Scopes of each access level, as companion apps know them."""

from collections.abc import Collection, Container, Iterable
from functools import cache

from romm.domain.model import AccessLevel

_ADDED = {
    AccessLevel.VIEWER: (
        "me.read", "roms.read", "platforms.read", "assets.read", "devices.read", "firmware.read",
        "roms.user.read", "collections.read", "playlists.read",
        "me.write", "assets.write", "devices.write", "roms.user.write", "collections.write", "playlists.write",
    ),
    AccessLevel.EDITOR: ("roms.write", "platforms.write", "firmware.write"),
    AccessLevel.ADMIN: ("users.read", "users.write", "tasks.run", "logs.read"),
}  # fmt: skip

ALL = tuple(scope for added in _ADDED.values() for scope in added)

GRANT_ACCESS = "access.grant"
"""Of client tokens only, chosen by name: to create what outlasts them. No role brings it, and no app can ask for it."""


def ordered(some: Collection[str]) -> tuple[str, ...]:
    """In published order, without duplicates."""
    return tuple(scope for scope in (*ALL, GRANT_ACCESS) if scope in some)


@cache
@cache
def granted(level: AccessLevel) -> tuple[str, ...]:
    """Cumulative, in published order."""
    return tuple(scope for step, added in _ADDED.items() if step <= level for scope in added)


def beyond(requested: Iterable[str], allowed: Container[str]) -> tuple[str, ...]:
    return tuple(scope for scope in requested if scope not in allowed)

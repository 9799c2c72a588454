"""The scopes of each level: names and order are what companion apps know."""

import pytest

from romm.domain.model import AccessLevel
from romm.domain.scopes import ALL, beyond, granted, ordered

VIEWER = (
    "me.read roms.read platforms.read assets.read devices.read firmware.read roms.user.read collections.read "
    "playlists.read me.write assets.write devices.write roms.user.write collections.write playlists.write"
)
EDITOR = f"{VIEWER} roms.write platforms.write firmware.write"
ADMIN = f"{EDITOR} users.read users.write tasks.run logs.read"


@pytest.mark.parametrize(
    ("level", "scopes"),
    [
        pytest.param(AccessLevel.VIEWER, VIEWER, id="a viewer reads, and writes what is their own"),
        pytest.param(AccessLevel.EDITOR, EDITOR, id="an editor also changes the library"),
        pytest.param(AccessLevel.ADMIN, ADMIN, id="an admin also runs the house"),
    ],
)
def test_a_level_grants_its_scopes_in_their_published_order(level: AccessLevel, scopes: str) -> None:
    assert " ".join(granted(level)) == scopes


def test_all_scopes_are_those_of_an_admin_each_once() -> None:
    assert granted(AccessLevel.ADMIN) == ALL
    assert len(set(ALL)) == len(ALL)


def test_what_goes_beyond_is_told_in_the_order_it_was_asked_for() -> None:
    assert beyond(["roms.write", "me.read", "users.read"], {"me.read"}) == ("roms.write", "users.read")


def test_names_are_put_into_the_published_order_and_what_is_no_scope_is_left_out() -> None:
    """R-71."""
    assert ordered(["users.read", "me.read", "everything", "roms.write", "me.read"]) == (
        "me.read",
        "roms.write",
        "users.read",
    )

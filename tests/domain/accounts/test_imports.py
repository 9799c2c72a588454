"""Who becomes who when an existing RomM's users are brought along: row by row, then whatever they are called."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain import emails
from romm.domain.accounts import usernames
from romm.domain.accounts.imports import Decision, ExistingAccounts, ForeignUser, Import, Skip, decide, level
from romm.domain.model import AccessLevel
from tests.domain.examples import NOW

BCRYPT = "$2b$12$" + "./Zz09" * 8 + "abcde"
UUID = "1fbc5c1c-3f0f-4f0e-9d0c-0f4c1d8a5a11"
NOBODY = ExistingAccounts()


def user(**changes: Any) -> ForeignUser:
    """Alice there: an enabled viewer with a password."""
    ordinary: dict[str, Any] = {
        "id": 1,
        "username": "alice",
        "password_hash": BCRYPT,
        "email": "alice@example.com",
        "enabled": True,
        "role": "VIEWER",
    }
    return ForeignUser(**ordinary | changes)


def imported(*users: ForeignUser, here: ExistingAccounts = NOBODY) -> list[Import]:
    decisions = decide(users, here, NOW)
    assert all(isinstance(each, Import) for each in decisions), decisions
    return [each for each in decisions if isinstance(each, Import)]


def skipped(found: ForeignUser, here: ExistingAccounts) -> str:
    [decision] = decide([found], here, NOW)
    assert isinstance(decision, Skip)
    return decision.reason


def notes(found: ForeignUser) -> str:
    [decision] = imported(found)
    return "\n".join(decision.notes)


def test_who_is_as_we_would_have_them_comes_as_they_are() -> None:
    found = user(created_at=NOW - timedelta(days=9), last_login=NOW - timedelta(days=1))
    assert imported(found) == [
        Import(
            found=found,
            username="alice",
            email="alice@example.com",
            level=AccessLevel.VIEWER,
            enabled=True,
            password_hash=BCRYPT,
            created_at=NOW - timedelta(days=9),
            last_login=NOW - timedelta(days=1),
        )
    ]


@pytest.mark.parametrize(
    ("role", "group", "access", "note"),
    [
        ("admin", None, AccessLevel.ADMIN, ""),
        ("ADMIN", None, AccessLevel.ADMIN, ""),
        ("admin", "Viewer (legacy)", AccessLevel.ADMIN, ""),
        ("EDITOR", None, AccessLevel.EDITOR, ""),
        ("VIEWER", None, AccessLevel.VIEWER, ""),
        ("user", None, AccessLevel.VIEWER, ""),
        ("user", "Editor (legacy)", AccessLevel.EDITOR, ""),
        ("user", "Viewer (legacy)", AccessLevel.VIEWER, ""),
        ("user", "editor (legacy)", AccessLevel.VIEWER, "permission group 'editor (legacy)'"),
        ("user", "admin", AccessLevel.VIEWER, "permission group 'admin'"),
        ("administrator", None, AccessLevel.VIEWER, "role 'administrator' is unknown"),
        (" admin", None, AccessLevel.VIEWER, "role ' admin' is unknown"),
        ("", None, AccessLevel.VIEWER, "role '' is unknown"),
        ("\x1b[2J", None, AccessLevel.VIEWER, r"role '\x1b[2J' is unknown"),
    ],
)
def test_a_role_becomes_an_access_level(role: str, group: str | None, access: AccessLevel, note: str) -> None:
    given_level, told = level(role, group)
    assert given_level is access
    assert note in (told or "")
    assert bool(note) == bool(told)
    [decision] = imported(user(role=role, group=group))
    assert (decision.level, decision.notes) == (access, (told,) if told else ())


@given(st.text(max_size=30), st.text(max_size=30) | st.none())
def test_only_the_word_admin_makes_an_admin(role: str, group: str | None) -> None:
    assert level(role, group)[0] is not AccessLevel.ADMIN or role.lower() == "admin"


@pytest.mark.parametrize(
    ("password_hash", "kept", "note"),
    [
        pytest.param(BCRYPT, BCRYPT, "", id="bcrypt"),
        pytest.param(BCRYPT.replace("2b", "2y"), BCRYPT.replace("2b", "2y"), "", id="bcrypt by PHP's name"),
        pytest.param(UUID, None, "", id="the UUID of an account by single sign-on"),
        pytest.param(UUID.upper().replace("-", ""), None, "", id="the same, written otherwise"),
        pytest.param(None, None, "", id="none"),
        pytest.param("", None, "", id="empty"),
        pytest.param("plain text", None, "not one of bcrypt", id="no hash"),
        pytest.param(BCRYPT.replace("$12", "$31"), None, "bearable cost", id="a cost that would stop the service"),
    ],
)
def test_a_bcrypt_hash_is_kept_and_nothing_else(password_hash: str | None, kept: str | None, note: str) -> None:
    """R-34, R-37."""
    [decision] = imported(user(password_hash=password_hash))
    assert decision.password_hash == kept
    assert note in "".join(decision.notes)
    assert bool(note) == bool(decision.notes)


@pytest.mark.parametrize(
    ("email", "kept", "note"),
    [
        ("alice@example.com", "alice@example.com", ""),
        ("Alice@Example.COM", "alice@example.com", ""),
        ("", None, ""),
        (None, None, ""),
        ("alice@example.com ", None, "'alice@example.com ' cannot be compared safely"),
        ("àlice@example.com", None, "'àlice@example.com' cannot"),
        ("alice", None, "'alice' cannot"),
        ("a\x1b[2J@example.com", None, r"'a\x1b[2J@example.com' cannot"),
    ],
)
def test_an_address_without_a_canonical_form_is_left_out_and_that_is_said(
    email: str | None, kept: str | None, note: str
) -> None:
    [decision] = imported(user(email=email))
    assert decision.email == kept
    assert note in "".join(decision.notes)
    assert bool(note) == bool(decision.notes)


@pytest.mark.parametrize(
    ("username", "email", "name", "note"),
    [
        ("Alice", None, "alice", ""),
        ("ａｌｉｃｅ", None, "alice", ""),
        ("admin", None, "admin", ""),
        ("Zoë Müller", None, "zo-m-ller", "not allowed here: tell them to sign in as zo-m-ller"),
        ("alice@example.com", None, "alice-example.com", "tell them"),
        ("al", "al.cooper@example.com", "al.cooper", "tell them"),
        ("al", None, "user-1", "tell them"),
        ("", None, "user-1", "tell them"),
        (" admin ", None, "admin-2", "tell them"),
        ("Иван", None, "user-1", "tell them"),
    ],
)
def test_a_name_that_cannot_be_one_here_is_made_one_and_that_is_said(
    username: str, email: str | None, name: str, note: str
) -> None:
    [decision] = imported(user(username=username, email=email))
    assert decision.username == name
    assert note in "".join(decision.notes)
    assert bool(note) == bool(decision.notes)


def test_of_names_that_look_the_same_it_belongs_to_who_writes_it_so() -> None:
    first = user(id=1, username="ALICE", email=None)
    second = user(id=2, username="Alice", email=None)
    exact = user(id=3, username="alice", email=None)
    other = user(id=4, username="alice-2", email=None)
    decisions = imported(other, exact, second, first)
    assert [each.found.id for each in decisions] == [1, 2, 3, 4]
    assert [each.username for each in decisions] == ["alice-3", "alice-4", "alice", "alice-2"]
    assert "looks the same: tell them to sign in as alice-3" in decisions[0].notes[0]
    assert decisions[2].notes == ()


def test_else_it_belongs_to_the_first() -> None:
    decisions = imported(user(id=2, username="Alice", email=None), user(id=1, username="ALICE", email=None))
    assert [each.username for each in decisions] == ["alice", "alice-2"]


def test_an_address_that_several_have_goes_to_none_of_them() -> None:
    """L-08: whose it is cannot be told, and by the address single sign-on links."""
    decisions = imported(
        user(id=1, username="mallory", email="Alice@example.com"),
        user(id=2, username="alice", email="alice@example.com"),
        user(id=3, username="bob", email="bob@example.com"),
    )
    assert [each.email for each in decisions] == [None, None, "bob@example.com"]
    assert "also the address of 'alice'" in decisions[0].notes[0]
    assert "also the address of 'mallory'" in decisions[1].notes[0]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(user(email=None), "alice exists already", id="the same name"),
        pytest.param(user(username="ALICE", email=None), "alice exists already", id="in capitals"),
        pytest.param(
            user(username="ali", email="ALICE@example.com"), "is already the address of alice", id="the same address"
        ),
        pytest.param(user(email="other@example.com"), "alice exists already", id="the name, another address"),
    ],
)
def test_nobody_is_imported_over_who_is_here(found: ForeignUser, reason: str) -> None:
    here = ExistingAccounts(usernames=frozenset({"alice"}), emails={"alice@example.com": "alice"})
    assert reason in skipped(found, here)


@pytest.mark.parametrize("access", ["admin", "VIEWER"])
def test_who_was_disabled_stays_disabled(access: str) -> None:
    assert [each.enabled for each in imported(user(role=access, enabled=False))] == [False]


def test_an_account_that_nobody_can_open_is_told() -> None:
    assert "cannot be used until" in notes(user(password_hash=UUID, email=None))
    assert notes(user(password_hash=UUID)) == ""
    assert notes(user(email=None)) == ""


@pytest.mark.parametrize(
    ("at", "kept"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(NOW, NOW, id="now"),
        pytest.param(
            datetime.fromisoformat("2024-05-06T07:00"), datetime(2024, 5, 6, 7, tzinfo=UTC), id="without zone it is UTC"
        ),
        pytest.param(
            datetime(2024, 5, 6, 7, tzinfo=timezone(timedelta(hours=2))),
            datetime(2024, 5, 6, 5, tzinfo=UTC),
            id="of another zone",
        ),
        pytest.param(NOW + timedelta(seconds=1), None, id="the future"),
        pytest.param(datetime.fromisoformat("9999-12-31T23:59"), None, id="the last time there is"),
        pytest.param(datetime.fromisoformat("0001-01-01"), None, id="the first time there is"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), None, id="the zero of clocks"),
    ],
)
def test_a_time_is_kept_where_it_makes_sense(at: datetime | None, kept: datetime | None) -> None:
    [decision] = imported(user(created_at=at, last_login=at))
    assert (decision.created_at, decision.last_login) == (kept, kept)


names = st.one_of(
    st.text(max_size=70), st.sampled_from(["alice", "Alice", "ALICE", "alice-2", "al", "admin", " admin"])
)
addresses = st.one_of(st.none(), st.emails(), st.text(max_size=20), st.sampled_from(["a@x.org", "A@x.org", "b@x.org"]))
people = st.lists(st.tuples(names, addresses), max_size=8).map(
    lambda pairs: [user(id=number, username=name, email=email) for number, (name, email) in enumerate(pairs)]
)


def carried_out(decisions: tuple[Decision, ...], here: ExistingAccounts) -> ExistingAccounts:
    made = [each for each in decisions if isinstance(each, Import)]
    return ExistingAccounts(
        usernames=here.usernames | {each.username for each in made},
        emails=dict(here.emails) | {each.email: each.username for each in made if each.email is not None},
    )


@given(people)
def test_whatever_they_are_called_everybody_gets_a_name_and_an_address_of_their_own(users: list[ForeignUser]) -> None:
    decisions = imported(*users)
    taken = [each.username for each in decisions]
    kept = [each.email for each in decisions if each.email is not None]
    assert len(decisions) == len(users)
    assert len(set(taken)) == len(taken)
    assert len(set(kept)) == len(kept)
    assert all(usernames.normalized(name) == name for name in taken)
    assert all(emails.canonical(email) == email for email in kept)


@given(people, st.integers(0, 8))
def test_a_second_run_imports_nobody_and_a_broken_one_is_finished(users: list[ForeignUser], before: int) -> None:
    whole = decide(users, NOBODY, NOW)
    half = carried_out(whole[:before], NOBODY)
    rest = decide(users, half, NOW)
    assert all(isinstance(each, Skip) for each in rest[:before])
    assert rest[before:] == whole[before:]
    assert all(isinstance(each, Skip) for each in decide(users, carried_out(whole, NOBODY), NOW))


@given(people)
def test_nothing_that_is_told_writes_more_to_a_terminal_than_itself(users: list[ForeignUser]) -> None:
    for decision in imported(*users):
        assert all(note.isprintable() for note in decision.notes)
        assert re.fullmatch(r"[a-z0-9._-]+", decision.username)


def test_the_order_of_the_rows_changes_nothing() -> None:
    users = [user(id=number, username=name, email=None) for number, name in enumerate(["ALICE", "alice", "al", "x y"])]
    assert decide(users, NOBODY, NOW) == decide(users[::-1], NOBODY, NOW)
    assert decide([replace(users[0], id=9)], NOBODY, NOW) != decide(users[:1], NOBODY, NOW)

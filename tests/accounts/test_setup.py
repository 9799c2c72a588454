"""The use case of the first admin, and what all changes of accounts share, without HTTP."""

from datetime import UTC, datetime

import pytest

from romm.accounts.setup import Setup
from romm.domain.accounts.changes import AccountUpdate
from romm.domain.catalogue import operator_text
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from romm.ports.conflicts import MAX_DECISIONS, Conflict, retry_on_conflict
from tests.factories import new_account
from tests.fakes import FakeAccounts, FakeClock, FakeLog, FakePasswords
from tests.world import ORIGIN, PASSWORD

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class TakenAccounts(FakeAccounts):
    """The database has the last word: somebody else has it."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    async def create_first_admin(self, *_: object) -> Account:
        raise Conflict(self._what)


class LateAccounts(FakeAccounts):
    """Somebody else makes the first admin between the look and the write."""

    async def any_admin(self) -> bool:
        before = await super().any_admin()
        if not before:
            await self.create(new_account("rival", AccessLevel.ADMIN), NOW)
        return before


def setup(
    accounts: FakeAccounts | None = None,
    *,
    wizard: bool = True,
    passwords_enabled: bool = True,
    log: FakeLog | None = None,
) -> Setup:
    return Setup(
        base_url=ORIGIN,
        wizard=wizard,
        passwords_enabled=passwords_enabled,
        accounts=accounts or FakeAccounts(),
        passwords=FakePasswords(),
        log=log or FakeLog(),
        clock=FakeClock(NOW),
    )


async def refused(use_case: Setup, username: str = "keeper", email: str = "", password: str = PASSWORD) -> Refused:
    with pytest.raises(Refused) as caught:
        await use_case.create_first_admin(username, email, password, ())
    return caught.value


async def test_the_first_admin_is_an_admin_with_a_password_that_nobody_reads() -> None:
    accounts, log = FakeAccounts(), FakeLog()
    made = await setup(accounts, log=log).create_first_admin("Keeper", "Keeper@Example.org", PASSWORD, ())
    assert (made.username, made.email, made.level) == ("keeper", "keeper@example.org", AccessLevel.ADMIN)
    assert made.password_set_at == NOW
    assert accounts.hashes == {made.id: f"hash of {PASSWORD}"}
    assert log.events() == ["account.first_admin"]
    assert PASSWORD not in str(log.lines)


@pytest.mark.parametrize(
    ("what", "code", "text"),
    [
        ("username", Code.USERNAME_TAKEN, "The user name keeper is taken."),
        ("email", Code.EMAIL_TAKEN, "The e-mail address keeper@example.org is taken."),
    ],
)
async def test_the_log_says_what_is_taken(what: str, code: Code, text: str) -> None:
    found = await refused(setup(TakenAccounts(what)), email="Keeper@Example.org")
    assert found.code is code
    assert operator_text(found).startswith(text)


@pytest.mark.parametrize("name", ["admin", "root", "romm"])
async def test_a_reserved_name_is_for_people_to_take(name: str) -> None:
    """Reserved names keep the provider from handing them out, not the owner of the house from having one."""
    assert (await setup().create_first_admin(name, "", PASSWORD, ())).username == name


@pytest.mark.parametrize(
    ("wizard", "passwords_enabled", "code"),
    [(False, True, Code.SETUP_CLOSED), (True, False, Code.PASSWORDS_OFF), (False, False, Code.PASSWORDS_OFF)],
    ids=["no wizard", "no passwords", "neither"],
)
async def test_the_operator_can_keep_the_door_closed(wizard: bool, passwords_enabled: bool, code: Code) -> None:
    closed = setup(wizard=wizard, passwords_enabled=passwords_enabled)
    assert not await closed.is_open()
    assert (await refused(closed)).code is code


@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "disabled"])
async def test_an_admin_closes_the_door_also_a_disabled_one(enabled: bool) -> None:
    """R-67: nobody becomes the admin of a house whose admin is on leave."""
    from msgspec.structs import replace

    accounts = FakeAccounts()
    admin = await accounts.create(new_account("admin", AccessLevel.ADMIN), NOW)
    accounts.by_id[admin.id] = replace(admin, enabled=enabled)
    assert not await setup(accounts).is_open()
    assert (await refused(setup(accounts))).code is Code.SETUP_CLOSED


@pytest.mark.parametrize("level", [AccessLevel.VIEWER, AccessLevel.EDITOR])
async def test_other_accounts_leave_it_open(level: AccessLevel) -> None:
    accounts = FakeAccounts()
    await accounts.create(new_account("somebody", level), NOW)
    assert await setup(accounts).is_open()


async def test_who_comes_second_in_the_same_moment_is_told_that_it_is_set_up() -> None:
    """R-67: the storage has the last word."""
    accounts = LateAccounts()
    assert (await refused(setup(accounts))).code is Code.SETUP_CLOSED
    assert [account.username for account in accounts.by_id.values()] == ["rival"]


@pytest.mark.parametrize(
    ("username", "email", "password", "code"),
    [
        pytest.param("ab", "", PASSWORD, Code.USERNAME_INVALID, id="a short name"),
        pytest.param("keeper", "nonsense", PASSWORD, Code.ADDRESS_INVALID, id="no address"),
        pytest.param("keeper", "", "short", Code.PASSWORD_WEAK, id="a short password"),
        pytest.param("keeper", "", "keeper2026!", Code.PASSWORD_WEAK, id="R-36: the name as the password"),
        pytest.param("KEEPER", "", "keeper2026!", Code.PASSWORD_WEAK, id="R-36: the name in capitals"),
        pytest.param("keeper", "ada@example.org", "ada-2026!", Code.PASSWORD_WEAK, id="R-36: the address"),
        pytest.param("keeper", "", "Sunshine", Code.PASSWORD_WEAK, id="R-36: a common one"),
        pytest.param("somebody", "", PASSWORD, Code.USERNAME_TAKEN, id="a name that somebody has"),
        pytest.param("keeper", "somebody@example.org", PASSWORD, Code.EMAIL_TAKEN, id="an address that somebody has"),
    ],
)
async def test_what_cannot_be_used_makes_nobody(username: str, email: str, password: str, code: Code) -> None:
    accounts = FakeAccounts()
    await accounts.create(new_account("somebody", email="somebody@example.org"), NOW)
    assert (await refused(setup(accounts), username, email, password)).code is code
    assert len(accounts.by_id) == 1


async def test_a_weak_password_is_not_repeated_to_the_operator() -> None:
    assert "Hunter2" not in operator_text(await refused(setup(), password="Hunter2"))


@pytest.mark.parametrize(
    ("what", "code", "tries"),
    [
        pytest.param("username", Code.USERNAME_TAKEN, 1, id="looking again does not give the name back"),
        pytest.param("email", Code.EMAIL_TAKEN, 1, id="nor the address"),
        pytest.param("version", Code.ACCOUNT_CHANGED, MAX_DECISIONS, id="an account that never stands still"),
    ],
)
async def test_what_changed_meanwhile_is_decided_again_and_what_is_taken_is_said(
    what: str, code: Code, tries: int
) -> None:
    tried: list[str] = []

    async def attempt() -> None:
        tried.append(what)
        raise Conflict(what)

    with pytest.raises(Refused, match=code):
        await retry_on_conflict(attempt, AccountUpdate(username="alice", email="alice@example.com"))
    assert len(tried) == tries

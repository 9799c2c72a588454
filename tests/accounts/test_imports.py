"""The use case of bringing an existing RomM's users along, without databases."""

from collections.abc import Sequence
from datetime import datetime

from romm.accounts.imports import ImportUsers
from romm.domain.accounts.imports import ForeignUser, Import, Skip
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.ports.accounts import Imports
from tests.domain.accounts.test_imports import BCRYPT, user
from tests.domain.examples import NOW
from tests.factories import new_account
from tests.fakes import FakeAccounts, FakeClock, FakeImports


class FakeForeignUsers:
    """`ports.ForeignUsers`: always the same ones."""

    def __init__(self, *users: ForeignUser) -> None:
        self._users = users

    async def read(self) -> Sequence[ForeignUser]:
        return self._users


class LateImports(FakeImports):
    """Somebody takes a name between the plan and the write."""

    async def add(self, decision: Import, now: datetime) -> None:
        if decision.username == "alice":
            await self._accounts.create(new_account("alice"), now)
        await super().add(decision, now)


def bring_along(imports: Imports, *users: ForeignUser) -> ImportUsers:
    return ImportUsers(source=FakeForeignUsers(*users), imports=imports, clock=FakeClock(NOW))


async def test_a_plan_writes_nothing() -> None:
    accounts = FakeAccounts()
    plan = await bring_along(FakeImports(accounts), user()).plan(COMMAND_LINE)
    assert [type(each) for each in plan] == [Import]
    assert accounts.by_id == {}


async def test_what_was_planned_is_done_once() -> None:
    accounts = FakeAccounts()
    use_case = bring_along(FakeImports(accounts), user(role="admin"), user(id=2, username="bob", email=None))
    plan = await use_case.plan(COMMAND_LINE)
    assert await use_case.carry_out(COMMAND_LINE, plan) == plan
    assert [each.username for each in accounts.by_id.values()] == ["alice", "bob"]
    assert set(accounts.hashes.values()) == {BCRYPT}
    again = await use_case.plan(COMMAND_LINE)
    assert [type(each) for each in again] == [Skip, Skip]
    assert await use_case.carry_out(COMMAND_LINE, again) == again
    assert len(accounts.by_id) == 2


async def test_who_comes_in_between_keeps_the_account_and_the_others_are_imported() -> None:
    accounts = FakeAccounts()
    use_case = bring_along(LateImports(accounts), user(), user(id=2, username="bob", email=None))
    late, bob = await use_case.carry_out(COMMAND_LINE, await use_case.plan(COMMAND_LINE))
    assert isinstance(late, Skip)
    assert "username" in late.reason
    assert isinstance(bob, Import)
    assert {each.username: accounts.hashes[each.id] for each in accounts.by_id.values()} == {
        "alice": None,
        "bob": BCRYPT,
    }

"""The use cases of administrators while somebody else changes the same account."""

import dataclasses
from datetime import datetime

import pytest

from romm.accounts.administration import Administration
from romm.composition.use_cases import use_cases
from romm.domain import scopes
from romm.domain.accounts.changes import Actor, Unlink
from romm.domain.errors import Code, Refused
from romm.domain.model import Account
from romm.ports.conflicts import MAX_DECISIONS, Conflict
from tests.fakes import FakeAccountStore
from tests.world import World

ACTOR = Actor(account_id=None, scopes=frozenset(scopes.ALL))


class BusyDirectory(FakeAccountStore):
    """The account changes under so many decisions."""

    changes = 1

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        if self.changes:
            self.changes -= 1
            raise Conflict("version")
        return await super().unlink(decision, now)


@pytest.fixture
async def linked() -> World:
    """Somebody signed in through the provider."""
    world = World()
    await world.browser().sign_in()
    return world


def administration(world: World, changes: int) -> Administration:
    account_store = BusyDirectory(world.accounts)
    account_store.changes = changes
    return use_cases(world.settings, dataclasses.replace(world.ports, account_store=account_store)).administration


async def test_who_changed_meanwhile_is_unlinked_all_the_same(linked: World) -> None:
    assert (await administration(linked, 1).unlink(ACTOR, 1)).links == ()


async def test_who_keeps_changing_is_left_for_another_try(linked: World) -> None:
    with pytest.raises(Refused) as caught:
        await administration(linked, MAX_DECISIONS).unlink(ACTOR, 1)
    assert caught.value.code is Code.ACCOUNT_CHANGED

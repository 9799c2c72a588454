"""The use cases of administrators while somebody else changes the same account."""

import dataclasses
from datetime import datetime

import pytest

from romm.accounts.administration import Administration
from romm.accounts.forms import AccountForm
from romm.composition.use_cases import use_cases
from romm.domain import scopes
from romm.domain.accounts.changes import Unlink
from romm.domain.credentials.permissions import Action, Actor
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from romm.ports.accounts import AccountQuery
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


async def test_a_role_that_the_last_sign_in_kept_is_set_by_hand_and_its_change_is_in_the_log() -> None:
    """At the command line as on the pages: nothing locks a role that no claim gives."""
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    await world.browser().sign_in()
    administration = world.use_cases.administration
    alice = await administration.named(ACTOR, "alice")
    with pytest.raises(Refused) as refused:
        await administration.change(ACTOR, alice.id, AccountForm(level=AccessLevel.VIEWER))
    assert refused.value.code is Code.ROLE_MANAGED

    world.idp.claims.pop("groups")
    await world.browser().sign_in()
    changed = await administration.change(ACTOR, alice.id, AccountForm(level=AccessLevel.VIEWER))

    assert changed.level is AccessLevel.VIEWER
    [facts] = world.lines("account.role_changed")
    assert (facts["role_before"], facts["role_after"], facts["by"]) == ("admin", "viewer", "command line")

    world.idp.claims["groups"] = ["romm-admins"]
    await world.browser().sign_in()
    facts = world.lines("account.role_changed")[-1]
    assert (facts["role_before"], facts["role_after"], facts["by"]) == ("viewer", "admin", "provider")
    assert administration.is_managed(await administration.named(ACTOR, "alice"))


async def test_a_change_that_leaves_the_role_is_no_change_of_a_role() -> None:
    world = World()
    vera = await world.add("vera")
    await world.use_cases.administration.change(
        ACTOR, vera.id, AccountForm(username="veronica", level=AccessLevel.VIEWER)
    )
    assert world.lines("account.role_changed") == []


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


@pytest.mark.parametrize("account_id", [1, 404], ids=["known", "unknown"])
async def test_an_actor_without_scopes_does_not_learn_which_accounts_exist(account_id: int) -> None:
    administration = World().use_cases.administration
    powerless = Actor(account_id=7, scopes=frozenset())
    for action in (Action.READ_ACCOUNT, Action.CHANGE_ACCOUNT, Action.SET_PASSWORD):
        with pytest.raises(Refused, match=Code.FORBIDDEN):
            await administration.get(powerless, account_id, action)


async def test_an_actor_without_scopes_lists_and_finds_nothing() -> None:
    administration = World().use_cases.administration
    powerless = Actor(account_id=7, scopes=frozenset())
    for answer in (administration.search(powerless, AccountQuery(limit=10)), administration.named(powerless, "alice")):
        with pytest.raises(Refused, match=Code.FORBIDDEN):
            await answer
    with pytest.raises(Refused, match=Code.FORBIDDEN):
        administration.identifiers(powerless)
    with pytest.raises(Refused, match=Code.FORBIDDEN):
        await administration.oldest_admin(powerless)
    with pytest.raises(Refused, match=Code.FORBIDDEN):
        await administration.create(powerless, AccountForm(username="vera"), AccessLevel.VIEWER)


async def test_a_text_to_search_for_has_an_end() -> None:
    with pytest.raises(Refused, match=Code.REQUEST_INVALID):
        await World().use_cases.administration.search(ACTOR, AccountQuery(text="x" * 256, limit=10))


@pytest.mark.parametrize(
    "action",
    [Action.CHANGE_ACCOUNT, Action.DELETE_ACCOUNT, Action.UNLINK_ACCOUNT, Action.END_SIGN_INS, Action.SET_PASSWORD],
)
async def test_an_administrators_account_needs_all_rights(action: Action) -> None:
    world = World()
    keeper = await world.add("keeper", level=AccessLevel.ADMIN)
    narrow = Actor(account_id=7, scopes=frozenset({"users.read", "users.write"}))
    with pytest.raises(Refused, match=Code.ADMIN_REQUIRED):
        await world.use_cases.administration.get(narrow, keeper.id, action)


async def test_an_unknown_name_is_refused_with_the_name() -> None:
    with pytest.raises(Refused) as refused:
        await World().use_cases.administration.named(ACTOR, "ghost")
    assert (refused.value.code, refused.value.facts["account"]) == (Code.ACCOUNT_UNKNOWN, "ghost")


async def test_with_passwords_off_an_administrator_sets_none_but_creates_and_changes_accounts() -> None:
    administration = World({"DISABLE_USERPASS_LOGIN": "true"}).use_cases.administration
    password = "a rake behind the shed"
    with pytest.raises(Refused, match=Code.PASSWORDS_OFF):
        await administration.create(ACTOR, AccountForm(username="vera", password=password), AccessLevel.VIEWER)
    vera = await administration.create(ACTOR, AccountForm(username="vera"), AccessLevel.VIEWER)
    with pytest.raises(Refused, match=Code.PASSWORDS_OFF):
        await administration.change(ACTOR, vera.id, AccountForm(password=password))
    assert (await administration.change(ACTOR, vera.id, AccountForm(username="veronica"))).username == "veronica"


async def test_a_link_at_another_issuer_is_not_unlinked_by_mistake(linked: World) -> None:
    administration = linked.use_cases.administration
    with pytest.raises(Refused, match=Code.ISSUER_NOT_LINKED):
        await administration.unlink(ACTOR, 1, "https://elsewhere.example")
    assert len((await administration.get(ACTOR, 1)).links) == 1
    assert (await administration.unlink(ACTOR, 1, linked.idp.issuer)).links == ()

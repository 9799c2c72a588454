"""The provider changed: a preview writes nothing, a move carries out what the preview said, and everybody comes in."""

import dataclasses
from datetime import datetime

import pytest
from msgspec.structs import replace

from romm.accounts.issuer_moves import IssuerMoves
from romm.composition.use_cases import use_cases
from romm.domain.accounts.issuer_moves import IssuerMove, Retire, Rewrite, Stay, Stays, Way
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.errors import Code, Refused
from romm.domain.issuers import LinkedElsewhere
from romm.domain.model import AccessLevel, Account, Identity
from romm.ports.conflicts import MAX_DECISIONS, Conflict
from tests.api.sign_in.test_openid import error_of
from tests.fake_provider import BROKEN
from tests.fakes import FakeAccountStore
from tests.world import World

OLD = "https://auth.old.example"
PEOPLE = ("alice", "bert", "cleo")


async def household() -> World:
    """An administrator with a password, and three people of the provider before this one."""
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    for name in PEOPLE:
        world.link(await world.add(name, f"{name}@example.org"), Identity(OLD, f"{name} there"))
    world.idp.claims["groups"] = ["users"]
    return world


def to(world: World, way: Way, old: str = OLD) -> IssuerMove:
    return IssuerMove(old=old, new=world.idp.issuer, way=way)


def links(world: World) -> list[tuple[str, ...]]:
    return [tuple(link.identity.issuer for link in each.links) for each in world.accounts.by_id.values()]


async def sign_in(world: World, name: str, subject: str) -> str:
    world.idp.sub = subject
    world.idp.claims |= {"email": f"{name}@example.org", "preferred_username": name}
    answer = await world.browser().sign_in()
    return error_of(answer) if "error" in answer.headers["location"] else "in"


async def test_before_the_move_everybody_is_locked_out_and_counted() -> None:
    world = await household()
    assert [await sign_in(world, name, name) for name in PEOPLE] == [Code.ALREADY_LINKED] * 3
    assert await world.use_cases.issuer_moves.elsewhere(COMMAND_LINE) == (LinkedElsewhere(OLD, 3),)


@pytest.mark.parametrize("way", Way)
async def test_a_preview_writes_nothing(way: Way) -> None:
    world = await household()
    before, events = dict(world.accounts.by_id), len(world.lines("account.issuer_moved"))
    decided = await world.use_cases.issuer_moves.preview(COMMAND_LINE, to(world, way))
    assert [each.account.username for each in decided] == list(PEOPLE)
    assert (world.accounts.by_id, len(world.lines("account.issuer_moved"))) == (before, events)


async def test_by_email_a_verified_address_links_anew_and_history_stays() -> None:
    world = await household()
    decided = await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, to(world, Way.BY_EMAIL))
    assert [type(each) for each in decided] == [Retire] * 3
    assert await world.use_cases.issuer_moves.elsewhere(COMMAND_LINE) == ()
    assert [await sign_in(world, name, f"{name} here") for name in PEOPLE] == ["in"] * 3
    assert links(world) == [(), *[(OLD, world.idp.issuer)] * 3]
    assert len(world.accounts.by_id) == 4


async def test_with_the_same_subjects_everybody_comes_in_by_the_link() -> None:
    world = await household()
    decided = await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, to(world, Way.SAME_SUBJECTS))
    assert [type(each) for each in decided] == [Rewrite] * 3
    assert [await sign_in(world, name, f"{name} there") for name in PEOPLE] == ["in"] * 3
    assert links(world) == [(), *[(world.idp.issuer,)] * 3]


async def test_new_subjects_at_the_same_issuer_are_unlinked_and_link_anew() -> None:
    world = await household()
    issuer = world.idp.issuer
    await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, to(world, Way.SAME_SUBJECTS))
    assert await sign_in(world, "bert", "bert anew") == Code.ALREADY_LINKED
    await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, to(world, Way.BY_EMAIL, issuer))
    assert links(world) == [()] * 4
    assert await sign_in(world, "bert", "bert anew") == "in"
    assert world.lines("account.issuer_moved")[-1]["after"] == "none"


async def test_the_way_back_is_the_same_way() -> None:
    world = await household()
    moves, issuer = world.use_cases.issuer_moves, world.idp.issuer
    await moves.carry_out(COMMAND_LINE, to(world, Way.SAME_SUBJECTS))
    await moves.carry_out(COMMAND_LINE, IssuerMove(old=issuer, new=OLD, way=Way.SAME_SUBJECTS))
    assert links(world) == [(), *[(OLD,)] * 3]


async def test_a_move_ends_what_the_old_link_opened_but_not_the_session_that_asks() -> None:
    world = await household()
    await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, to(world, Way.SAME_SUBJECTS))
    browsers = {}
    for name in PEOPLE:
        world.idp.sub = f"{name} there"
        browsers[name] = world.browser()
        await browsers[name].sign_in()
    kept = next(
        key for (kind, key), each in world.accounts.credentials.items() if (kind, each.account_id) == (Kind.SESSION, 2)
    )
    back = IssuerMove(old=world.idp.issuer, new=OLD, way=Way.SAME_SUBJECTS)
    await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, back, kept)
    assert [(await browsers[name].me()).status_code for name in PEOPLE] == [200, 401, 401]


async def test_the_log_has_each_link_before_and_after_and_who_did_it() -> None:
    world = await household()
    actor = Actor(account_id=1, scopes=COMMAND_LINE.scopes)
    await world.use_cases.issuer_moves.carry_out(actor, to(world, Way.BY_EMAIL))
    first = world.lines("account.issuer_moved")[0]
    assert (first["username"], first["by"], first["way"]) == ("alice", 1, "by-email")
    assert (first["before"], first["after"]) == (OLD, f"{OLD} (earlier)")
    assert "alice there" not in str(first)
    again = await world.use_cases.issuer_moves.carry_out(actor, to(world, Way.SAME_SUBJECTS))
    assert [type(each) for each in again] == [Rewrite] * 3
    assert world.lines("account.issuer_moved")[-1]["after"] == world.idp.issuer


async def test_a_conflict_is_told_for_its_account_and_the_others_move() -> None:
    world = await household()
    holder = await world.add("holder")
    world.link(holder, Identity(world.idp.issuer, "bert there"))
    decided = await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, to(world, Way.SAME_SUBJECTS))
    assert [type(each) for each in decided] == [Rewrite, Stay, Rewrite]
    assert decided[1] == Stay(account=world.accounts.by_id[3], why=Stays.SUBJECT_TAKEN, other="holder")
    assert world.accounts.by_id[3].links[0].identity.issuer == OLD
    [line] = world.lines("account.issuer_kept")
    assert (line["username"], line["why"]) == ("bert", "subject_taken")


async def test_a_slash_at_the_end_is_spelled_as_it_is_stored_and_as_the_provider_spells_it() -> None:
    world = await household()
    move = IssuerMove(old=f"{OLD}/", new=f"{world.idp.issuer}/", way=Way.SAME_SUBJECTS)
    await world.use_cases.issuer_moves.carry_out(COMMAND_LINE, move)
    assert links(world) == [(), *[(world.idp.issuer,)] * 3]


async def test_an_issuer_that_nobody_is_linked_to_is_refused_with_those_that_are() -> None:
    world = await household()
    moves, typo = world.use_cases.issuer_moves, to(world, Way.BY_EMAIL, "https://typo.example")
    for attempt in (moves.preview(COMMAND_LINE, typo), moves.carry_out(COMMAND_LINE, typo)):
        with pytest.raises(Refused) as caught:
            await attempt
        assert caught.value.code is Code.ISSUER_NOT_LINKED
        assert OLD in str(caught.value.facts["found"])


async def test_only_a_full_administrator_moves_accounts() -> None:
    world = await household()
    narrow = Actor(account_id=1, scopes=frozenset({"users.write"}))
    with pytest.raises(Refused) as caught:
        await world.use_cases.issuer_moves.carry_out(narrow, to(world, Way.BY_EMAIL))
    assert caught.value.code is Code.ADMIN_REQUIRED
    assert await world.use_cases.issuer_moves.elsewhere(COMMAND_LINE) == (LinkedElsewhere(OLD, 3),)


class Busy(FakeAccountStore):
    """The accounts change under so many decisions; `unlinks` the account meanwhile."""

    changes = 0
    unlinks = False

    async def move_link(self, decision: Rewrite | Retire, now: datetime) -> Account:
        if self.changes:
            self.changes -= 1
            if self.unlinks:
                changed = replace(decision.account, links=(), version=decision.account.version + 1)
                self._accounts.by_id[changed.id] = changed
            raise Conflict("version")
        return await super().move_link(decision, now)


def moves(world: World, changes: int, *, unlinks: bool = False) -> IssuerMoves:
    store = Busy(world.accounts)
    store.changes, store.unlinks = changes, unlinks
    return use_cases(world.settings, dataclasses.replace(world.ports, account_store=store)).issuer_moves


async def test_who_changes_meanwhile_is_decided_once_more() -> None:
    world = await household()
    await moves(world, MAX_DECISIONS - 1).carry_out(COMMAND_LINE, to(world, Way.SAME_SUBJECTS))
    assert links(world) == [(), *[(world.idp.issuer,)] * 3]


async def test_who_is_unlinked_meanwhile_is_left_alone() -> None:
    world = await household()
    decided = await moves(world, 1, unlinks=True).carry_out(COMMAND_LINE, to(world, Way.BY_EMAIL))
    assert [each.account.username for each in decided] == ["bert", "cleo"]
    assert links(world)[1] == ()


async def test_while_the_provider_does_not_answer_the_move_is_noted_as_unchecked() -> None:
    world = await household()
    world.idp.instead["discovery"] = BROKEN
    move = to(world, Way.SAME_SUBJECTS)
    await world.use_cases.issuer_moves.preview(COMMAND_LINE, move)
    assert "was not reached" in world.use_cases.issuer_moves.notes(move)[0]

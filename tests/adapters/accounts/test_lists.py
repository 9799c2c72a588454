"""The contract of `ports.AccountLists`: lists go on after a name, and a text is how a name or an address begins."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from romm.adapters.accounts.lists import SQLAccountLists
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.accounts.changes import Delete
from romm.domain.accounts.issuer_moves import Retire
from romm.domain.accounts.search import MOST_ADDRESSES, MOST_COUNTED
from romm.domain.model import AccessLevel, Account, Identity
from romm.ports.accounts import AccountQuery, Only
from tests.adapters.conftest import Stores
from tests.adapters.examples import BOB, LATER, alice, attach, bob
from tests.domain.examples import ISSUER, NOW
from tests.factories import new_account
from tests.large_house import fill

NAMES = ["carl", "dirk", "dora", "percent%_x"]
OLD = "https://old.example"


@pytest.fixture
async def filled(stores: Stores) -> Stores:
    for name in ("dora", "carl", "dirk"):
        await stores.accounts.create(new_account(name, email=f"{name}@example.com"), NOW)
    await stores.accounts.create(new_account("percent%_x", email="dagobert@example.com"), NOW)
    return stores


def names(accounts: Sequence[Account]) -> list[str]:
    return [each.username for each in accounts]


@pytest.mark.parametrize(
    ("query", "found", "total", "has_more"),
    [
        pytest.param(AccountQuery(limit=10), NAMES, 4, False, id="all"),
        pytest.param(AccountQuery(limit=4), NAMES, 4, False, id="exactly as many"),
        pytest.param(AccountQuery(limit=2), ["carl", "dirk"], 4, True, id="the first"),
        pytest.param(AccountQuery(limit=2, after="dirk"), ["dora", "percent%_x"], 4, False, id="the next"),
        pytest.param(AccountQuery(limit=2, before="dora"), ["carl", "dirk"], 4, False, id="the ones before"),
        pytest.param(AccountQuery(limit=1, before="dora"), ["dirk"], 4, True, id="and more before"),
        pytest.param(AccountQuery(limit=2, after="cz"), ["dirk", "dora"], 4, True, id="after a name that is gone"),
        pytest.param(AccountQuery(limit=2, offset=1), ["dirk", "dora"], 4, True, id="by number"),
        pytest.param(AccountQuery(limit=0), [], 4, True, id="none"),
        pytest.param(AccountQuery(text="d", limit=10), ["dirk", "dora", "percent%_x"], 3, False, id="name or address"),
        pytest.param(AccountQuery(text="d", limit=1), ["dirk"], 3, True, id="the first of those"),
        pytest.param(AccountQuery(text="d", limit=1, after="dirk"), ["dora"], 3, True, id="the next of those"),
        pytest.param(AccountQuery(text="d", limit=1, offset=2), ["percent%_x"], 3, False, id="those by number"),
        pytest.param(AccountQuery(text="d", limit=1, before="percent%_x"), ["dora"], 3, True, id="those before"),
        pytest.param(AccountQuery(text="carl@", limit=10), ["carl"], 1, False, id="address"),
        pytest.param(AccountQuery(text="percent%", limit=10), ["percent%_x"], 1, False, id="a sign"),
        pytest.param(AccountQuery(text="%", limit=10), [], 0, False, id="no wildcard"),
        pytest.param(AccountQuery(text="arl", limit=10), [], 0, False, id="not the beginning"),
        pytest.param(AccountQuery(text="d\x00", limit=10), [], 0, False, id="nul"),
    ],
)
async def test_a_list_is_a_page_by_name(
    filled: Stores, query: AccountQuery, found: list[str], total: int, has_more: bool
):
    page = await filled.account_lists.page(query)
    assert (names(page.accounts), page.total, page.has_more) == (found, total, has_more)


async def test_a_page_has_accounts_with_all_their_links(stores: Stores):
    seen = await bob(stores)
    assert list((await stores.account_lists.page(AccountQuery(limit=10))).accounts) == [seen]


@pytest.mark.parametrize("text", ["", "b"])
async def test_a_list_is_narrowed_down(stores: Stores, text: str):
    seen = await bob(stores)
    for name in ("benny", "bill", "bruno"):
        await stores.accounts.create(new_account(name), NOW)
    await stores.disable(seen.id + 1)
    await stores.account_store.note_reset_request("bill", LATER)
    found = {
        only: names((await stores.account_lists.page(AccountQuery(text=text, only=only, limit=10))).accounts)
        for only in Only
    }
    assert found == {
        Only.ALL: ["benny", "bill", "bob", "bruno"],
        Only.WAITING: ["bill"],
        Only.DISABLED: ["benny"],
        Only.NEVER: ["benny", "bill", "bruno"],
        Only.MANAGED: [],
    }


async def test_accounts_are_counted_up_to_a_limit(database: Database):
    await database.write(lambda connection: fill(connection, MOST_COUNTED, everything=False))
    lists = SQLAccountLists(database)

    async def total(text: str = "", only: Only = Only.ALL) -> int | None:
        return (await lists.page(AccountQuery(text=text, only=only, limit=1))).total

    assert (await total(), await total("person-"), await total("person-99")) == (MOST_COUNTED, MOST_COUNTED, 111)
    await SQLAccounts(database).create(new_account("zed", email="person-0@example.org"), NOW)
    assert (await total(), await total("person-"), await total("person-0")) == (None, None, 1)
    await SQLAccounts(database).create(new_account("person-0"), NOW)
    assert (await total(), await total("person-"), await total("person-0")) == (None, None, 2)
    assert (await total(only=Only.DISABLED), await total("person-", Only.MANAGED)) == (10, MOST_COUNTED // 2)


async def test_a_search_finds_the_first_addresses_only(database: Database):
    await database.write(lambda connection: fill(connection, MOST_ADDRESSES + 1, everything=False))
    await database.write(
        lambda connection: connection.execute(text("UPDATE accounts SET username = 'x' || id")).rowcount
    )
    found = await SQLAccountLists(database).page(AccountQuery(text="person-", limit=MOST_ADDRESSES + 1))
    assert (len(found.accounts), found.total, found.has_more) == (MOST_ADDRESSES, MOST_ADDRESSES, False)
    assert "person-9@example.org" not in {each.email for each in found.accounts}


async def test_numbers_are_listed_some_at_a_time(filled: Stores):
    first = await filled.account_lists.ids("", 3)
    assert list(first) == [("carl", 2), ("dirk", 3), ("dora", 1)]
    assert list(await filled.account_lists.ids("dora", 3)) == [("percent%_x", 4)]
    assert list(await filled.account_lists.ids("percent%_x", 3)) == []


async def test_the_oldest_enabled_administrator_is_found(stores: Stores):
    assert await stores.account_lists.oldest_admin() is None
    first = await alice(stores, AccessLevel.ADMIN)
    second = await bob(stores, AccessLevel.ADMIN)
    assert await stores.account_lists.oldest_admin() == first
    await stores.disable(first.id)
    assert await stores.account_lists.oldest_admin() == second


async def test_accounts_are_found_and_counted_by_the_issuers_of_their_links(stores: Stores):
    seen = await bob(stores)
    both = await stores.accounts.link(attach(await alice(stores)), Identity(ISSUER, "alice"), NOW)
    both = await stores.accounts.link(attach(both), Identity(OLD, "alice"), NOW)
    lists = stores.account_lists
    assert list(await lists.issuers()) == sorted([ISSUER, OLD])
    assert [list(await lists.linked_to(issuer)) for issuer in (ISSUER, OLD, "https://other")] == [
        [both, seen],
        [both],
        [],
    ]
    assert await lists.only_linked_to(ISSUER, ()) == 2
    assert await lists.only_linked_to(ISSUER, (OLD,)) == 1
    assert await lists.only_linked_to(OLD, (ISSUER,)) == 0
    await stores.account_store.move_link(Retire(account=seen, identity=BOB), LATER)
    assert await lists.only_linked_to(ISSUER, ()) == 1


@pytest.mark.parametrize("text", ["", "d"])
async def test_pages_one_after_the_other_have_each_account_once_also_if_the_last_one_is_deleted(
    filled: Stores, text: str
):
    whole = names((await filled.account_lists.page(AccountQuery(text=text, limit=10))).accounts)
    forward, backward, after, before = [], [], "", "~"
    while page := (await filled.account_lists.page(AccountQuery(text=text, limit=1, before=before))).accounts:
        backward += names(page)
        before = page[0].username
    while page := (await filled.account_lists.page(AccountQuery(text=text, limit=1, after=after))).accounts:
        forward += names(page)
        after = page[-1].username
        await filled.account_store.delete(Delete(account=page[-1]))
    assert (forward, backward[::-1]) == (whole, whole)

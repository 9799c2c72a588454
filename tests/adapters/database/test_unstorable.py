"""A NUL is in no text of PostgreSQL: whoever sends one is told so, or finds nothing, and nothing breaks."""

from collections.abc import Awaitable, Callable

import pytest

from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.log_search import ByText
from romm.ports.accounts import AccountQuery
from romm.ports.sign_in import SignInFilter
from tests.adapters.conftest import Stores
from tests.adapters.examples import alice, session

Work = Callable[[Stores], Awaitable[object]]


async def log(stores: Stores) -> None:
    await stores.sign_in_log.search(SignInFilter(code="\0"), 10)
    await stores.sign_in_log.search(SignInFilter(term=ByText("a\0b")), 10)


async def reference(stores: Stores) -> None:
    await stores.sign_in_log.search(SignInFilter(correlation_id="a\0b"), 10)


async def name(stores: Stores) -> None:
    await stores.accounts.password("\0")


async def client(stores: Stores) -> None:
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner, kind=Kind.ACCESS_TOKEN, client="\0"))


@pytest.mark.parametrize("work", [log, reference, name, client])
async def test_a_nul_never_breaks_anything(stores: Stores, work: Work):
    try:
        await work(stores)
    except Refused as refused:
        assert refused.code is Code.REQUEST_INVALID  # noqa: PT017


async def test_nobody_has_a_nul_in_the_name(stores: Stores):
    await alice(stores)
    page = await stores.account_lists.page(AccountQuery(text="\0", limit=10))
    assert (list(page.accounts), page.total) == ([], 0)

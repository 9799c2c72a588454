"""Numbers that no database and no calendar holds, wherever somebody may put one."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from romm.accounts.invitations import LONGEST
from romm.adapters.accounts.lists import SQLAccountLists
from romm.adapters.accounts.store import SQLAccountStore
from romm.adapters.credentials.devices import SQLDevices
from romm.adapters.credentials.lists import SQLCredentialLists
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.factories import new_account
from tests.world import PASSWORD, World

LARGE = 10**30


@pytest.fixture
def url(migrated: Path, tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path)}"


@pytest.fixture
async def keeper(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's program, before a real database."""
    world, database = World(), Database(url)
    world.serve(
        accounts=SQLAccounts(database),
        account_store=SQLAccountStore(database),
        account_lists=SQLAccountLists(database),
        credentials=SQLCredentials(database, world.clock),
        credential_lists=SQLCredentialLists(database, world.clock),
        devices=SQLDevices(database, world.clock),
        sign_in_log=SQLSignInLog(database, LONGEST),
    )
    keeper = new_account("keeper", AccessLevel.ADMIN, password_hash=f"hash of {PASSWORD}")
    await world.ports.accounts.create(keeper, world.clock())
    async with world.program() as program:
        program.auth = httpx.BasicAuth("keeper", PASSWORD)
        yield program
    await database.close()


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", f"/api/users/{LARGE}", Code.REQUEST_INVALID),
        ("DELETE", f"/api/users/{LARGE}", Code.REQUEST_INVALID),
        ("DELETE", f"/api/devices/{LARGE}", Code.REQUEST_INVALID),
        ("DELETE", f"/api/sessions/{LARGE}", Code.REQUEST_INVALID),
        ("DELETE", f"/api/client-tokens/{LARGE}", Code.REQUEST_INVALID),
        ("GET", f"/api/users?offset={LARGE}", Code.REQUEST_INVALID),
        ("GET", f"/api/sessions?user_id={LARGE}", Code.REQUEST_INVALID),
    ],
)
async def test_a_number_that_nothing_has_is_a_request_that_makes_no_sense(
    keeper: httpx.AsyncClient, method: str, path: str, code: Code
) -> None:
    assert (await keeper.request(method, path)).json()["code"] == code


@pytest.mark.parametrize("path", ["/api/users/{}", "/api/users?offset={}"])
async def test_a_number_that_python_does_not_even_read_is_no_mistake_of_ours(
    keeper: httpx.AsyncClient, path: str
) -> None:
    assert (await keeper.get(path.format("9" * 5000))).status_code in (400, 404)


@pytest.mark.parametrize("seconds", [10**15, LARGE])
async def test_an_invitation_for_longer_than_time_lasts_the_longest_time(
    keeper: httpx.AsyncClient, seconds: int
) -> None:
    form = {"role": "viewer", "expiration": seconds}
    most = await keeper.post("/api/users/invite-link", json=form | {"expiration": int(LONGEST.total_seconds())})
    assert (await keeper.post("/api/users/invite-link", json=form)).json()["expires_at"] == most.json()["expires_at"]

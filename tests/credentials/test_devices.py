"""The use cases of devices where something changes in the middle: a rival, a collision, an owner who is disabled."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from romm.credentials.devices import DeviceApproval, DeviceGrant, DeviceSignIn, IssuedClientToken
from romm.credentials.principal import principal
from romm.credentials.rate_limits import Rates
from romm.credentials.tokens import TokenRequest, Tokens
from romm.domain.credentials.client_tokens import Lifetime
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.devices import (
    LIFETIME,
    Approve,
    Choice,
    DeviceAuthorization,
    DeviceAuthorizationRequest,
    Flavor,
)
from romm.domain.credentials.tokens import TokenLimits
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.model import Account
from romm.ports.conflicts import Conflict
from tests.domain.examples import NOW
from tests.factories import new_account
from tests.fake_devices import FakeDeviceAuthorizations, FakeDevices
from tests.fakes import FakeAccounts, FakeClock, FakeCredentials, FakeLog, FakeThrottles
from tests.world import VISITOR

ADDRESS = "192.0.2.7"
ASKED = DeviceAuthorizationRequest(client="Argosy", scopes=("roms.read",), client_device_identifier="b7c1")
LIMITS = TokenLimits(timedelta(minutes=30), timedelta(days=7), timedelta(days=90))
CHOICE = Choice(scopes=("roms.read",), lifetime=Lifetime.MONTH)


class Interrupted(FakeDeviceAuthorizations):
    """Storage where `first` happens just before a request is spent, approved or denied, and user codes may collide."""

    first: Callable[[DeviceAuthorization], Awaitable[object]] | None = None
    collisions = 0
    afterwards: Callable[[], None] = staticmethod(lambda: None)

    async def put(self, authorization: DeviceAuthorization) -> None:
        if self.collisions:
            self.collisions -= 1
            raise Conflict("user_code")
        await super().put(authorization)

    async def spend(self, device_code_digest: str) -> bool:
        await self._interrupt(self.stored[device_code_digest])
        spent = await super().spend(device_code_digest)
        self.afterwards()
        return spent

    async def approve(self, decision: Approve) -> int | None:
        await self._interrupt(decision.authorization)
        return await super().approve(decision)

    async def deny(self, user_code_digest: str) -> bool:
        asked = await self.find_by_user_code(user_code_digest)
        assert asked is not None
        await self._interrupt(asked)
        return await super().deny(user_code_digest)

    async def _interrupt(self, asked: DeviceAuthorization) -> None:
        first, self.first = self.first, None
        if first is not None:
            await first(asked)


class House:
    """Both sides of the use case over one storage."""

    def __init__(self) -> None:
        self.clock, self.log, self.accounts = FakeClock(NOW), FakeLog(), FakeAccounts()
        self.devices = FakeDevices(self.accounts, self.clock)
        self.authorizations = Interrupted(self.accounts, self.devices, self.clock)
        rates = Rates(FakeThrottles(self.clock), self.clock)
        self.sign_in = DeviceSignIn(
            authorizations=self.authorizations, devices=self.devices, rates=rates, log=self.log, clock=self.clock
        )
        self.approval = DeviceApproval(
            authorizations=self.authorizations,
            devices=self.devices,
            credentials=FakeCredentials(self.accounts, self.clock),
            rates=rates,
            log=self.log,
            clock=self.clock,
        )

    async def owner(self, username: str = "vera") -> Account:
        return await self.accounts.create(new_account(username), NOW)

    async def approved(self, shape: Flavor = Flavor.LEGACY) -> tuple[str, Account]:
        begun, owner = await self.sign_in.begin(shape, ASKED, ADDRESS), await self.owner()
        await self.approval.approve(principal(owner), begun.user_code, CHOICE, ADDRESS)
        return begun.device_code, owner

    def change(self, account: Account) -> None:
        self.accounts.by_id[account.id] = replace(account, version=account.version + 1)


@pytest.fixture
def house() -> House:
    return House()


async def refusal(work: Awaitable[object]) -> Code:
    with pytest.raises(Refused) as refused:
        await work
    return refused.value.code


async def test_a_user_code_that_another_device_has_is_drawn_again(house: House):
    house.authorizations.collisions = 1

    begun = await house.sign_in.begin(Flavor.LEGACY, ASKED, ADDRESS)

    assert await house.authorizations.find_by_user_code(digest(begun.user_code))


async def test_who_fetches_second_at_the_same_moment_gets_nothing(house: House):
    device_code, _ = await house.approved()

    async def rival(asked: DeviceAuthorization) -> None:
        assert isinstance(await house.sign_in.client_token(device_code, ADDRESS), IssuedClientToken)

    house.authorizations.first = rival

    found = await house.sign_in.client_token(device_code, ADDRESS)

    assert isinstance(found, Refuse)
    assert found.code is Code.DEVICE_CODE_INVALID
    assert [kind for kind, _ in house.accounts.credentials] == [Kind.CLIENT_TOKEN]


async def test_an_owner_who_changes_between_the_look_and_the_hand_over_gives_nothing(house: House):
    device_code, owner = await house.approved()

    async def change(asked: DeviceAuthorization) -> None:
        house.change(owner)

    house.authorizations.first = change

    found = await house.sign_in.client_token(device_code, ADDRESS)

    assert isinstance(found, Refuse)
    assert found.code is Code.DEVICE_DENIED
    assert house.accounts.credentials == {}


async def test_tokens_under_way_for_an_owner_who_changes_are_not_stored(house: House):
    device_code, owner = await house.approved(Flavor.STANDARD)
    tokens = Tokens(credentials=house.approval.credentials, limits=LIMITS, log=house.log, clock=house.clock)
    house.authorizations.afterwards = lambda: house.change(owner)
    request = TokenRequest(parameters={"device_code": device_code}, client="Argosy", visitor=VISITOR)

    assert await refusal(DeviceGrant(house.sign_in, tokens).grant(request)) is Code.DEVICE_DENIED
    assert house.accounts.credentials == {}


async def test_an_owner_who_changes_before_the_token_is_stored_gives_nothing(house: House):
    device_code, owner = await house.approved()
    house.authorizations.afterwards = lambda: house.change(owner)

    refused = await house.sign_in.client_token(device_code, ADDRESS)

    assert isinstance(refused, Refuse)
    assert refused.code is Code.DEVICE_DENIED
    assert house.accounts.credentials == {}


@pytest.mark.parametrize("how", ["approve", "deny"])
@pytest.mark.parametrize(
    ("what", "code"), [("decided", Code.DEVICE_CODE_DECIDED), ("expired", Code.DEVICE_CODE_UNKNOWN)]
)
async def test_who_decides_too_late_by_a_moment_is_told_why(house: House, how: str, what: str, code: Code):
    begun, owner = await house.sign_in.begin(Flavor.LEGACY, ASKED, ADDRESS), await house.owner()

    async def before(asked: DeviceAuthorization) -> None:
        if what == "expired":
            house.clock.advance(LIFETIME)
        else:
            await house.authorizations.deny(asked.user_code_digest)

    house.authorizations.first = before
    decision = (
        house.approval.approve(principal(owner), begun.user_code, CHOICE, ADDRESS)
        if how == "approve"
        else house.approval.deny(principal(owner), begun.user_code, ADDRESS)
    )

    assert await refusal(decision) is code
    assert house.devices.by_id == {}

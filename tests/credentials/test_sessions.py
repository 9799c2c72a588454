"""Sessions: a new secret each time, valid between two limits, never worth more than their owner is now."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from romm.adapters.credentials.holder_seal import HolderSeal
from romm.credentials.principal import Principal, principal
from romm.credentials.sessions import Sessions
from romm.domain import scopes
from romm.domain.credentials.credential import TOUCH_INTERVAL, Credential, Kind, ProviderSession, SessionLimits
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account, Identity
from tests.factories import new_account
from tests.fakes import FakeAccounts, FakeClock, FakeCredentials, FakeLog
from tests.world import VISITOR

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IDLE, ABSOLUTE = timedelta(days=14), timedelta(days=90)
MOMENT = timedelta(microseconds=1)


class House:
    """Sessions of one account, which is an editor."""

    def __init__(self, idle: timedelta = IDLE, absolute: timedelta = ABSOLUTE, *, keeps_id_tokens: bool = True) -> None:
        self.clock = FakeClock(NOW)
        self.accounts = FakeAccounts()
        self.stored = self.accounts.credentials
        self.log = FakeLog()
        limits = SessionLimits(idle=idle, absolute=absolute)
        credentials = FakeCredentials(self.accounts, self.clock)
        self.sessions = Sessions(credentials, limits, HolderSeal(), lambda _: keeps_id_tokens, self.log, self.clock)

    async def start(self) -> str:
        level = AccessLevel.EDITOR
        account = self.accounts.by_id.get(1) or await self.accounts.create(new_account("eddie", level), NOW)
        return await self.sessions.start(account, VISITOR)

    async def who(self, secret: str | None) -> Principal:
        found = await self.sessions.who(secret)
        assert found is not None
        return found

    @property
    def only(self) -> Credential:
        [credential] = self.stored.values()
        return credential

    def owner(self, **changes: object) -> None:
        self.accounts.by_id[1] = replace(self.accounts.by_id[1], **changes)


@pytest.fixture
def house() -> House:
    return House()


async def test_a_session_says_who_it_belongs_to(house: House) -> None:
    secret = await house.start()
    who = await house.who(secret)
    assert (who.account.username, who.digest) == ("eddie", digest(secret))


async def test_a_secret_is_random_long_and_stored_nowhere(house: House) -> None:
    """R-17, R-75."""
    secrets = [await house.start() for _ in range(100)]
    assert len(set(secrets)) == 100
    assert {len(secret) for secret in secrets} == {43}, "256 bits"
    assert not any(secret in str(house.stored) for secret in secrets)


async def test_a_session_remembers_where_it_came_from(house: House) -> None:
    account = await house.accounts.create(new_account("vera"), NOW)
    identity = Identity("https://idp.test", "vera")
    source = ProviderSession(identity=identity, id_token="an ID token", id_token_alg="ES256", sid="there")
    secret = await house.sessions.start(account, VISITOR, source)
    stored = house.only
    assert stored.digest == digest(secret)
    assert stored.kind is Kind.SESSION
    assert (stored.address, stored.user_agent) == (VISITOR.address, VISITOR.user_agent)
    assert stored.identity == identity
    assert (stored.id_token_alg, stored.sid) == ("ES256", "there")
    assert stored.expires_at == NOW + ABSOLUTE


SOURCE = ProviderSession(identity=Identity("https://idp.test", "vera"), id_token="an ID token", id_token_alg="ES256")


async def test_only_the_holder_of_a_session_can_read_its_id_token(house: House) -> None:
    account = await house.accounts.create(new_account("vera"), NOW)
    secret = await house.sessions.start(account, VISITOR, SOURCE)
    another = await house.sessions.start(account, VISITOR, SOURCE)
    first, second = house.stored.values()
    assert "an ID token" not in str(house.stored)
    assert first.sealed_id_token != second.sealed_id_token
    assert house.sessions.id_token(first, secret) == "an ID token"
    assert house.sessions.id_token(first, another) is None
    assert house.sessions.id_token(second, secret) is None, "moved to another row"
    assert house.sessions.id_token(first, first.digest) is None, "with what the database has"


async def test_an_id_token_that_signing_out_does_not_need_is_not_kept() -> None:
    house = House(keeps_id_tokens=False)
    account = await house.accounts.create(new_account("vera"), NOW)
    secret = await house.sessions.start(account, VISITOR, SOURCE)
    assert house.only.sealed_id_token is None
    assert house.sessions.id_token(house.only, secret) is None
    assert (house.only.identity, house.only.id_token_alg) == (SOURCE.identity, "ES256")


@pytest.mark.parametrize("secret", [None, "", "invented", "0" * 43])
async def test_an_unknown_secret_is_nobody(house: House, secret: str | None) -> None:
    await house.start()
    assert await house.sessions.who(secret) is None


async def test_what_is_stored_opens_nothing(house: House) -> None:
    """R-80: a copy of the database is no set of keys."""
    await house.start()
    assert await house.sessions.who(house.only.digest) is None


async def test_one_character_more_or_less_is_another_secret(house: House) -> None:
    """R-75."""
    secret = await house.start()
    other = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for changed in (secret[:-1], secret + "A", other, secret.swapcase()):
        assert await house.sessions.who(changed) is None


@pytest.mark.parametrize(("after", "live"), [(IDLE - MOMENT, True), (IDLE, False)], ids=["just before", "at the limit"])
async def test_an_unused_session_ends_at_the_idle_limit(house: House, after: timedelta, live: bool) -> None:
    """R-17."""
    secret = await house.start()
    house.clock.advance(after)
    assert (await house.sessions.who(secret) is not None) is live


async def test_a_session_is_ended_by_its_number_and_its_owners(house: House) -> None:
    """R-89."""
    secret = await house.start()
    number = house.only.id
    assert number is not None
    owner = await house.who(secret)
    another = principal(replace(owner.account, id=2))
    for who, session_id in ((owner, number + 1), (another, number)):
        with pytest.raises(Refused, match=Code.CREDENTIAL_UNKNOWN):
            await house.sessions.end_one(who, session_id)
    assert await house.sessions.who(secret) is not None
    await house.sessions.end_one(owner, number)
    assert await house.sessions.who(secret) is None


async def test_a_session_that_is_over_is_in_no_list(house: House) -> None:
    """R-89."""
    await house.start()
    house.clock.advance(IDLE - MOMENT)
    newer = await house.start()
    assert len(await house.sessions.of(COMMAND_LINE, 1)) == 2
    house.clock.advance(MOMENT)
    assert [each.digest for each in await house.sessions.of(COMMAND_LINE, 1)] == [digest(newer)]


@pytest.mark.parametrize(("last", "live"), [(-MOMENT, True), (timedelta(), False)], ids=["just before", "at the limit"])
async def test_a_session_in_use_ends_at_the_absolute_limit(house: House, last: timedelta, live: bool) -> None:
    """R-17: using it does not put that off."""
    secret = await house.start()
    while house.clock() < NOW + ABSOLUTE - timedelta(days=1):
        house.clock.advance(timedelta(days=1))
        await house.who(secret)
    house.clock.now = NOW + ABSOLUTE + last
    assert (await house.sessions.who(secret) is not None) is live


@pytest.mark.parametrize(
    ("after", "touched"), [(TOUCH_INTERVAL, False), (TOUCH_INTERVAL + MOMENT, True)], ids=["a minute", "more than that"]
)
async def test_a_use_is_written_down_once_in_a_while(house: House, after: timedelta, touched: bool) -> None:
    """One write a minute, not one per request."""
    secret = await house.start()
    house.clock.advance(after)
    await house.who(secret)
    assert house.only.last_used_at == (house.clock() if touched else NOW)
    assert house.accounts.by_id[1].last_active == (house.clock() if touched else None)


async def test_a_short_idle_limit_is_not_outrun_by_the_interval() -> None:
    """With 40 seconds of idle time a use every 30 seconds must keep the session alive."""
    house = House(idle=timedelta(seconds=40))
    secret = await house.start()
    for _ in range(20):
        house.clock.advance(timedelta(seconds=30))
        await house.who(secret)


async def test_a_session_of_a_disabled_owner_is_nobody_at_once_and_lives_again_when_enabled(house: House) -> None:
    """R-29."""
    secret = await house.start()
    house.owner(enabled=False)
    assert await house.sessions.who(secret) is None
    house.owner(enabled=True)
    assert await house.sessions.who(secret) is not None


@pytest.mark.parametrize("level", AccessLevel)
async def test_a_session_may_do_what_its_owner_may_now(house: House, level: AccessLevel) -> None:
    """R-15, R-71: not what the owner could do when it began."""
    secret = await house.start()
    house.owner(level=level)
    assert (await house.who(secret)).scopes == set(scopes.granted(level))


@pytest.mark.parametrize(
    ("given", "owner", "left"),
    [
        pytest.param(("me.read", "users.write"), AccessLevel.EDITOR, {"me.read"}, id="more than its owner has"),
        pytest.param(("me.read",), AccessLevel.ADMIN, {"me.read"}, id="less than its owner has"),
        pytest.param((), AccessLevel.ADMIN, set(), id="nothing"),
        pytest.param(("me.read", "invented"), AccessLevel.ADMIN, {"me.read"}, id="what does not exist"),
    ],
)
async def test_scopes_are_what_was_given_and_what_the_owner_has(
    house: House, given: tuple[str, ...], owner: AccessLevel, left: set[str]
) -> None:
    """R-71."""
    secret = await house.start()
    house.stored[Kind.SESSION, digest(secret)] = replace(house.only, scopes=given)
    house.owner(level=owner)
    assert (await house.who(secret)).scopes == left


async def test_without_a_credential_all_that_the_owner_has(house: House) -> None:
    account: Account = await house.accounts.create(new_account("vera"), NOW)
    assert principal(account).scopes == set(scopes.granted(AccessLevel.VIEWER))


async def test_an_ended_session_is_over_and_told_once(house: House) -> None:
    """R-17."""
    secret = await house.start()
    stored = house.only
    assert await house.sessions.end(secret) == stored
    assert await house.sessions.end(secret) is None
    assert await house.sessions.who(secret) is None


async def test_ending_one_session_leaves_the_others(house: House) -> None:
    first, second = await house.start(), await house.start()
    await house.sessions.end(first)
    assert await house.sessions.who(second) is not None


def test_a_browser_keeps_the_cookie_as_long_as_the_session_may_live(house: House) -> None:
    assert house.sessions.lifetime == ABSOLUTE


async def test_the_log_says_which_session_of_whom_ended(house: House) -> None:
    secrets = [await house.start() for _ in range(4)]
    sessions = [each.id for each in reversed(await house.sessions.of(COMMAND_LINE, 1))]
    who = await house.who(secrets[2])
    await house.sessions.end(secrets[0])
    await house.sessions.end_one(who, sessions[1] or 0)
    await house.sessions.end_others(who)
    assert house.log.lines == [
        ("info", "session.ended", {"account": 1, "session": sessions[0]}),
        ("info", "session.ended", {"account": 1, "session": sessions[1]}),
        ("info", "session.others_ended", {"account": 1, "ended": 1}),
    ]

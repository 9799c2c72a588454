"""The use cases of signing in with a password and of signing out, without HTTP."""

import asyncio
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from romm.credentials.rate_limits import Rates
from romm.credentials.sessions import Sessions
from romm.domain import scopes
from romm.domain.catalogue import operator_text
from romm.domain.credentials.credential import Kind, ProviderSession, SessionLimits
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.model import AccessLevel, Account, Identity
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.end_session import EndSession
from romm.domain.sign_in.hashing_order import Place
from romm.domain.sign_in.throttle import Failures
from romm.ports.accounts import Passwords, Verdict
from romm.ports.credentials import Decide
from romm.sign_in.device_cookies import DeviceCookies
from romm.sign_in.journal import SignInJournal
from romm.sign_in.password import PasswordCredentials, PasswordSignIn
from romm.sign_in.sign_out import ProviderSignOut, SignedOut, SignOut
from romm.sign_in.throttle import Throttle
from tests.factories import new_account
from tests.fakes import (
    FakeAccounts,
    FakeAttempts,
    FakeClock,
    FakeCredentials,
    FakeHolderSeal,
    FakeLog,
    FakePasswords,
    FakeSignInLog,
    FakeSignInRecords,
    FakeThrottles,
)
from tests.sign_in.openid.test_flow import ISSUER, METADATA, ScriptedProvider
from tests.world import PASSWORD, VISITOR

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ENDPOINT = "https://idp.test/end_session"
ID_TOKEN = "e30." + urlsafe_b64encode(b'{"aud": "romm", "email": "alice"}').decode() + ".c2ln"


class CountingPasswords(FakePasswords):
    """Notes what it was asked to compare."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str | None, str]] = []
        self.places: list[Place] = []

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        self.asked.append((password_hash, password))
        self.places.append(place)
        return await super().verify(password_hash, password, place, salt=salt)


class House:
    """Both use cases and all that they work with."""

    def __init__(
        self,
        *,
        enabled: bool = True,
        passwords: Passwords | None = None,
        throttles: type[FakeThrottles] = FakeThrottles,
    ) -> None:
        self.clock = FakeClock(NOW)
        self.accounts = FakeAccounts()
        self.log = FakeLog()
        self.entries = FakeSignInLog()
        limits = SessionLimits(idle=timedelta(days=14), absolute=timedelta(days=90))
        credentials = FakeCredentials(self.accounts, self.clock)
        self.sessions = Sessions(credentials, limits, FakeHolderSeal(), lambda _: True, self.log, self.clock)
        self.throttles = throttles(self.clock)
        self.passwords = passwords or FakePasswords()
        self.login = PasswordSignIn(
            enabled=enabled,
            accounts=self.accounts,
            passwords=self.passwords,
            sessions=self.sessions,
            browsers=DeviceCookies(credentials, self.clock),
            records=FakeSignInRecords(self.accounts.note_sign_in, credentials, self.entries, FakeAttempts(self.clock)),
            throttle=Throttle(self.throttles, self.clock),
            journal=SignInJournal(self.entries, self.log, self.clock, Rates(FakeThrottles(self.clock), self.clock)),
            clock=self.clock,
        )

    async def add(self, username: str = "keeper", password_hash: str | None = f"hash of {PASSWORD}") -> Account:
        new = new_account(username, AccessLevel.EDITOR, password_hash=password_hash)
        return await self.accounts.create(new, self.clock())

    async def refused(self, username: str, password: str) -> Refused:
        with pytest.raises(Refused) as caught:
            await self.login.sign_in(PasswordCredentials(username, password, VISITOR))
        return caught.value

    def sign_out(self, provider: ScriptedProvider | None, *, enabled: bool = True, endpoint: str = "") -> SignOut:
        wishes = EndSession(
            enabled=enabled, client_id="romm", endpoint=endpoint, post_logout_redirect_uri="https://romm.test/login"
        )
        there = None if provider is None else ProviderSignOut(provider=provider, wishes=wishes, log=self.log)
        return SignOut(sessions=self.sessions, at_provider=lambda _: there)

    async def session(self, id_token: str | None = ID_TOKEN, issuer: str = ISSUER) -> str:
        source = opened(id_token, issuer) if id_token else None
        return await self.sessions.start(await self.add(), VISITOR, source)


def opened(id_token: str = ID_TOKEN, issuer: str = ISSUER) -> ProviderSession:
    return ProviderSession(identity=Identity(issuer, "alice"), id_token=id_token, id_token_alg="RS256")


@pytest.fixture
def house() -> House:
    return House()


def provider(metadata: Metadata | None = None) -> ScriptedProvider:
    scripted = ScriptedProvider(FakeClock(NOW))
    scripted.found = metadata or replace(METADATA, end_session_endpoint=ENDPOINT)
    return scripted


async def test_a_password_opens_a_session_and_is_noted(house: House) -> None:
    account = await house.add()
    house.clock.advance(timedelta(hours=1))
    session = (await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR))).session
    who = await house.sessions.who(session)
    assert who is not None
    assert who.account.id == account.id
    assert who.account.last_login == house.clock()
    [entry] = house.entries.entries
    assert (entry.method, entry.outcome, entry.account_id, entry.rule) == ("password", "signed_in", account.id, None)
    assert (entry.address, entry.correlation_id) == (VISITOR.address, VISITOR.correlation_id)


@pytest.mark.parametrize("typed", ["KEEPER", "ｋｅｅｐｅｒ", "Keeper"])
async def test_a_name_is_looked_up_in_its_stored_form(house: House, typed: str) -> None:
    await house.add()
    assert (await house.login.sign_in(PasswordCredentials(typed, PASSWORD, VISITOR))).session


@pytest.mark.parametrize(
    ("username", "password_hash", "enabled", "password", "reason"),
    [
        ("nobody", f"hash of {PASSWORD}", True, PASSWORD, "no such account"),
        ("keeper", f"hash of {PASSWORD}", True, "wrong", "wrong password"),
        ("keeper", f"hash of {PASSWORD}", False, PASSWORD, "the account is disabled"),
        ("keeper", None, True, PASSWORD, "the account has no password"),
        ("keeper", None, True, "", "the account has no password"),
    ],
    ids=["unknown", "wrong", "disabled", "of single sign-on", "of single sign-on, empty"],
)
async def test_whatever_was_wrong_takes_the_same_way_and_time(
    username: str, password_hash: str | None, enabled: bool, password: str, reason: str
) -> None:
    """R-33: exactly one comparison, the same code; only the operator reads why."""
    passwords = CountingPasswords()
    house = House(passwords=passwords)
    account = await house.add("keeper", password_hash)
    house.accounts.by_id[account.id] = replace(account, enabled=enabled)
    refused = await house.refused(username, password)
    assert (refused.code, refused.facts["reason"]) == (Code.CREDENTIALS_WRONG, reason)
    assert len(passwords.asked) == 1
    assert house.accounts.credentials == {}
    [entry] = house.entries.entries
    assert (entry.outcome, entry.code) == ("refused", Code.CREDENTIALS_WRONG)
    assert entry.account_id == (account.id if username == "keeper" else None)


async def test_what_was_typed_stands_in_the_log_only_when_it_is_the_name_of_an_account(house: House) -> None:
    """People type their password there, too."""
    await house.add("keeper")
    facts = [(await house.refused(name, "wrong")).facts for name in ("keeper", "my password") for _ in range(6)]
    assert {each["username"] for each in facts[:6]} == {"keeper"}
    assert {each["username"] for each in facts[6:]} == {"sha256:bb14292d"}


LEGACY = "$2b$12$" + "a" * 53


@pytest.mark.parametrize("username", ["keeper", "guest", "nobody"])
async def test_while_somebody_has_a_slow_hash_every_failure_takes_as_long(username: str) -> None:
    """R-33: a hash brought from an existing RomM takes ten times the time; who has none works through somebody else's."""
    passwords = FakePasswords()
    house = House(passwords=passwords)
    await house.add("keeper")
    await house.add("guest", None)
    await house.refused(username, "wrong")
    assert passwords.lingered == []
    await house.add("newcomer", LEGACY)
    await house.refused(username, "wrong again")
    assert passwords.lingered == [LEGACY]


async def test_who_has_the_slow_hash_works_through_no_second_one() -> None:
    """R-33."""
    passwords = FakePasswords()
    house = House(passwords=passwords)
    await house.add("newcomer", LEGACY)
    await house.refused("newcomer", "wrong")
    assert passwords.lingered == []


async def test_who_signs_in_waits_for_nobody() -> None:
    passwords = FakePasswords()
    house = House(passwords=passwords)
    await house.add("newcomer", LEGACY)
    await house.add()
    await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR))
    assert passwords.lingered == []


async def test_a_closed_door_compares_nothing() -> None:
    """R-30: right and wrong alike."""
    passwords = CountingPasswords()
    house = House(enabled=False, passwords=passwords)
    await house.add()
    for username, password in (("keeper", PASSWORD), ("keeper", "wrong"), ("nobody", PASSWORD)):
        assert (await house.refused(username, password)).code is Code.PASSWORDS_OFF
        with pytest.raises(Refused, match=Code.PASSWORDS_OFF):
            await house.login.who(PasswordCredentials(username, password, VISITOR))
    assert passwords.asked == []


async def test_a_hash_of_old_parameters_is_made_anew_at_sign_in(house: House) -> None:
    """R-34."""
    account = await house.add(password_hash=f"old hash of {PASSWORD}")
    await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR))
    assert house.accounts.hashes[account.id] == f"hash of {PASSWORD}"


class SaltedPasswords(FakePasswords):
    """Makes no hash twice."""

    def __init__(self) -> None:
        super().__init__()
        self._salts = count()

    async def hash(self, password: str) -> str:
        return f"hash {next(self._salts)} of {password}"

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        return Verdict((password_hash or "").endswith(f" of {password}"), mark=password)


async def test_a_hash_of_todays_parameters_stays_as_it_is() -> None:
    """R-34; making one takes as long as the check did, and is a write."""
    house = House(passwords=SaltedPasswords())
    account = await house.add()
    await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR))
    assert house.accounts.hashes[account.id] == f"hash of {PASSWORD}"


async def test_a_wrong_password_changes_no_hash(house: House) -> None:
    account = await house.add(password_hash=f"old hash of {PASSWORD}")
    await house.refused("keeper", "wrong")
    assert house.accounts.hashes[account.id] == f"old hash of {PASSWORD}"


async def test_basic_credentials_may_do_all_that_their_owner_may_and_open_nothing(house: House) -> None:
    account = await house.add()
    who = await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))
    assert (who.account, who.credential, who.digest) == (account, None, None)
    assert who.scopes == set(scopes.granted(AccessLevel.EDITOR))
    assert house.accounts.credentials == {}
    assert house.entries.entries == []


async def test_wrong_basic_credentials_are_refused(house: House) -> None:
    await house.add()
    with pytest.raises(Refused, match=Code.CREDENTIALS_WRONG):
        await house.login.who(PasswordCredentials("keeper", "wrong", VISITOR))


class SlowPasswords(CountingPasswords):
    """Compares nothing before as many wait as there are tries side by side."""

    def __init__(self, side_by_side: int) -> None:
        super().__init__()
        self._all_here = asyncio.Barrier(side_by_side)

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        await self._all_here.wait()
        return await super().verify(password_hash, password, place, salt=salt)


async def test_many_tries_side_by_side_are_no_way_around_the_wait() -> None:
    """R-31: all of them begin before one has failed; the right password is in the middle."""
    house = House(passwords=SlowPasswords(100))
    await house.add()
    guesses = [PASSWORD if number == 50 else f"guess {number}" for number in range(100)]
    tries = (house.login.sign_in(PasswordCredentials("keeper", guess, VISITOR)) for guess in guesses)
    answers = await asyncio.gather(*tries, return_exceptions=True)
    codes = Counter(answer.code if isinstance(answer, Refused) else "in" for answer in answers)
    assert codes == {Code.CREDENTIALS_WRONG: 5, Code.TOO_MANY_ATTEMPTS: 95}


async def test_a_try_that_has_to_wait_is_told_for_how_long_and_the_operator_why(house: House) -> None:
    await house.add()
    for number in range(5):
        await house.refused("KEEPER", f"guess {number}")
    refused = await house.refused("keeper", PASSWORD)
    assert refused.code is Code.TOO_MANY_ATTEMPTS
    assert (refused.facts["retry_after"], refused.facts["failures"]) == (30, 5)
    assert VISITOR.address in operator_text(refused)
    assert "unknown" not in operator_text(refused)


class NotedThrottles(FakeThrottles):
    """Notes what is written."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.writes: list[str] = []

    async def update(self, keys: Sequence[str], decide: Decide) -> Refuse | tuple[Failures, ...]:
        self.writes.append("update")
        return await super().update(keys, decide)

    async def note_known(self, known_address: str) -> None:
        self.writes.append("note")
        await super().note_known(known_address)

    async def forget(self, key: str) -> None:
        self.writes.append("forget")
        await super().forget(key)


async def test_a_right_password_writes_only_when_there_is_something_to_forget() -> None:
    house = House(throttles=NotedThrottles)
    await house.add()
    await house.add("other")
    await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))
    await house.refused("other", "wrong")  # at the same address
    await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))
    await house.refused("keeper", "wrong")
    await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))
    await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))
    assert isinstance(house.throttles, NotedThrottles)
    assert house.throttles.writes == ["note", "update", "update", "forget"]
    house.clock.advance(timedelta(days=2))
    await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))
    assert house.throttles.writes[4:] == ["note"], "the address is noted once a day"


def with_cookie(device_cookie: str | None, *, on_page: bool = False) -> PasswordCredentials:
    return PasswordCredentials("keeper", PASSWORD, replace(VISITOR, device_cookie=device_cookie), on_page=on_page)


async def test_a_program_is_no_browser_to_be_known_again(house: House) -> None:
    """Nor does it use up the secret that it brings."""
    await house.add()
    browser = await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR, on_page=True))
    program = await house.login.sign_in(with_cookie(browser.device_cookie))
    assert program.device_cookie is None
    kinds = Counter(kind for kind, _ in house.accounts.credentials)
    assert kinds == {Kind.SESSION: 2, Kind.DEVICE_COOKIE: 1}


async def test_a_browser_is_known_by_one_secret_at_a_time(house: House) -> None:
    await house.add()
    first = await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR, on_page=True))
    second = await house.login.sign_in(with_cookie(first.device_cookie, on_page=True))
    assert second.device_cookie is not None
    known = {credential.digest for (kind, _), credential in house.accounts.credentials.items() if kind != Kind.SESSION}
    assert known == {digest(second.device_cookie)}
    assert len({first.session, second.session, first.device_cookie, second.device_cookie}) == 4


async def test_signing_out_ends_the_session_and_names_the_providers_end(house: House) -> None:
    """R-40, R-41."""
    session = await house.session()
    done = await house.sign_out(provider()).sign_out(session)
    assert done.url is not None
    assert done.url.startswith(f"{ENDPOINT}?")
    sent = parse_qs(urlsplit(done.url).query)
    assert sent["id_token_hint"] == [ID_TOKEN]
    assert sent["client_id"] == ["romm"]
    assert done.state_digest == digest(sent["state"][0])
    assert await house.sessions.who(session) is None


async def test_every_way_out_has_its_own_state(house: House) -> None:
    """R-41."""
    states = set()
    for number in range(20):
        account = await house.add(f"keeper-{number}")
        session = await house.sessions.start(account, VISITOR, opened())
        states.add((await house.sign_out(provider()).sign_out(session)).state_digest)
    assert len(states) == 20


@pytest.mark.parametrize(
    ("known", "enabled", "endpoint", "id_token"),
    [
        pytest.param(None, True, ENDPOINT, ID_TOKEN, id="single sign-on is off by now"),
        pytest.param(provider(), False, ENDPOINT, ID_TOKEN, id="the operator does not want it"),
        pytest.param(provider(METADATA), True, "", ID_TOKEN, id="the provider has no such endpoint"),
        pytest.param(provider(), True, ENDPOINT, None, id="the session came by password"),
    ],
)
async def test_signing_out_here_is_all_there_is(
    house: House, known: ScriptedProvider | None, enabled: bool, endpoint: str, id_token: str | None
) -> None:
    """R-40: in every case the session is over."""
    session = await house.session(id_token)
    assert await house.sign_out(known, enabled=enabled, endpoint=endpoint).sign_out(session) == SignedOut()
    assert await house.sessions.who(session) is None


@pytest.mark.parametrize(
    ("known", "endpoint", "line"),
    [
        pytest.param(
            provider(METADATA), "", ("warning", "signout.not_at_provider", "OIDC_RP_INITIATED_LOGOUT"), id="not"
        ),
        pytest.param(
            provider(), ENDPOINT, ("info", "signout.to_provider", "OIDC_POST_LOGOUT_REDIRECT_URI"), id="to it"
        ),
    ],
)
async def test_what_can_go_wrong_at_the_provider_stands_in_the_log(
    house: House, known: ScriptedProvider, endpoint: str, line: tuple[str, str, str]
) -> None:
    await house.sign_out(known, endpoint=endpoint).sign_out(await house.session())
    level, event, facts = house.log.lines[-1]
    assert (level, event) == line[:2]
    assert line[2] in facts["hint"]
    assert ID_TOKEN not in str(house.log.lines)


async def test_an_id_token_that_the_published_keys_did_not_sign_is_not_sent(house: House) -> None:
    """R-41: the key is gone, or the keys cannot be had. The provider would show an error page and send nobody back."""
    without_key = provider()
    without_key.unverifiable = Refused(Code.ID_TOKEN_KEY_UNKNOWN)
    done = await house.sign_out(without_key).sign_out(await house.session())
    sent = parse_qs(urlsplit(done.url or "").query)
    assert "id_token_hint" not in sent
    assert sent["logout_hint"] == ["alice"]
    assert "not published" in house.log.lines[-1][2]["hint"]


async def test_an_id_token_of_another_issuer_is_not_sent(house: House) -> None:
    """R-41: no token of one provider reaches another."""
    done = await house.sign_out(provider()).sign_out(await house.session(issuer="https://former.test"))
    assert set(parse_qs(urlsplit(done.url or "").query)) == {"client_id", "post_logout_redirect_uri", "state"}
    assert "https://former.test" in house.log.lines[-1][2]["hint"]


@pytest.mark.parametrize("session", [None, "", "invented"])
async def test_nobody_can_sign_out_too(house: House, session: str | None) -> None:
    assert await house.sign_out(provider()).sign_out(session) == SignedOut()


async def test_signing_out_twice_leads_to_the_provider_once(house: House) -> None:
    session = await house.session()
    out = house.sign_out(provider())
    assert (await out.sign_out(session)).url
    assert await out.sign_out(session) == SignedOut()


class Overtaken(CountingPasswords):
    """The account changes while its password is checked."""

    def __init__(self, **changes: object) -> None:
        super().__init__()
        self.accounts = FakeAccounts()
        self._changes = changes

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        for account in self.accounts.by_id.values():
            self.accounts.by_id[account.id] = replace(account, **self._changes)
        return await super().verify(password_hash, password, place, salt=salt)


@pytest.mark.parametrize("changes", [{"enabled": False}, {"version": 99}], ids=["disabled", "another password"])
async def test_basic_opens_nothing_of_an_account_that_changes_during_the_check(changes: dict[str, object]) -> None:
    passwords = Overtaken(**changes)
    house = House(passwords=passwords)
    passwords.accounts = house.accounts
    await house.add()
    with pytest.raises(Refused, match=Code.CREDENTIALS_WRONG):
        await house.login.who(PasswordCredentials("keeper", PASSWORD, VISITOR))


@pytest.mark.parametrize("changes", [{"enabled": False}, {"version": 99}], ids=["disabled", "another password"])
@pytest.mark.parametrize("on_page", [True, False])
async def test_nothing_is_left_of_a_sign_in_to_an_account_that_changes_during_the_check(
    changes: dict[str, object], on_page: bool
) -> None:
    passwords = Overtaken(**changes)
    house = House(passwords=passwords)
    passwords.accounts = house.accounts
    old = await house.session(None)
    before = dict(house.accounts.credentials)
    with pytest.raises(Refused, match=Code.CREDENTIALS_WRONG):
        await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR, session=old, on_page=on_page))
    assert house.accounts.credentials == before
    assert [entry.outcome for entry in house.entries.entries] == ["refused"]
    assert "signin.done" not in [event for _, event, _ in house.log.lines]


async def test_the_session_that_the_browser_had_ends_after_the_sign_in(house: House) -> None:
    old = await house.session(None)
    [number] = [each.id for each in house.accounts.credentials.values()]
    signed_in = await house.login.sign_in(PasswordCredentials("keeper", PASSWORD, VISITOR, session=old))
    assert await house.sessions.who(old) is None
    assert await house.sessions.who(signed_in.session) is not None
    assert [event for _, event, _ in house.log.lines] == ["signin.done", "session.ended"]
    assert house.log.lines[-1][2] == {"account": 1, "session": number}

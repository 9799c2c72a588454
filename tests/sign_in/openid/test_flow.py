"""The use case of signing in through the provider, without HTTP: a scripted provider, storage in memory."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from romm.credentials.rate_limits import FairLimit, Rates
from romm.credentials.sessions import Sessions
from romm.diagnosis.explanation import Explainer
from romm.diagnosis.preview import Previews
from romm.domain.catalogue import operator_text
from romm.domain.credentials.credential import Credential, SessionLimits
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.limits import FAILED_CALLBACKS, PUSHED_REQUESTS
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME, AuthorizationResponse, Client, LoginAttempt
from romm.domain.sign_in.claims.rules import ClaimMapping
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.linking.decisions import LinkIdentity, Register, SignIn
from romm.domain.sign_in.linking.rules import Found, Policy
from romm.domain.sign_in.outcomes import NotOpened, Opened, Outcome
from romm.domain.sign_in.roles.rules import RoleMapping
from romm.ports.conflicts import MAX_DECISIONS, Conflict
from romm.ports.provider import SignedClaims, TokenResponse
from romm.sign_in.destinations import CallbackCookies, Finished
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.admission import MAX_USERNAMES, Admission, Linking
from romm.sign_in.openid.attempts import LOOK_EVERY_SECONDS, PATIENCE_SECONDS, LoginAttempts
from romm.sign_in.openid.flow import OpenIDSignIn, StartedSignIn
from romm.sign_in.openid.identification import Identification
from romm.sign_in.openid.repeated_responses import RepeatedResponses
from tests.domain.examples import claims
from tests.factories import new_account
from tests.fakes import (
    FakeAccounts,
    FakeAttempts,
    FakeClock,
    FakeCredentials,
    FakeHolderSeal,
    FakeLog,
    FakePendingSignIns,
    FakeSeal,
    FakeSignInLog,
    FakeSignInRecords,
    FakeThrottles,
)
from tests.world import VISITOR

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ISSUER = "https://idp.test"
ALICE = {"sub": "alice", "email": "alice@example.org", "email_verified": True, "preferred_username": "alice"}
METADATA = Metadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
)


class ScriptedProvider:
    """`ports.Provider`: says what a test wrote down. `nonce` is the one of the newest authorization request."""

    client = Client(client_id="romm", redirect_uri="https://romm.test/api/oauth/openid", scope="openid email")

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.claims: dict[str, Any] = dict(ALICE)
        self.found: Metadata = METADATA
        self.told: Mapping[str, Any] | Refused | None = None
        self.problem: Exception | None = None
        self.unverifiable: Refused | None = None
        self.nonce = ""
        self.pushed: list[Mapping[str, str]] = []
        self.exchanged: list[tuple[str, str]] = []

    async def metadata(self) -> Metadata:
        return self.found

    async def answering_metadata(self) -> Metadata:
        return self.found

    def client_jwks(self) -> Mapping[str, Any]:
        return {"keys": []}

    def known_metadata(self) -> Metadata | None:
        return self.found

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        self.pushed.append(parameters)
        return "urn:pushed"

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        self.exchanged.append((code, code_verifier))
        if self.problem is not None:
            raise self.problem
        return TokenResponse(access_token="an access token", unverified_id_token="an ID token")

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        if self.unverifiable is not None:
            raise self.unverifiable
        now = self._clock().timestamp()
        always = {"iss": metadata.issuer, "aud": "romm", "iat": now, "exp": now + 300, "nonce": self.nonce}
        return SignedClaims(algorithm="RS256", unverified_claims=always | self.claims)

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        if isinstance(self.told, Refused):
            raise self.told
        return self.told


class BusyAccounts(FakeAccounts):
    """Accounts that somebody else changes just before a decision is carried out: one of `changes` each time."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[Any] = []
        self.looked_up = 0

    async def find(self, identity: Identity, email: str | None) -> Found:
        self.looked_up += 1
        return await super().find(identity, email)

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        self._meanwhile()
        return await super().sign_in(decision, now)

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        self._meanwhile()
        return await super().link(decision, identity, now)

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        self._meanwhile()
        return await super().register(decision, identity, username, now)

    def _meanwhile(self) -> None:
        if self.changes:
            self.changes.pop(0)()


class House:
    """The use case and all that it works with."""

    def __init__(self, accounts: FakeAccounts | None = None) -> None:
        self.clock = FakeClock(NOW)
        self.provider = ScriptedProvider(self.clock)
        self.accounts = accounts or BusyAccounts()
        self.attempts = FakeAttempts(self.clock)
        self.seal = FakeSeal()
        self.pending = FakePendingSignIns(self.accounts, self.clock)
        self.meanwhile: list[Callable[[], Awaitable[object]]] = []
        rates = Rates(FakeThrottles(self.clock), self.clock)
        self.credentials = FakeCredentials(self.accounts, self.clock)
        self.log = FakeLog()
        self.entries = FakeSignInLog()
        limits = SessionLimits(idle=timedelta(days=14), absolute=timedelta(days=90))
        reading = ClaimMapping(roles_claim="groups")
        admission = Admission(
            accounts=self.accounts,
            credentials=self.credentials,
            mapping=RoleMapping(admin=("admins",), viewer=("users",)),
            policy=Policy(),
            username_attribute="preferred_username",
            roles_claim="groups",
            log=self.log,
            clock=self.clock,
        )
        attempts = LoginAttempts(seal=self.seal, used=self.attempts, clock=self.clock, sleep=self.sleep)
        sessions = Sessions(self.credentials, limits, FakeHolderSeal(), lambda _: True, self.log, self.clock)
        journal = SignInJournal(self.entries, self.log, self.clock, rates)
        explainer = Explainer(reading=reading, admission=admission, provider=self.provider, issuer=ISSUER)
        self.signin = OpenIDSignIn(
            identification=Identification(
                provider=self.provider, reading=reading, extra_audiences=(), log=self.log, clock=self.clock
            ),
            off="",
            admission=admission,
            keep_preview=Previews(explainer=explainer, attempts=self.attempts).keep,
            attempts=attempts,
            failures=FairLimit(rates, FAILED_CALLBACKS, self.clock),
            pushes=FairLimit(rates, PUSHED_REQUESTS, self.clock),
            pending=self.pending,
            repeated=RepeatedResponses(
                attempts=attempts, pending=self.pending, sessions=sessions, journal=journal, clock=self.clock
            ),
            sessions=sessions,
            records=self.records(self.credentials),
            journal=journal,
            clock=self.clock,
        )

    def records(self, credentials: FakeCredentials) -> FakeSignInRecords:
        return FakeSignInRecords(self.accounts.note_sign_in, credentials, self.entries, self.attempts)

    def keep_by(self, credentials: FakeCredentials) -> None:
        self.signin = dataclasses.replace(self.signin, records=self.records(credentials))

    async def sleep(self, seconds: float) -> None:
        """Time passes, and with it the next thing of `meanwhile` happens."""
        self.clock.advance(timedelta(seconds=seconds))
        if self.meanwhile:
            await self.meanwhile.pop(0)()

    def kept(self) -> list[LoginAttempt]:
        """What the browsers keep for us, as only we can read it."""
        return [msgpack.decode(content, type=LoginAttempt) for content in self.seal.contents.values()]

    async def begin(self, return_to: str = "/") -> tuple[StartedSignIn, AuthorizationResponse]:
        """Click the button; gives what the browser keeps and what the provider will send it back with."""
        begun = await self.signin.begin(return_to, VISITOR)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
        self.provider.nonce = asked.get("nonce", self.provider.nonce)
        return begun, AuthorizationResponse(code="a code", state=asked.get("state"))

    async def finish(
        self,
        begun: StartedSignIn,
        response: AuthorizationResponse,
        session: str | None = None,
        pending: str | None = None,
    ) -> Finished:
        cookies = CallbackCookies(sealed=begun.sealed, session=session, pending=pending)
        return await self.signin.finish(response, cookies, VISITOR)

    async def sign_in(self, return_to: str = "/") -> Finished:
        return await self.finish(*await self.begin(return_to))

    async def refused(self, return_to: str = "/") -> Refused:
        with pytest.raises(Refused) as caught:
            await self.sign_in(return_to)
        return caught.value

    async def add(self, username: str, email: str | None = None, level: AccessLevel = AccessLevel.VIEWER) -> Account:
        source = EmailSource.ADMINISTRATOR
        new = new_account(username, level, email=email, password_hash="a hash", email_source=source)
        return await self.accounts.create(new, self.clock())

    def change(self, account_id: int, **changes: Any) -> None:
        """What an admin may do to an account at any moment."""
        account = self.accounts.by_id[account_id]
        self.accounts.by_id[account_id] = replace(account, version=account.version + 1, **changes)

    async def outcome(self, response: AuthorizationResponse) -> Outcome | None:
        recalled = await self.attempts.recall(digest(response.state or ""))
        return None if recalled is None else recalled.outcome


@pytest.fixture
async def accounts() -> BusyAccounts:
    return BusyAccounts()


@pytest.fixture
async def house(accounts: BusyAccounts) -> House:
    house = House(accounts)
    await house.add("keeper", level=AccessLevel.ADMIN)
    return house


async def test_a_person_is_signed_in_and_everything_about_it_is_remembered(house: House) -> None:
    begun, response = await house.begin("/collection")
    finished = await house.finish(begun, response)
    assert finished.return_to == "/collection"
    [credential] = house.accounts.credentials.values()
    assert credential.digest == digest(finished.session or "")
    assert credential.identity == Identity(ISSUER, "alice")
    assert house.signin.sessions.id_token(credential, finished.session or "") == "an ID token"
    assert await house.outcome(response) == Opened(credential.digest)
    [entry] = house.entries.entries
    assert (entry.method, entry.outcome, entry.rule, entry.account_id) == ("openid", "signed_in", "L-12", 2)


async def test_a_begun_sign_in_is_stored_nowhere(house: House) -> None:
    """R-07, R-19: the browser keeps all of it, sealed, beside the state that opens it."""
    _, response = await house.begin()
    assert (house.attempts.used, house.accounts.credentials, house.entries.entries) == ({}, {}, [])
    [kept] = house.kept()
    assert kept.expires_at == NOW + ATTEMPT_LIFETIME
    assert len(response.state or "") == 43, "256 bits"
    assert str(response.state) not in str(kept)


async def test_what_is_left_of_a_used_attempt_could_finish_none(house: House) -> None:
    """R-07: who reads the storage finds neither state nor nonce nor verifier."""
    begun, response = await house.begin()
    await house.finish(begun, response)
    [kept] = house.kept()
    for secret in (response.state or "", kept.nonce, kept.code_verifier, begun.sealed):
        assert secret not in str(house.attempts.used)


async def test_every_attempt_has_its_own_secrets(house: House) -> None:
    """R-07, R-09, R-10."""
    for _ in range(100):
        await house.begin()
    assert len({use for _, use in house.seal.contents}) == 100, "one state each"
    for field in ("nonce", "code_verifier"):
        values = {getattr(attempt, field) for attempt in house.kept()}
        assert len(values) == 100
        assert min(map(len, values)) >= 43


async def test_nothing_begins_without_a_provider(house: House) -> None:
    off = House()
    off.signin = OpenIDSignIn(**{**vars(off.signin), "identification": None, "off": "OIDC_ENABLED is false"})
    with pytest.raises(Refused) as caught:
        await off.signin.begin("/", VISITOR)
    assert caught.value.code is Code.OIDC_OFF
    assert "OIDC_ENABLED is false" in operator_text(caught.value)
    with pytest.raises(Refused) as caught:
        await off.signin.finish(AuthorizationResponse(code="x", state="y"), CallbackCookies(sealed="key"), VISITOR)
    assert caught.value.code is Code.OIDC_OFF


async def test_a_provider_that_demands_it_gets_the_request_pushed(house: House) -> None:
    """R-82: nothing but the client and the reference goes through the browser."""
    house.provider.found = replace(METADATA, require_pushed_authorization_requests=True)
    begun, _ = await house.begin()
    assert parse_qs(urlsplit(begun.url).query) == {"client_id": ["romm"], "request_uri": ["urn:pushed"]}
    [pushed] = house.provider.pushed
    assert pushed["code_challenge_method"] == "S256"


async def test_the_verifier_that_was_kept_is_the_one_that_is_sent(house: House) -> None:
    """R-10."""
    begun, response = await house.begin()
    [kept] = house.kept()
    await house.finish(begun, response)
    assert house.provider.exchanged == [("a code", kept.code_verifier)]


async def test_when_the_facts_change_under_a_decision_it_is_made_once_more(
    house: House, accounts: BusyAccounts
) -> None:
    """Somebody raised the account between look-up and write: the second decision knows."""
    ally = await house.add("ally", "alice@example.org")
    accounts.changes = [lambda: house.change(ally.id, level=AccessLevel.EDITOR)]
    decision = (await house.sign_in()).decision
    assert isinstance(decision, LinkIdentity)
    assert (decision.rule, decision.level, decision.account.version) == ("L-11a", AccessLevel.EDITOR, 2)
    assert accounts.looked_up == 2
    assert "signin.decided_again" in house.log.events()


async def test_facts_that_never_stand_still_end_in_a_refusal_that_says_try_again(
    house: House, accounts: BusyAccounts
) -> None:
    ally = await house.add("ally", "alice@example.org")
    accounts.changes = [lambda: house.change(ally.id)] * (MAX_DECISIONS + 5)
    assert (await house.refused()).code is Code.ACCOUNT_CHANGED
    assert accounts.looked_up == MAX_DECISIONS
    assert accounts.by_id[ally.id].links == ()
    assert accounts.credentials == {}


async def test_an_account_disabled_between_decision_and_write_stays_closed(
    house: House, accounts: BusyAccounts
) -> None:
    """R-29: the second decision sees it."""
    await house.sign_in()
    accounts.credentials.clear()
    accounts.changes = [lambda: house.change(2, enabled=False)]
    house.provider.claims["groups"] = ["admins"]
    refused = await house.refused()
    assert (refused.code, refused.facts["rule"]) == (Code.ACCOUNT_DISABLED, "L-02")
    assert accounts.credentials == {}


class Overtaken(FakeCredentials):
    """Before something is stored for the first time, `first` happens."""

    first: Callable[[], None] = staticmethod(lambda: None)

    async def add(self, seen: Account, *credentials: Credential) -> None:
        first, self.first = self.first, lambda: None
        first()
        await super().add(seen, *credentials)


class AlwaysOvertaken(FakeCredentials):
    """The account changes whenever something is to be stored for it."""

    async def add(self, seen: Account, *credentials: Credential) -> None:
        raise Conflict("version")


@pytest.mark.parametrize("enabled", [True, False])
async def test_an_account_that_changes_before_its_session_is_stored_is_decided_on_once_more(
    house: House, accounts: BusyAccounts, enabled: bool
) -> None:
    """L-02, L-11b: what is decided opens the account as it is, or not at all."""
    await house.sign_in()
    accounts.credentials.clear()
    credentials = Overtaken(accounts, house.clock)
    credentials.first = lambda: house.change(2, enabled=enabled)
    house.keep_by(credentials)
    if enabled:
        assert (await house.sign_in()).session
    else:
        assert (await house.refused()).code is Code.ACCOUNT_DISABLED
    assert len(accounts.credentials) == enabled
    assert [entry.outcome for entry in house.entries.entries] == ["signed_in", "signed_in" if enabled else "refused"]


async def test_an_account_that_always_changes_before_its_session_is_stored_is_refused(
    house: House, accounts: BusyAccounts
) -> None:
    """One limit counts both kinds of change: under the decision, and between it and the session."""
    await house.sign_in()
    accounts.credentials.clear()
    accounts.looked_up = 0
    accounts.changes = [lambda: house.change(2)]
    house.keep_by(AlwaysOvertaken(accounts, house.clock))
    assert (await house.refused()).code is Code.ACCOUNT_CHANGED
    assert accounts.looked_up == MAX_DECISIONS


async def test_nothing_is_linked_to_an_account_that_is_deleted_on_the_way(house: House) -> None:
    """R-44; its session was good a moment ago."""
    gone = Linking(account_id=99, same_session=True, authenticated_at=NOW)
    with pytest.raises(Refused, match=Code.LINK_SESSION_CHANGED):
        await house.signin.admission.decide(claims(), gone)


async def test_an_address_taken_between_decision_and_write_is_linked_instead(
    house: House, accounts: BusyAccounts
) -> None:
    """R-45: registering fails on the address, the second decision finds its account."""
    others = FakeAccounts()
    source = EmailSource.ADMINISTRATOR
    new = new_account("ally", email="alice@example.org", password_hash="a hash", email_source=source)
    made = await others.create(new, NOW)
    accounts.changes = [lambda: accounts.by_id.update({99: replace(made, id=99)})]
    finished = await house.sign_in()
    assert isinstance(finished.decision, LinkIdentity)
    assert finished.decision.account.id == 99
    assert len(accounts.by_id) == 2


async def test_a_name_taken_between_decision_and_write_gets_a_number_without_deciding_again(
    house: House, accounts: BusyAccounts
) -> None:
    """R-46."""
    others = FakeAccounts()
    made = await others.create(new_account("alice"), NOW)
    accounts.changes = [lambda: accounts.by_id.update({99: replace(made, id=99)})]
    await house.sign_in()
    assert [account.username for account in accounts.by_id.values() if account.links] == ["alice-2"]
    assert accounts.looked_up == 1


async def test_a_name_that_many_have_gets_the_next_number(house: House) -> None:
    """R-46."""
    for name in ("alice", "alice-2", "alice-3"):
        await house.add(name)
    await house.sign_in()
    assert {account.username for account in house.accounts.by_id.values() if account.links} == {"alice-4"}


async def test_a_name_that_too_many_have_is_refused(house: House) -> None:
    for number in range(1, MAX_USERNAMES + 1):
        await house.add("alice" if number == 1 else f"alice-{number}")
    refused = await house.refused()
    assert refused.code is Code.USERNAME_TAKEN
    assert house.accounts.credentials == {}


async def test_userinfo_that_does_not_answer_is_a_warning_when_the_id_token_says_enough(house: House) -> None:
    """Rules, 1.1."""
    house.provider.told = Refused(Code.PROVIDER_UNAVAILABLE, url=f"{ISSUER}/userinfo", problem="timeout")
    await house.sign_in()
    [line] = [facts for level, event, facts in house.log.lines if event == "signin.userinfo_unavailable"]
    assert line["problem"] == "timeout"


@pytest.mark.parametrize("missing", ["email", "email_verified"])
async def test_what_userinfo_would_have_told_is_not_called_missing(house: House, missing: str) -> None:
    """Rules, 1.1: the reason is that UserInfo did not answer."""
    del house.provider.claims[missing]
    house.provider.told = Refused(Code.PROVIDER_UNAVAILABLE, url=f"{ISSUER}/userinfo", problem="timeout")
    refused = await house.refused()
    assert refused.code is Code.PROVIDER_UNAVAILABLE
    assert refused.facts["rule"] in ("L-05", "L-07")


async def test_a_refusal_for_another_reason_keeps_it_also_without_userinfo(house: House) -> None:
    house.provider.claims["email"] = "alice@@example.org"
    house.provider.told = Refused(Code.PROVIDER_UNAVAILABLE, problem="timeout")
    assert (await house.refused()).code is Code.EMAIL_INVALID


@pytest.mark.parametrize("code", [Code.USERINFO_INVALID, Code.CLIENT_REJECTED])
async def test_userinfo_that_answers_nonsense_is_refused(house: House, code: Code) -> None:
    """R-24: only silence is forgiven."""
    house.provider.told = Refused(code, problem="a page")
    assert (await house.refused()).code is code


async def test_userinfo_of_somebody_else_is_refused(house: House) -> None:
    """R-24."""
    house.provider.told = {"sub": "mallory", "email": "mallory@example.org"}
    assert (await house.refused()).code is Code.USERINFO_MISMATCH


async def test_a_refused_attempt_is_concluded_with_its_reason(house: House) -> None:
    house.provider.claims["email_verified"] = False
    begun, response = await house.begin("/collection")
    with pytest.raises(Refused) as caught:
        await house.finish(begun, response)
    assert caught.value.return_to == "/collection"
    assert await house.outcome(response) == NotOpened(Code.EMAIL_NOT_VERIFIED, VISITOR.correlation_id)
    [entry] = house.entries.entries
    assert (entry.outcome, entry.code, entry.rule) == ("refused", Code.EMAIL_NOT_VERIFIED, "L-07")
    assert entry.issuer == ISSUER


async def test_a_surprise_concludes_the_attempt_too_and_goes_on(house: House) -> None:
    """R-90: fail closed, and the log of sign-ins has it."""
    house.provider.problem = ZeroDivisionError("canary")
    begun, response = await house.begin()
    with pytest.raises(ZeroDivisionError):
        await house.finish(begun, response)
    assert await house.outcome(response) == NotOpened(Code.UNEXPECTED, VISITOR.correlation_id)
    [entry] = house.entries.entries
    assert (entry.outcome, entry.code) == ("refused", Code.UNEXPECTED)
    assert house.accounts.credentials == {}


async def test_the_first_reason_is_kept_when_a_response_comes_again(house: House) -> None:
    house.provider.claims["email_verified"] = False
    begun, response = await house.begin("/collection")
    for _ in range(3):
        with pytest.raises(Refused) as caught:
            await house.finish(begun, response)
        assert caught.value.code is Code.EMAIL_NOT_VERIFIED
        assert caught.value.return_to == "/collection"
        house.provider.claims["email_verified"] = True
    assert len(house.provider.exchanged) == 1


async def test_a_finished_response_that_comes_again_leads_where_the_first_one_did(house: House) -> None:
    """The first answer may be lost with its cookie, so the second has a session of its own, also without one or with a
    dead one.
    """
    begun, response = await house.begin("/collection")
    first = await house.finish(begun, response)
    for session in (None, "invented"):
        again = await house.finish(begun, response, session)
        assert (again.return_to, again.linked) == ("/collection", False)
        assert again.session not in (None, first.session)
        assert await house.signin.sessions.who(again.session)
    assert await house.signin.sessions.who(first.session), "the browser may keep either"
    assert len(house.provider.exchanged) == 1
    stored = list(house.accounts.credentials.values())
    assert {each.identity for each in stored} == {Identity(ISSUER, "alice")}
    of_first, of_others = stored[0], stored[1:]
    assert house.signin.sessions.id_token(of_first, first.session or "") == "an ID token"
    assert [each.sealed_id_token for each in of_others] == [None, None], "only the first session's holder can read it"


async def test_a_browser_that_has_the_session_gets_no_other(house: House) -> None:
    begun, response = await house.begin("/collection")
    first = await house.finish(begun, response)
    assert await house.finish(begun, response, first.session) == Finished(return_to="/collection")
    assert len(house.accounts.credentials) == 1


async def test_the_session_of_the_second_time_takes_the_place_of_the_browsers_older_one(house: House) -> None:
    """R-16."""
    older = (await house.sign_in()).session
    begun, response = await house.begin()
    await house.finish(begun, response)
    again = await house.finish(begun, response, older)
    assert await house.signin.sessions.who(older) is None
    assert await house.signin.sessions.who(again.session)


@pytest.mark.parametrize("refused", [False, True])
async def test_the_second_of_two_at_once_waits_for_the_first(house: House, refused: bool) -> None:
    """The provider takes its time; the browser loads the callback once more."""
    if refused:
        house.provider.claims["email_verified"] = False
    begun, response = await house.begin("/collection")
    answering, answer = asyncio.Event(), house.provider.exchange

    async def slow(*given: Any) -> TokenResponse:
        await answering.wait()
        return await answer(*given)

    house.provider.exchange = slow  # type: ignore[method-assign,assignment]
    first = asyncio.create_task(house.finish(begun, response))
    await asyncio.sleep(0)

    async def provider_answers() -> None:
        answering.set()
        await asyncio.wait([first])

    house.meanwhile = [nothing, nothing, provider_answers]
    if refused:
        with pytest.raises(Refused) as caught:
            await house.finish(begun, response)
        assert caught.value.code is Code.EMAIL_NOT_VERIFIED
        assert caught.value.return_to == "/collection"
    else:
        again = await house.finish(begun, response)
        assert again.return_to == "/collection"
        assert again.session not in (None, (await first).session)
    assert len(house.provider.exchanged) == 1
    assert house.meanwhile == []


async def nothing() -> None:
    """What happens while nothing does."""


async def test_a_browser_stops_waiting_for_a_callback_whose_process_was_stopped(house: House) -> None:
    begun, response = await house.begin("/collection")
    attempt = await house.signin.attempts.opened(response.state, begun.sealed)
    assert attempt
    await house.signin.attempts.take(attempt)
    started = house.clock()
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            await house.finish(begun, response)
        assert caught.value.code is Code.ATTEMPT_USED
        assert caught.value.return_to == "/collection"
        assert house.clock() - started <= timedelta(seconds=PATIENCE_SECONDS + 2 * LOOK_EVERY_SECONDS)


@pytest.mark.parametrize("ended", ["signed out", "disabled", "ten minutes"])
async def test_a_response_that_comes_again_opens_nothing_that_is_over(house: House, ended: str) -> None:
    """R-17, R-29: signing out is not undone by the back button."""
    begun, response = await house.begin("/collection")
    first = await house.finish(begun, response)
    if ended == "signed out":
        await house.signin.sessions.end(first.session or "")
    if ended == "disabled":
        house.change(2, enabled=False)
    if ended == "ten minutes":
        house.clock.advance(ATTEMPT_LIFETIME)
    for session in (None, first.session) if ended != "ten minutes" else (None,):
        with pytest.raises(Refused) as caught:
            await house.finish(begun, response, session)
        assert caught.value.code is Code.ATTEMPT_USED
        assert caught.value.return_to == "/collection"


async def test_an_account_that_changes_at_that_moment_gets_no_second_session(
    house: House, accounts: BusyAccounts
) -> None:
    begun, response = await house.begin()
    await house.finish(begun, response)
    credentials = Overtaken(accounts, house.clock)
    credentials.first = lambda: house.change(2)
    sessions = dataclasses.replace(house.signin.sessions, credentials=credentials)
    repeated = dataclasses.replace(house.signin.repeated, sessions=sessions)
    house.signin = dataclasses.replace(house.signin, repeated=repeated)
    with pytest.raises(Refused) as caught:
        await house.finish(begun, response)
    assert caught.value.code is Code.ATTEMPT_USED


async def test_another_browser_gets_nothing_of_a_finished_response(house: House) -> None:
    """R-07, R-11."""
    begun, response = await house.begin()
    await house.finish(begun, response)
    other, _ = await house.begin()
    for sealed in (None, "", "invented", other.sealed):
        with pytest.raises(Refused) as caught:
            await house.signin.finish(response, CallbackCookies(sealed=sealed), VISITOR)
        assert caught.value.code is Code.ATTEMPT_USED
    assert len(house.accounts.credentials) == 1


async def test_a_bookmarked_response_leads_somebody_who_is_signed_in_home(house: House) -> None:
    session = (await house.sign_in()).session
    forgotten = AuthorizationResponse(code="a code", state="of last year")
    assert await house.signin.finish(forgotten, CallbackCookies(session=session), VISITOR) == Finished(return_to="/")


async def test_another_browser_is_refused_and_leaves_the_attempt_to_its_owner(house: House) -> None:
    """R-07; one with a session of its own keeps that, so a link signs no person in as another one (R-44)."""
    begun, response = await house.begin()
    own = (await house.sign_in()).session
    other, _ = await house.begin()
    house.provider.nonce = house.kept()[0].nonce
    for sealed in (None, "", "another key", other.sealed):
        with pytest.raises(Refused) as caught:
            await house.signin.finish(response, CallbackCookies(sealed=sealed), VISITOR)
        assert caught.value.code is Code.BROWSER_MISMATCH
        assert await house.signin.finish(response, CallbackCookies(sealed=sealed, session=own), VISITOR) == Finished(
            return_to="/"
        )
    assert await house.outcome(response) is None
    assert (await house.finish(begun, response)).session


async def test_an_address_whose_sign_ins_keep_failing_has_to_wait_and_spends_nothing(house: House) -> None:
    """Each may have sent an invented code to the provider."""
    house.provider.problem = Refused(Code.CODE_REJECTED)
    for _ in range(FAILED_CALLBACKS.each.tries + 1):
        assert (await house.refused()).code is Code.CODE_REJECTED
    begun, response = await house.begin("/collection")
    asked = len(house.provider.exchanged)
    with pytest.raises(Refused) as caught:
        await house.finish(begun, response)
    assert caught.value.code is Code.TOO_MANY_REQUESTS
    assert caught.value.return_to == "/collection"
    assert len(house.provider.exchanged) == asked
    house.provider.problem = None
    elsewhere = replace(VISITOR, address="192.0.2.8")
    assert (await house.signin.finish(response, CallbackCookies(sealed=begun.sealed), elsewhere)).session
    house.clock.advance(timedelta(seconds=float(caught.value.facts["retry_after"] or 0)))
    assert (await house.sign_in()).session


@pytest.mark.parametrize("state", [None, "", "invented"])
async def test_a_state_of_nobody_is_refused_without_asking_the_provider(house: House, state: str | None) -> None:
    """R-08."""
    with pytest.raises(Refused) as caught:
        await house.signin.finish(AuthorizationResponse(code="a code", state=state), CallbackCookies(), VISITOR)
    assert caught.value.code is Code.STATE_UNKNOWN
    assert house.provider.exchanged == []


async def test_an_attempt_is_spent_before_its_code_is_exchanged(house: House) -> None:
    """R-11: a token endpoint that fails does not give the attempt back."""
    house.provider.problem = Refused(Code.PROVIDER_UNAVAILABLE, problem="timeout")
    begun, response = await house.begin()
    for _ in range(2):
        with pytest.raises(Refused):
            await house.finish(begun, response)
    assert len(house.provider.exchanged) == 1


async def test_an_expired_attempt_is_refused_before_the_exchange(house: House) -> None:
    begun, response = await house.begin()
    house.clock.advance(ATTEMPT_LIFETIME + timedelta(seconds=1))
    with pytest.raises(Refused) as caught:
        await house.finish(begun, response)
    assert caught.value.code is Code.ATTEMPT_EXPIRED
    assert house.provider.exchanged == []


async def test_a_decision_is_logged_whole_and_without_the_subject(house: House) -> None:
    """R-60."""
    house.provider.claims["sub"] = "canary-subject"
    await house.sign_in()
    [facts] = [facts for _, event, facts in house.log.lines if event == "signin.decided"]
    assert (facts["decision"], facts["rule"], facts["issuer"]) == ("Register", "L-12", ISSUER)
    assert facts["subject_digest"]
    assert "canary-subject" not in str(house.log.lines)


@pytest.mark.parametrize(
    ("who", "level"), [("known to another subject", "warning"), ("a stranger", "info")], ids=["L-10", "L-12"]
)
async def test_a_decision_that_an_operator_should_see_is_a_warning(house: House, who: str, level: str) -> None:
    house.provider.claims["groups"] = ["users"]
    if who == "known to another subject":
        await house.sign_in()
        house.provider.claims["sub"] = "somebody else"
        house.log.lines.clear()
        assert (await house.refused()).code is Code.ALREADY_LINKED
    else:
        await house.sign_in()
    assert [each for each, event, _ in house.log.lines if event == "signin.decided"] == [level]


async def test_every_conflict_of_the_storage_is_one_that_is_decided_again(house: House, accounts: BusyAccounts) -> None:
    """`ports.Conflict`: `identity`, `email` and `version` alike."""

    def conflict(what: str) -> Any:
        def happen() -> None:
            raise Conflict(what)

        return happen

    accounts.changes = [conflict("identity"), conflict("email"), conflict("version")]
    assert (await house.sign_in()).session
    assert accounts.looked_up == 4


async def test_a_provider_that_is_slow_everywhere_ends_within_the_budget(house: House):
    """Requirements, section 4: the limits of its endpoints add up, a person's patience does not."""

    async def slow(*_: object) -> None:
        await asyncio.sleep(60)

    house.provider.exchange = slow  # type: ignore[method-assign,assignment]
    house.signin = replace_field(house.signin, budget_seconds=0.01)
    assert (await house.refused()).code is Code.PROVIDER_UNAVAILABLE


def replace_field(signin: OpenIDSignIn, **changes: Any) -> OpenIDSignIn:
    assert signin.identification is not None
    return dataclasses.replace(signin, identification=dataclasses.replace(signin.identification, **changes))

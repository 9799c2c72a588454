"""How sign-ins ended: one entry for admins and one line for the log, with neither subjects nor secrets."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from romm.credentials.rate_limits import Rates
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.errors import Code, Refused
from romm.domain.limits import NOTED_REFUSALS
from romm.domain.model import SUBJECT_DIGITS, AccessLevel, Identity, subject_digest
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.linking.decisions import Ends, LinkIdentity, Register
from romm.domain.sign_in.log_search import ByText
from romm.domain.sign_in.logout_token import Logout
from romm.ports.sign_in import SignInEntry, SignInFilter
from romm.sign_in.journal import SignInJournal
from tests.factories import new_account
from tests.fakes import FakeAccounts, FakeClock, FakeLog, FakeSignInLog, FakeThrottles
from tests.world import VISITOR

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ALICE = Identity("https://idp.test", "alice")
REGISTERED = Register(rule="L-12", level=AccessLevel.EDITOR, email="alice@example.org", warning="absent")


def journal() -> tuple[SignInJournal, FakeSignInLog, FakeLog]:
    entries, log, clock = FakeSignInLog(), FakeLog(), FakeClock(NOW)
    return SignInJournal(entries, log, clock, Rates(FakeThrottles(clock), clock)), entries, log


def test_a_browser_that_leaves_for_the_provider_is_a_line_with_what_the_provider_must_know() -> None:
    written, entries, log = journal()
    client = Client(client_id="romm", redirect_uri="https://romm.test/api/oauth/openid", scope="openid")
    written.begun(client, "0123456789abcdef0123456789abcdef")
    [(level, event, facts)] = log.lines
    assert facts["attempt"] == "0123456789abcdef"
    assert (level, event) == ("info", "signin.begun")
    for said in ("romm (OIDC_CLIENT_ID)", "https://romm.test/api/oauth/openid (OIDC_REDIRECT_URI"):
        assert said in facts["hint"]
    assert entries.entries == []


async def test_a_success_is_one_entry_and_one_line() -> None:
    """R-60."""
    written, entries, log = journal()
    account = await FakeAccounts().create(new_account("alice", AccessLevel.EDITOR, email="alice@example.org"), NOW)
    entry = written.signed_in_by(ALICE, account, VISITOR, REGISTERED, {})
    assert entry == SignInEntry(
        at=NOW,
        method="openid",
        outcome="signed_in",
        rule="L-12",
        code=None,
        issuer="https://idp.test",
        subject_digest=subject_digest(ALICE),
        account_id=account.id,
        address=VISITOR.address,
        correlation_id=VISITOR.correlation_id,
        role_after=AccessLevel.EDITOR,
        warning="absent",
    )
    assert (entries.entries, log.lines) == ([], [])
    written.done(account, entry)
    [(level, event, facts)] = log.lines
    assert (level, event) == ("info", "signin.done")
    assert (facts["account"], facts["access_level"], facts["rule"], facts["address"]) == (
        1,
        "editor",
        "L-12",
        "192.0.2.7",
    )
    assert "alice" not in str(log.lines)


async def test_a_role_that_a_sign_in_changes_is_in_its_entry_with_before_and_after() -> None:
    written, _, _ = journal()
    accounts = FakeAccounts()
    before = await accounts.create(new_account("alice", AccessLevel.ADMIN), NOW)
    linked = LinkIdentity(rule="L-11c", account=before, level=AccessLevel.VIEWER, ends=Ends.ALL_BUT_PASSWORD)
    await accounts.create(new_account("another", AccessLevel.ADMIN), NOW)
    after = await accounts.link(linked, ALICE, NOW)
    entry = written.signed_in_by(ALICE, after, VISITOR, linked, {})
    assert (entry.role_before, entry.role_after) == (AccessLevel.ADMIN, AccessLevel.VIEWER)


async def test_a_success_with_a_password_has_neither_rule_nor_issuer() -> None:
    written, entries, _ = journal()
    account = await FakeAccounts().create(new_account("alice"), NOW)
    await written.signed_in("password", account, VISITOR)
    [entry] = entries.entries
    assert (entry.method, entry.rule, entry.issuer, entry.subject_digest) == ("password", None, None, None)


async def test_a_refusal_is_one_entry_with_what_its_facts_tell() -> None:
    """R-60; the log line is written where HTTP is made of it."""
    written, entries, log = journal()
    refused = Refused(
        Code.NO_ROLE, rule="L-none", issuer="https://idp.test", subject_digest="abc", values=["family"], account=7
    )
    await written.refused("openid", refused, VISITOR)
    [entry] = entries.entries
    assert (entry.outcome, entry.code, entry.rule) == ("refused", Code.NO_ROLE, "L-none")
    assert (entry.issuer, entry.subject_digest, entry.account_id) == ("https://idp.test", "abc", 7)
    assert log.lines == []


async def test_a_refusal_before_anybody_is_known_has_its_code_and_the_facts_of_the_log() -> None:
    written, entries, _ = journal()
    await written.refused("password", Refused(Code.CREDENTIALS_WRONG, username="sha256:5d41", reason="wrong"), VISITOR)
    [entry] = entries.entries
    assert (entry.code, entry.rule, entry.issuer, entry.subject_digest) == (Code.CREDENTIALS_WRONG, None, None, None)
    assert entry.known_facts == {"username": "sha256:5d41", "reason": "wrong"}
    assert (entry.outline, entry.deciding, entry.email) == ({}, {}, None)


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        pytest.param("Bob@Example.ORG", "bob@example.org", id="as accounts have it"),
        pytest.param("Bob <bob@example.org>", "Bob <bob@example.org>", id="one that cannot be used"),
        pytest.param("None", None, id="none"),
    ],
)
async def test_a_refused_person_is_found_by_the_address(email: str, kept: str | None) -> None:
    written, entries, _ = journal()
    refused = Refused(Code.EMAIL_NOT_VERIFIED)
    refused.received = {"email": email}
    await written.refused("openid", refused, VISITOR)
    assert [entry.email for entry in entries.entries] == [kept]


async def test_claims_of_ten_thousand_groups_are_not_kept() -> None:
    written, entries, _ = journal()
    for groups in (["users"], [f"group-{number}" for number in range(10_000)]):
        refused = Refused(Code.NO_ROLE)
        refused.claims = {"groups": groups}
        await written.refused("openid", refused, VISITOR)
    assert [entry.deciding for entry in entries.entries] == [{"groups": ["users"]}, {}]


@pytest.mark.parametrize(("scopes", "names"), [({"logs.read"}, False), ({"logs.read", "users.read"}, True)])
async def test_names_of_accounts_are_searched_for_those_who_may_read_accounts(scopes: set[str], names: bool) -> None:
    written, entries, _ = journal()
    account = await FakeAccounts().create(new_account("alice"), NOW)
    entries.accounts = {account.id: account}
    await written.signed_in("password", account, VISITOR)
    reader = Actor(account_id=7, scopes=frozenset(scopes))
    assert len(await written.search(reader, SignInFilter(term=ByText("ali")), 10)) == names
    assert len(await written.search(reader, SignInFilter(term=ByText("1", number=1)), 10)) == 1


async def test_a_text_to_search_for_has_an_end() -> None:
    written, _, _ = journal()
    with pytest.raises(Refused) as refused:
        await written.search(COMMAND_LINE, SignInFilter(term=ByText("a" * 256)), 10)
    assert refused.value.code is Code.REQUEST_INVALID


async def test_of_a_flood_from_one_address_only_the_beginning_is_noted() -> None:
    written, entries, _ = journal()
    for _ in range(NOTED_REFUSALS.each.tries + 5):
        await written.refused("openid", Refused(Code.BROWSER_MISMATCH), VISITOR)
    assert len(entries.entries) == NOTED_REFUSALS.each.tries
    await written.refused("openid", Refused(Code.BROWSER_MISMATCH), replace(VISITOR, address="192.0.2.8"))
    assert len(entries.entries) == NOTED_REFUSALS.each.tries + 1


def test_a_subject_is_told_apart_without_being_told() -> None:
    """R-60: the same subject of another issuer is somebody else."""
    digests = {
        subject_digest(Identity(issuer, subject))
        for issuer in ("https://idp.test", "https://other.test")
        for subject in ("alice", "bob")
    }
    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {SUBJECT_DIGITS}
    assert subject_digest(ALICE) == subject_digest(Identity("https://idp.test", "alice"))


@pytest.mark.parametrize(("owners", "accounts"), [([], []), ([7], [7]), ([8, 7, 8], [7, 8])])
async def test_a_sign_out_by_the_provider_is_a_line_for_each_account(owners: list[int], accounts: list[int]) -> None:
    written, entries, log = journal()
    logout = Logout(issuer=ALICE.issuer, subject="alice", sid="hers", digest="d", forgotten_at=NOW)
    await written.signed_out(logout, owners, VISITOR)
    assert [(each.method, each.outcome, each.account_id) for each in entries.entries] == [
        ("backchannel", "signed_out", account) for account in accounts
    ]
    assert {each.subject_digest for each in entries.entries} <= {subject_digest(ALICE)}
    [(level, event, facts)] = log.lines
    assert (level, event) == ("info", "backchannel.signed_out")
    assert (facts["ended"], facts["accounts"], facts["named_by"]) == (len(owners), accounts, "sub and sid")
    assert not {"alice", "hers"} & set(map(str, facts.values()))

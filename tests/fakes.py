"""The ports in memory, for the tests of use cases. They pass the same contract tests as the adapters."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any, TypeVar

from msgspec.structs import asdict, replace

from romm.domain.accounts.changes import Change, Delete, Unlink
from romm.domain.accounts.imports import ExistingAccounts, Import
from romm.domain.accounts.issuer_moves import Retire, Rewrite
from romm.domain.accounts.passwords import is_legacy
from romm.domain.accounts.search import MOST_COUNTED
from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import LINK_KINDS, MOST_OF_A_KIND, SIGNED_IN_KINDS, Credential, Kind
from romm.domain.credentials.devices import DeviceAuthorization, State
from romm.domain.diagnosis.evidence import Endpoint, Handshake
from romm.domain.diagnosis.history import LogLine
from romm.domain.errors import Refuse, Refused
from romm.domain.model import AccessLevel, Account, EmailSource, Identity, LinkedIdentity
from romm.domain.sign_in.hashing_order import Place
from romm.domain.sign_in.linking.decisions import Ends, LinkIdentity, Register, SignIn
from romm.domain.sign_in.linking.pending import PendingSignIn
from romm.domain.sign_in.linking.rules import Found
from romm.domain.sign_in.log_search import ByReference, ByText, OfPerson, Term
from romm.domain.sign_in.logout_token import Logout
from romm.domain.sign_in.outcomes import Outcome
from romm.domain.sign_in.throttle import FORGOTTEN_AFTER, KNOWN_FOR, Failures
from romm.ports.accounts import AccountPage, AccountQuery, NewAccount, OneTimeLink, Only, Verdict
from romm.ports.conflicts import Conflict
from romm.ports.credentials import Credentials, Decide
from romm.ports.diagnosis import Checkup
from romm.ports.process import Clock
from romm.ports.sign_in import Attempts, SignInEntry, SignInFilter, SignInLog, UsedAttempt

T = TypeVar("T")


class FakeClock:
    """A clock that stands still until it is moved on."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


class FakeAccounts:
    """`ports.Accounts`. `by_id` and `hashes` are open to tests; credentials end here, so they are kept here."""

    def __init__(self) -> None:
        self.by_id: dict[int, Account] = {}
        self.hashes: dict[int, str | None] = {}
        self.credentials: dict[tuple[Kind, str], Credential] = {}
        self.authorizations: dict[str, DeviceAuthorization] = {}
        self._ids = count(1)

    async def get(self, account_id: int) -> Account | None:
        return self.by_id.get(account_id)

    async def find(self, identity: Identity, email: str | None) -> Found:
        return Found(
            by_identity=next((each for each in self.by_id.values() if identity in _identities(each)), None),
            by_email=tuple(each for each in self.by_id.values() if email is not None and each.email == email),
            any_admin=await self.any_admin(),
            enabled_admins=sum(each.is_enabled_admin for each in self.by_id.values()),
        )

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        seen = decision.account
        after = (decision.level, decision.email, decision.email_source, decision.role_from_claim)
        changes = after != (seen.level, seen.email, seen.email_source, seen.role_from_claim)
        with self._room(decision, now):
            if changes or decision.ends is Ends.EVERYTHING:
                return self._carry_out(decision, now, email=decision.email)
            return self._carry_out(decision, now)

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        links = (*decision.account.links, LinkedIdentity(identity=identity, linked_at=now, rule=decision.rule))
        with self._room(decision, now):
            return self._carry_out(decision, now, links=links)

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        link = LinkedIdentity(identity=identity, linked_at=now, rule=decision.rule)
        new = NewAccount(
            username=username,
            email=decision.email,
            level=decision.level,
            password_hash=None,
            email_source=EmailSource.PROVIDER,
        )
        made = self._new(new, now)
        account = replace(made, links=(link,), last_login=now, role_from_claim=decision.role_from_claim)
        invited = decision.invited
        spends = None if invited is None else OneTimeLink(Kind.INVITATION, invited.digest)
        with self._room(decision, now):
            self.use_up(spends, only_if=lambda: self.check(account))
            return self._store(account)

    async def create_first_admin(self, new: NewAccount, now: datetime) -> Account:
        if await self.any_admin():
            raise Conflict("first_admin")
        return await self.create(new, now)

    async def create(self, new: NewAccount, now: datetime, spends: OneTimeLink | None = None) -> Account:
        account = self._new(new, now)
        self.use_up(spends, only_if=lambda: self.check(account))
        account = self._store(account)
        self.hashes[account.id] = new.password_hash
        return account

    async def any_admin(self) -> bool:
        return any(each.level is AccessLevel.ADMIN for each in self.by_id.values())

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        found = next((each for each in self.by_id.values() if each.username == username), None)
        return None if found is None else (found, self.hashes.get(found.id))

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        if self.hashes.get(account_id) == old_hash:
            self.hashes[account_id] = new_hash

    async def legacy_hash(self) -> str | None:
        legacy = [each for each in self.hashes.values() if each is not None and is_legacy(each)]
        return max(legacy, key=lambda each: each[4:], default=None)

    def note_sign_in(self, account_id: int, now: datetime) -> None:
        self.by_id[account_id] = replace(self.by_id[account_id], last_login=now)

    def _new(self, new: NewAccount, now: datetime) -> Account:
        return Account(
            id=next(self._ids),
            username=new.username,
            email=new.email,
            enabled=True,
            level=new.level,
            password_set_at=now if new.password_hash else None,
            links=(),
            version=1,
            created_at=now,
            updated_at=now,
            email_source=new.email_source,
        )

    def _carry_out(self, decision: SignIn | LinkIdentity, now: datetime, **changes: Any) -> Account:
        seen, current = decision.account, self.by_id.get(decision.account.id)
        if current is None or not current.enabled or current.version != seen.version or self._last_admin(decision):
            raise Conflict("version")
        if decision.ends is Ends.EVERYTHING:
            changes["password_set_at"] = None
        if changes:
            changes |= {"level": decision.level, "version": seen.version + 1, "updated_at": now}
            changes["email_source"] = decision.email_source
            changes["address_removed_at"] = None if changes.get("email", seen.email) else seen.address_removed_at
            changes["role_from_claim"] = decision.role_from_claim
        account = self._store(replace(current, last_login=now, **changes))
        if decision.ends is Ends.EVERYTHING:
            self.hashes[account.id] = None
        if decision.ends is not Ends.NOTHING or decision.level is not seen.level:
            self.end_all(account.id, list(Kind))
        return account

    @contextmanager
    def _room(self, decision: SignIn | LinkIdentity | Register, now: datetime) -> Iterator[None]:
        """Typed addresses make room for what happens inside; a conflict leaves all as it was."""
        before, held = dict(self.by_id), dict(self.credentials)
        try:
            self._make_room(decision, now)
            yield
        except Conflict:
            self.by_id.clear()
            self.by_id.update(before)
            self.credentials.clear()
            self.credentials.update(held)
            raise

    def _make_room(self, decision: SignIn | LinkIdentity | Register, now: datetime) -> None:
        for each in decision.room:
            current = self.by_id.get(each.id)
            if current is None or current.version != each.version:
                raise Conflict("version")
            changes = {"version": each.version + 1, "updated_at": now, "address_removed_at": now}
            self.by_id[each.id] = replace(current, email=None, **changes)
            self.end_all(each.id, LINK_KINDS)

    def _last_admin(self, decision: SignIn | LinkIdentity) -> bool:
        others = (each for each in self.by_id.values() if each.id != decision.account.id)
        demoted = decision.account.is_enabled_admin and decision.level < AccessLevel.ADMIN
        return demoted and not any(each.is_enabled_admin for each in others)

    def judge(self, seen: Account) -> None:
        now = self.by_id.get(seen.id)
        if now is None or not now.enabled or now.version != seen.version:
            raise Conflict("version")

    def check(self, account: Account) -> None:
        for other in self.by_id.values():
            if other.id != account.id:
                _check_unique(account, other)

    def use_up(self, spends: OneTimeLink | None, only_if: Callable[[], None]) -> None:
        """Both happen or neither: nothing is spent when the rest is in conflict."""
        if spends is not None and (spends.kind, spends.digest) not in self.credentials:
            raise Conflict("spent")
        only_if()
        if spends is not None:
            del self.credentials[spends.kind, spends.digest]

    def _store(self, account: Account) -> Account:
        self.check(account)
        issuers = [identity.issuer for identity in _identities(account)]
        if len(issuers) > len(set(issuers)):
            raise Conflict("identity")
        self.by_id[account.id] = account
        return account

    def end_all(self, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
        ended = [key for key, each in self.credentials.items() if each.account_id == account_id and each.kind in kinds]
        ended = [(kind, digest) for kind, digest in ended if digest != keep]
        for key in ended:
            del self.credentials[key]
        return len(ended)


class FakeCredentialLists:
    """`ports.CredentialLists`, of the same credentials."""

    def __init__(self, credentials: "FakeCredentials") -> None:
        self._credentials = credentials

    async def listed(self, kind: Kind, limit: int, before: int | None = None) -> list[tuple[Credential, Account]]:
        found = await self._credentials.of(None, [kind])
        return [each for each in found if before is None or _number(each[0]) < before][:limit]

    async def numbered(self, kind: Kind, number: int) -> tuple[Credential, Account] | None:
        return next((each for each in await self._credentials.of(None, [kind]) if each[0].id == number), None)


def _number(credential: Credential) -> int:
    return credential.id or 0


def _family(credential: Credential) -> tuple[int, str]:
    return credential.account_id, credential.family


def _identities(account: Account) -> set[Identity]:
    return {link.identity for link in account.links}


def _check_unique(account: Account, other: Account) -> None:
    if other.username == account.username:
        raise Conflict("username")
    if account.email is not None and other.email == account.email:
        raise Conflict("email")
    if _identities(other) & _identities(account):
        raise Conflict("identity")


def _moved(link: LinkedIdentity, decision: Rewrite | Retire, now: datetime) -> LinkedIdentity:
    if isinstance(decision, Retire):
        return replace(link, retired_at=now)
    return replace(link, identity=Identity(decision.issuer, link.identity.subject), retired_at=None)


class FakeAccountLists:
    """`ports.AccountLists`, of the same accounts."""

    def __init__(self, accounts: Mapping[int, Account]) -> None:
        self._accounts = accounts

    async def page(self, query: AccountQuery) -> AccountPage:
        found = [each for each in self._by_name() if _is_among(each, query.only) and _begins(each, query.text)]
        after = [each for each in found if each.username > query.after]
        if query.before:
            after = [each for each in reversed(found) if each.username < query.before]
        chosen = after[query.offset : query.offset + query.limit]
        return AccountPage(
            accounts=sorted(chosen, key=lambda each: each.username),
            total=len(found) if len(found) <= MOST_COUNTED else None,
            has_more=len(after) > query.offset + query.limit,
        )

    async def ids(self, after: str, limit: int) -> list[tuple[str, int]]:
        return [(each.username, each.id) for each in self._by_name() if each.username > after][:limit]

    async def oldest_admin(self) -> Account | None:
        admins = (each for each in self._accounts.values() if each.is_enabled_admin)
        return min(admins, key=lambda each: each.id, default=None)

    async def issuers(self) -> list[str]:
        return sorted({identity.issuer for each in self._accounts.values() for identity in _identities(each)})

    async def linked_to(self, issuer: str) -> list[Account]:
        return [each for each in self._by_name() if issuer in {identity.issuer for identity in _identities(each)}]

    async def only_linked_to(self, issuer: str, opening: Collection[str]) -> int:
        linked = [
            each
            for each in self._accounts.values()
            if any(link.identity.issuer == issuer and link.retired_at is None for link in each.links)
        ]
        return sum(not {identity.issuer for identity in _identities(each)} & set(opening) for each in linked)

    async def personal(self, words: Collection[str]) -> list[str]:
        known = {text for each in self._accounts.values() for text in (each.username, each.email) if text}
        subjects = {identity.subject for each in self._accounts.values() for identity in _identities(each)}
        return sorted((known & {each.lower() for each in words}) | (subjects & set(words)))

    def _by_name(self) -> list[Account]:
        return sorted(self._accounts.values(), key=lambda each: each.username)


def _is_among(account: Account, only: Only) -> bool:
    match only:
        case Only.ALL:
            return True
        case Only.WAITING:
            return account.reset_asked_at is not None
        case Only.DISABLED:
            return not account.enabled
        case Only.NEVER:
            return account.last_login is None
        case Only.MANAGED:
            return account.role_from_claim


def _begins(account: Account, text: str) -> bool:
    return account.username.startswith(text) or (account.email or "").startswith(text)


class FakeAccountStore:
    """`ports.AccountStore`, of the same accounts."""

    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts

    async def enabled_admins(self) -> int:
        return sum(each.is_enabled_admin for each in self._accounts.by_id.values())

    async def change(self, decision: Change, now: datetime, spends: OneTimeLink | None = None) -> Account:
        stays = decision.enabled and decision.level is AccessLevel.ADMIN
        changed = replace(
            self._judged(decision.account, loses=decision.account.is_enabled_admin and not stays),
            username=decision.username,
            email=decision.email,
            email_source=decision.email_source,
            enabled=decision.enabled,
            level=decision.level,
        )
        if decision.email is not None:
            changed = replace(changed, address_removed_at=None)
        if (password := decision.password) is not None:
            changed = replace(changed, password_set_at=password.trusted_since, reset_asked_at=None)
        self._accounts.use_up(spends, only_if=lambda: self._accounts.check(changed))
        if password is not None:
            self._accounts.hashes[changed.id] = password.hash
        self._accounts.end_all(changed.id, decision.ends, decision.keep)
        return self._newer(changed, now)

    async def delete(self, decision: Delete) -> None:
        gone = self._judged(decision.account, loses=decision.account.is_enabled_admin)
        self._accounts.end_all(gone.id, list(Kind))
        del self._accounts.by_id[gone.id]

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        seen = self._judged(decision.account, loses=False)
        self._accounts.end_all(seen.id, SIGNED_IN_KINDS | LINK_KINDS, decision.keep)
        links = tuple(link for link in seen.links if link.identity != decision.identity)
        return self._newer(replace(seen, links=links), now)

    async def move_link(self, decision: Rewrite | Retire, now: datetime) -> Account:
        seen = self._judged(decision.account, loses=False)
        links = tuple(
            _moved(link, decision, now) if link.identity == decision.identity else link for link in seen.links
        )
        moved = replace(seen, links=links)
        if len({link.identity.issuer for link in links}) < len(links):
            raise Conflict("identity")
        self._accounts.check(moved)
        self._accounts.end_all(seen.id, SIGNED_IN_KINDS | LINK_KINDS, decision.keep)
        return self._newer(moved, now)

    async def note_reset_request(self, name: str, now: datetime) -> None:
        for each in list(self._accounts.by_id.values()):
            if each.enabled and name in (each.username, each.email):
                self._accounts.by_id[each.id] = replace(each, reset_asked_at=now)

    def _judged(self, seen: Account, *, loses: bool) -> Account:
        current = self._accounts.by_id.get(seen.id)
        others = (each for each in self._accounts.by_id.values() if each.id != seen.id)
        if current is None or current.version != seen.version:
            raise Conflict("version")
        if loses and not any(each.is_enabled_admin for each in others):
            raise Conflict("version")
        return current

    def _newer(self, account: Account, now: datetime) -> Account:
        self._accounts.by_id[account.id] = replace(account, version=account.version + 1, updated_at=now)
        return self._accounts.by_id[account.id]


class FakeImports:
    """`ports.Imports`, into `accounts`."""

    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts

    async def existing_accounts(self) -> ExistingAccounts:
        everybody = list(self._accounts.by_id.values())
        return ExistingAccounts(
            usernames=frozenset(each.username for each in everybody),
            emails={each.email: each.username for each in everybody if each.email is not None},
            any_admin=any(each.level is AccessLevel.ADMIN for each in everybody),
            enabled_admin=any(each.is_enabled_admin for each in everybody),
        )

    async def add(self, decision: Import, now: datetime) -> None:
        made = await self._accounts.create(
            NewAccount(
                username=decision.username,
                email=decision.email,
                level=decision.level,
                password_hash=decision.password_hash,
                email_source=EmailSource.ADMINISTRATOR,
            ),
            now,
        )
        self._accounts.by_id[made.id] = replace(
            made,
            enabled=decision.enabled,
            created_at=decision.created_at or now,
            last_login=decision.last_login,
        )


class FakeCredentials:
    """`ports.Credentials`, of the owners in `accounts`."""

    def __init__(self, accounts: FakeAccounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._ids = count(1)
        self.stored = accounts.credentials

    async def add(self, seen: Account, *credentials: Credential) -> None:
        self._accounts.judge(seen)
        self._add(*credentials)
        for kind in (
            Kind.SESSION,
            Kind.DEVICE_COOKIE,
            Kind.FORWARD_CODE,
            Kind.FORWARD_SESSION,
            Kind.REFRESH_TOKEN,
        ):
            self._end_oldest(seen.id, kind)

    def _end_oldest(self, account_id: int, kind: Kind) -> None:
        owned = (each for each in self.stored.values() if (each.account_id, each.kind) == (account_id, kind))
        newest = sorted((each for each in owned if each.spent_at is None), key=_number, reverse=True)
        for oldest in newest[MOST_OF_A_KIND:]:
            for key, each in list(self.stored.items()):
                if each == oldest or (each.family and _family(each) == _family(oldest)):
                    del self.stored[key]

    def _add(self, *credentials: Credential) -> None:
        for key in [key for key, each in self.stored.items() if each.expires_at < self._clock()]:
            del self.stored[key]
        self.stored.update({(each.kind, each.digest): replace(each, id=next(self._ids)) for each in credentials})

    async def issue(self, seen: Account, credential: Credential, at_most: int) -> Credential:
        self._accounts.judge(seen)
        if len(await self.of(credential.account_id, [credential.kind])) >= at_most:
            raise Conflict("full")
        self._add(credential)
        return self.stored[credential.kind, credential.digest]

    async def replace(self, seen: Account, credential: Credential) -> None:
        self._accounts.judge(seen)
        self._end_family(credential.account_id, credential.kind, credential.family)
        self._add(credential)

    async def renew(self, renewal: Renewal) -> Credential | None:
        self._accounts.judge(renewal.owner)
        token = next((each for each in self.stored.values() if each.id == renewal.token.id), None)
        if token is None or token.kind is not renewal.token.kind or token.expires_at <= self._clock():
            return None
        if renewal.code is not None and self.stored.pop((Kind.PAIRING_CODE, renewal.code), None) is None:
            raise Conflict("spent")
        self._end_family(token.account_id, Kind.PAIRING_CODE, renewal.family)
        del self.stored[token.kind, token.digest]
        self.stored[token.kind, renewal.digest] = replace(token, digest=renewal.digest)
        return self.stored[token.kind, renewal.digest]

    def _end_family(self, account_id: int, kind: Kind, family: str) -> None:
        for key, each in list(self.stored.items()):
            if (each.account_id, each.kind, each.family) == (account_id, kind, family):
                del self.stored[key]

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        found = self.stored.get((kind, secret_digest))
        return None if found is None else (found, self._accounts.by_id[found.account_id])

    async def touch(self, credential: Credential, now: datetime) -> None:
        key = (credential.kind, credential.digest)
        if key in self.stored:
            self.stored[key] = replace(self.stored[key], last_used_at=now)
        owners = self._accounts.by_id
        owners[credential.account_id] = replace(owners[credential.account_id], last_active=now)

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        return self.stored.pop((kind, secret_digest), None)

    async def of(self, account_id: int | None, kinds: Collection[Kind]) -> list[tuple[Credential, Account]]:
        listed = (each for each in self.stored.values() if each.kind in kinds and each.expires_at > self._clock())
        owned = [each for each in listed if account_id in (None, each.account_id)]
        return [(each, self._accounts.by_id[each.account_id]) for each in sorted(owned, key=_number, reverse=True)]

    async def end(self, kind: Kind, credential_id: int, account_id: int | None) -> Credential | None:
        for each in self.stored.values():
            if (each.kind, each.id) == (kind, credential_id) and account_id in (None, each.account_id):
                return self.stored.pop((kind, each.digest))
        return None

    async def end_all(self, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
        if Kind.AUTHORIZATION_CODE in kinds:
            for code, each in self._accounts.authorizations.items():
                if each.account_id == account_id and each.state is State.APPROVED:
                    self._accounts.authorizations[code] = replace(each, state=State.DENIED)
        return self._accounts.end_all(account_id, kinds, keep)

    async def rotate(self, used: Credential, *successors: Credential) -> Credential | None:
        key = (used.kind, used.digest)
        if key in self.stored and self.stored[key].spent_at is None:
            self.stored[key] = replace(self.stored[key], spent_at=used.spent_at, salt=used.salt)
            self._add(*successors)
        return self.stored.get(key)

    async def end_family(self, credential: Credential) -> int:
        ended = [key for key, each in self.stored.items() if each.family and _family(each) == _family(credential)]
        for key in ended:
            del self.stored[key]
        return len(ended)


class FakeHolderSeal:
    """`ports.HolderSeal`: what was sealed, in `contents` by its seal, secret and use."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str, str], bytes] = {}

    def seal(self, content: bytes, secret: str, use: str) -> str:
        sealed = f"sealed-{len(self.contents)}"
        self.contents[sealed, secret, use] = content
        return sealed

    def open(self, sealed: str, secret: str, use: str) -> bytes | None:
        return self.contents.get((sealed, secret, use))


class FakeSeal:
    """`ports.Seal`: what was sealed, in `contents` by its seal and use."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str], bytes] = {}

    async def seal(self, content: bytes, use: str) -> str:
        sealed = f"sealed-{len(self.contents)}"
        self.contents[sealed, use] = content
        return sealed

    async def open(self, sealed: str, use: str) -> bytes | None:
        return self.contents.get((sealed, use))

    async def rotate(self) -> None:
        """There is no key."""


class FakeAttempts:
    """`ports.Attempts`, in `used`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.used: dict[str, tuple[datetime, UsedAttempt]] = {}

    async def take(self, state_digest: str, expires_at: datetime) -> bool:
        limit = self._clock() - timedelta(hours=1)
        self.used = {state: each for state, each in self.used.items() if each[0] >= limit}
        if state_digest in self.used:
            return False
        self.used[state_digest] = (expires_at, UsedAttempt(taken_at=self._clock(), outcome=None))
        return True

    async def conclude(self, state_digest: str, outcome: Outcome) -> None:
        expires_at, recalled = self.used.get(state_digest, (None, None))
        if expires_at is not None and recalled is not None and recalled.outcome is None:
            self.used[state_digest] = (expires_at, replace(recalled, outcome=outcome))

    async def recall(self, state_digest: str) -> UsedAttempt | None:
        _, recalled = self.used.get(state_digest, (None, None))
        return recalled


class FakePendingSignIns:
    """`ports.PendingSignIns`, of the accounts in `accounts`; `waiting` is open to tests."""

    def __init__(self, accounts: FakeAccounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self.waiting: dict[str, PendingSignIn] = {}

    async def put(self, seen: Account, pending: PendingSignIn, secret: str) -> None:
        self._accounts.judge(seen)
        alive = {key: each for key, each in self.waiting.items() if each.expires_at >= self._clock()}
        self.waiting = alive | {secret: pending}

    async def find(self, secret: str) -> PendingSignIn | None:
        found = self.waiting.get(secret)
        return found if found is not None and found.account_id in self._accounts.by_id else None

    async def take(self, secret: str) -> PendingSignIn | None:
        return self.waiting.pop(secret, None) if await self.find(secret) else None


class FakeThrottles:
    """`ports.Throttles`, in `counted` and `known`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.counted: dict[str, Failures] = {}
        self.known: dict[str, datetime] = {}

    async def read(self, keys: Sequence[str]) -> list[Failures]:
        return [self.counted[key] for key in keys if key in self.counted]

    async def count(self, keys: Sequence[str]) -> list[Failures]:
        now = self._clock()
        self._forget_old(now)
        for key in keys:
            before = self.counted.get(key)
            self.counted[key] = Failures(key, before.count + 1 if before else 1, now)
        return [self.counted[key] for key in sorted(keys)]

    async def update(self, keys: Sequence[str], decide: Decide) -> Refuse | tuple[Failures, ...]:
        self._forget_old(self._clock())
        decided = decide({key: self.counted[key] for key in keys if key in self.counted})
        if not isinstance(decided, Refuse):
            self.counted |= {each.key: each for each in decided}
        return decided

    async def forget(self, key: str) -> None:
        self.counted.pop(key, None)

    async def known_since(self, known_address: str) -> datetime | None:
        return self.known.get(known_address)

    async def note_known(self, known_address: str) -> None:
        now = self._clock()
        self.known = {key: seen_at for key, seen_at in self.known.items() if seen_at >= now - KNOWN_FOR}
        self.known[known_address] = now

    def _forget_old(self, now: datetime) -> None:
        self.counted = {key: each for key, each in self.counted.items() if each.last_at >= now - FORGOTTEN_AFTER}


class FakeLogouts:
    """`ports.Logouts`, of the sessions in `credentials`; `carried_out` says until when each token is remembered."""

    def __init__(self, credentials: FakeCredentials, clock: Clock) -> None:
        self._stored = credentials.stored
        self._clock = clock
        self.carried_out: dict[str, datetime] = {}

    async def algorithms(self, logout: Logout) -> set[str | None]:
        sessions = [each for each in self._stored.values() if each.kind is Kind.SESSION]
        return {each.id_token_alg for each in sessions if _is_meant(each, logout)}

    async def carry_out(self, logout: Logout) -> list[int]:
        self.carried_out = {key: until for key, until in self.carried_out.items() if until >= self._clock()}
        if logout.digest in self.carried_out:
            raise Conflict("logout_token")
        self.carried_out[logout.digest] = logout.forgotten_at
        ended = [key for key, each in self._stored.items() if each.kind is Kind.SESSION and _is_meant(each, logout)]
        return [self._stored.pop(key).account_id for key in ended]


def _is_meant(session: Credential, logout: Logout) -> bool:
    identity = session.identity
    if identity is None or identity.issuer != logout.issuer:
        return False
    return logout.subject in (None, identity.subject) and logout.sid in (None, session.sid)


class FakeSignInLog:
    """`ports.SignInLog`, in `entries`; names are those of `accounts`."""

    def __init__(self, retention: timedelta = timedelta(days=90)) -> None:
        self.entries: list[SignInEntry] = []
        self.accounts: Mapping[int, Account] = {}
        self._retention = retention
        self._numbers = count(1)

    async def add(self, entry: SignInEntry) -> None:
        numbered = replace(entry, id=next(self._numbers))
        self.entries = [each for each in self.entries if each.at >= entry.at - self._retention] + [numbered]

    async def search(self, wanted: SignInFilter, limit: int) -> list[SignInEntry]:
        newest_first = (
            each for each in reversed(self.entries) if wanted.before is None or (each.id or 0) < wanted.before
        )
        said = {name: value for name, value in asdict(wanted).items() if value not in (None, "") and name != "term"}
        newest_first = (each for each in newest_first if wanted.term is None or self._matches(each, wanted.term))
        facts = {name: value for name, value in said.items() if name != "before"}
        fits = (each for each in newest_first if all(getattr(each, name) == value for name, value in facts.items()))
        return list(islice(fits, limit))

    def _matches(self, entry: SignInEntry, term: Term) -> bool:
        match term:
            case ByReference(correlation_id=reference):
                return entry.correlation_id == reference
            case OfPerson(account_id=account_id, email=email):
                return entry.account_id == account_id or (email is not None and entry.email == email)
            case ByText(text=text, number=number, names=names):
                owner = self.accounts.get(entry.account_id or 0) if names else None
                parts = [entry.email, owner and owner.username, owner and owner.email]
                is_number = number is not None and entry.account_id == number
                begins = any(part.lower().startswith(text.lower()) for part in parts if part)
                return begins or is_number or entry.address == text or text.lower() in (entry.code or "")


class FakeSignInRecords:
    """`ports.SignInRecords`. `note` keeps the account's last sign-in."""

    def __init__(
        self, note: Callable[[int, datetime], None], credentials: Credentials, log: SignInLog, attempts: Attempts
    ) -> None:
        self._note = note
        self._credentials = credentials
        self._log = log
        self._attempts = attempts

    async def keep(
        self,
        owner: Account,
        entry: SignInEntry,
        *credentials: Credential,
        ends: Iterable[tuple[Kind, str]] = (),
        concludes: tuple[str, Outcome] | None = None,
    ) -> list[Credential]:
        await self._credentials.add(owner, *credentials)
        ended = [await self._credentials.take(*each) for each in ends]
        self._note(owner.id, entry.at)
        await self._log.add(entry)
        if concludes is not None:
            await self._attempts.conclude(*concludes)
        return [each for each in ended if each is not None]


class FakeCheckups:
    """`ports.CheckupStore`."""

    def __init__(self) -> None:
        self.begun_at: datetime | None = None
        self.last_one: Checkup | None = None

    async def begin(self, now: datetime, since: datetime) -> bool:
        if self.begun_at is not None and self.begun_at > since:
            return False
        self.begun_at = now
        return True

    async def keep(self, checkup: Checkup) -> None:
        self.begun_at = self.begun_at or checkup.at
        self.last_one = checkup

    async def last(self) -> Checkup | None:
        return self.last_one


class FakePasswords:
    """`ports.Passwords` in no time. `outdated` are the hashes that want to be made anew, `lingered` those worked through."""

    def __init__(self, outdated: Iterable[str] = ()) -> None:
        self.outdated = set(outdated)
        self.lingered: list[str] = []

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        fits = password_hash in {await self.hash(password), f"old hash of {password}"}
        return Verdict(fits, mark=f"{password_hash or salt} {password}")

    async def equalize_time(
        self, password_hash: str | None, legacy_hash: str | None, password: str, place: Place
    ) -> None:
        if legacy_hash is not None and not is_legacy(password_hash):
            self.lingered.append(legacy_hash)

    async def common(self) -> Container[str]:
        return frozenset({"12345678", "sunshine"})

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old ") or password_hash in self.outdated


class FakeNetwork:
    """`instruments.Network`, on which all is well unless a test says otherwise."""

    def __init__(self) -> None:
        self.addresses: tuple[str, ...] | Refused = ("192.0.2.1",)
        self.seconds: float | Refused = 0.012
        self.tls: Handshake | Refused = Handshake()

    async def resolve(self, place: Endpoint) -> tuple[str, ...]:
        return given(self.addresses)

    async def connect(self, place: Endpoint) -> float:
        return given(self.seconds)

    async def handshake(self, place: Endpoint) -> Handshake:
        return given(self.tls)


class FakeStorage:
    """`instruments.Storage`, up to date unless a test says otherwise."""

    newest = "0002"

    def __init__(self, revision: str | Refused | None = newest, *, is_embedded: bool = True) -> None:
        self.is_embedded = is_embedded
        self._revision = revision
        self.by_id: Mapping[int, Account] = {}
        self.log = FakeSignInLog()

    async def number_of_accounts(self) -> int | None:
        return len(self.by_id)

    async def issuers(self) -> list[str]:
        return await FakeAccountLists(self.by_id).issuers()

    async def only_linked_to(self, issuer: str, opening: Collection[str]) -> int:
        return await FakeAccountLists(self.by_id).only_linked_to(issuer, opening)

    async def personal(self, words: Collection[str]) -> list[str]:
        return await FakeAccountLists(self.by_id).personal(words)

    async def sign_ins(self) -> list[LogLine]:
        names = ("at", "method", "outcome", "issuer", "code", "warning")
        return [LogLine(**{name: getattr(each, name) for name in names}) for each in reversed(self.log.entries)]

    async def revision(self) -> str | None:
        return given(self._revision)


def given(prepared: T | Refused) -> T:
    """What a test prepared; a refusal is raised."""
    if isinstance(prepared, Refused):
        raise prepared
    return prepared


class FakeLog:
    """`ports.Log`: every line as (level, event, facts) in `lines`."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def debug(self, event: str, **facts: Any) -> None:
        self.lines.append(("debug", event, facts))

    def info(self, event: str, **facts: Any) -> None:
        self.lines.append(("info", event, facts))

    def warning(self, event: str, **facts: Any) -> None:
        self.lines.append(("warning", event, facts))

    def error(self, event: str, **facts: Any) -> None:
        self.lines.append(("error", event, facts))

    def exception(self, event: str, **facts: Any) -> None:
        self.lines.append(("exception", event, facts))

    def events(self) -> list[str]:
        """The names of what happened, in order."""
        return [event for _, event, _ in self.lines]

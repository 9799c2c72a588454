"""Administrators list, create, change and delete accounts."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

from msgspec import UnsetType
from msgspec.structs import replace

from romm.accounts.forms import AccountForm, account_update, stored_email, stored_username
from romm.accounts.passwords import hash_of_new
from romm.domain.accounts import changes as rules
from romm.domain.accounts.search import canonical, check_offset
from romm.domain.credentials import step_up
from romm.domain.credentials.credential import SIGNED_IN_KINDS, Kind
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.credentials.step_up import Lasting
from romm.domain.errors import Code, Refused, required
from romm.domain.issuers import ELSEWHERE, spelled
from romm.domain.limits import check_search
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.ports.accounts import AccountLists, AccountPage, AccountQuery, Accounts, AccountStore, NewAccount, Passwords
from romm.ports.conflicts import Conflict, conflict_refusal, retry_on_conflict
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log
from romm.sign_in.journal import log_role_change
from romm.sign_in.openid.issuers import KnownIssuers

AT_ONCE = 1_000
"""Accounts, of a list that is read whole."""


@dataclass(frozen=True, kw_only=True)
class Administration:
    """Every method with an `actor` raises `Refused`. `roles_by_claim`: the provider's groups give roles."""

    accounts: Accounts
    account_store: AccountStore
    account_lists: AccountLists
    credentials: Credentials
    passwords: Passwords
    passwords_enabled: bool
    roles_by_claim: bool
    issuers: KnownIssuers
    log: Log
    clock: Clock

    async def search(self, actor: Actor, query: AccountQuery) -> AccountPage:
        required(may(actor, Action.LIST_ACCOUNTS))
        required(check_search(query.text, query.after, query.before))
        required(check_offset(query.offset))
        return await self.account_lists.page(replace(query, text=canonical(query.text)))

    async def all_accounts(self, actor: Actor, text: str = "") -> Sequence[Account]:
        found: list[Account] = []
        while True:
            after = found[-1].username if found else ""
            page = await self.search(actor, AccountQuery(text=text, limit=AT_ONCE, after=after))
            found += page.accounts
            if not page.has_more:
                return found

    def identifiers(self, actor: Actor) -> AsyncIterator[Sequence[int]]:
        """Some at a time, by name. Refuses before the first."""
        required(may(actor, Action.LIST_ACCOUNTS))
        return self._identifiers()

    async def _identifiers(self) -> AsyncIterator[Sequence[int]]:
        after, found = "", await self.account_lists.ids("", AT_ONCE)
        while found:
            yield [number for _, number in found]
            after, _ = found[-1]
            found = await self.account_lists.ids(after, AT_ONCE)

    async def oldest_admin(self, actor: Actor) -> Account | None:
        """An enabled one."""
        required(may(actor, Action.LIST_ACCOUNTS))
        return await self.account_lists.oldest_admin()

    async def get(self, actor: Actor, account_id: int, action: Action = Action.READ_ACCOUNT) -> Account:
        """ACCOUNT_UNKNOWN only for who could do it to another account."""
        required(may(actor, action, Target(account_id=account_id)))
        account = await self._account(account_id)
        required(may(actor, action, Target.of(account)))
        return account

    async def named(self, actor: Actor, username: str) -> Account:
        required(may(actor, Action.LIST_ACCOUNTS))
        found = await self.accounts.password(username.lower())
        if found is None:
            raise Refused(Code.ACCOUNT_UNKNOWN, account=username)
        return found[0]

    async def names(self, actor: Actor, account_ids: Collection[int]) -> dict[int, str]:
        """Without deleted accounts."""
        required(may(actor, Action.LIST_ACCOUNTS))
        found = [await self.accounts.get(account_id) for account_id in account_ids]
        return {account.id: account.username for account in found if account is not None}

    def is_managed(self, account: Account) -> bool:
        """Did the last sign-in take its role from the claim? Not with links elsewhere only."""
        elsewhere = self.issuers.now().linked(account, ELSEWHERE)
        return self.roles_by_claim and account.role_from_claim and len(account.links) > len(elsewhere)

    async def create(self, actor: Actor, typed: AccountForm, level: AccessLevel) -> Account:
        required(may(actor, Action.CREATE_ACCOUNT, Target(level=level)))
        lasting = Lasting.ADMINISTRATOR if level is AccessLevel.ADMIN else Lasting.ACCOUNT
        required(step_up.check(actor, lasting, self.clock()))
        name = stored_username(typed.username or "")
        email, password_hash = stored_email(typed.email or ""), None
        if not isinstance(typed.password, UnsetType):
            if not self.passwords_enabled:
                raise Refused(Code.PASSWORDS_OFF)
            password_hash = await hash_of_new(self.passwords, typed.password, username=name, email=email)
        new = NewAccount(
            username=name,
            email=email,
            level=level,
            password_hash=password_hash,
            email_source=EmailSource.ADMINISTRATOR,
        )
        try:
            account = await self.accounts.create(new, self.clock())
        except Conflict as conflict:
            raise conflict_refusal(conflict, name, email) from conflict
        self._log("account.created", actor, account, level=level.label)
        return account

    async def change(self, actor: Actor, account_id: int, typed: AccountForm) -> Account:
        account = await self.get(actor, account_id, Action.CHANGE_ACCOUNT)
        if typed.sets_password and not self.passwords_enabled:
            raise Refused(Code.PASSWORDS_OFF)
        wish = await account_update(typed, account, self.passwords)

        async def attempt() -> tuple[AccessLevel, Account]:
            seen, now = await self._account(account_id), self.clock()
            admins = await self.account_store.enabled_admins()
            change = rules.administer(actor, seen, wish, admins, now, managed=self.is_managed(seen))
            return seen.level, await self.account_store.change(required(change), now)

        before, account = await retry_on_conflict(attempt, wish)
        if before is not account.level:
            log_role_change(self.log, account, before, by=actor.name)
        facts = {"level": account.level.label, "enabled": account.enabled, "password": typed.sets_password}
        facts["email_source"] = account.email_source
        self._log("account.changed", actor, account, **facts)
        return account

    async def delete(self, actor: Actor, account_id: int) -> None:
        async def attempt() -> Account:
            seen = await self.get(actor, account_id, Action.DELETE_ACCOUNT)
            await self.account_store.delete(
                required(rules.delete(actor, seen, await self.account_store.enabled_admins()))
            )
            return seen

        self._log("account.deleted", actor, await retry_on_conflict(attempt))

    async def unlink(self, actor: Actor, account_id: int, issuer: str = "") -> Account:
        """The next single sign-on links anew."""

        async def attempt() -> tuple[tuple[str, ...], Account]:
            account = await self.get(actor, account_id, Action.UNLINK_ACCOUNT)
            required(step_up.check(actor, Lasting.UNLINK, self.clock()))
            identities = _identities(account, issuer)
            for identity in identities:
                detach = rules.Unlink(account=account, identity=identity)
                account = await self.account_store.unlink(detach, self.clock())
            return tuple(identity.issuer for identity in identities), account

        issuers, account = await retry_on_conflict(attempt)
        self._log("account.unlinked", actor, account, issuers=issuers)
        return account

    async def end(self, actor: Actor, account_id: int, kinds: Collection[Kind] = SIGNED_IN_KINDS) -> int:
        account = await self.get(actor, account_id, Action.END_SIGN_INS)
        ended = await self.credentials.end_all(account_id, kinds)
        self._log("account.sign_ins_ended", actor, account, ended=ended)
        return ended

    async def end_sessions(self, actor: Actor, account_id: int) -> int:
        """Apps stay signed in."""
        return await self.end(actor, account_id, [Kind.SESSION])

    async def end_session(self, actor: Actor, account_id: int, session_id: int) -> None:
        account = await self.get(actor, account_id, Action.END_SIGN_INS)
        if await self.credentials.end(Kind.SESSION, session_id, account_id) is None:
            raise Refused(Code.CREDENTIAL_UNKNOWN, credential=session_id)
        self._log("account.session_ended", actor, account, session=session_id)

    async def _account(self, account_id: int) -> Account:
        account = await self.accounts.get(account_id)
        if account is None:
            raise Refused(Code.ACCOUNT_UNKNOWN, account=account_id)
        return account

    def _log(self, event: str, actor: Actor, account: Account, **facts: object) -> None:
        self.log.warning(event, account=account.id, username=account.username, by=actor.name, **facts)


def _identities(account: Account, issuer: str) -> list[Identity]:
    """Raises `Refused(ISSUER_NOT_LINKED)`."""
    identities = [link.identity for link in account.links]
    here = tuple(identity.issuer for identity in identities)
    if issuer and spelled(issuer, here) not in here:
        raise Refused(Code.ISSUER_NOT_LINKED, issuer=issuer, found=here)
    return [identity for identity in identities if not issuer or identity.issuer == spelled(issuer, here)]

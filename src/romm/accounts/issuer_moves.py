"""Move accounts to the issuer of a new provider."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from romm.domain.accounts import issuer_moves as rules
from romm.domain.accounts.changes import Unlink
from romm.domain.accounts.issuer_moves import IssuerMove, IssuerMoveDecision, Retire, Rewrite, Stay
from romm.domain.credentials import step_up
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.credentials.step_up import Lasting
from romm.domain.errors import Code, Refused, required
from romm.domain.issuers import LinkedElsewhere, spelled
from romm.domain.model import Account, Identity, subject_digest
from romm.ports.accounts import AccountLists, Accounts, AccountStore
from romm.ports.conflicts import retry_on_conflict
from romm.ports.process import Clock, Log
from romm.sign_in.openid.issuers import KnownIssuers, linked_elsewhere


@dataclass(frozen=True, kw_only=True)
class IssuerMoves:
    """Decides and writes each account by itself. Methods with an `actor` raise `Refused`."""

    accounts: Accounts
    account_store: AccountStore
    account_lists: AccountLists
    issuers: KnownIssuers
    log: Log
    clock: Clock

    async def elsewhere(self, actor: Actor) -> tuple[LinkedElsewhere, ...]:
        """Accounts that sign in with none of today's issuers, by issuer."""
        required(may(actor, Action.READ_ISSUERS))
        return await linked_elsewhere(self.account_lists, self.issuers.now())

    async def preview(self, actor: Actor, wanted: IssuerMove) -> list[IssuerMoveDecision]:
        """By name."""
        required(may(actor, Action.PREVIEW_ISSUER_MOVE))
        move, accounts = await self._understood(wanted)
        return [decision for each in accounts if (decision := await self._decided(move, each, None)) is not None]

    async def carry_out(self, actor: Actor, wanted: IssuerMove, keep: str | None = None) -> list[IssuerMoveDecision]:
        """`keep` is the digest of the requesting session."""
        required(may(actor, Action.MOVE_ISSUER))
        required(step_up.check(actor, Lasting.ISSUER_MOVE, self.clock()))
        move, accounts = await self._understood(wanted)
        moved = [await retry_on_conflict(self._moving(actor, move, each.id, keep)) for each in accounts]
        return [decision for decision in moved if decision is not None]

    def notes(self, wanted: IssuerMove) -> list[str]:
        return list(rules.notes(wanted, self.issuers.now(), link_by_email=self.issuers.links_by_email(wanted.new)))

    async def _understood(self, wanted: IssuerMove) -> tuple[IssuerMove, Sequence[Account]]:
        here, now = await self.account_lists.issuers(), await self.issuers.asked()
        old = spelled(wanted.old, here)
        new = spelled(wanted.new, tuple(filter(None, [now.this, *now.current])))
        if old not in here:
            raise Refused(Code.ISSUER_NOT_LINKED, issuer=wanted.old, found=tuple(here))
        move = IssuerMove(old=old, new=new, way=wanted.way)
        return move, await self.account_lists.linked_to(old)

    def _moving(
        self, actor: Actor, move: IssuerMove, account_id: int, keep: str | None
    ) -> Callable[[], Awaitable[IssuerMoveDecision | None]]:
        async def attempt() -> IssuerMoveDecision | None:
            account = await self.accounts.get(account_id)
            decision = None if account is None else await self._decided(move, account, keep)
            if decision is not None:
                await self._write(decision)
                self._log(actor, move, decision)
            return decision

        return attempt

    async def _decided(self, move: IssuerMove, account: Account, keep: str | None) -> IssuerMoveDecision | None:
        link = rules.link_to(account, move.old)
        if link is None:
            return None
        found = await self.accounts.find(Identity(move.new, link.identity.subject), None)
        return rules.decide(move, account, link, found.by_identity, keep=keep)

    async def _write(self, decision: IssuerMoveDecision) -> None:
        match decision:
            case Rewrite() | Retire():
                await self.account_store.move_link(decision, self.clock())
            case Unlink():
                await self.account_store.unlink(decision, self.clock())
            case Stay():
                pass
            case _:
                assert_never(decision)

    def _log(self, actor: Actor, move: IssuerMove, decision: IssuerMoveDecision) -> None:
        account = decision.account
        facts = {"account": account.id, "username": account.username, "by": actor.name, "way": move.way}
        if isinstance(decision, Stay):
            self.log.warning("account.issuer_kept", **facts, issuer=move.old, why=decision.why)
            return
        after = {Rewrite: move.new, Retire: f"{move.old} (earlier)"}.get(type(decision), "none")
        subject = subject_digest(decision.identity)
        self.log.warning("account.issuer_moved", **facts, before=move.old, after=after, subject_digest=subject)

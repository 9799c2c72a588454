"""Record sign-ins in the process's log and in the administrators' log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import json
from msgspec.structs import replace

from romm.credentials.rate_limits import Rates
from romm.domain import emails
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.errors import Code, Refused, required
from romm.domain.limits import NOTED_REFUSALS, check_search
from romm.domain.model import AccessLevel, Account, Identity, Visitor, subject_digest
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.linking.decisions import Admitted, Register, warnings
from romm.domain.sign_in.log_search import ByText
from romm.domain.sign_in.logout_token import Logout
from romm.domain.sign_in.providers import FIRST, in_words_of
from romm.ports.process import NO_METER, Clock, Log, Meter
from romm.ports.sign_in import SignInEntry, SignInFilter, SignInLog

_STAYED_THERE = (
    "If no signin.returned with this attempt follows, the provider did not send the browser back. It must know client {client} "
    "(OIDC_CLIENT_ID) and exactly the redirect URI {redirect_uri} (OIDC_REDIRECT_URI, or built from ROMM_BASE_URL). `romm doctor` "
    "checks this."
)

_WITHOUT_EXPIRY = (
    "The provider's logout token has no exp, which OpenID Connect Back-Channel Logout 1.0, 2.4 demands. It counts once, for "
    "ten minutes from its iat."
)


MAX_CLAIMS_LENGTH = 8192
"""Characters of the deciding claims."""

ATTEMPT_LENGTH = 16
"""Characters of the digest of a `state`: 64 bits, as in a correlation id."""


@dataclass(frozen=True)
class SignInJournal:
    """`method`: `openid`, `password` or `backchannel` (the provider ends sessions). The HTTP layer logs refusals."""

    entries: SignInLog
    log: Log
    clock: Clock
    rates: Rates
    meter: Meter = NO_METER

    def begun(self, client: Client, state_digest: str, provider: str = FIRST) -> None:
        """Failures at the provider stay there."""
        self.meter.sign_in("openid", "begun")
        told = _STAYED_THERE.format(client=client.client_id, redirect_uri=client.redirect_uri)
        hint = f"{told} {client.stays_there}".rstrip()
        facts = {"provider": provider, "client_id": client.client_id, "redirect_uri": client.redirect_uri}
        self.log.info("signin.begun", attempt=_short(state_digest), **facts, hint=in_words_of(provider, hint))

    def returned(self, state_digest: str) -> None:
        """Another request, another correlation id: `attempt` joins the two."""
        self.log.info("signin.returned", attempt=_short(state_digest))

    async def signed_in(self, method: str, account: Account, visitor: Visitor) -> None:
        """Like `signed_in_without_provider`, for a stored session."""
        entry = self.signed_in_without_provider(method, account, visitor)
        self.done(account, entry)
        await self.entries.add(entry)

    def signed_in_without_provider(self, method: str, account: Account, visitor: Visitor) -> SignInEntry:
        """To be kept with the credentials, and `done` afterwards."""
        return self._entry(method, "signed_in", visitor, account_id=account.id)

    def signed_in_by(
        self, identity: Identity, account: Account, visitor: Visitor, decision: Admitted, claims: Mapping[str, Any]
    ) -> SignInEntry:
        """Like `signed_in_without_provider`, with the deciding `claims`."""
        facts = {"rule": decision.rule, "issuer": identity.issuer, "subject_digest": subject_digest(identity)}
        kept = {"account_id": account.id, "claims": _bounded(claims), **facts, **_role(decision)}
        return self._entry("openid", "signed_in", visitor, **kept)

    def done(self, account: Account, entry: SignInEntry) -> None:
        self.meter.sign_in(entry.method, "signed_in")
        facts = {name: getattr(entry, name) for name in ("method", "address", "rule", "issuer", "subject_digest")}
        self.log.info("signin.done", account=account.id, access_level=account.level.label, **facts)

    async def refused(self, method: str, refused: Refused, visitor: Visitor) -> None:
        """Up to `NOTED_REFUSALS`; all are counted."""
        self.meter.sign_in(method, "refused", refused.code)
        if not await self._has_room(visitor):
            return
        facts = {name: refused.facts.get(name) for name in ("rule", "issuer", "subject_digest")}
        account = refused.facts.get("account")
        facts["account_id"] = account if isinstance(account, int) else None
        facts["email"] = _email(refused)
        facts["facts"], facts["received"] = _json(refused.facts), _json(refused.received)
        facts["claims"] = _bounded(refused.claims)
        await self.entries.add(self._entry(method, "refused", visitor, code=refused.code, **facts))

    async def signed_out(self, logout: Logout, owners: Sequence[int], visitor: Visitor) -> None:
        """`owners`: the account of each ended session."""
        self.meter.sign_in("backchannel", "signed_out")
        identity = logout.subject and Identity(logout.issuer, logout.subject)
        facts = {"issuer": logout.issuer, "subject_digest": subject_digest(identity) if identity else None}
        accounts = sorted(set(owners))
        self.log.info("backchannel.signed_out", ended=len(owners), accounts=accounts, named_by=logout.named_by, **facts)
        for account_id in accounts:
            await self.entries.add(self._entry("backchannel", "signed_out", visitor, account_id=account_id, **facts))

    def without_expiry(self, logout: Logout, fix: str) -> None:
        self.log.warning("backchannel.without_exp", issuer=logout.issuer, hint=f"{_WITHOUT_EXPIRY} {fix}".rstrip())

    async def _has_room(self, visitor: Visitor) -> bool:
        try:
            await self.rates.check(*NOTED_REFUSALS.of(visitor.address))
        except Refused as full:
            if full.code is not Code.TOO_MANY_REQUESTS:
                raise
            return False
        return True

    async def search(self, actor: Actor, wanted: SignInFilter, limit: int) -> Sequence[SignInEntry]:
        """Raises `Refused`: FORBIDDEN, REQUEST_INVALID."""
        required(may(actor, Action.READ_SIGN_INS))
        term = wanted.term if isinstance(wanted.term, ByText) else None
        required(check_search(wanted.outcome, wanted.code, wanted.correlation_id, term.text if term else None))
        if term is not None and may(actor, Action.LIST_ACCOUNTS) is not None:
            wanted = replace(wanted, term=replace(term, names=False))
        return await self.entries.search(wanted, limit)

    def _entry(self, method: str, outcome: str, visitor: Visitor, **facts: object) -> SignInEntry:
        empty = dict.fromkeys(("rule", "code", "issuer", "subject_digest", "account_id"))
        return SignInEntry(
            at=self.clock(),
            method=method,
            outcome=outcome,
            address=visitor.address,
            correlation_id=visitor.correlation_id,
            **{**empty, **facts},  # type: ignore[arg-type]  # the callers above name exactly these
        )


def _email(refused: Refused) -> str | None:
    found = refused.received.get("email", "")
    return emails.canonical(found) or (found if "@" in found else None)


def _json(facts: Mapping[str, Any]) -> str:
    return json.encode(facts).decode() if facts else ""


def _bounded(claims: Mapping[str, Any]) -> str:
    """Too many are left out: a person may be in ten thousand groups."""
    written = _json(claims)
    return written if len(written) <= MAX_CLAIMS_LENGTH else ""


def _short(state_digest: str) -> str:
    return state_digest[:ATTEMPT_LENGTH]


def _role(decision: Admitted) -> dict[str, object]:
    before = None if isinstance(decision, Register) else decision.account.level
    return {"role_before": before, "role_after": decision.level, "warning": next(iter(warnings(decision)), None)}


def log_role_change(log: Log, account: Account, before: AccessLevel, *, by: int | str) -> None:
    """`by`: the acting account's id, or the source's name."""
    roles = {"role_before": before.label, "role_after": account.level.label}
    log.warning("account.role_changed", account=account.id, username=account.username, by=by, **roles)

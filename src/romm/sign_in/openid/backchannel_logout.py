"""End our sessions when the provider sends a logout token (OpenID Connect Back-Channel Logout 1.0)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from romm.credentials.rate_limits import FairLimit
from romm.domain.errors import UNVERIFIABLE, Code, Refused, required
from romm.domain.model import Visitor
from romm.domain.sign_in import logout_token
from romm.domain.sign_in.claims import rules as claims
from romm.domain.sign_in.claims.signed_tokens import ExpectedToken
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.end_session import claims_of
from romm.domain.sign_in.logout_token import Logout, LogoutScope
from romm.domain.sign_in.providers import ConfiguredProviders
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from romm.ports.provider import Provider, SignedClaims
from romm.ports.sign_in import Logouts
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.identification import Identification

_SENDERS_FAULT = {Code.LOGOUT_TOKEN_INVALID, Code.LOGOUT_TOKEN_USED}


@dataclass(frozen=True, kw_only=True)
class BackchannelLogout:
    """`off`: why single sign-on is off. `without_expiry`: the hint for logout tokens without `exp`."""

    identification: Identification | None
    off: str
    logouts: Logouts
    journal: SignInJournal
    failures: FairLimit
    clock: Clock
    scope: LogoutScope = LogoutScope.SESSION
    types: logout_token.Types = logout_token.TYPES
    without_expiry: str = ""

    async def log_out(self, unverified_logout_token: str, visitor: Visitor) -> None:
        """Succeeds without sessions to end (2.7). Raises `Refused`: LOGOUT_TOKEN_INVALID, LOGOUT_TOKEN_USED, or why it
        cannot be validated.
        """
        if self.identification is None:
            raise Refused(Code.OIDC_OFF, reason=self.off)
        if refuse := self.failures.judge(visitor.address):
            raise Refused.by(refuse)
        try:
            logout = await self._judged(self.identification, unverified_logout_token)
            owners = await self._carry_out(logout)
        except Refused as refused:
            if refused.code in _SENDERS_FAULT:
                await self.failures.count(visitor.address)
            raise
        await self.journal.signed_out(logout, owners, visitor)

    async def _carry_out(self, logout: Logout) -> Sequence[int]:
        """Raises `Refused(LOGOUT_TOKEN_USED)`."""
        if not logout.has_expiry:
            self.journal.without_expiry(logout, self.without_expiry)
        try:
            return await self.logouts.carry_out(logout)
        except Conflict as conflict:
            raise Refused(Code.LOGOUT_TOKEN_USED, issuer=logout.issuer) from conflict

    async def _judged(self, identification: Identification, unverified_logout_token: str) -> Logout:
        provider = identification.provider
        metadata = await provider.metadata()
        signed = await _signed(provider, metadata, unverified_logout_token)
        addressee = ExpectedToken(
            issuer=metadata.issuer,
            client_id=provider.client.client_id,
            now=self.clock().timestamp(),
            extra_audiences=identification.extra_audiences,
        )
        spelled = claims.with_known_issuer(signed.unverified_claims, identification.issuer_spellings)
        validated = required(logout_token.validate(spelled, signed.typ, addressee, self.types))
        logout = logout_token.widened(validated, self.scope)
        of_sessions = await self.logouts.algorithms(logout)
        announced = metadata.id_token_signing_alg_values_supported
        if refuse := logout_token.held_to(signed.algorithm, of_sessions, announced):
            raise Refused.by(refuse)
        return logout


@dataclass(frozen=True, kw_only=True)
class BackchannelLogouts:
    """One address serves all providers: the token names its issuer."""

    by_id: Mapping[str, BackchannelLogout]
    providers: ConfiguredProviders

    async def log_out(self, unverified_logout_token: str, visitor: Visitor) -> None:
        """An unknown issuer goes to the default provider, which refuses it."""
        issuer = claims_of(unverified_logout_token).get("iss")
        found = self.providers.of_issuer(issuer if isinstance(issuer, str) else None) or self.providers.default
        await self.by_id[found.id].log_out(unverified_logout_token, visitor)


async def _signed(provider: Provider, metadata: Metadata, unverified_logout_token: str) -> SignedClaims:
    """Unavailable keys keep their code: the provider may retry. Raises `LOGOUT_TOKEN_INVALID`."""
    try:
        return await provider.verify(metadata, unverified_logout_token)
    except Refused as refused:
        if refused.code not in UNVERIFIABLE:
            raise
        raise _not_signed(refused) from refused


def _not_signed(refused: Refused) -> Refused:
    found = f"{refused.code} {refused.facts.get('found', '')}".strip()
    expected = refused.facts.get("expected", "the provider's")
    return Refused(Code.LOGOUT_TOKEN_INVALID, claim="signature", found=found, expected=expected)

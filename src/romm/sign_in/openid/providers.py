"""Which provider a request belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from romm.credentials.principal import Principal, require_own
from romm.domain.credentials.permissions import Action
from romm.domain.errors import Code, Refused, required
from romm.domain.sign_in.authorization import Initiation
from romm.domain.sign_in.providers import FIRST, ConfiguredProviders
from romm.sign_in.openid.flow import OpenIDSignIn


@dataclass(frozen=True, kw_only=True)
class SignIns:
    """`by_id` also has the providers that are off."""

    by_id: Mapping[str, OpenIDSignIn]
    providers: ConfiguredProviders

    def at(self, provider_id: str | None) -> OpenIDSignIn:
        """The default one without an id. Raises `Refused(OIDC_OFF)` for an unknown one."""
        return self.by_id[required(self.providers.declared_as(provider_id)).id]

    def further(self, provider_id: str) -> OpenIDSignIn:
        """For addresses below the first one's. Raises `Refused(NOT_FOUND)`."""
        if provider_id == FIRST or provider_id not in self.by_id:
            raise Refused(Code.NOT_FOUND, problem=f"[providers.{provider_id}] is not in the settings")
        return self.by_id[provider_id]

    def initiated_by(self, initiation: Initiation) -> OpenIDSignIn:
        """An unknown issuer goes to the default one, which refuses it."""
        found = self.providers.of_issuer(initiation.iss) or self.providers.default
        return self.by_id[found.id]

    def confirming(self, who: Principal) -> OpenIDSignIn:
        """Of the session, else of the account's links. Raises `Refused`."""
        require_own(who, Action.CHANGE_PROFILE)
        return self.by_id[self.providers.to_confirm_by(who.issuers).id]

    def of_issuer(self, issuer: str) -> OpenIDSignIn | None:
        """None for an unknown one, and while it is off."""
        found = self.providers.of_issuer(issuer)
        return self.by_id[found.id] if found is not None and found.is_on else None

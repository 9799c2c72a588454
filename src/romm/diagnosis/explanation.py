"""Use case: what would happen with these claims? Decided by the rules and the database that sign-ins use; nothing is written."""

from dataclasses import dataclass
from typing import Any

from romm.domain.accounts import usernames
from romm.domain.diagnosis import explanation
from romm.domain.diagnosis.explanation import Explanation
from romm.domain.errors import required
from romm.domain.sign_in import claims as rules
from romm.domain.sign_in.claims import ClaimMapping
from romm.ports.provider import Provider
from romm.sign_in.admission import Admission
from romm.sign_in.identification import Person


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Explains claim sets that somebody pastes, and people whom the provider sent. `issuer` fills in for a missing one."""

    reading: ClaimMapping
    admission: Admission
    provider: Provider | None
    issuer: str

    async def explain(self, pasted: Any) -> Explanation:
        """What would happen with a claim set: flat, or `id_token` and `userinfo`. Raises `Refused`."""
        known = self.provider and self.provider.known_metadata()
        id_token, userinfo = required(explanation.documents(pasted, known.issuer if known else self.issuer))
        return await self._explained(required(rules.read(id_token, userinfo, self.reading)))

    async def person(self, person: Person) -> Explanation:
        """What would have happened with somebody who came back from the provider."""
        return await self._explained(person.claims)

    async def _explained(self, read: rules.Claims) -> Explanation:
        role = self.admission.role(read)
        decision = await self.admission.decide(read)
        username = usernames.proposal(read.merged, self.admission.username_attribute)
        return explanation.explain(read, decision, role, username, self.admission.roles_claim)

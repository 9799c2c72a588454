"""Explain what claims would do, with the rules and database of sign-in. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from romm.domain.accounts import usernames
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.diagnosis import explanation
from romm.domain.diagnosis.explanation import Explanation
from romm.domain.errors import required
from romm.domain.sign_in.claims import rules
from romm.domain.sign_in.claims.rules import ClaimMapping
from romm.domain.sign_in.providers import ConfiguredProviders
from romm.ports.provider import Provider
from romm.sign_in.openid.admission import Admission
from romm.sign_in.openid.identification import Person


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """`issuer` replaces a missing one."""

    reading: ClaimMapping
    admission: Admission
    provider: Provider | None
    issuer: str

    async def explain(self, actor: Actor, pasted: Any) -> Explanation:
        """Flat claims, or `id_token` and `userinfo`. Raises `Refused`."""
        required(may(actor, Action.DIAGNOSE))
        known = self.provider and self.provider.known_metadata()
        id_token, userinfo = required(explanation.documents(pasted, known.issuer if known else self.issuer))
        return await self._explain(required(rules.read(id_token, userinfo, self.reading)))

    async def person(self, person: Person) -> Explanation:
        return await self._explain(person.claims)

    async def _explain(self, read: rules.Claims) -> Explanation:
        role = self.admission.role(read)
        decision = await self.admission.decide(read)
        username = usernames.proposal(read.merged, self.admission.username_attribute)
        explained = explanation.explain(read, decision, role, username, self.admission.roles_claim)
        return explanation.in_words_about(self.admission.provider, explained)


@dataclass(frozen=True, kw_only=True)
class Explainers:
    by_id: Mapping[str, Explainer]
    providers: ConfiguredProviders

    async def explain(self, actor: Actor, pasted: Any, provider_id: str | None = None) -> Explanation:
        """By that provider's rules, else by those of the claims' issuer. Raises `Refused`."""
        of_issuer = None if provider_id else self.providers.of_issuer(explanation.issuer(pasted))
        found = of_issuer or required(self.providers.declared_as(provider_id))
        return await self.by_id[found.id].explain(actor, pasted)

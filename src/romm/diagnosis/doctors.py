"""The doctor for several providers side by side."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from romm.diagnosis.doctor import ABOUT_PROVIDER, AFTER, BEFORE, Doctor
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.diagnosis.findings import Finding
from romm.domain.errors import required
from romm.domain.sign_in.providers import ConfiguredProviders


@dataclass(frozen=True, kw_only=True)
class Doctors:
    """`by_id` also has the providers that are off. `examined`: those switched on, else the default one."""

    by_id: Mapping[str, Doctor]
    providers: ConfiguredProviders
    examined: Sequence[str]

    async def findings(self, actor: Actor, provider_id: str | None = None) -> AsyncIterator[Finding]:
        """Of that provider, else of all examined ones; those name theirs. A slow one delays no other.

        Raises `Refused`: FORBIDDEN, OIDC_OFF for an unknown provider.
        """
        required(may(actor, Action.DIAGNOSE))
        one = self._one(provider_id)
        stream = self._side_by_side(actor) if one is None else one.findings(actor)
        async for finding in stream:
            yield finding

    async def within(self, actor: Actor, seconds: float, shown: str) -> Mapping[str, list[Finding]]:
        """All findings of the provider `shown`, and those about the other providers. Raises `Refused(FORBIDDEN)`."""
        required(may(actor, Action.DIAGNOSE))
        others = [each for each in self.examined if each != shown]
        whole, *parts = await asyncio.gather(
            self.by_id[shown].within(actor, seconds),
            *(self.by_id[each].within(actor, seconds, ABOUT_PROVIDER) for each in others),
        )
        return {shown: whole, **dict(zip(others, parts, strict=True))}

    def _one(self, provider_id: str | None) -> Doctor | None:
        if not provider_id:
            return self.by_id[self.examined[0]] if len(self.examined) == 1 else None
        return self.by_id[required(self.providers.declared_as(provider_id)).id]

    async def _side_by_side(self, actor: Actor) -> AsyncIterator[Finding]:
        first = self.by_id[self.examined[0]]
        begun = [asyncio.create_task(self._about(actor, each)) for each in self.examined]
        try:
            async for finding in first.findings(actor, BEFORE):
                yield finding
            for each in begun:
                for finding in await each:
                    yield finding
            async for finding in first.findings(actor, AFTER):
                yield finding
        finally:
            for each in begun:
                each.cancel()

    async def _about(self, actor: Actor, provider_id: str) -> list[Finding]:
        found = self.by_id[provider_id].findings(actor, ABOUT_PROVIDER)
        return [replace(each, provider=self.providers.named(provider_id)) async for each in found]


def together(doctors: Doctors, found: Mapping[str, Sequence[Finding]], shown: str) -> list[Finding]:
    """Those of `within`, as `findings` has them."""
    of_romm, several = found[shown], len(doctors.examined) > 1
    about = [
        replace(finding, provider=doctors.providers.named(each)) if several else finding
        for each in doctors.examined
        for finding in found[each]
        if finding.check in ABOUT_PROVIDER
    ]
    before, after = ([each for each in of_romm if each.check in part] for part in (BEFORE, AFTER))
    return [*before, *about, *after]

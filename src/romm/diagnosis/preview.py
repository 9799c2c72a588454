"""Use case: a sign-in for an administrator's eyes, through the whole provider, that ends in a report instead of a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from romm.diagnosis.explanation import Explainer
from romm.domain.diagnosis.explanation import Explanation
from romm.domain.sign_in.outcomes import Reported
from romm.ports.sign_in import Attempts
from romm.sign_in.identification import Person

MAX_REPORT_LENGTH = 65_536  # characters; a person with ten thousand groups is told so instead


class Report(Struct, frozen=True, kw_only=True):
    """What came from the provider and what would have happened. `only_in_userinfo` are claims that the ID token lacks."""

    algorithm: str
    id_token: Mapping[str, Any]
    userinfo: Mapping[str, Any] | None
    only_in_userinfo: tuple[str, ...]
    different: tuple[str, ...]
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class Previews:
    """Reports are kept under their attempt, as long as that is remembered: about an hour."""

    explainer: Explainer
    attempts: Attempts

    async def keep(self, state_digest: str, person: Person) -> None:
        """Write the report about a person under the attempt that brought them."""
        written = msgspec.json.encode(_report(person, await self.explainer.person(person))).decode()
        if len(written) > MAX_REPORT_LENGTH:
            bare = msgspec.structs.replace(person, signed={"sub": person.claims.identity.subject}, userinfo=None)
            written = msgspec.json.encode(_report(bare, await self.explainer.person(person))).decode()
        await self.attempts.conclude(state_digest, Reported(written))

    async def read(self, state_digest: str) -> Report | None:
        """The report of an attempt, None when there is none any more."""
        recalled = await self.attempts.recall(state_digest)
        if recalled is None or not isinstance(recalled.outcome, Reported):
            return None
        return msgspec.json.decode(recalled.outcome.report, type=Report)


def _report(person: Person, explanation: Explanation) -> Report:
    userinfo = person.userinfo or {}
    return Report(
        algorithm=person.algorithm,
        id_token=person.signed,
        userinfo=person.userinfo,
        only_in_userinfo=tuple(sorted(userinfo.keys() - person.signed.keys())),
        different=tuple(
            sorted(name for name in userinfo.keys() & person.signed.keys() if userinfo[name] != person.signed[name])
        ),
        explanation=explanation,
    )

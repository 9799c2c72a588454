"""An administrator's test sign-in: a report instead of a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from romm.diagnosis.explanation import Explainer
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.diagnosis.explanation import Explanation
from romm.domain.errors import required
from romm.domain.sign_in.outcomes import Reported
from romm.ports.sign_in import Attempts
from romm.sign_in.openid.identification import Person

MAX_REPORT_LENGTH = 65_536  # characters; a person may be in ten thousand groups


class Report(Struct, frozen=True, kw_only=True):
    """`only_in_userinfo`: not in the ID token. `different`: differ between the two."""

    algorithm: str
    id_token: Mapping[str, Any]
    userinfo: Mapping[str, Any] | None
    only_in_userinfo: tuple[str, ...]
    different: tuple[str, ...]
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class Previews:
    """Kept with their attempt for about an hour."""

    explainer: Explainer
    attempts: Attempts

    async def keep(self, state_digest: str, person: Person) -> None:
        """Omits the claims if too long."""
        written = msgspec.json.encode(_report(person, await self.explainer.person(person))).decode()
        if len(written) > MAX_REPORT_LENGTH:
            bare = msgspec.structs.replace(person, signed={"sub": person.claims.identity.subject}, userinfo=None)
            written = msgspec.json.encode(_report(bare, await self.explainer.person(person))).decode()
        await self.attempts.conclude(state_digest, Reported(written))

    async def read(self, actor: Actor, state_digest: str) -> Report | None:
        """None if expired. Raises `Refused(FORBIDDEN)`."""
        required(may(actor, Action.DIAGNOSE))
        recalled = await self.attempts.recall(state_digest)
        if recalled is None or not isinstance(recalled.outcome, Reported):
            return None
        return msgspec.json.decode(recalled.outcome.report, type=Report)


def _report(person: Person, explanation: Explanation) -> Report:
    userinfo = person.userinfo or {}
    return Report(
        algorithm=person.source.id_token_alg or "",
        id_token=person.signed,
        userinfo=person.userinfo,
        only_in_userinfo=tuple(sorted(userinfo.keys() - person.signed.keys())),
        different=tuple(
            sorted(name for name in userinfo.keys() & person.signed.keys() if userinfo[name] != person.signed[name])
        ),
        explanation=explanation,
    )

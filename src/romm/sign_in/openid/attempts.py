"""Login attempts: encrypted in a cookie until the callback uses them, then kept with their outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from romm.domain.digests import digest
from romm.domain.sign_in.authorization import LoginAttempt
from romm.domain.sign_in.outcomes import Outcome
from romm.ports.process import Clock
from romm.ports.sign_in import Attempts, Seal
from romm.sign_in.openid.identification import CALLBACK_SECONDS

LOOK_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = CALLBACK_SECONDS + 1
"""A callback without an outcome after this time was interrupted."""


@dataclass(frozen=True, kw_only=True)
class LoginAttempts:
    seal: Seal
    used: Attempts
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def sealed(self, attempt: LoginAttempt) -> str:
        """It decrypts only with the attempt's own `state`."""
        content = msgspec.msgpack.encode(replace(attempt, state_digest=""))
        return await self.seal.seal(content, _use(attempt.state_digest))

    async def opened(self, state: str | None, sealed: str | None) -> LoginAttempt | None:
        """None if the browser did not send this attempt."""
        if not state or not sealed:
            return None
        state_digest = digest(state)
        content = await self.seal.open(sealed, _use(state_digest))
        return None if content is None else _decoded(content, state_digest)

    async def take(self, attempt: LoginAttempt) -> bool:
        return await self.used.take(attempt.state_digest, attempt.expires_at)

    async def outcome(self, state_digest: str) -> Outcome | None:
        """None if unknown. Waits for a running callback."""
        for _ in range(int(PATIENCE_SECONDS / LOOK_EVERY_SECONDS)):
            recalled = await self.used.recall(state_digest)
            if recalled is None:
                return None
            if recalled.outcome is not None:
                return recalled.outcome
            if self.clock() - recalled.taken_at > timedelta(seconds=PATIENCE_SECONDS):
                return None
            await self.sleep(LOOK_EVERY_SECONDS)
        return None


def _use(state_digest: str) -> str:
    return f"login attempt {state_digest}"


def _decoded(content: bytes, state_digest: str) -> LoginAttempt | None:
    try:
        return replace(msgspec.msgpack.decode(content, type=LoginAttempt), state_digest=state_digest)
    except msgspec.MsgspecError:  # encrypted by another version of RomM that runs at the same time
        return None

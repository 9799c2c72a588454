"""Devices without a sign-in page (RFC 8628): the device polls, a person decides."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from romm.credentials.principal import Principal, actor, require_own
from romm.credentials.rate_limits import Rates
from romm.credentials.secrets import hex_secret, new_secret, short_code, unique
from romm.credentials.tokens import TokenRequest, Tokens
from romm.domain.credentials import devices, short_codes, step_up
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.credentials.devices import (
    INTERVAL,
    LIFETIME,
    UNNAMED,
    Approver,
    Choice,
    DeviceAuthorization,
    DeviceAuthorizationRequest,
    Flavor,
    HandOver,
    OwnedTokens,
    Poll,
    Wait,
)
from romm.domain.credentials.permissions import Action
from romm.domain.credentials.step_up import Lasting
from romm.domain.credentials.tokens import Granted
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse, Refused, required
from romm.domain.limits import DEVICE_POLLS, DEVICE_REQUESTS, USER_CODES
from romm.domain.model import Account
from romm.ports.conflicts import Conflict
from romm.ports.credentials import Credentials
from romm.ports.devices import DeviceAuthorizations, Devices
from romm.ports.process import Clock, Log

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
"""The `grant_type` (RFC 8628, 3.4)."""


class StartedAuthorization(Struct, frozen=True, kw_only=True):
    """The device keeps `device_code` secret. Times in seconds."""

    device_code: str
    user_code: str
    expires_in: int = int(LIFETIME.total_seconds())
    interval: int = int(INTERVAL.total_seconds())


class Waiting(Struct, frozen=True):
    """`scopes`: what this person may grant."""

    authorization: DeviceAuthorization
    allowed: tuple[str, ...]
    at: datetime


class Paired(Struct, frozen=True):
    id: int
    name: str


class IssuedClientToken(Struct, frozen=True):
    secret: str
    credential: Credential


@dataclass(frozen=True, kw_only=True)
class DeviceSignIn:
    authorizations: DeviceAuthorizations
    devices: Devices
    rates: Rates
    log: Log
    clock: Clock

    async def begin(self, shape: Flavor, request: DeviceAuthorizationRequest, address: str) -> StartedAuthorization:
        """Raises `Refused` for unknown scopes, unreadable names or too many requests."""
        await self.rates.check(*DEVICE_REQUESTS.of(address))
        valid = required(devices.validate_request(request))
        try:
            return await self._put(shape, valid)
        except Conflict:  # the user code is in use; odds of 1 in 100 million
            return await self._put(shape, valid)

    async def poll(self, shape: Flavor, device_code: str, client: str | None = None) -> HandOver | Refuse:
        """One of concurrent polls gets `HandOver`."""
        found = await self._answer(shape, device_code, client)
        if isinstance(found, HandOver) and not await self.authorizations.spend(digest(device_code)):
            found = await self._answer(shape, device_code, client)
            return (
                found if isinstance(found, Refuse) else Refuse(Code.DEVICE_CODE_INVALID, {"reason": "it was just used"})
            )
        if isinstance(found, HandOver):
            self.log.info("device.let_in", account=found.account.id, device=found.device_id, client=found.client)
        return found

    async def client_token(self, device_code: str, address: str) -> IssuedClientToken | Refuse:
        """Like `poll`; replaces the device's client token."""
        await self.rates.check(*DEVICE_POLLS.of(address))
        found = await self.poll(Flavor.LEGACY, device_code)
        if isinstance(found, Refuse):
            return found
        secret, now = new_secret(), self.clock()
        credential = issued(
            Kind.CLIENT_TOKEN,
            found.account.id,
            digest(secret),
            now,
            found.token_expires_at,
            scopes=found.scopes,
            name=found.device_name,
            client=found.client,
            device_id=found.device_id,
        )
        try:
            await self.devices.give(credential, found.account)
        except Conflict:
            return _changed()
        return IssuedClientToken(secret, credential)

    async def _put(self, shape: Flavor, request: DeviceAuthorizationRequest) -> StartedAuthorization:
        now = self.clock()
        device_code = hex_secret()
        user_code = short_code()
        await self.authorizations.put(
            DeviceAuthorization(
                device_code_digest=digest(device_code),
                user_code_digest=digest(user_code),
                shape=shape,
                client_device_identifier=request.client_device_identifier or UNNAMED + unique(),
                name=request.name or request.client,
                client=request.client,
                platform=request.platform,
                client_version=request.client_version,
                requested_scopes=request.scopes,
                created_at=now,
                expires_at=now + LIFETIME,
            )
        )
        return StartedAuthorization(device_code=device_code, user_code=user_code)

    async def _answer(self, shape: Flavor, device_code: str, client: str | None) -> HandOver | Refuse:
        authorization, owner = await self.authorizations.find_by_device_code(digest(device_code)) or (None, None)
        found = devices.answer(authorization, owner, Poll(shape=shape, client=client, at=self.clock()))
        if isinstance(found, Wait):
            await self.authorizations.note_poll(digest(device_code), found.interval_seconds)
            return Refuse(found.code)
        return found


@dataclass(frozen=True)
class DeviceGrant:
    """RFC 8628, 3.4."""

    device_sign_in: DeviceSignIn
    tokens: Tokens

    async def grant(self, request: TokenRequest) -> Granted:
        """The pair ends with its device. Raises `Refused`, also while pending."""
        device_code = request.required("device_code")
        if not request.client:
            raise Refused(Code.TOKEN_REQUEST_INVALID, problem="client_id is missing")
        found = required(await self.device_sign_in.poll(Flavor.STANDARD, device_code, request.client))
        try:
            return await self.tokens.issue(found.account, found.scopes, request.visitor, found.client, found.device_id)
        except Conflict as conflict:
            raise Refused.by(_changed()) from conflict


@dataclass(frozen=True, kw_only=True)
class DeviceApproval:
    """All methods raise `Refused`."""

    authorizations: DeviceAuthorizations
    devices: Devices
    credentials: Credentials
    rates: Rates
    log: Log
    clock: Clock

    async def look(self, principal: Principal, typed: str, address: str) -> Waiting:
        """Refuses an unknown code, and too many tries."""
        require_own(principal, Action.LOOK_UP_DEVICE)
        return await self._look(principal, typed, address)

    async def _look(self, principal: Principal, typed: str, address: str) -> Waiting:
        await self.rates.check(*USER_CODES.of(address))
        now, user_code = self.clock(), short_codes.normalized(typed)
        authorization = await self.authorizations.find_by_user_code(digest(user_code)) if user_code else None
        waiting = required(devices.undecided(authorization, now))
        return Waiting(waiting, devices.allowed(waiting, principal.scopes), now)

    async def approve(self, principal: Principal, typed: str, choice: Choice, address: str) -> Paired:
        """Refuses as `look`, and scopes beyond the person's."""
        require_own(principal, Action.DECIDE_DEVICE)
        seen = await self._look(principal, typed, address)
        required(step_up.check(actor(principal), Lasting.DEVICE, seen.at))
        authorization, account = seen.authorization, principal.account
        by = Approver(account, principal.scopes, principal.credential)
        decision = required(devices.approval(authorization, by, choice, seen.at, await self._owned_tokens(account)))
        device = await self.authorizations.approve(decision)
        if device is None:
            raise await self._too_late(authorization)
        self.log.info("device.approved", account=account.id, device=device, client=authorization.client)
        return Paired(device, decision.device_name)

    async def deny(self, principal: Principal, typed: str, address: str) -> None:
        require_own(principal, Action.DECIDE_DEVICE)
        authorization = (await self._look(principal, typed, address)).authorization
        if not await self.authorizations.deny(authorization.user_code_digest):
            raise await self._too_late(authorization)
        self.log.info("device.denied", account=principal.account.id, client=authorization.client)

    async def _owned_tokens(self, account: Account) -> OwnedTokens:
        tokens = await self.credentials.of(account.id, [Kind.CLIENT_TOKEN])
        return OwnedTokens([token for token, _ in tokens], await self.devices.of(account.id))

    async def _too_late(self, authorization: DeviceAuthorization) -> Refused:
        now = devices.undecided(
            await self.authorizations.find_by_user_code(authorization.user_code_digest), self.clock()
        )
        return Refused.by(now if isinstance(now, Refuse) else Refuse(Code.DEVICE_CODE_DECIDED))


def _changed() -> Refuse:
    return Refuse(
        Code.DEVICE_DENIED, {"reason": "the account was disabled or changed, or the device ended, at this moment"}
    )

"""Device authorization (RFC 8628): codes, answers to polls, and who may approve."""

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain import scopes
from romm.domain.credentials import client_tokens
from romm.domain.credentials.client_tokens import MOST, Lifetime
from romm.domain.credentials.credential import NEVER, Credential
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)  # RFC 8628, 3.2
SLOWED_BY = timedelta(seconds=5)  # RFC 8628, 3.5
TOLERANCE = timedelta(seconds=1)  # for network jitter between polls

MAX_NAME_LENGTH = 255

UNNAMED = "unnamed:"
"""Prefix of generated identifiers, for apps that send none."""


class Flavor(enum.StrEnum):
    """A code of one flavor is invalid in the other."""

    STANDARD = "standard"  # RFC 8628: an access and a refresh token
    LEGACY = "older"  # existing apps: a client token


class State(enum.StrEnum):
    """Expiry is computed from `expires_at`."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    SPENT = "spent"


class DeviceAuthorization(Struct, frozen=True, kw_only=True):
    """The decision fills `approved_scopes` and later fields.

    `account_version`: any later change of the approver voids the approval. `token_expires_at`: legacy flavor only.
    """

    device_code_digest: str
    user_code_digest: str
    shape: Flavor
    client_device_identifier: str
    name: str
    client: str
    requested_scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    platform: str = ""
    client_version: str = ""
    interval_seconds: int = int(INTERVAL.total_seconds())
    last_polled_at: datetime | None = None
    state: State = State.PENDING
    approved_scopes: tuple[str, ...] = ()
    account_id: int | None = None
    account_version: int | None = None
    device_id: int | None = None
    token_expires_at: datetime | None = None


class Device(Struct, frozen=True, kw_only=True):
    """`last_used_at` is None without a live token. From `ip_address` on: what an app says of it (`device_registry`)."""

    id: int
    account_id: int
    client_device_identifier: str
    name: str
    client: str
    platform: str
    client_version: str
    created_at: datetime
    last_paired_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None
    ip_address: str = ""
    mac_address: str = ""
    hostname: str = ""
    sync_mode: str = "api"
    sync_enabled: bool = True
    sync_config: str = ""


class Poll(Struct, frozen=True, kw_only=True):
    """`client` is the app's name; None in the legacy flavor."""

    shape: Flavor
    client: str | None
    at: datetime


class Wait(Struct, frozen=True, tag=True):
    code: Code
    interval_seconds: int


class HandOver(Struct, frozen=True, tag=True):
    """Issue the tokens, once."""

    account: Account
    scopes: tuple[str, ...]
    client: str
    device_id: int
    device_name: str
    token_expires_at: datetime


class Approve(Struct, frozen=True, tag=True):
    authorization: DeviceAuthorization
    account: Account
    scopes: tuple[str, ...]
    device_name: str
    token_expires_at: datetime


class DeviceAuthorizationRequest(Struct, frozen=True, kw_only=True):
    """Unverified."""

    client: str
    scopes: tuple[str, ...]
    name: str = ""
    client_device_identifier: str = ""
    platform: str = ""
    client_version: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """An empty `device_name` keeps the device's own."""

    scopes: tuple[str, ...]
    device_name: str = ""
    lifetime: Lifetime = Lifetime.NEVER


class Approver(Struct, frozen=True):
    """`credential` is None for Basic auth."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None


class OwnedTokens(Struct, frozen=True):
    tokens: Sequence[Credential] = ()
    devices: Sequence[Device] = ()


def validate_request(request: DeviceAuthorizationRequest) -> DeviceAuthorizationRequest | Refuse:
    texts = (request.client, request.name, request.client_device_identifier, request.platform, request.client_version)
    unknown = sorted(set(request.scopes) - set(scopes.ALL))
    if not request.client.strip() or not all(map(is_readable, texts)):
        return Refuse(
            Code.REQUEST_INVALID, {"problem": "a name is empty, too long, or has characters that cannot be shown"}
        )
    if unknown or not request.scopes:
        return Refuse(Code.SCOPE_UNKNOWN, {"scope": " ".join(unknown) or "(none)"})
    return request


def answer(authorization: DeviceAuthorization | None, owner: Account | None, poll: Poll) -> HandOver | Wait | Refuse:
    """RFC 8628, 3.5. `owner` is the approver's current state."""
    match authorization:
        case None | DeviceAuthorization(state=State.SPENT):
            return Refuse(Code.DEVICE_CODE_INVALID, {"reason": "it is unknown or was used already"})
        case DeviceAuthorization(shape=shape) if shape is not poll.shape:
            return Refuse(Code.DEVICE_CODE_INVALID, {"reason": f"it was asked for in the {shape} shape"})
        case DeviceAuthorization(client=client) if poll.client not in (None, client):
            return Refuse(Code.DEVICE_CODE_INVALID, {"reason": f"it was given to {client}"})
        case DeviceAuthorization(expires_at=end) if poll.at >= end:
            return Refuse(Code.DEVICE_CODE_EXPIRED)
        case DeviceAuthorization(state=State.DENIED):
            return Refuse(Code.DEVICE_DENIED, {"reason": "the person said no"})
        case DeviceAuthorization(state=State.APPROVED, device_id=int(device), token_expires_at=datetime() as end) if (
            owner is not None and _is_unchanged(owner, authorization)
        ):
            return HandOver(owner, authorization.approved_scopes, authorization.client, device, authorization.name, end)
        case DeviceAuthorization(state=State.APPROVED):
            return Refuse(Code.DEVICE_DENIED, {"reason": "the account that approved it was disabled or changed since"})
        case DeviceAuthorization(interval_seconds=seconds) if _too_early(authorization, poll.at):
            return Wait(Code.SLOW_DOWN, seconds + int(SLOWED_BY.total_seconds()))
        case DeviceAuthorization(interval_seconds=seconds):
            return Wait(Code.AUTHORIZATION_PENDING, seconds)


def undecided(authorization: DeviceAuthorization | None, now: datetime) -> DeviceAuthorization | Refuse:
    match authorization:
        case None:
            return Refuse(Code.DEVICE_CODE_UNKNOWN, {"reason": "no device was given this code"})
        case DeviceAuthorization(expires_at=end) if now >= end:
            return Refuse(Code.DEVICE_CODE_UNKNOWN, {"reason": "it has expired"})
        case DeviceAuthorization(state=State.PENDING):
            return authorization
        case _:
            return Refuse(Code.DEVICE_CODE_DECIDED, {"state": authorization.state})


def allowed(authorization: DeviceAuthorization, own: Iterable[str]) -> tuple[str, ...]:
    return scopes.ordered(frozenset(own).intersection(authorization.requested_scopes))


def approval(
    authorization: DeviceAuthorization, by: Approver, choice: Choice, now: datetime, owned: OwnedTokens
) -> Approve | Refuse:
    excess = set(choice.scopes) - set(allowed(authorization, by.scopes))
    name = choice.device_name.strip() or authorization.name
    if not is_readable(name):
        return Refuse(Code.NAME_INVALID, {"found": name})
    if not choice.scopes:
        return Refuse(Code.DEVICE_SCOPES_MISSING)
    if excess:
        return Refuse(Code.DEVICE_SCOPES_EXCEEDED, {"scopes": " ".join(sorted(excess))})
    if authorization.shape is Flavor.LEGACY and _tokens_beside(authorization, owned) >= MOST:
        return Refuse(Code.TOKENS_FULL, {"account": by.account.id, "most": MOST})
    # Token pairs never expire; the approver must be able to grant that.
    if authorization.shape is Flavor.STANDARD and (refusal := client_tokens.may_last(NEVER, by.credential)):
        return refusal
    end = client_tokens.lasting(client_tokens.end(choice.lifetime, now), by.credential)
    return Approve(authorization, by.account, scopes.ordered(choice.scopes), name, end)


def is_readable(text: str) -> bool:
    """No line breaks, no bidirectional controls (`str.isprintable`)."""
    return text.isprintable() and len(text) <= MAX_NAME_LENGTH


def _tokens_beside(authorization: DeviceAuthorization, owned: OwnedTokens) -> int:
    """Without those that the new token replaces."""
    same = {
        each.id for each in owned.devices if each.client_device_identifier == authorization.client_device_identifier
    }
    return sum(each.device_id not in same for each in owned.tokens)


def _is_unchanged(owner: Account, authorization: DeviceAuthorization) -> bool:
    return owner.enabled and owner.version == authorization.account_version


def _too_early(authorization: DeviceAuthorization, now: datetime) -> bool:
    interval = timedelta(seconds=authorization.interval_seconds)
    return authorization.last_polled_at is not None and now < authorization.last_polled_at + interval - TOLERANCE

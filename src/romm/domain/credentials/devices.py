"""A device that cannot show a sign-in page asks to be let in (RFC 8628): its codes, what it is answered, who may approve."""

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain import scopes
from romm.domain.credentials import client_tokens
from romm.domain.credentials.client_tokens import MOST, Lifetime
from romm.domain.credentials.credential import NEVER, Credential
from romm.domain.credentials.rate_limits import Limit
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)  # RFC 8628, 3.2
SLOWED_BY = timedelta(seconds=5)  # RFC 8628, 3.5
TOLERANCE = timedelta(seconds=1)  # polls that left in time may arrive a little closer to each other

MAX_NAME_LENGTH = 255

UNNAMED = "unnamed:"
"""What begins the identifier of a device whose app gave it none: nobody can meet it again."""

# A person needs two tries for one device, a look and a decision; the rest is for typing errors. So few in ten minutes find
# one of a hundred waiting devices with odds of less than 1 in 100,000 (RFC 8628, 5.1).
TRIES_OF_AN_ADDRESS = Limit(name="device user codes", tries=20)
TRIES_OF_ALL = Limit(name="device user codes", tries=200)
REQUESTS = Limit(name="device requests", tries=10)
POLLS = Limit(name="device polls", tries=60)


class Flavor(enum.StrEnum):
    """How a device asked, and so what it gets: a code of one shape is worth nothing in the other."""

    STANDARD = "standard"  # RFC 8628: an access and a refresh token
    LEGACY = "older"  # what apps in the field speak: a client token


class State(enum.StrEnum):
    """What became of a request. That it expired is no state: the clock says so."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    SPENT = "spent"


class DeviceAuthorization(Struct, frozen=True, kw_only=True):
    """A device's request. From `approved_scopes` on it is the decision's to fill.

    `account_version` is the approver's account as it was: any change of it since then makes the approval worthless, as it
    does with links that open it. `token_expires_at` is for the client token of the older shape.
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
    """A paired device. `last_used_at` is None when it has no live token any more."""

    id: int
    account_id: int
    client_device_identifier: str
    name: str
    client: str
    platform: str
    client_version: str
    created_at: datetime
    last_paired_at: datetime
    last_used_at: datetime | None = None


class Poll(Struct, frozen=True, kw_only=True):
    """A device asks what became of its request. `client` is the app's name; the older shape sends none."""

    shape: Flavor
    client: str | None
    at: datetime


class Wait(Struct, frozen=True, tag=True):
    """Nothing is decided: ask again, not sooner than after this interval."""

    code: Code
    interval_seconds: int


class HandOver(Struct, frozen=True, tag=True):
    """It was approved by an account that still stands as it stood: give the device what it was promised, once."""

    account: Account
    scopes: tuple[str, ...]
    client: str
    device_id: int
    device_name: str
    token_expires_at: datetime


class Approve(Struct, frozen=True, tag=True):
    """Let the device in: with these scopes, for this account, under this name."""

    authorization: DeviceAuthorization
    account: Account
    scopes: tuple[str, ...]
    device_name: str
    token_expires_at: datetime


class DeviceAuthorizationRequest(Struct, frozen=True, kw_only=True):
    """What a device says of itself, and what it wants to do."""

    client: str
    scopes: tuple[str, ...]
    name: str = ""
    client_device_identifier: str = ""
    platform: str = ""
    client_version: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """What a person chose to give: scopes, a name for the device (else its own), and until when its token lives."""

    scopes: tuple[str, ...]
    device_name: str = ""
    lifetime: Lifetime = Lifetime.NEVER


class Approver(Struct, frozen=True):
    """Who decides, and what they may do with the credential that they came with (None: name and password)."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None


class OwnedTokens(Struct, frozen=True):
    """The live client tokens that an account has, and its devices."""

    tokens: Sequence[Credential] = ()
    devices: Sequence[Device] = ()


def judged(asked: DeviceAuthorizationRequest) -> DeviceAuthorizationRequest | Refuse:
    """A request that people can be shown: it asks for scopes that exist, and its texts hide nothing."""
    texts = (asked.client, asked.name, asked.client_device_identifier, asked.platform, asked.client_version)
    unknown = sorted(set(asked.scopes) - set(scopes.ALL))
    if not asked.client.strip() or not all(map(_is_readable, texts)):
        return Refuse(
            Code.REQUEST_INVALID, {"problem": "a name is empty, too long, or has characters that cannot be shown"}
        )
    if unknown or not asked.scopes:
        return Refuse(Code.SCOPE_UNKNOWN, {"scope": " ".join(unknown) or "(none)"})
    return asked


def answer(asked: DeviceAuthorization | None, owner: Account | None, poll: Poll) -> HandOver | Wait | Refuse:
    """What a poll is answered; `owner` is the approver as they are now (RFC 8628, 3.5)."""
    match asked:
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
            owner is not None and _stands(owner, asked)
        ):
            return HandOver(owner, asked.approved_scopes, asked.client, device, asked.name, end)
        case DeviceAuthorization(state=State.APPROVED):
            return Refuse(Code.DEVICE_DENIED, {"reason": "the account that approved it was disabled or changed since"})
        case DeviceAuthorization(interval_seconds=seconds) if _too_early(asked, poll.at):
            return Wait(Code.SLOW_DOWN, seconds + int(SLOWED_BY.total_seconds()))
        case DeviceAuthorization(interval_seconds=seconds):
            return Wait(Code.AUTHORIZATION_PENDING, seconds)


def undecided(asked: DeviceAuthorization | None, now: datetime) -> DeviceAuthorization | Refuse:
    """The request that a person may look at and decide."""
    match asked:
        case None:
            return Refuse(Code.DEVICE_CODE_UNKNOWN, {"reason": "nobody was given this code"})
        case DeviceAuthorization(expires_at=end) if now >= end:
            return Refuse(Code.DEVICE_CODE_UNKNOWN, {"reason": "it has expired"})
        case DeviceAuthorization(state=State.PENDING):
            return asked
        case _:
            return Refuse(Code.DEVICE_CODE_DECIDED, {"state": asked.state})


def allowed(asked: DeviceAuthorization, own: Iterable[str]) -> tuple[str, ...]:
    """Which of the requested scopes somebody with these scopes may give."""
    having = frozenset(own)
    return scopes.ordered(having.intersection(asked.requested_scopes))


def approval(
    asked: DeviceAuthorization, by: Approver, choice: Choice, now: datetime, held: OwnedTokens
) -> Approve | Refuse:
    """May the approver give the device what they chose? Never more than was asked for and than they may do themselves."""
    excess = set(choice.scopes) - set(allowed(asked, by.scopes))
    name = choice.device_name.strip() or asked.name
    if not _is_readable(name):
        return Refuse(Code.NAME_INVALID, {"found": name})
    if not choice.scopes:
        return Refuse(Code.DEVICE_SCOPES_MISSING)
    if excess:
        return Refuse(Code.DEVICE_SCOPES_EXCEEDED, {"scopes": " ".join(sorted(excess))})
    if asked.shape is Flavor.LEGACY and _tokens_beside(asked, held) >= MOST:
        return Refuse(Code.TOKENS_FULL, {"account": by.account.id, "most": MOST})
    end = _end(asked.shape, choice.lifetime, by.credential, now)
    if isinstance(end, Refuse):
        return end
    return Approve(asked, by.account, scopes.ordered(choice.scopes), name, end)


def _is_readable(text: str) -> bool:
    """No line breaks, and nothing that turns the reading direction around (`str.isprintable`)."""
    return text.isprintable() and len(text) <= MAX_NAME_LENGTH


def _tokens_beside(asked: DeviceAuthorization, held: OwnedTokens) -> int:
    """How many client tokens stay when this device gets its own, in place of the one it may have."""
    same = {each.id for each in held.devices if each.client_device_identifier == asked.client_device_identifier}
    return sum(each.device_id not in same for each in held.tokens)


def _stands(owner: Account, asked: DeviceAuthorization) -> bool:
    return owner.enabled and owner.version == asked.account_version


def _too_early(asked: DeviceAuthorization, now: datetime) -> bool:
    interval = timedelta(seconds=asked.interval_seconds)
    return asked.last_polled_at is not None and now < asked.last_polled_at + interval - TOLERANCE


def _end(shape: Flavor, lifetime: Lifetime, by: Credential | None, now: datetime) -> datetime | Refuse:
    """When the device's client token ends. A pair of tokens has no end of its own, and so needs who may give what has none."""
    if shape is Flavor.STANDARD and (refusal := client_tokens.may_last(NEVER, by)):
        return refusal
    return client_tokens.lasting(client_tokens.end(lifetime, now), by)

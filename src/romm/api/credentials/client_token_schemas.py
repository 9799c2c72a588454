"""Client tokens and pairing codes."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from romm.api.openapi.fields import ShortCode, TokenName, TokenScopes
from romm.credentials.client_tokens import Minted
from romm.domain.credentials.client_tokens import PAIRING_LIFETIME, ClientTokenRequest, Lifetime
from romm.domain.credentials.credential import NEVER, Credential, is_unused
from romm.domain.model import Account


class ClientTokenForm(Struct, frozen=True):
    """Without `expires_in` it never expires. A form repeats the field `scopes`."""

    name: TokenName
    scopes: TokenScopes = []
    expires_in: Lifetime | None = None

    @property
    def request(self) -> ClientTokenRequest:
        return ClientTokenRequest(name=self.name, scopes=self.scopes, lifetime=self.expires_in or Lifetime.NEVER)


class PairingCodeForm(Struct, frozen=True):
    code: ShortCode


class ClientTokenSchema(Struct, frozen=True, kw_only=True):
    """`expires_at` is null if it never expires, `last_used_at` if it was never used."""

    id: int | None
    name: str
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    user_id: int
    device_id: str | None


class MintedTokenSchema(ClientTokenSchema, frozen=True, kw_only=True):
    """The secret is returned only once."""

    raw_token: str


class OwnedTokenSchema(ClientTokenSchema, frozen=True, kw_only=True):
    """`user_avatar_path` is RomM's, which apps need."""

    username: str
    user_updated_at: datetime
    user_avatar_path: str = ""


class PairingCodeSchema(Struct, frozen=True):
    """`expires_in` is in seconds."""

    code: str
    expires_in: int


class PairingStatusSchema(Struct, frozen=True):
    """`expires_in` is in seconds."""

    expires_in: int


def client_token(token: Credential) -> ClientTokenSchema:
    return ClientTokenSchema(**_describe(token))


def minted_token(minted: Minted) -> MintedTokenSchema:
    return MintedTokenSchema(**_describe(minted.token), raw_token=minted.secret)


def owned_token(token: Credential, owner: Account) -> OwnedTokenSchema:
    return OwnedTokenSchema(**_describe(token), username=owner.username, user_updated_at=owner.updated_at)


def _describe(token: Credential) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "expires_at": None if token.expires_at == NEVER else token.expires_at,
        "last_used_at": None if is_unused(token) else token.last_used_at,
        "created_at": token.created_at,
        "user_id": token.account_id,
        "device_id": None if token.device_id is None else str(token.device_id),
    }


TOKEN_EXAMPLE: dict[str, Any] = {
    "id": 7,
    "name": "Handheld",
    "scopes": ["me.read", "roms.read", "assets.read", "assets.write"],
    "expires_at": "2026-04-02T03:04:05Z",
    "last_used_at": None,
    "created_at": "2026-01-02T03:04:05Z",
    "user_id": 1,
    "device_id": None,
}
OWNED_EXAMPLE = TOKEN_EXAMPLE | {
    "username": "alice",
    "user_updated_at": "2026-01-02T03:04:05Z",
    "user_avatar_path": "",
}
MINTED_EXAMPLE = TOKEN_EXAMPLE | {"raw_token": f"rmm_{'0123456789abcdef' * 4}"}
REQUEST_EXAMPLE = {"name": "Handheld", "scopes": TOKEN_EXAMPLE["scopes"], "expires_in": Lifetime.QUARTER}
CODE_EXAMPLE = {"code": "BCDF-GHJK"}
OFFER_EXAMPLE = {"code": "BCDFGHJK", "expires_in": int(PAIRING_LIFETIME.total_seconds())}

"""Bodies of the token, revocation and introspection endpoints."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from romm.api.openapi.fields import ScopeText, Secret
from romm.credentials import native_apps
from romm.credentials.devices import DEVICE_CODE
from romm.credentials.grants import PASSWORD, REFRESH_TOKEN
from romm.credentials.principal import Principal
from romm.domain.credentials.credential import NEVER, Kind
from romm.domain.credentials.tokens import Granted

GrantType = Annotated[
    str, Meta(extra_json_schema={"enum": [PASSWORD, REFRESH_TOKEN, native_apps.GRANT_TYPE, DEVICE_CODE]})
]


class TokenForm(Struct, frozen=True, kw_only=True):
    """`grant_type` decides which parameters apply; its default is `password`."""

    grant_type: GrantType = PASSWORD
    username: str = ""
    password: str = ""
    refresh_token: str = ""
    device_code: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    scope: ScopeText = ""
    client_id: str = ""


class OneToken(Struct, frozen=True, kw_only=True):
    """`token_type_hint` is ignored: each secret is found by its hash."""

    token: Secret
    token_type_hint: str = ""


class IntrospectedToken(OneToken, frozen=True, kw_only=True):
    """`client_secret`: a client token, unless a credential is in the header. `client_id` can be anything."""

    client_id: str = ""
    client_secret: str = ""


class TokenAnswer(Struct, frozen=True, kw_only=True):
    """RFC 6749, 5.1. `expires` is the older name of `expires_in`; times are seconds from now."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    expires: int
    refresh_expires: int
    scope: str


class Introspection(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 7662, 2.2. For an ended or foreign token only `active: false`."""

    active: bool
    scope: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    exp: int | UnsetType = UNSET
    iat: int | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET


def token_answer(granted: Granted) -> TokenAnswer:
    """Times count from the first response: a retry repeats it."""
    issued = granted.access.created_at
    expires_in = int((granted.access.expires_at - issued).total_seconds())
    return TokenAnswer(
        access_token=granted.secrets.access,
        refresh_token=granted.secrets.refresh,
        token_type="bearer",
        expires_in=expires_in,
        expires=expires_in,
        refresh_expires=int((granted.refresh.expires_at - issued).total_seconds()),
        scope=" ".join(granted.access.scopes),
    )


def introspection(found: Principal | None, issuer: str) -> Introspection:
    if found is None or found.credential is None:
        return Introspection(active=False)
    token = found.credential
    return Introspection(
        active=True,
        scope=" ".join(scope for scope in token.scopes if scope in found.scopes),
        client_id=token.client or UNSET,
        username=found.account.username,
        token_type=UNSET if token.kind is Kind.REFRESH_TOKEN else "bearer",
        exp=UNSET if token.expires_at == NEVER else int(token.expires_at.timestamp()),
        iat=int(token.created_at.timestamp()),
        sub=str(found.account.id),
        iss=issuer,
    )


TOKEN_EXAMPLE: dict[str, Any] = {
    "access_token": "6d0c…",
    "refresh_token": "f41b…",
    "token_type": "bearer",
    "expires_in": 1800,
    "expires": 1800,
    "refresh_expires": 604800,
    "scope": "me.read roms.read",
}

"""Whose signature is it? The keys that the provider publishes, and tokens checked against them and nothing else.

Sources: RFC 7515 (JWS); RFC 7517 (JWK); RFC 7518, 3 (algorithms); RFC 8725, 3.1 (our list, not the token's word).
"""

import warnings
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key, OctKey
from msgspec import Meta, Struct

from romm.adapters.provider.documents import CachedDocument, Lifetime
from romm.adapters.provider.transport import BoundedClient, json_object
from romm.domain.errors import Code, Refused
from romm.ports.process import Log
from romm.ports.provider import SignedClaims

MAX_KEYS = 100  # a provider has two or three; each costs some 70 us to import
KEYS_LIFETIME = Lifetime(fresh=3600, usable=24 * 3600, cooldown=10)

SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})
ED25519 = frozenset({"EdDSA", "Ed25519"})  # RFC 9864 renamed it; both names are in use
ASYMMETRIC = ED25519 | {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}


class _PublicKey(Struct, tag_field="kty", omit_defaults=True, kw_only=True):
    """What we read of a published key. Other members, a private one included, are not ours to use."""

    kid: str | None = None
    use: Literal["sig"] | None = None


class _RSA(_PublicKey, tag="RSA", kw_only=True):
    n: Annotated[str, Meta(min_length=342, max_length=2731)]  # 2,048 (RFC 7518, 3.3) to 16,384 bits
    e: Annotated[str, Meta(max_length=11)]
    alg: str | None = None


class _EC(_PublicKey, tag="EC", kw_only=True):
    crv: Literal["P-256", "P-384", "P-521"]
    x: str
    y: str
    alg: str | None = None


class _OKP(_PublicKey, tag="OKP", kw_only=True):
    crv: Literal["Ed25519"]  # its only algorithm, so `alg`, which has two names, is not read
    x: str


class _Header(Struct):
    """What we read of a JOSE header. `jwk`, `jku`, `x5u` and `x5c` are the sender's word about himself."""

    alg: str
    kid: str | None = None
    crit: Any = None
    typ: str | None = None


class _Registry(jws.JWSRegistry):
    # Characters of an encoded part; what is longer is not read.
    max_header_length = 16 * 1024  # room for an `x5c`, which we do not need but must survive
    max_payload_length = 64 * 1024  # hundreds of groups make some 20,000


class Signatures:
    """Checks signatures. `algorithms` is our list; HS256 and its kin are keyed with the client secret."""

    def __init__(
        self,
        client: BoundedClient,
        *,
        algorithms: tuple[str, ...],
        client_secret: str,
        limit: float,
        log: Log,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._limit = limit
        self._clock = clock
        self._algorithms = algorithms
        self._allowed = _allowed(algorithms)
        self._registry = _Registry(algorithms=self._allowed, strict_check_header=False)
        self._secret = _secret_key(client_secret) if self._allowed & SYMMETRIC else ()
        self._published = CachedDocument("keys", self._fetch, KEYS_LIFETIME, log, clock)

    async def verify(self, jwks_uri: str, unverified_token: str) -> SignedClaims:
        """The claims of a token that one of the keys at `jwks_uri` has signed. New keys are fetched once if none fits.

        Raises `Refused` with `ID_TOKEN_MALFORMED`, `_ENCRYPTED`, `_ALGORITHM`, `_KEY_UNKNOWN` or `_SIGNATURE`, or with
        a provider code when there are no keys.
        """
        started = self._clock()
        token, header = self._read(unverified_token)
        if header.alg not in self._allowed:
            raise Refused(Code.ID_TOKEN_ALGORITHM, found=header.alg, expected=" ".join(self._algorithms))
        fitting: list[Key] = []
        for newer_than in (None, started):
            fitting = [key for key in await self._keys(jwks_uri, header, newer_than) if _fits(key, header)]
            if any(self._is_signed(token, key) for key in fitting):
                return SignedClaims(algorithm=header.alg, unverified_claims=_claims(token.payload), typ=header.typ)
        if not fitting:
            raise Refused(Code.ID_TOKEN_KEY_UNKNOWN, url=jwks_uri, kid=header.kid, algorithm=header.alg)
        raise Refused(Code.ID_TOKEN_SIGNATURE, url=jwks_uri)

    async def _keys(self, jwks_uri: str, header: _Header, newer_than: float | None) -> tuple[Key, ...]:
        return self._secret if header.alg in SYMMETRIC else await self._published.get(jwks_uri, newer_than)

    async def _fetch(self, jwks_uri: str) -> tuple[Key, ...]:
        answer = await self._client.send("GET", jwks_uri, limit=self._limit)
        keys = published_keys(answer.json(Code.PROVIDER_ANSWER_INVALID))
        if not keys:
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=answer.url, problem="200 without a usable key")
        return keys

    def _read(self, unverified_token: str) -> tuple[jws.CompactSignature, _Header]:
        if unverified_token.count(".") == 4:  # RFC 7516, 9: a JWE has five parts
            raise Refused(Code.ID_TOKEN_ENCRYPTED)
        try:
            token = jws.extract_compact(unverified_token.encode(), registry=self._registry)
            header = msgspec.convert(token.protected, _Header)
            self._registry.check_header(token.protected)
        except (JoseError, ValueError, RecursionError) as error:
            raise _malformed(str(error)) from error
        if header.crit is not None:
            raise _malformed("its header has `crit`, and no extension is known here")
        return token, header

    def _is_signed(self, token: jws.CompactSignature, key: Key) -> bool:
        with warnings.catch_warnings():  # RFC 9864 renamed it, but providers still send the old name
            warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)
            return jws.validate_compact(token, key, registry=self._registry)


def published_keys(jwks: dict[str, Any]) -> tuple[Key, ...]:
    """The keys of a JWK Set that can check a signature; one that is broken does not spoil the others."""
    listed = jwks.get("keys")
    keys = map(_imported, listed[:MAX_KEYS] if isinstance(listed, list) else ())
    return tuple(key for key in keys if key is not None)


def _imported(jwk: Any) -> Key | None:
    try:
        read = msgspec.convert(jwk, _RSA | _EC | _OKP)
        return JWKRegistry.import_key(msgspec.to_builtins(read))
    except (JoseError, ValueError):
        return None


def _allowed(algorithms: tuple[str, ...]) -> frozenset[str]:
    """Our list, without what nobody may switch on (`none`), and with both names of Ed25519."""
    listed = (ASYMMETRIC | SYMMETRIC).intersection(algorithms)
    return listed | ED25519 if listed & ED25519 else listed


def _secret_key(client_secret: str) -> tuple[Key, ...]:
    return (OctKey.import_key(client_secret),) if client_secret else ()


def _fits(key: Key, header: _Header) -> bool:
    """May this key have signed? A key without an id, like our own secret, may have any."""
    if header.kid is not None and key.kid not in (None, header.kid):
        return False
    try:
        jws.JWSRegistry.algorithms[header.alg].check_key(key)
    except JoseError:
        return False
    return True


def _claims(payload: bytes) -> dict[str, Any]:
    found = json_object(payload)
    if found is None:
        raise _malformed("its payload is not a JSON object")
    return found


def _malformed(problem: str) -> Refused:
    return Refused(Code.ID_TOKEN_MALFORMED, problem=problem)

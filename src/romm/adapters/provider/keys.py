"""Checks signatures with the keys that the provider publishes.

Sources: RFC 7515 (JWS); RFC 7517 (JWK); RFC 7518, 3 (algorithms); RFC 8725, 3.1 (our list, not the token's).
"""

import warnings
from collections.abc import Callable
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key, OctKey
from msgspec import Struct

from romm.adapters.provider.documents import CachedDocument, Lifetime
from romm.adapters.provider.published_keys import ASYMMETRIC, KeySet, published_keys
from romm.adapters.provider.transport import BoundedClient, json_object
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.discovery import UnreadableKey, accepted_algorithms
from romm.ports.process import Log
from romm.ports.provider import SignedClaims

KEYS_LIFETIME = Lifetime(fresh=3600, usable=24 * 3600, cooldown=10)

SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})


class _Header(Struct):
    """Without `jwk`, `jku`, `x5u` and `x5c`: the sender's keys prove nothing."""

    alg: str
    kid: str | None = None
    crit: Any = None
    typ: str | None = None


class _Registry(jws.JWSRegistry):
    # Characters of an encoded part
    max_header_length = 16 * 1024  # room for an `x5c`, although unused
    max_payload_length = 64 * 1024  # hundreds of groups take about 20,000


class Signatures:
    """HS256, HS384 and HS512 use the client secret as key."""

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
        self._secret = _secret_key(client_secret) if self._allowed & SYMMETRIC else KeySet()
        self._published = CachedDocument("keys", self._fetch, KEYS_LIFETIME, log, clock)

    @property
    def published(self) -> CachedDocument[KeySet]:
        return self._published

    async def verify(self, jwks_uri: str, unverified_token: str, announced: tuple[str, ...] = ()) -> SignedClaims:
        """Fetches the keys again, once, if none fits. Only `announced` algorithms count, if there are any.

        Raises `Refused` with `ID_TOKEN_MALFORMED`, `_ENCRYPTED`, `_ALGORITHM`, `_KEY_UNKNOWN`, `_KEY_UNREADABLE` or
        `_SIGNATURE`, or a provider code.
        """
        started = self._clock()
        token, header = self._read(unverified_token)
        accepted = accepted_algorithms(self._algorithms, announced)
        if header.alg not in self._allowed.intersection(accepted):
            raise Refused(Code.ID_TOKEN_ALGORITHM, found=header.alg, expected=" ".join(accepted))
        fitting: list[Key] = []
        keys = KeySet()
        for newer_than in (None, started):
            keys = await self._keys(jwks_uri, header, newer_than)
            fitting = [key for key in keys.usable if _fits(key, header)]
            if any(self._is_signed(token, key) for key in fitting):
                return SignedClaims(algorithm=header.alg, unverified_claims=_claims(token.payload), typ=header.typ)
        if not fitting:
            raise _no_key(jwks_uri, header, keys.unreadable)
        raise Refused(Code.ID_TOKEN_SIGNATURE, url=jwks_uri)

    async def _keys(self, jwks_uri: str, header: _Header, newer_than: float | None) -> KeySet:
        return self._secret if header.alg in SYMMETRIC else await self._published.get(jwks_uri, newer_than)

    async def _fetch(self, jwks_uri: str) -> KeySet:
        answer = await self._client.send("GET", jwks_uri, limit=self._limit)
        keys = published_keys(answer.json(Code.PROVIDER_ANSWER_INVALID))
        if not keys.usable:
            why = "".join(f"; {each.described}" for each in keys.unreadable[:1])
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=answer.url, problem=f"200 without a usable key{why}")
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
        if token.protected["alg"] != "EdDSA":
            return jws.validate_compact(token, key, registry=self._registry)
        with warnings.catch_warnings():  # RFC 9864 renamed it, but providers still send the old name
            warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)
            return jws.validate_compact(token, key, registry=self._registry)


def _allowed(algorithms: tuple[str, ...]) -> frozenset[str]:
    """Without `none`, which no setting may switch on."""
    return (ASYMMETRIC | SYMMETRIC).intersection(accepted_algorithms(algorithms, ()))


def _secret_key(client_secret: str) -> KeySet:
    return KeySet((OctKey.import_key(client_secret),) if client_secret else ())


def _no_key(jwks_uri: str, header: _Header, unreadable: tuple[UnreadableKey, ...]) -> Refused:
    for key in unreadable:
        if header.kid is None or key.kid in (None, header.kid):
            return Refused(Code.ID_TOKEN_KEY_UNREADABLE, url=jwks_uri, kid=key.kid, problem=key.problem)
    return Refused(Code.ID_TOKEN_KEY_UNKNOWN, url=jwks_uri, kid=header.kid, algorithm=header.alg)


def _fits(key: Key, header: _Header) -> bool:
    """A key without an id, such as the client secret, fits any `kid`."""
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

"""The OpenID Provider over HTTP.

Sources: OpenID Connect Core 1.0, 3.1.3 and 5.3; OpenID Connect Discovery 1.0, 4; RFC 6749, 4.1.3 and 5; RFC 9126, 2.
"""

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from romm.adapters.provider.client_authentication import ClientAuthentication
from romm.adapters.provider.client_keys import client_keys, public_keys
from romm.adapters.provider.discovery import DiscoveryDocument
from romm.adapters.provider.documents import CachedDocument, Lifetime
from romm.adapters.provider.keys import Signatures
from romm.adapters.provider.token_endpoint import request_uri, token_response
from romm.adapters.provider.transport import Answer, BoundedClient, Limits, Transport
from romm.domain.errors import UNVERIFIABLE, Code, Refused
from romm.domain.sign_in import discovery
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Location, Metadata
from romm.ports.process import Log
from romm.ports.provider import SignedClaims, TokenResponse

_CHALLENGE = re.compile(r'(error|error_description|scope)="([^"]*)"')
CONFIRMED_SECONDS = 60.0
METADATA_LIFETIME = Lifetime(fresh=24 * 3600, usable=math.inf, cooldown=5)

_METADATA_DOUBTFUL = {
    Code.PROVIDER_UNAVAILABLE,
    Code.PROVIDER_ANSWER_INVALID,
    Code.TOKEN_RESPONSE_INVALID,
    Code.ID_TOKEN_ALGORITHM,
    Code.ID_TOKEN_KEY_UNKNOWN,
    Code.ID_TOKEN_KEY_UNREADABLE,
}


class ProviderSettings(Struct, frozen=True, kw_only=True):
    """An empty authentication method means: from discovery."""

    location: Location
    client_secret: str = ""
    client_key_file: str = ""
    token_endpoint_auth_method: str = ""
    signing_algorithms: tuple[str, ...] = ("RS256",)
    tls_cacertfile: str = ""
    limits: Limits = Limits()


class OpenIDProvider:
    """`clock` is monotonic, in seconds."""

    def __init__(
        self,
        settings: ProviderSettings,
        client: Client,
        *,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
        transport: Transport | None = None,
    ) -> None:
        self._settings = settings
        self._limits = settings.limits
        self._client = client
        self._log = log
        self._http = BoundedClient(settings.tls_cacertfile, settings.limits, transport)
        self._document = DiscoveryDocument(self._http, settings.limits.document, clock)
        self._discovery = CachedDocument("metadata", self._discover, METADATA_LIFETIME, log, clock)
        self._keys = client_keys(settings.client_key_file) if settings.client_key_file else ()
        self._authentication = ClientAuthentication(
            self._http,
            client_id=client.client_id,
            client_secret=settings.client_secret,
            keys=self._keys,
            method=settings.token_endpoint_auth_method,
            log=log,
            clock=clock,
        )
        self._signatures = Signatures(
            self._http,
            algorithms=settings.signing_algorithms,
            client_secret=settings.client_secret,
            limit=settings.limits.document,
            log=log,
            clock=clock,
        )

    @property
    def client(self) -> Client:
        return self._client

    @property
    def documents(self) -> Mapping[str, CachedDocument[Any]]:
        return {"metadata": self._discovery, "keys": self._signatures.published}

    async def aclose(self) -> None:
        await self._http.aclose()

    def authentication_methods(self, metadata: Metadata) -> tuple[str, ...]:
        return self._authentication.methods(metadata)

    def client_jwks(self) -> Mapping[str, Any]:
        return public_keys(self._keys)

    def known_metadata(self) -> Metadata | None:
        return self._discovery.known

    async def metadata(self) -> Metadata:
        """Refreshed once a day, and after a validation failed."""
        return await self._discovery.get(self._settings.location.url)

    async def answering_metadata(self) -> Metadata:
        return await self._discovery.confirmed(self._settings.location.url, CONFIRMED_SECONDS)

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """RFC 9126, 2.1."""
        endpoint = metadata.pushed_authorization_request_endpoint
        if endpoint is None:
            problem = "metadata without an endpoint for pushed requests"
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=self._settings.location.url, problem=problem)
        with self._doubting_metadata():
            answer, method = await self._authentication.post(endpoint, parameters, metadata, self._limits.token)
            return request_uri(answer, self._client, method)

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        """RFC 6749, 4.1.3."""
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": code_verifier,
        }
        endpoint = metadata.token_endpoint
        with self._doubting_metadata():
            answer, method = await self._authentication.post(endpoint, parameters, metadata, self._limits.token)
            return token_response(answer, self._client, method)

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        """Metadata that lacks the algorithm is fetched once more."""
        try:
            return await self._verify(metadata, unverified_id_token)
        except Refused as refused:
            if refused.code is not Code.ID_TOKEN_ALGORITHM:
                raise
        return await self._verify(await self.metadata(), unverified_id_token)

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        """OpenID Connect Core 1.0, 5.3. A JWT must be signed and issued to us."""
        if metadata.userinfo_endpoint is None:
            return None
        with self._doubting_metadata():
            answer = await self._userinfo_answer(metadata.userinfo_endpoint, access_token)
            if answer.content_type == "application/jwt" and answer.status == 200:
                return await self._signed_userinfo(answer, metadata)
            return answer.json(Code.USERINFO_INVALID)

    async def _verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        with self._doubting_metadata():
            return await self._signatures.verify(metadata.jwks_uri, unverified_id_token, metadata.signing_algorithms)

    async def _discover(self, url: str) -> Metadata:
        try:
            answer = await self._document.fetch(url)
            metadata = accepted_metadata(answer, self._settings.location)
            self.authentication_methods(metadata)  # before redirecting a browser in vain
        except Refused:
            self._document.forget()
            raise
        if metadata != self._discovery.known:
            self._log.info("provider.discovered", url=answer.url, issuer=metadata.issuer)
        return metadata

    @contextmanager
    def _doubting_metadata(self) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            if refused.code in _METADATA_DOUBTFUL:
                self._discovery.invalidate()
            raise

    async def _userinfo_answer(self, endpoint: str, access_token: str) -> Answer:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json, application/jwt"}
        try:
            answer = await self._http.send("GET", endpoint, limit=self._limits.userinfo, headers=headers)
        except Refused as refused:
            if refused.code != Code.PROVIDER_ANSWER_INVALID:
                raise
            raise Refused(Code.USERINFO_INVALID, **refused.facts) from refused
        if answer.status >= 400:
            raise Refused(
                Code.PROVIDER_UNAVAILABLE, url=answer.url, problem=f"it answered {answer.summary}{_reason(answer)}"
            )
        return answer

    async def _signed_userinfo(self, answer: Answer, metadata: Metadata) -> Mapping[str, Any]:
        token = answer.body.decode("ascii", errors="replace")
        try:
            claims = (await self._signatures.verify(metadata.jwks_uri, token)).unverified_claims
        except Refused as refused:
            if refused.code not in UNVERIFIABLE:
                raise
            raise Refused(Code.USERINFO_INVALID, problem=OF_A_JWT[refused.code]) from refused
        if not _is_for(claims, metadata.issuer, self._client.client_id):
            raise Refused(Code.USERINFO_INVALID, problem="its JWT has another issuer or audience")
        return claims


OF_A_JWT = {
    Code.ID_TOKEN_MALFORMED: "it is not JSON, and no JWT that can be read",
    Code.ID_TOKEN_ENCRYPTED: "it is an encrypted JWT",
    Code.ID_TOKEN_ALGORITHM: "its JWT is signed in a way that RomM does not accept",
    Code.ID_TOKEN_KEY_UNKNOWN: "its JWT is signed with a key that the provider does not publish",
    Code.ID_TOKEN_KEY_UNREADABLE: "the published key of its JWT cannot be read",
    Code.ID_TOKEN_SIGNATURE: "the signature of its JWT is wrong",
}
"""For each of `UNVERIFIABLE`."""


def accepted_metadata(answer: Answer, location: Location) -> Metadata:
    metadata = _metadata(answer)
    if refuse := discovery.accept(metadata, location):
        raise Refused.by(refuse)
    return metadata


def _metadata(answer: Answer) -> Metadata:
    """Null and empty members count as missing."""
    found = answer.json(Code.PROVIDER_ANSWER_INVALID).items()
    try:
        return msgspec.convert({name: value for name, value in found if value not in ("", None)}, Metadata)
    except msgspec.ValidationError as error:
        problem = f"200 with unusable metadata: {error}"
        raise Refused(Code.PROVIDER_ANSWER_INVALID, url=answer.url, problem=problem) from error


def _reason(answer: Answer) -> str:
    """RFC 6750, 3."""
    found = dict(_CHALLENGE.findall(answer.challenge))
    told = " ".join(found[name] for name in ("error", "error_description", "scope") if name in found)
    return f": {told}" if told else ""


def _is_for(claims: Mapping[str, Any], issuer: str, client_id: str) -> bool:
    """A signed UserInfo may omit both (OpenID Connect Core 1.0, 5.3.2)."""
    audience = claims.get("aud", client_id)
    audiences = audience if isinstance(audience, list) else [audience]
    return claims.get("iss", issuer) == issuer and client_id in audiences

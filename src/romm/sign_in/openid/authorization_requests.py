"""The authorization request's URL, pushed first where required or wished (RFC 9126)."""

from collections.abc import Mapping
from typing import Protocol

from romm.domain.errors import Code, Refused
from romm.domain.sign_in import authorization
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata


class Pushing(Protocol):
    @property
    def client(self) -> Client: ...

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """As `Provider.push`."""


def may_be_pushed(client: Client, metadata: Metadata) -> bool:
    is_offered = client.pushed_requests and metadata.pushed_authorization_request_endpoint
    return metadata.require_pushed_authorization_requests or bool(is_offered)


async def request_url(provider: Pushing, metadata: Metadata, request: dict[str, str]) -> str:
    if may_be_pushed(provider.client, metadata):
        try:
            return await _pushed_url(provider, metadata, request)
        except Refused as refused:
            is_absent = refused.code is Code.PROVIDER_ANSWER_INVALID  # the endpoint is announced, but not there
            if metadata.require_pushed_authorization_requests or not is_absent:
                raise
    return authorization.authorization_url(metadata, request)


async def _pushed_url(provider: Pushing, metadata: Metadata, request: dict[str, str]) -> str:
    request_uri = await provider.push(metadata, request)
    pushed = {"client_id": request["client_id"], "request_uri": request_uri}
    return authorization.authorization_url(metadata, pushed)

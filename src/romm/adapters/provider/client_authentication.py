"""Client authentication at the provider (RFC 6749, 2.3)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2.auth import ClientAuth

from romm.adapters.provider.transport import Answer, BoundedClient, json_object
from romm.domain.sign_in.discovery import Metadata
from romm.ports.process import Log

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"

_FORM = "application/x-www-form-urlencoded"


class ClientAuthentication:
    """Empty `method`: from the metadata.

    `client_secret_basic` form-encodes id and secret (RFC 6749, 2.3.1); some providers compare them unencoded. A rejection
    leaves the code valid, so the other encoding is tried once.
    """

    def __init__(
        self,
        client: BoundedClient,
        *,
        client_id: str,
        client_secret: str,
        method: str,
        log: Log,
        clock: Callable[[], float],
    ) -> None:
        if method not in ("", BASIC, POST, NONE):
            raise ValueError(f"OIDC_TOKEN_ENDPOINT_AUTH_METHOD is {method}; use {BASIC}, {POST} or {NONE}.")
        self._client = client
        self._plain = (client_id, client_secret)
        self._encoded = (quote_plus(client_id), quote_plus(client_secret))
        self._spelling = self._encoded
        self._method = method
        self._log = log
        self._clock = clock

    def method(self, metadata: Metadata) -> str:
        """Registered name (OpenID Connect Core 1.0, 9)."""
        if self._method or not self._plain[1]:
            return self._method or NONE
        offered = metadata.token_endpoint_auth_methods_supported
        return POST if POST in offered and BASIC not in offered else BASIC

    async def post(self, endpoint: str, form: str, method: str, limit: float) -> Answer:
        """`form` is already encoded. `limit` is in seconds, with the second try."""
        deadline = self._clock() + limit
        if method != BASIC:
            return await self._send(endpoint, form, ClientAuth(*self._plain, method), limit)
        answer = await self._send(endpoint, form, ClientAuth(*self._spelling, BASIC), limit)
        if is_rejection(answer) and self._can_respell():
            answer = await self._respelled(endpoint, form, deadline - self._clock())
        return answer

    def _can_respell(self) -> bool:
        return self._plain != self._encoded and "".join(self._plain).isascii()

    async def _respelled(self, endpoint: str, form: str, limit: float) -> Answer:
        spelling = self._plain if self._spelling == self._encoded else self._encoded
        self._log.warning("provider.client_secret_respelled", is_encoded=spelling == self._encoded)
        answer = await self._send(endpoint, form, ClientAuth(*spelling, BASIC), limit)
        if not is_rejection(answer):
            self._spelling = spelling
        return answer

    async def _send(self, endpoint: str, form: str, auth: ClientAuth, limit: float) -> Answer:
        url, headers, body = auth.prepare("POST", endpoint, {"Content-Type": _FORM}, form)
        return await self._client.send("POST", url, limit=limit, headers=headers, form=body)


def is_rejection(answer: Answer) -> bool:
    """Of our client credentials (RFC 6749, 5.2)."""
    return answer.status == 401 or (answer.status != 200 and oauth_error(answer)[0] == "invalid_client")


def oauth_error(answer: Answer) -> tuple[str | None, str | None]:
    """RFC 6749, 5.2; None if not text."""
    found = json_object(answer.body) or {}
    return _text(found.get("error")), _text(found.get("error_description"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

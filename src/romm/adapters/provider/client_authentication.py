"""Client authentication at the provider (RFC 6749, 2.3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.auth import ClientAuth
from joserfc.jwk import Key

from romm.adapters.provider.client_assertion import assertion
from romm.adapters.provider.transport import Answer, BoundedClient, json_object
from romm.domain.errors import required
from romm.domain.sign_in.client_methods import BASIC, KEY_JWT, NONE, POST, SECRET_JWT, client_methods
from romm.domain.sign_in.discovery import Metadata
from romm.ports.process import Log

_METHODS = (BASIC, POST, SECRET_JWT, KEY_JWT, NONE)
_FORM = "application/x-www-form-urlencoded"


class ClientAuthentication:
    """Empty `method`: from the metadata.

    `client_secret_basic` form-encodes id and secret (RFC 6749, 2.3.1); some providers compare them unencoded. After a
    rejection, which leaves the code valid, the other encoding is tried once, then other offered methods. The accepted one
    comes first from then on.
    """

    def __init__(
        self,
        client: BoundedClient,
        *,
        client_id: str,
        client_secret: str,
        keys: Sequence[Key],
        method: str,
        log: Log,
        clock: Callable[[], float],
    ) -> None:
        if method not in ("", *_METHODS):
            raise ValueError(f"OIDC_TOKEN_ENDPOINT_AUTH_METHOD is {method}; use one of {', '.join(_METHODS)}.")
        if (method == KEY_JWT and not keys) or (method == SECRET_JWT and not client_secret):
            raise ValueError(f"OIDC_TOKEN_ENDPOINT_AUTH_METHOD is {method}, but there is nothing to sign with.")
        self._client = client
        self._keys = keys
        self._plain = (client_id, client_secret)
        self._encoded = (quote_plus(client_id), quote_plus(client_secret))
        self._spelling = self._encoded
        self._method = method
        self._accepted = ""
        self._log = log
        self._clock = clock

    def methods(self, metadata: Metadata) -> tuple[str, ...]:
        """In order. Raises `Refused(CLIENT_METHOD_UNSUPPORTED)`."""
        offered = metadata.token_endpoint_auth_methods_supported
        methods = required(
            client_methods(self._method, offered, has_secret=bool(self._plain[1]), has_key=bool(self._keys))
        )
        return tuple(sorted(methods, key=lambda method: method != self._accepted))

    async def post(
        self, endpoint: str, parameters: Mapping[str, str], metadata: Metadata, limit: float
    ) -> tuple[Answer, str]:
        """The answer and its method. `limit` is in seconds, with all tries."""
        ends_at = self._clock() + limit
        first, *others = self.methods(metadata)
        answer = await self._post(endpoint, parameters, first, metadata, limit)
        for method in others if is_rejection(answer) else ():
            again = await self._post(endpoint, parameters, method, metadata, ends_at - self._clock())
            if not is_rejection(again):
                self._log.warning("provider.client_method_changed", rejected=first, accepted=method)
                self._accepted = method
                return again, method
        return answer, first

    async def _post(
        self, endpoint: str, parameters: Mapping[str, str], method: str, metadata: Metadata, limit: float
    ) -> Answer:
        client_id, secret = self._plain
        if method in (KEY_JWT, SECRET_JWT):
            key = self._keys[0] if method == KEY_JWT else secret
            proof = {"client_id": client_id, **assertion(key, client_id, metadata.token_endpoint)}
            form = urlencode({**parameters, **proof})
            return await self._client.send("POST", endpoint, limit=limit, headers={"Content-Type": _FORM}, form=form)
        if method != BASIC:  # the others bring the client id
            form = urlencode({name: value for name, value in parameters.items() if name != "client_id"})
            return await self._send(endpoint, form, ClientAuth(*self._plain, method), limit)
        ends_at, form = self._clock() + limit, urlencode(parameters)
        answer = await self._send(endpoint, form, ClientAuth(*self._spelling, BASIC), limit)
        if is_rejection(answer) and self._can_respell():
            answer = await self._respelled(endpoint, form, ends_at - self._clock())
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

"""The scripted provider in the shape of a real server."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from tests.fake_provider import (
    NOT_FOUND,
    FakeProvider,
    Received,
    Response,
    json_response,
    redirect,
)
from tests.shapes import request_objects
from tests.shapes.answers import form
from tests.shapes.model import ABSENT, Shape, State, Table, Turn
from tests.shapes.states import JWE, REGISTERED, applies, persons

_ENDPOINTS = {
    "authorize": "authorization_endpoint",
    "token": "token_endpoint",
    "jwks": "jwks_uri",
    "userinfo": "userinfo_endpoint",
    "par": "pushed_authorization_request_endpoint",
    "end_session": "end_session_endpoint",
}
_LOG_IN = form()
_PERSON = {"user": "alice", "password": "secret"}


@dataclass(kw_only=True)
class ShapedProvider(FakeProvider):
    """`state` is what is wrong there, beside what a request shows by itself. The other knobs are those of every provider."""

    shape: Shape
    state: State = State.HEALTHY
    allowed_scopes: tuple[str, ...] = ("openid", "profile", "email", "groups", "offline_access")
    post_logout_uris: tuple[str, ...] = ("https://romm.test/login",)
    saved_requests: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, shape: Shape, state: State, **knobs: Any) -> "ShapedProvider":
        """With RomM registered as the guide has it, but for the state."""
        idp = cls(
            shape=shape, state=state, **{"issuer": shape.issuer, **shape.knobs, **REGISTERED.get(state, {}), **knobs}
        )
        idp.claims = _without_absent({**idp.claims, **shape.claims, **persons(state)})
        idp.thin_id_token = shape.only_userinfo
        idp.alter_id_token = lambda claims: _merge(claims, shape.id_token)
        if state is State.ENCRYPTION:
            idp.alter_tokens = lambda tokens: tokens.update(id_token=JWE)
            idp.alter_jwks = lambda jwks: jwks["keys"].append({**jwks["keys"][0], "use": "enc", "kid": "encrypts"})
        return idp

    async def approve(self, authorization_url: str) -> str:
        """Go where a browser would and sign in; gives the query for the callback."""
        async with httpx.AsyncClient(transport=self.transport, base_url=self.origin) as browser:
            response = await browser.get(authorization_url)
            while self._is_here(response):
                response = await browser.get(response.headers["location"])
            if response.status_code == 200:
                response = await browser.post(response.url, data=_PERSON)
        callback, _, query = response.headers.get("location", "").partition("?")
        assert callback == self.redirect_uri, f"{response.status_code}: {response.text}"
        return str(query)

    @property
    def origin(self) -> str:
        """Scheme and host."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def owned_path(self) -> str:
        """The whole host."""
        return ""

    def logout_token(self, **changes: Any) -> str:
        """As this server sends them."""
        absent = {name: None if value == ABSENT else value for name, value in self.shape.logout_token.items()}
        return super().logout_token(**{**absent, **changes})

    def _is_here(self, response: httpx.Response) -> bool:
        location = response.headers.get("location", "")
        return bool(location) and not location.startswith(self.redirect_uri)

    # the endpoints

    def _path(self, path: str) -> str:
        """That of the honest provider's endpoint, so that `received("/token")` is the same everywhere."""
        names = {self.shape.paths[name]: f"/{name}" for name in _ENDPOINTS if name in self.shape.paths}
        return names.get(path, path)

    def _respond(self, request: Received) -> Response:
        path, shape = request.path, self.shape
        if path in shape.own_pages:
            return shape.own_pages[path](self._turn(request.query))
        if shape.form_at and path.partition(";")[0] in (shape.form_at, f"{shape.form_at}/login"):
            return self._own_form(request)
        if path == shape.paths["discovery"]:
            return self.instead.get("discovery") or self._document(request)
        if path.removeprefix("/") in _ENDPOINTS and path.removeprefix("/") in shape.paths:
            return self._endpoint(path.removeprefix("/"), request)
        return NOT_FOUND

    def _endpoint(self, name: str, request: Received) -> Response:
        if name in self.instead:
            return self.instead[name]
        return {
            "authorize": self._authorize,
            "token": self._token,
            "jwks": self._jwks,
            "userinfo": self._userinfo,
            "par": self._par,
            "end_session": self._end_session,
        }[name](request)

    def _document(self, request: Received) -> Response:
        if problem := self._first(self.shape.discovery, {}):
            return self.shape.discovery[problem](self._turn({}))
        return self._discovery(request)

    def _discovery(self, request: Received) -> Response:
        paths = self.shape.paths
        metadata: dict[str, Any] = {
            "issuer": self.issuer,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "token_endpoint_auth_methods_supported": list(self.auth_methods),
            "code_challenge_methods_supported": ["S256"],
        }
        metadata |= {member: f"{self.origin}{paths[name]}" for name, member in _ENDPOINTS.items() if name in paths}
        metadata |= {"authorization_response_iss_parameter_supported": True} if self.sends_iss else {}
        _merge(metadata, self.shape.metadata)
        self.alter_metadata(metadata)
        return json_response(metadata)

    def _authorize(self, request: Received) -> Response:
        asked = self._requested(request.query)
        silent = asked.get("prompt") == "none"
        table = self.shape.silent if silent else self.shape.asked
        if request.method == "POST" and not self.shape.form_at:
            return self._submitted(asked)
        return table[self._first(table, asked) or State.HEALTHY](self._turn(asked))

    def _own_form(self, request: Received) -> Response:
        cookies = dict(pair.partition("=")[::2] for pair in request.headers.get("cookie", "").split("; "))
        kept = [self.saved_requests[value] for value in cookies.values() if value in self.saved_requests]
        asked = request.query if "client_id" in request.query else (kept[-1] if kept else {})
        asked = self._requested(asked)
        if request.method == "POST":
            return self._submitted(asked)
        if ";" in request.path:  # a session's id in the path, which is taken off again
            return Response(302, headers={"location": self.shape.form_at})
        table = self.shape.form if request.path == self.shape.form_at else {}
        return table.get(self._first(table, asked) or State.HEALTHY, _LOG_IN)(self._turn(asked))

    def _requested(self, query: Mapping[str, str]) -> dict[str, str]:
        """What was pushed, if it was, and what is in the request object, if there is one."""
        pushed = self._pushed.get(query.get("request_uri", ""))
        within = request_objects.claims(query.get("request", ""))
        return {**(pushed or query), **within, "pushed": "yes" if pushed else "", "as_object": "yes" if within else ""}

    def _submitted(self, asked: dict[str, str]) -> Response:
        if problem := self._first(self.shape.submitted, asked):
            return self.shape.submitted[problem](self._turn(asked))
        parameters = {"code": self._code(asked), **self._more(asked)}
        self.alter_response(parameters)
        return redirect(asked["redirect_uri"], parameters)

    def _par(self, request: Received) -> Response:
        table = self.shape.par
        asked = self._asked_by_client(request)
        if self.shape.par_methods and asked["method"] not in self.shape.par_methods:
            return table[State.METHOD](self._turn(request.form))
        if problem := self._first(table, asked):
            return table[problem](self._turn(request.form))
        if State.HEALTHY in table:
            return table[State.HEALTHY](self._turn(request.form))
        request_uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe()}"
        self._pushed[request_uri] = dict(request.form)
        return json_response({"request_uri": request_uri, "expires_in": 60}, 201)

    def _token(self, request: Received) -> Response:
        table = self.shape.token
        if problem := self._first(table, self._asked_by_client(request)):
            return table[problem](self._turn(request.form))
        return self._redeemed(request) or table[State.HEALTHY](self._turn(request.form))

    def _userinfo(self, request: Received) -> Response:
        if problem := self._first(self.shape.userinfo, {}):
            return self.shape.userinfo[problem](self._turn({}))
        return super()._userinfo(request)

    def _end_session(self, request: Received) -> Response:
        asked = {**request.query, **request.form}
        if problem := self._first(self.shape.sign_out, asked):
            return self.shape.sign_out[problem](self._turn(asked))
        honest = self.shape.sign_out.get(State.HEALTHY)
        return honest(self._turn(asked)) if honest else super()._end_session(request)

    # what a request shows

    def _asked_by_client(self, request: Received) -> dict[str, str]:
        method, client_id, secret = self._credentials(request)
        return {**request.form, "client_id": client_id, "method": method, "secret": secret, "pushed": "yes"}

    def _first(self, table: Table, asked: Mapping[str, str]) -> State | None:
        """The first row that applies."""
        return next((state for state in table if state is not State.HEALTHY and applies(self, state, asked)), None)

    def _turn(self, asked: Mapping[str, str]) -> Turn:
        given = {name: value for name, value in asked.items() if name not in ("pushed", "as_object")}
        return Turn(
            origin=self.origin,
            asked=given,
            query=urlencode(given),
            more=self._more(asked),
            save=lambda: self._save(given),
        )

    def _more(self, asked: Mapping[str, str]) -> dict[str, str]:
        state = {"state": asked["state"]} if "state" in asked else {}
        return state | ({"iss": self.issuer} if self.sends_iss else {})

    def _save(self, asked: Mapping[str, str]) -> str:
        session = secrets.token_hex(16)
        self.saved_requests[session] = dict(asked)
        return session


def _merge(document: dict[str, Any], changes: Mapping[str, Any]) -> None:
    document.update(changes)
    for name in [name for name, value in document.items() if value == ABSENT]:
        del document[name]


def _without_absent(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value != ABSENT}

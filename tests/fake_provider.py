"""A small OpenID Provider that keeps the protocol to the letter, and breaks it wherever a test asks for that.

It is an ASGI application with real keys. A test needs no socket for it (`FakeProvider.transport`); `served` gives it
one. The person's browser is `await provider.approve(url)`.
"""

import asyncio
import base64
import gzip
import hashlib
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import httpx
import uvicorn
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet, OctKey
from trustme import LeafCert

CLIENT_ID = "romm"
CLIENT_SECRET = "insecure_secret_of_at_least_32_bytes"
REDIRECT_URI = "https://romm.test/api/oauth/openid"

ALICE: Mapping[str, Any] = {
    "email": "alice@example.org",
    "email_verified": True,
    "preferred_username": "alice",
    "name": "Alice A",
    "groups": ["romm-admins", "users"],
}

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Alter = Callable[[dict[str, Any]], object]
"""Changes a document in place before it is signed or sent."""


@dataclass(frozen=True)
class Received:
    """A request as it arrived. `path` is below the issuer's."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


@dataclass(frozen=True)
class Response:
    """A response to send; in `FakeProvider.instead`, one that takes the place of an honest one."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


HTML = Response(200, b"<!doctype html><title>Sign in</title>", "text/html; charset=utf-8")
NO_CONTENT = Response(204)
BROKEN = Response(500, b"Internal Server Error", "text/plain")
NOT_FOUND = Response(404, b"Not Found", "text/plain")
HANGING = Response(delay=3600)
HUGE = Response(200, b'"' + b"a" * 2_000_000 + b'"')
DEEP = Response(200, b'{"a":' * 100_000)
CUT = Response(200, b'{"sub":"al')
LIST = Response(200, b"[]")
GZIP_BOMB = Response(200, gzip.compress(bytes(5_000_000), 1), headers={"content-encoding": "gzip"})


def json_response(document: Any, status: int = 200) -> Response:
    """A document, which nobody may keep."""
    return Response(status, json.dumps(document).encode(), headers={"cache-control": "no-store"})


ANY_CODE = json_response({"access_token": "a", "token_type": "Bearer"})
MOVED = Response(301, headers={"location": "https://idp.test/elsewhere"})
MOVED_AWAY = Response(301, headers={"location": "https://login.test/"})


def error(name: str, status: int = 400) -> Response:
    """An OAuth 2.0 error (RFC 6749, 5.2)."""
    return json_response({"error": name, "error_description": f"this is {name}"}, status)


def redirect(url: str, parameters: Mapping[str, str] | None = None, status: int = 303) -> Response:
    """Send the client elsewhere."""
    query = f"{'&' if '?' in url else '?'}{urlencode(parameters)}" if parameters else ""
    return Response(status, headers={"location": url + query})


@dataclass
class FakeProvider:
    """The knobs, all of which may be turned while it runs. Unturned, it is an honest provider that requires PKCE.

    `instead` names an endpoint: `discovery`, `authorize`, `token`, `jwks`, `userinfo`, `par` or `end_session`.
    """

    issuer: str = "https://idp.test"
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    redirect_uri: str = REDIRECT_URI

    # who signs in, and where it is said
    sub: str = "alice"
    claims: dict[str, Any] = field(default_factory=lambda: dict(ALICE))
    sid: str | None = None  # the id of its session, which it then names in ID tokens
    thin_id_token: bool = False
    alter_id_token: Alter = lambda claims: None
    alter_userinfo: Alter = lambda claims: None

    # how long it takes, in seconds by path
    delays: dict[str, float] = field(default_factory=dict)

    # how it is signed
    algorithm: str = "RS256"
    alter_header: Alter = lambda header: None
    alter_jwks: Alter = lambda jwks: None
    userinfo_as_jwt: bool = False

    # what it offers, and what it demands
    scopes: tuple[str, ...] = ("openid", "profile", "email", "groups")
    auth_methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post")
    registered_method: str = ""  # the one that it accepts of those, if only one
    client_jwks: Mapping[str, Any] = field(default_factory=lambda: {"keys": []})  # as registered, or as last fetched
    decodes_basic: bool = True
    requires_pkce: bool = True
    requires_par: bool = False
    client_requires_par: bool = False  # of this client alone (RFC 9126, 6), which no metadata say
    sends_iss: bool = True
    doubles_slashes: bool = False  # in front of its endpoints, as Pocket ID does when its own address ends in one

    # what goes wrong
    authorization_error: str | None = None
    alter_metadata: Alter = lambda metadata: None
    alter_response: Alter = lambda parameters: None
    alter_tokens: Alter = lambda tokens: None
    instead: dict[str, Response] = field(default_factory=dict)

    clock: Callable[[], float] = time.time
    sends_date: bool = True

    def __post_init__(self) -> None:
        self.requests: list[Received] = []
        self._generation = 0
        self._kid = "key-0"
        self._pushed: dict[str, dict[str, str]] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._access_tokens: set[str] = set()
        self._seen: set[str] = set()  # ids of assertions

    # for tests

    @property
    def owned_path(self) -> str:
        """Where it is on its host; the rest is another server's."""
        return urlsplit(self.issuer).path

    @property
    def transport(self) -> httpx.ASGITransport:
        """What reaches this provider in place of a network."""
        return httpx.ASGITransport(self)

    async def approve(self, authorization_url: str) -> str:
        """Go where a browser would, as somebody who is signed in and agrees; gives the query for the callback."""
        async with httpx.AsyncClient(transport=self.transport) as browser:
            response = await browser.get(authorization_url)
        callback, _, query = response.headers.get("location", "").partition("?")
        assert callback == self.redirect_uri, f"{response.status_code}: {response.text}"
        return str(query)

    def received(self, path: str) -> list[Received]:
        """The requests for one endpoint, such as `/token`."""
        return [request for request in self.requests if request.path == path]

    def rotate(self) -> None:
        """Sign with a new key under a new id, and publish only that."""
        self.replace_key()
        self._kid = f"key-{self._generation}"

    def replace_key(self) -> None:
        """Sign with a new key under the same id."""
        self._generation += 1

    def sign(self, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        """A JWT with any header and any claims."""
        header = {"typ": typ, "alg": self.algorithm, "kid": self._kid}
        self.alter_header(header)
        signed = f"{_base64url(json.dumps(header).encode())}.{_base64url(json.dumps(claims).encode())}"
        return f"{signed}.{_base64url(self.signature(signed.encode()))}"

    def logout_token(self, **changes: Any) -> str:
        """A logout token for the person and the session there; a claim that is None is left out."""
        now = int(self.clock())
        whom = {"sub": self.sub, "sid": self.sid}
        events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
        said = claims | whom | {"events": events} | changes
        return self.sign({name: value for name, value in said.items() if value is not None}, typ="logout+jwt")

    # the protocol

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = await self._read(scope, receive)
        self.requests.append(request)
        response = self._respond(request)
        await asyncio.sleep(response.delay or self.delays.get(request.path, 0.0))
        headers = {
            "content-type": response.content_type,
            "content-length": str(len(response.body)),
        }
        headers |= {"date": formatdate(self.clock(), usegmt=True)} if self.sends_date else {}
        encoded = [(name.encode(), value.encode()) for name, value in {**headers, **response.headers}.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": encoded})
        await send({"type": "http.response.body", "body": response.body})

    async def _read(self, scope: Any, receive: Receive) -> Received:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        return Received(
            method=scope["method"],
            path=self._path(scope["path"]),
            query=_parameters(scope["query_string"]),
            headers={name.decode(): value.decode() for name, value in scope["headers"]},
            form=_parameters(body),
        )

    def _path(self, path: str) -> str:
        below = path.removeprefix(urlsplit(self._base).path)
        return f"/{below.lstrip('/')}" if self.doubles_slashes else below

    def _respond(self, request: Received) -> Response:
        endpoints = {
            "/.well-known/openid-configuration": ("discovery", self._discovery),
            "/authorize": ("authorize", self._authorize),
            "/token": ("token", self._token),
            "/jwks": ("jwks", self._jwks),
            "/userinfo": ("userinfo", self._userinfo),
            "/par": ("par", self._par),
            "/end_session": ("end_session", self._end_session),
        }
        name, honest = endpoints.get(request.path, ("", lambda request: NOT_FOUND))
        return self.instead.get(name) or honest(request)

    @property
    def _base(self) -> str:
        return self.issuer.removesuffix("/")

    def _discovery(self, request: Received) -> Response:
        base = f"{self._base}/" if self.doubles_slashes else self._base
        metadata = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks",
            "userinfo_endpoint": f"{base}/userinfo",
            "end_session_endpoint": f"{base}/end_session",
            "pushed_authorization_request_endpoint": f"{base}/par",
            "require_pushed_authorization_requests": self.requires_par,
            "authorization_response_iss_parameter_supported": self.sends_iss,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "token_endpoint_auth_methods_supported": list(self.auth_methods),
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": list(self.scopes),
            "claims_supported": ["sub", *ALICE],
        }
        self.alter_metadata(metadata)
        return json_response(metadata)

    def _jwks(self, request: Received) -> Response:
        is_asymmetric = self.algorithm[:2] in _KEYS
        jwks = {"keys": [public_jwk(self.algorithm, self._generation, self._kid)] if is_asymmetric else []}
        self.alter_jwks(jwks)
        return json_response(jwks)

    def _authorize(self, request: Received) -> Response:
        is_pushed = "request_uri" in request.query
        asked = self._pushed.pop(request.query["request_uri"], {}) if is_pushed else request.query
        if request.query.get("client_id") != self.client_id or asked.get("redirect_uri") != self.redirect_uri:
            return Response(400, b"This client, redirect_uri or request_uri is not known here.", "text/plain")
        requires_par = self.requires_par or self.client_requires_par
        problem = "invalid_request" if requires_par and not is_pushed else self._problem(asked)
        if not problem and asked.get("prompt") == "none":
            problem = "login_required"  # whoever approves never asks like this
        parameters = {"error": problem} if problem else {"code": self._code(asked)}
        parameters |= {name: asked[name] for name in ("state",) if name in asked}
        parameters |= {"iss": self.issuer} if self.sends_iss else {}
        self.alter_response(parameters)
        return redirect(self.redirect_uri, parameters)

    def _problem(self, asked: Mapping[str, str]) -> str | None:
        """What is wrong with an authorization request (RFC 6749, 4.1.2.1; RFC 7636, 4.4.1)."""
        asked_scopes = asked.get("scope", "").split()
        if asked.get("response_type") != "code":
            return "unsupported_response_type"
        if "openid" not in asked_scopes or not set(asked_scopes) <= set(self.scopes):
            return "invalid_scope"
        if self.requires_pkce and "code_challenge" not in asked:
            return "invalid_request"
        if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
            return "invalid_request"
        return self.authorization_error

    def _code(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return code

    def _par(self, request: Received) -> Response:
        if not self._is_client(request):
            return error("invalid_client", 401)
        if request.form.get("redirect_uri") != self.redirect_uri:
            return error("invalid_request")
        if problem := self._problem(request.form):
            return error(problem)
        request_uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe()}"
        self._pushed[request_uri] = request.form
        return json_response({"request_uri": request_uri, "expires_in": 60}, 201)

    def _token(self, request: Received) -> Response:
        if request.method != "POST" or request.form.get("grant_type") != "authorization_code":
            return error("unsupported_grant_type")
        if not self._is_client(request):
            return error("invalid_client", 401)
        return self._redeemed(request) or error("invalid_grant")

    def _redeemed(self, request: Received) -> Response | None:
        """The tokens for a code, None if it is none of ours."""
        asked = self._codes.pop(request.form.get("code", ""), None)
        if asked is None or not _redeems(request.form, asked):
            return None
        access_token = secrets.token_urlsafe()
        self._access_tokens.add(access_token)
        tokens = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.sign(self._id_token(asked, access_token)),
        }
        self.alter_tokens(tokens)
        return json_response(tokens)

    def _id_token(self, asked: Mapping[str, str], access_token: str) -> dict[str, Any]:
        now = int(self.clock())
        claims = {"iss": self.issuer, "aud": self.client_id, "sub": self.sub, "iat": now, "exp": now + 300}
        claims |= {name: asked[name] for name in ("nonce",) if name in asked}
        claims |= {} if self.sid is None else {"sid": self.sid}
        claims |= {} if self.thin_id_token else self.claims
        if self.algorithm.endswith("256"):
            claims["at_hash"] = _base64url(hashlib.sha256(access_token.encode()).digest()[:16])
        self.alter_id_token(claims)
        return claims

    def _userinfo(self, request: Received) -> Response:
        scheme, _, access_token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or access_token not in self._access_tokens:
            return Response(401, headers={"www-authenticate": 'Bearer error="invalid_token"'})
        claims = {"sub": self.sub, **self.claims}
        if not self.userinfo_as_jwt:
            self.alter_userinfo(claims)
            return json_response(claims)
        claims |= {"iss": self.issuer, "aud": self.client_id}
        self.alter_userinfo(claims)
        return Response(200, self.sign(claims).encode(), "application/jwt")

    def _end_session(self, request: Received) -> Response:
        target = request.query.get("post_logout_redirect_uri")
        state = {"state": request.query["state"]} if "state" in request.query else {}
        return redirect(target, state) if target else Response(200, b"You are signed out.", "text/plain")

    def _is_client(self, request: Received) -> bool:
        method, client_id, secret = self._credentials(request)
        expected = "" if method == "none" else self.client_secret
        accepted = (self.registered_method,) if self.registered_method else self.auth_methods
        return method in accepted and (client_id, secret) == (self.client_id, expected)

    def _asserted(self, request: Received) -> str:
        """The method of an assertion that holds (RFC 7523, 3), else nothing."""
        if request.form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return ""
        token = request.form["client_assertion"]
        is_secret = jws.extract_compact(token.encode()).protected["alg"] == "HS256"
        keys = self._secret_key() if is_secret else KeySet.import_key_set(cast("Any", self.client_jwks))
        try:
            signed = jws.deserialize_compact(token, keys, algorithms=["HS256", "RS256", "ES256", "EdDSA"])
        except JoseError:
            return ""
        claims = json.loads(signed.payload)
        is_for_us = claims["aud"] == f"{self._base}/token" and claims["iss"] == claims["sub"] == self.client_id
        is_fresh = claims["iat"] <= time.time() < claims["exp"] <= time.time() + 300 and claims["jti"] not in self._seen
        self._seen.add(claims["jti"])
        return ("client_secret_jwt" if is_secret else "private_key_jwt") if is_for_us and is_fresh else ""

    def _credentials(self, request: Received) -> tuple[str, str, str]:
        """The authentication method with client id and secret (RFC 6749, 2.3.1); one method at a time."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if "client_assertion" in request.form:
            return self._asserted(request), self.client_id, self.client_secret
        client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
        if scheme == "Basic" and not secret:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
            decode = unquote_plus if self.decodes_basic else str
            return "client_secret_basic", decode(client_id), decode(secret)
        if scheme:
            return "unknown", "", ""
        return ("client_secret_post" if secret else "none"), client_id, secret

    def signature(self, signed: bytes) -> bytes:
        """The current key's signature over anything."""
        if self.algorithm == "none":
            return b""
        is_symmetric = self.algorithm.startswith("HS")
        key = self._secret_key() if is_symmetric else private_key(self.algorithm[:2], self._generation)
        return jws.JWSRegistry.algorithms[self.algorithm].sign(signed, key)

    def _secret_key(self) -> Key:
        return OctKey.import_key(self.client_secret)


_KEYS: dict[str, tuple[str, Any]] = {
    "RS": ("RSA", 2048), "PS": ("RSA", 2048), "ES": ("EC", "P-256"), "Ed": ("OKP", "Ed25519"),
}  # fmt: skip


@cache
def private_key(family: str, generation: int) -> Key:
    """The key of `RS`, `PS`, `ES` (ES256) or `Ed`; each generation another. Made once, because RSA takes its time."""
    return JWKRegistry.generate_key(*_KEYS[family])


def public_jwk(algorithm: str, generation: int, kid: str) -> dict[str, Any]:
    """What a provider publishes of a key."""
    key = private_key(algorithm[:2], generation)
    return dict(key.as_dict(private=False, kid=kid, use="sig", alg=algorithm))


def _redeems(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Does a token request belong to its authorization request? (RFC 6749, 4.1.3; RFC 7636, 4.6)"""
    if form.get("redirect_uri") != asked["redirect_uri"]:
        return False
    challenge = _base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
    return asked.get("code_challenge", challenge) == challenge


def _parameters(encoded: bytes) -> dict[str, str]:
    pairs = parse_qsl(encoded.decode(), keep_blank_values=True)
    assert len(pairs) == len(dict(pairs)), "a parameter comes twice (RFC 6749, 3.1 and 3.2)"
    return dict(pairs)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def served(
    app: Any, certificate: LeafCert | None = None, port: int = 0, lifespan: Literal["on", "off"] = "off"
) -> Iterator[int]:
    """Serve an ASGI application on a loopback port while the block runs, with a certificate over TLS."""
    config = uvicorn.Config(
        app,
        port=port,
        lifespan=lifespan,
        interface="asgi3",
        ws="none",
        log_config=None,
        date_header=False,
        ssl_context_factory=(lambda *_: server_tls(certificate)) if certificate else None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def server_tls(certificate: LeafCert) -> ssl.SSLContext:
    """What a server with this certificate needs."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(tls)
    return tls


def free_port() -> int:
    """A port for an application that has to know its own address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

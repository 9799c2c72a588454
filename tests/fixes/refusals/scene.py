"""A request that is refused, and the ways to change what is wrong: the request, the settings, RomM's accounts, the time."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from msgspec import Struct

from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from tests.world import HTML, ORIGIN, PASSWORD, World

OWN_SITE = {"sec-fetch-site": "same-origin"}
_CODE = re.compile(r"Code: <a [^>]*><code>(\w+)</code>")
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass(kw_only=True)
class Scene:
    """`action` is what is tried, where it is more than the one request. `kept` is what its steps and fixes hand on."""

    world: World
    method: str = "POST"
    path: str = "/"
    body: dict[str, Any] = field(default_factory=dict)
    form: bool = False
    auth: tuple[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    origin: str = ORIGIN
    peer: str = "127.0.0.1"
    action: Callable[["Scene"], Awaitable[Any]] | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    async def attempt(self) -> httpx.Response | Refused:
        """A command ends with the refusal itself."""
        try:
            return await (self.action(self) if self.action else self._request())
        except Refused as refused:
            return refused

    async def _request(self) -> httpx.Response:
        return await self.ask(self.method, self.path, self.body, form=self.form, headers=self.headers, auth=self.auth)

    async def ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        *,
        form: bool = False,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> httpx.Response:
        """With this browser's cookies; RomM may have been restarted with other settings since."""
        transport = httpx.ASGITransport(self.world.app, client=(self.peer, 4711))
        content: dict[str, Any] = {} if method == "GET" or not body else {"data" if form else "json": body}
        async with httpx.AsyncClient(transport=transport, base_url=self.origin, cookies=self.cookies) as client:
            response = await client.request(method, url, headers=headers, auth=auth, **content)
            self.cookies = client.cookies
        return response

    async def get(self, url: str) -> httpx.Response:
        return await self.ask("GET", url, headers=HTML)

    async def submit(self, url: str, **fields: Any) -> httpx.Response:
        """A form of RomM's own page."""
        return await self.ask("POST", url, fields, form=True, headers=HTML | OWN_SITE)

    async def sign_in(self, username: str, password: str = PASSWORD) -> None:
        assert code_of(await self.submit("/api/login", username=username, password=password)) == ""

    async def at_provider(self, url: str = "/api/login/openid") -> str:
        """Where the button leads, and back again; gives the path of the callback with its query."""
        return await self.back_from(await self.ask("GET", url, headers=HTML | OWN_SITE))

    async def back_from(self, begun: httpx.Response) -> str:
        return f"/api/oauth/openid?{await self.world.idp.approve(begun.headers['location'])}"

    def account(self, username: str) -> Account:
        return next(each for each in self.world.accounts.by_id.values() if each.username == username)


Executor = Callable[[Scene], Awaitable[None]]
Stage = Callable[[], Awaitable[Scene]]


class Row(Struct, frozen=True):
    """How a refusal is brought about, and its fixes: the words that are printed, and what carries them out. `leads_to`: the
    next honest answer, where it is no success.
    """

    code: Code
    stage: Stage
    fixes: Mapping[str, Executor]
    leads_to: Mapping[str, Code] = {}


def code_of(response: Any) -> str:
    """The refusal, or an empty string."""
    if not isinstance(response, httpx.Response):
        return str(response.code) if isinstance(response, Refused) else ""
    location = parse_qs(urlsplit(response.headers.get("location", "")).query)
    if "error" in location:
        return str(location["error"][0])
    if response.headers.get("content-type", "").partition(";")[0].endswith("json"):
        body = response.json()
        return str(body.get("code", "")) if isinstance(body, dict) and response.status_code >= 400 else ""
    found = _CODE.search(response.text)
    return found[1] if found else ""


def hidden_fields(page: httpx.Response) -> dict[str, str]:
    return {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page.text)}


async def house(*apps: Any, **environ: str) -> World:
    """keeper is an administrator, vera a viewer; the provider's alice is an ordinary person."""
    world = World(environ, apps=apps)
    await world.add("keeper", "keeper@romm.test", AccessLevel.ADMIN)
    await world.add("vera", "vera@romm.test")
    world.idp.claims["groups"] = ["users"]
    return world

"""A person at a real server: fills in whatever form it shows."""

import re
from html import unescape

import httpx

from tests.fake_provider import REDIRECT_URI
from tests.misconfigured.person import Person, Saw, read

MOST_FORMS = 4
WHO = {"username": "alice", "login": "alice", "password": "secret"}
_FORM = re.compile(r"<form\b(?P<attributes>[^>]*)>(?P<body>.*?)</form>", re.DOTALL | re.IGNORECASE)
_FIELD = re.compile(r"<(?:input|button)\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")


class PersonAtServer(Person):
    """`refuses`: at the question whether RomM may know them."""

    refuses = False

    async def _drop_what_a_browser_would_not_keep(self, response: httpx.Response) -> None:
        """A browser trusts its own machine: it keeps `Secure` cookies of http://127.0.0.1, and sends them there."""
        for cookie in self.client.cookies.jar:
            if cookie.domain == "127.0.0.1":
                cookie.secure = False

    async def _log_in(self, page: httpx.Response) -> httpx.Response:
        for _ in range(MOST_FORMS):
            form = _FORM.search(page.text)
            if form is None or str(page.url).startswith(REDIRECT_URI.partition("/api")[0]):
                return page
            page = await self._fill_in(page, form)
        return page

    async def sign_out(self) -> Saw:
        """Says yes to a server that asks."""
        return read(await self._log_in(await self._submit("/api/logout")))

    async def sign_out_there(self, end_session_endpoint: str, client_id: str) -> None:
        """At the server's own address, which asks first."""
        await self._log_in(await self.client.get(end_session_endpoint, params={"client_id": client_id}))

    async def _fill_in(self, page: httpx.Response, form: re.Match[str]) -> httpx.Response:
        own, everywhere = _attributes(form["attributes"]), [_attributes(field) for field in _FIELD.findall(page.text)]
        beside = [each for each in everywhere if each.get("form") and each["form"] == own.get("id")]
        fields = [*(_attributes(field) for field in _FIELD.findall(form["body"])), *beside]
        data = {each["name"]: WHO.get(each["name"], each.get("value", "")) for each in fields if each.get("name")}
        if self.refuses:
            data.pop("allow", None)
        target = httpx.URL(str(page.url)).join(own.get("action", "") or str(page.url))
        return await self.client.post(target, data=data, headers={"referer": str(page.url)})


class Refusing(PersonAtServer):
    """Signs in there, and does not let RomM know."""

    refuses = True


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): unescape(one or two or three) for name, one, two, three in _ATTRIBUTE.findall(text)}

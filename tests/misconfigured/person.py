"""A person with a browser: opens RomM, presses the button, comes back from wherever that leads, and reads the page."""

import re
from html import unescape

import httpx
from msgspec import Struct

BUTTON = "/api/login/openid"
USER, PASSWORD = "alice", "a lantern in the attic"
BROWSER = {"accept": "text/html,application/xhtml+xml"}

_MAIN = re.compile(r"<main.*?</main>", re.DOTALL)
_CODE = re.compile(r"Code: <a [^>]*><code>(\w+)</code>")
_TAG = re.compile(r"<[^>]+>")


class Saw(Struct, frozen=True, kw_only=True):
    """A page as it is read; `code` is the reason to refuse that it shows, if it shows one."""

    url: str
    text: str
    code: str = ""


class Person:
    """A browser that knows nobody. `opened_at` is what the person types in; `outside` is the way to the provider."""

    def __init__(self, romm: httpx.ASGITransport, opened_at: str, outside: dict[str, httpx.AsyncBaseTransport]) -> None:
        self.opened_at = opened_at
        self.client = httpx.AsyncClient(
            transport=romm, mounts=outside, follow_redirects=True, headers=BROWSER, max_redirects=12
        )
        self.client.event_hooks = {"response": [self._drop_what_a_browser_would_not_keep]}

    async def sign_in(self) -> Saw:
        """Open the sign-in page; press the button, unless there is none or the page says why one should not."""
        page = await self.client.get(f"{self.opened_at}/login")
        if BUTTON in page.text and "/login" in str(page.url) and not _CODE.search(page.text):
            page = await self.client.get(f"{self.opened_at}{BUTTON}?next=/")
        return read(await self._log_in(page))

    async def _log_in(self, page: httpx.Response) -> httpx.Response:
        """At the scripted and at the certified provider, which have the same form."""
        if 'name="user"' in page.text:
            return await self.client.post(page.url, data={"user": USER, "action": "sign-in"})
        return page

    async def sign_out(self) -> Saw:
        """Press the other button."""
        return read(await self._submit("/api/logout"))

    async def sign_in_with_password(self, password: str = PASSWORD) -> Saw:
        """Fill in the form of a local account."""
        return read(await self._submit("/api/login", username=USER, password=password))

    async def _submit(self, path: str, **fields: str) -> httpx.Response:
        # A browser says which page the form was on; `Sec-Fetch-Site` it says only over https and on its own machine.
        origin = {"origin": self.opened_at}
        more = {"sec-fetch-site": "same-origin"} if self.opened_at.startswith("https://") else {}
        return await self.client.post(f"{self.opened_at}{path}", data=fields, headers=origin | more)

    async def _drop_what_a_browser_would_not_keep(self, response: httpx.Response) -> None:
        """RFC 6265bis, 5.7: a cookie marked `Secure` that comes over plain http is ignored."""
        if response.url.scheme == "http":
            kept_here = [each for each in self.client.cookies.jar if each.domain == response.url.host]
            for cookie in [cookie for cookie in kept_here if cookie.secure]:
                self.client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def read(page: httpx.Response) -> Saw:
    """What stands on a page, without its markup."""
    main, code = _MAIN.search(page.text), _CODE.search(page.text)
    return Saw(
        url=str(page.url),
        text=_plain(main[0] if main else page.text),
        code=code[1] if code else "",
    )


def _plain(markup: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", markup)).split())

"""The fields of a refused form, for the page that shows it again.

A sealed cookie keeps them: they are in no URL, log, history or referrer, and no link can fill in a form.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec
from litestar.datastructures import Cookie
from msgspec import Struct

from romm.api.http.cookies import Cookies
from romm.api.http.requests import KEPT, Request, wants_page
from romm.credentials.principal import Principal
from romm.domain.errors import Code, Refused
from romm.ports.sign_in import Seal

LONGEST_KEPT = 320
"""Characters of a value: an e-mail address (RFC 3696, 3)."""

MOST_KEPT = 1400
"""Bytes of a form. Sealed it has 2 KB: a proxy takes 4 KiB of headers by default (nginx, `proxy_buffer_size`)."""


class TypedForm(Struct, frozen=True):
    """`cookies` go with the page: the values are shown once."""

    values: dict[str, str] = {}
    cookies: Sequence[Cookie] = ()


@dataclass(frozen=True, kw_only=True)
class RefusedForms:
    seal: Seal
    our_cookies: Cookies

    @asynccontextmanager
    async def keeping(
        self, request: Request, page: str, typed: Mapping[str, str], who: Principal | None = None
    ) -> AsyncIterator[None]:
        """Leads back to `page` after a refusal or a confirmation. `typed` must have no secret."""
        try:
            yield
        except Refused as refused:
            if refused.code is Code.CONFIRMATION_REQUIRED:
                refused.return_to = page
            else:
                refused.page = page
            if typed and wants_page(request):
                with suppress(Refused):  # without a database the first refusal counts
                    request.scope["state"][KEPT] = self.our_cookies.form_kept(await self._sealed(page, typed, who))
            raise

    async def typed(self, request: Request, page: str, who: Principal | None = None) -> TypedForm:
        """Empty without a refused form of this page and person. `page` includes a link's secret."""
        sealed = self.our_cookies.kept_form(request)
        found = None if sealed is None else await self.seal.open(sealed, _use(page, who))
        if found is None:
            return TypedForm()
        return TypedForm(msgspec.json.decode(found, type=dict[str, str]), [self.our_cookies.no_form()])

    async def _sealed(self, page: str, typed: Mapping[str, str], who: Principal | None) -> str:
        kept = msgspec.json.encode({name: value for name, value in typed.items() if len(value) <= LONGEST_KEPT})
        return await self.seal.seal(kept if len(kept) <= MOST_KEPT else b"{}", _use(page, who))


def _use(page: str, who: Principal | None) -> str:
    return f"form {page} {who.account.id if who else ''}"

"""The page of the own client tokens. A secret is only in the response to the form."""

from typing import Any, Literal

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from msgspec import Struct

from romm.api.credentials.client_token_schemas import client_token
from romm.api.http.requests import Request, body
from romm.api.http.responses import see_other
from romm.api.openapi.operations import needs
from romm.api.pages import qr_code
from romm.api.pages.renderer import Page, PageRenderer, explained
from romm.api.pages.scope_words import described
from romm.api.refusals.refused_forms import RefusedForms
from romm.credentials.client_tokens import ClientTokens, Minted
from romm.credentials.pairing import Offer, Pairing
from romm.credentials.principal import Principal
from romm.domain import scopes
from romm.domain.credentials.client_tokens import MOST, ClientTokenRequest, Lifetime
from romm.domain.credentials.short_codes import format_code
from romm.domain.model import AccessLevel

PAGE = "/account/tokens"
_LOOKS = needs("me.read", browser=True, error_page=PAGE)
_CHANGES = needs("me.write", browser=True, error_page=PAGE)
_READ = tuple(scope for scope in scopes.granted(AccessLevel.VIEWER) if scope.endswith(".read"))
_PLAY = tuple(scope for scope in scopes.granted(AccessLevel.VIEWER) if scope != "me.write")
_UNTOUCHED = {"name": "", "expires_in": Lifetime.QUARTER, "access": "read", "scopes": _READ}
LIFETIMES = {
    Lifetime.MONTH: "30 days",
    Lifetime.QUARTER: "90 days",
    Lifetime.YEAR: "One year",
    Lifetime.NEVER: "Until I end it",
}


class TokenForm(Struct, frozen=True, kw_only=True):
    """`access`: a set of scopes by name; without one, those of `scopes`."""

    name: str
    access: Literal["read", "play", "all", "chosen"] = "chosen"
    scopes: list[str] = []
    expires_in: Lifetime = Lifetime.NEVER

    def request(self, who: Principal) -> ClientTokenRequest:
        chosen = {"read": _READ, "play": _PLAY, "all": scopes.ordered(who.scopes)}.get(self.access, self.scopes)
        return ClientTokenRequest(name=self.name, scopes=list(chosen), lifetime=self.expires_in)


@get("/", **_LOOKS, summary="My client tokens")
async def tokens(
    request: Request,
    principal: NamedDependency[Principal],
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    client_tokens: NamedDependency[ClientTokens],
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Page:
    typed = await refused_forms.typed(request, PAGE, principal)
    chosen = typed.values.get("chosen", "").split()
    return await _page(
        renderer,
        principal,
        client_tokens,
        error=explained(error, ref),
        notice=notice,
        typed={**_UNTOUCHED, **typed.values, "scopes": chosen or _READ},
        cookies=typed.cookies,
        confirm_first=renderer.confirm_first(principal, PAGE),
    )


@post("/", **_CHANGES, status_code=200, summary="Make a client token")
async def create(
    request: Request,
    principal: NamedDependency[Principal],
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    client_tokens: NamedDependency[ClientTokens],
) -> Page:
    form = await body(request, TokenForm)
    typed = {"name": form.name, "expires_in": form.expires_in, "access": form.access, "chosen": " ".join(form.scopes)}
    async with refused_forms.keeping(request, PAGE, typed, principal):
        minted = await client_tokens.create(principal, form.request(principal))
    return await _page(renderer, principal, client_tokens, minted=minted)


@post("/{token_id:int}/regenerate", **_CHANGES, status_code=200, summary="Give a client token another secret")
async def regenerate(
    token_id: FromPath[int],
    principal: NamedDependency[Principal],
    renderer: NamedDependency[PageRenderer],
    client_tokens: NamedDependency[ClientTokens],
) -> Page:
    minted = await client_tokens.regenerate(principal, token_id)
    return await _page(renderer, principal, client_tokens, minted=minted)


@post("/{token_id:int}/pair", **_CHANGES, status_code=200, summary="Pair a device")
async def pair(
    token_id: FromPath[int],
    principal: NamedDependency[Principal],
    renderer: NamedDependency[PageRenderer],
    client_tokens: NamedDependency[ClientTokens],
    pairing: NamedDependency[Pairing],
) -> Page:
    offer = await pairing.offer(principal, token_id)
    return await _page(renderer, principal, client_tokens, offer=offer)


@post("/{token_id:int}/end", **_CHANGES, summary="End a client token")
async def end(
    token_id: FromPath[int], principal: NamedDependency[Principal], client_tokens: NamedDependency[ClientTokens]
) -> Page:
    await client_tokens.end(principal, token_id)
    return see_other(f"{PAGE}?notice=ended")


async def _page(
    renderer: PageRenderer,
    principal: Principal,
    client_tokens: ClientTokens,
    *,
    minted: Minted | None = None,
    offer: Offer | None = None,
    **context: Any,
) -> Template:
    own = await client_tokens.own(principal)
    return renderer.page(
        "account_tokens.html",
        who=principal,
        tokens=[client_token(token) for token in own],
        most=MOST,
        scopes=described(scopes.ordered(principal.scopes | {scopes.GRANT_ACCESS})),
        lifetimes=LIFETIMES,
        minted=minted and {"name": minted.token.name, "secret": minted.secret},
        pairing=offer and _pairing(offer, renderer.settings.server.base_url),
        **({"typed": _UNTOUCHED} | context),
    )


def _pairing(offer: Offer, base_url: str) -> dict[str, Any]:
    """RomM's apps look for `code`; browsers come to the page of `device_pages.pair`."""
    scanned = f"{base_url}/pair?code={format_code(offer.code)}"
    return {
        "name": offer.token.name,
        "code": format_code(offer.code),
        "minutes": -(-offer.expires_in // 60),
        "qr_code": qr_code.svg(scanned, f"QR code with the pairing code {format_code(offer.code)}"),
        "server": base_url,
    }


router = Router(PAGE, route_handlers=[tokens, create, regenerate, pair, end], include_in_schema=False)

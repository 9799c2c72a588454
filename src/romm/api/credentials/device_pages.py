"""The pages to approve and manage devices."""

from datetime import timedelta
from typing import Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from romm.api.credentials.client_token_pages import LIFETIMES
from romm.api.http.authentication import Authentication
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import see_other
from romm.api.openapi.operations import needs
from romm.api.pages.durations import in_words
from romm.api.pages.renderer import NextPath, Page, PageRenderer, explained
from romm.api.pages.scope_words import described
from romm.credentials.device_list import DeviceList
from romm.credentials.devices import DeviceApproval, Waiting
from romm.credentials.principal import Principal
from romm.domain import urls
from romm.domain.credentials import short_codes
from romm.domain.credentials.client_tokens import Lifetime
from romm.domain.credentials.device_registry import REGISTERED
from romm.domain.credentials.devices import Choice, Device, Flavor
from romm.domain.errors import Code, Refused
from romm.domain.scopes import beyond
from romm.settings.model import Settings

# These pages need a browser session; their error pages need none.
_PAIRING = needs("me.write", browser=True, error_page="/pair/refused")
_DEVICES = needs("devices.read", browser=True, error_page="/account/devices/refused")
_ENDING = needs("devices.write", browser=True, error_page="/account/devices/refused")

_FIXED_BY_ANOTHER_CHOICE = {
    Code.DEVICE_SCOPES_MISSING,
    Code.DEVICE_SCOPES_EXCEEDED,
    Code.NAME_INVALID,
    Code.TOKENS_FULL,
}


class DecisionForm(Struct, frozen=True, kw_only=True):
    """Each ticked box repeats the field `scopes`."""

    user_code: str
    decision: str
    scopes: list[str] = []
    device_name: str = ""
    expires_in: Lifetime = Lifetime.NEVER


@get(["/pair", "/pair/device"], **_PAIRING, summary="Let a device in")
async def pair(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    authentication: NamedDependency[Authentication],
    device_approval: NamedDependency[DeviceApproval],
    user_code: FromQuery[str] = "",
    code: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Page:
    """GET decides nothing, even with the code in the URL (RFC 8628, 5.4).

    `code` is an app's pairing code: the page of its QR code tells everyone where to enter it, and asks nothing of the store.
    """
    if code:
        return renderer.page("pairing_code.html", code=_pairing_code(code), server=renderer.settings.server.base_url)
    principal = await authentication.principal(request)
    if not user_code:
        return renderer.page("pair.html", who=principal, notice=notice, error=None)
    waiting = await device_approval.look(principal, user_code, visitor(request).address)
    formatted = short_codes.format_code(short_codes.normalized(user_code) or "")
    details = _review(waiting, principal) | _ends(renderer.settings)
    details["confirm_first"] = renderer.confirm_first(principal, f"/pair?user_code={formatted}")
    return renderer.page("pair_review.html", who=principal, user_code=formatted, **details)


@get("/pair/refused", summary="Why a device was not let in")
async def not_let_in(
    renderer: NamedDependency[PageRenderer],
    return_to: NextPath = "/",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Page:
    target = urls.return_to(return_to)
    again = target if target.startswith("/pair?") else None
    return renderer.page("pair.html", notice="", error=explained(error or Code.UNEXPECTED, ref), again=again)


@post("/pair", **_PAIRING, summary="Decide about a device")
async def decide(
    request: Request, principal: NamedDependency[Principal], device_approval: NamedDependency[DeviceApproval]
) -> Page:
    form, address = await body(request, DecisionForm), visitor(request).address
    if form.decision != "approve":
        await device_approval.deny(principal, form.user_code, address)
        return see_other("/pair?notice=denied")
    try:
        await device_approval.approve(principal, form.user_code, _choice(form), address)
    except Refused as refused:
        if refused.code in _FIXED_BY_ANOTHER_CHOICE | {Code.CONFIRMATION_REQUIRED}:
            refused.return_to = f"/pair?user_code={short_codes.normalized(form.user_code)}"
        raise
    return see_other("/pair?notice=approved")


@get("/account/devices", **_DEVICES, summary="My devices")
async def my_devices(
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    device_list: NamedDependency[DeviceList],
    notice: FromQuery[str] = "",
) -> Page:
    listed = [_describe(device) for device in await device_list.of(principal)]
    return renderer.page("account_devices.html", who=principal, devices=listed, notice=notice, error=None)


@get("/account/devices/refused", summary="Why a device was not ended")
async def not_ended(
    renderer: NamedDependency[PageRenderer], error: FromQuery[str] = "", ref: FromQuery[str] = ""
) -> Page:
    return renderer.page("account_devices.html", notice="", error=explained(error or Code.UNEXPECTED, ref))


@post("/account/devices/{device_id:int}/end", **_ENDING, summary="End a device")
async def end(
    device_id: FromPath[int], principal: NamedDependency[Principal], device_list: NamedDependency[DeviceList]
) -> Page:
    await device_list.end(principal, device_id)
    return see_other("/account/devices?notice=ended")


def _pairing_code(unverified: str) -> str | None:
    code = short_codes.normalized(unverified)
    return code and short_codes.format_code(code)


def _choice(form: DecisionForm) -> Choice:
    return Choice(scopes=tuple(form.scopes), device_name=form.device_name, lifetime=form.expires_in)


def _review(waiting: Waiting, principal: Principal) -> dict[str, Any]:
    requested, now = waiting.authorization, waiting.at
    return {
        "username": principal.account.username,
        "device": requested,
        "scopes": described(waiting.allowed),
        "beyond": described(beyond(requested.requested_scopes, waiting.allowed)),
        "minutes_ago": (now - requested.created_at) // timedelta(minutes=1),
        "minutes_left": max(1, -(-(requested.expires_at - now) // timedelta(minutes=1))),
        "lifetimes": LIFETIMES,
        "has_client_token": requested.shape is Flavor.LEGACY,
    }


def _ends(settings: Settings) -> dict[str, str]:
    return {
        "longest": in_words(timedelta(seconds=settings.session.absolute_age_seconds)),
        "unused": in_words(timedelta(seconds=settings.oauth.refresh_token_expire_seconds)),
    }


def _describe(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "name": device.name,
        "client": f"{device.client} {device.client_version}".strip(),
        "platform": device.platform,
        "paired": device.last_paired_at,
        "used": device.last_used_at,
        "registered": device.client_device_identifier.startswith(REGISTERED),
    }


router = Router("/", route_handlers=[pair, not_let_in, decide, my_devices, not_ended, end], include_in_schema=False)

"""Reading a request."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from litestar import Request as LitestarRequest
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException, SerializationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import QueryParameter
from litestar.types import HTTPScope
from msgspec import UNSET
from msgspec.inspect import is_struct_type

from romm.api.http.request_limits import BodyNotReceived
from romm.domain import hosts
from romm.domain.errors import Code, Refused
from romm.domain.model import Visitor

MAX_USER_AGENT_LENGTH = 255
DEVICE_COOKIE = "device_cookie"  # in a request's state: the cookie's name, which depends on ROMM_BASE_URL
KEPT = "kept"  # in a request's state: the cookie with what a refused form had
FAILED = "failed"  # in a request's state: what went wrong before the route was asked
WHO = "who"  # in a request's state: the signed-in account of a browser, for the page of a refusal
JSON_TYPE = "application/json"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
Request = LitestarRequest[Any, Any, Any]

ProviderId = Annotated[
    str | None, QueryParameter(name="provider", description="the id of one of several providers; the first without it")
]

_SECRET_PARAMETERS = ("code", "user_code")

_UNREADABLE = (msgspec.MsgspecError, SerializationException, ClientException, ValueError, TypeError, RecursionError)

T = TypeVar("T")


class UnsupportedMediaType(ClientException):
    """A body's type that no route takes; Litestar has no error for it."""

    status_code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def visitor(request: Request) -> Visitor:
    """The address is the peer's, or a trusted proxy's (`app.create_app`). The throttle needs the device cookie with
    every password.
    """
    return Visitor(
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:MAX_USER_AGENT_LENGTH],
        correlation_id=correlation_id(request),
        device_cookie=request.cookies.get(request.scope["state"].get(DEVICE_COOKIE, "")),
    )


def hosts_asked(request: Request) -> list[str]:
    """`Host`, and what a proxy says that it was before. Clients can invent both."""
    return [request.headers.get("host", ""), *request.headers.getall("x-forwarded-host", [])]


def other_address(request: Request, base_url: str) -> str | None:
    """`Host`, unless RomM's own links lead there."""
    asked = request.headers.get("host", "")
    return None if hosts.is_at(asked, base_url) else asked


def correlation_id(request: Request) -> str:
    """Shared by error page, response and log."""
    return str(request.scope["state"].get("correlation_id", ""))


def logged_path(scope: HTTPScope) -> str:
    """Without codes that could still be used."""
    path, parameters = scope["path"], scope.get("path_params")
    if not parameters:
        return path
    for code in (str(parameters[name]) for name in _SECRET_PARAMETERS if parameters.get(name)):
        path = path.replace(code, "…")
    return path


def wants_page(request: Request) -> bool:
    return bool(request.route_handler.opt.get("browser")) or "text/html" in request.headers.get("accept", "")


async def body(request: Request, shape: type[T]) -> T:
    """JSON or a form, whose values are strings; without a type a form.

    Raises `Refused(REQUEST_INVALID)`, and Litestar's error with 413 or 415 (RFC 9110, 15.5.14 and 15.5.16).
    """
    content_type = request.content_type[0]
    if content_type not in ("", JSON_TYPE, *FORM_TYPES):
        raise UnsupportedMediaType(f"the content type is {content_type}, neither JSON nor a form")
    with readable(Code.REQUEST_INVALID):
        if content_type == JSON_TYPE:
            return msgspec.convert(await request.json(), shape)
        return msgspec.convert(_fields(await request.form(), shape), shape, strict=False)


async def form(request: Request) -> dict[str, str]:
    """Non-empty fields. Raises `Refused(TOKEN_REQUEST_INVALID)` for a repeated field or a file."""
    if request.content_type[0] not in FORM_TYPES:
        raise Refused(Code.TOKEN_REQUEST_INVALID, problem=f"the content type is {request.content_type[0] or 'missing'}")
    with readable(Code.TOKEN_REQUEST_INVALID):
        fields = list((await request.form()).multi_items())
    found = {name: value for name, value in fields if isinstance(value, str) and value}
    if len(fields) > len({name for name, _ in fields}):
        raise Refused(Code.TOKEN_REQUEST_INVALID, problem="a parameter comes twice")
    return found


@contextmanager
def readable(code: Code) -> Iterator[None]:
    """Refuse an unreadable body with `code`; one too large or too slow keeps its 413 or 408."""
    try:
        yield
    except (RequestEntityTooLarge, BodyNotReceived):
        raise
    except _UNREADABLE as error:
        raise Refused(code, problem=error) from error


def _fields(form: FormMultiDict, shape: type) -> dict[str, Any]:
    """One value per field, or all where the struct has a list.

    Browsers send an empty field as an empty text; an optional password is then left out.
    """
    known = msgspec.structs.fields(shape) if is_struct_type(shape) else ()
    lists = {field.encode_name for field in known if get_origin(_plain(field.type)) is list}
    left_empty = {field.name for field in known if field.default is UNSET and field.name == "password"}
    found = {name: value for name, value in form.items() if value != "" or name not in left_empty}
    return found | {name: form.getall(name) for name in lists & form.keys()}


def _plain(of: Any) -> Any:
    return _plain(get_args(of)[0]) if get_origin(of) is Annotated else of


def credential_header(request: Request) -> str | None:
    """`Authorization` as Basic or Bearer. Another scheme is for another program."""
    header = request.headers.get("authorization", "")
    return header if header.partition(" ")[0].lower() in ("basic", "bearer") else None


def is_basic(authorization: str) -> bool:
    """Readable or not."""
    return authorization.partition(" ")[0].lower() == "basic"


def is_from_browser(request: Request) -> bool:
    """Browsers send one of these with each request that could harm, over https with all."""
    return "sec-fetch-site" in request.headers or "origin" in request.headers


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """RFC 7617. None for any other header; never raises."""
    if not is_basic(authorization):
        return None
    encoded = authorization.partition(" ")[2]
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # not Base64 or not UTF-8
        return None
    return (name, password) if colon else None

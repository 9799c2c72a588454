"""Parameters that another site posts: authorization responses by form_post, and initiated logins.

A cross-site POST brings no cookie (`SameSite=Lax`): the browser is sent to the same address by GET, and only that
request acts. Sources: OAuth 2.0 Form Post Response Mode; OpenID Connect Core 1.0, 4.
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from litestar import Response, post
from litestar.params import FromPath

from romm.api.http.requests import FORM_TYPES, Request, readable
from romm.api.http.responses import NO_STORE, see_other
from romm.api.openapi.operations import FORM, OPEN, refuses, sends_on, takes
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.authorization import AuthorizationResponse, Initiation

MAX_LOCATION_LENGTH = 3000  # characters; nginx reads the whole head of an answer into 4 kB

_OPTIONS = {"browser": True, "error_page": "/login", "cross_site": True}


@post(
    "/oauth/openid",
    opt=_OPTIONS,
    status_code=303,
    summary="The redirect URI: the provider's answer by form_post",
    operation_class=takes(AuthorizationResponse, {"code": "SplxlOBeZQQYbYS6WxSbIA", "state": "af0ifjsldkj"}, [FORM]),
    responses=sends_on("To the same address, with the answer in its query.") | refuses(Code.RESPONSE_INVALID),
    security=OPEN,
)
async def response(request: Request) -> Response[bytes]:
    """Sends the browser to the same address with GET, which has the cookies."""
    return await _again_by_get(request, AuthorizationResponse.__struct_fields__, Code.RESPONSE_INVALID)


@post(
    "/oauth/openid/{provider_id:str}",
    opt=_OPTIONS,
    status_code=303,
    summary="The redirect URI of a further provider: the answer by form_post",
    operation_class=takes(AuthorizationResponse, {"code": "SplxlOBeZQQYbYS6WxSbIA", "state": "af0ifjsldkj"}, [FORM]),
    responses=sends_on("To the same address, with the answer in its query.") | refuses(Code.RESPONSE_INVALID),
    security=OPEN,
)
async def response_at(request: Request, provider_id: FromPath[str]) -> Response[bytes]:  # noqa: ARG001  (GET reads it)
    """Sends the browser to the same address with GET, which has the cookies."""
    return await _again_by_get(request, AuthorizationResponse.__struct_fields__, Code.RESPONSE_INVALID)


@post(
    "/login/initiate",
    opt=_OPTIONS,
    status_code=303,
    summary="Sign in from the provider's portal, by a form",
    operation_class=takes(Initiation, {"iss": "https://auth.example.com"}, [FORM]),
    responses=sends_on("To the same address, with the parameters in its query.") | refuses(Code.REQUEST_INVALID),
    security=OPEN,
)
async def initiation(request: Request) -> Response[bytes]:
    """Sends the browser to the same address with GET, which has the cookies."""
    return await _again_by_get(request, Initiation.__struct_fields__, Code.REQUEST_INVALID)


async def _again_by_get(request: Request, names: Sequence[str], otherwise: Code) -> Response[bytes]:
    """Omits unknown parameters. Raises `Refused(otherwise)`."""
    if request.content_type[0] not in FORM_TYPES:
        raise Refused(otherwise, problem=f"the content type is {request.content_type[0] or 'missing'}")
    with readable(otherwise):
        fields = (await request.form()).multi_items()
    known = [(name, value) for name, value in fields if name in names and isinstance(value, str)]
    location = f"{quote(request.url.path)}?{urlencode(known)}"
    if len(location) > MAX_LOCATION_LENGTH:
        raise Refused(otherwise, problem=f"more than {MAX_LOCATION_LENGTH} characters")
    answer = see_other(location)
    answer.headers.update(NO_STORE)
    return answer

"""The only place that turns refusals into HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.response import Template

from romm.api.http.cookies import Cookies
from romm.api.http.problems import PROBLEM_JSON, OAuthProblem, problem
from romm.api.http.proxies import NGINX_URI
from romm.api.http.request_limits import BodyNotReceived
from romm.api.http.requests import KEPT, WHO, Request, correlation_id, credential_header, logged_path, wants_page
from romm.api.http.responses import NO_STORE, allow_header, see_other
from romm.api.openapi.operations import JSON
from romm.api.pages.renderer import PageRenderer, confirm_url
from romm.domain.catalogue import CATALOGUE, operator_text
from romm.domain.errors import Code, Refused, bounded
from romm.domain.providers.preset import Hints, hint_fact
from romm.domain.sign_in.providers import FIRST, in_words_of
from romm.domain.titles import TITLES
from romm.domain.urls import with_documentation, with_query
from romm.ports.process import Log

RETRY_AFTER_SECONDS = 5
_CODES_OF_STATUS = {404: Code.NOT_FOUND, 401: Code.NOT_SIGNED_IN, 403: Code.FORBIDDEN}


@dataclass(frozen=True)
class Errors:
    """`provider_hints`: by provider, where to click there, for the log."""

    our_cookies: Cookies
    renderer: PageRenderer
    log: Log
    provider_hints: Mapping[str, Hints] = field(default_factory=dict)
    default_provider: str = FIRST

    def refused(self, request: Request, refused: Refused) -> Response[bytes] | Template:
        status = CATALOGUE[refused.code].status
        write = self.log.warning if status >= HTTPStatus.INTERNAL_SERVER_ERROR else self.log.info
        if refused.code is Code.AUTHORIZATION_PENDING:  # sent every few seconds by a waiting device; not an error
            write = self.log.debug
        hints = self.provider_hints.get(refused.provider or self.default_provider, {})
        about = {} if refused.provider is None else {"provider": refused.provider}
        write(
            "refused",
            code=refused.code,
            hint=self._hint(refused),
            path=logged_path(request.scope),
            facts=refused.facts,
            **_in_words_of(refused.provider, hint_fact(hints, refused.code)),
            **about,
        )
        return self._answer(request, refused)

    def http(self, request: Request, error: HTTPException) -> Response[bytes] | Template:
        """Unknown route, wrong method, unreadable body."""
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return self._other_method(request, error)
        code = _CODES_OF_STATUS.get(error.status_code, Code.REQUEST_INVALID)
        write = self.log.debug if isinstance(error, BodyNotReceived) else self.log.info  # bad networks do it all day
        write(
            "refused", code=code, status=error.status_code, path=logged_path(request.scope), hint=bounded(error.detail)
        )
        return self._answer(request, Refused(code, problem=error.detail, path=request.scope["path"]), error.status_code)

    def unexpected(self, request: Request, error: Exception) -> Response[bytes] | Template:
        """Our own bugs: no details in the response, the traceback in the log."""
        self.log.error("unexpected", path=logged_path(request.scope), problem=type(error).__name__, exc_info=error)
        return self._answer(request, Refused(Code.UNEXPECTED, problem=type(error).__name__))

    def _hint(self, refused: Refused) -> str:
        text = in_words_of(refused.provider, operator_text(refused))
        return with_documentation(text, self.renderer.settings.server.base_url)

    def _other_method(self, request: Request, error: HTTPException) -> Response[bytes] | Template:
        """A page for every browser on any route: a person followed a link or sent a form."""
        named = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow", "")
        allow = {"allow": allow_header(named.split(", "))}  # RFC 9110, 15.5.6
        path = logged_path(request.scope)
        refused = Refused(Code.METHOD_NOT_ALLOWED, path=path, method=request.method, **allow)
        self.log.info("refused", code=refused.code, path=path, hint=self._hint(refused), facts=refused.facts)
        is_browser = "text/html" in request.headers.get("accept", "")
        answer = self._message(request, refused) if is_browser else self._problem(request, refused)
        answer.headers.update(allow)
        return answer

    def _answer(self, request: Request, refused: Refused, status: int | None = None) -> Response[bytes] | Template:
        """`status` is HTTP's own, such as 413, where it says more than the code's."""
        options = _route_options(request)
        if options.get("errors") == "oauth":
            return self._oauth(request, refused, status)
        if refused.code is Code.NOT_SIGNED_IN and options.get("forwarded"):
            return self._to_proxy(request, refused)
        page = options.get("error_page")
        stays = refused.code is Code.NAVIGATION_REQUIRED  # a browser may keep a prefetched redirect for its person
        if page and wants_page(request) and not stays:
            target = refused.page or page.format(**request.path_params)
            if refused.code is Code.NOT_SIGNED_IN or not _is_here(request, target):
                return self._page(request, refused, target)
        has_pages = stays or options.get("message_page") or not request.scope["path"].startswith("/api/")
        if has_pages and "text/html" in request.headers.get("accept", ""):
            return self._message(request, refused, status)
        return self._problem(request, refused, status)

    def _page(self, request: Request, refused: Refused, page: str) -> Response[bytes]:
        if refused.code is Code.NOT_SIGNED_IN:
            return self._sign_in_first(request)
        if refused.code is Code.CONFIRMATION_REQUIRED:
            return see_other(confirm_url(refused.return_to or page), _kept(request))
        query = {"error": str(refused.code), "ref": correlation_id(request)}
        if refused.return_to and refused.return_to != "/":
            query["next"] = refused.return_to
        if refused.provider and self.renderer.configured.are_several:
            query["provider"] = refused.provider
        return see_other(with_query(page, query), [*self._cleared(request, refused), *_kept(request)])

    def _sign_in_first(self, request: Request) -> Response[bytes]:
        path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
        page_url = path + (f"?{query}" if query else "")
        target = {"next": page_url} if request.method == "GET" else {"error": str(Code.NOT_SIGNED_IN)}
        return see_other(f"/login?{urlencode(target)}", self._cleared(request, Refused(Code.NOT_SIGNED_IN)))

    def _to_proxy(self, request: Request, refused: Refused) -> Response[bytes]:
        """401, or a redirect for browsers. nginx accepts only 401, with the URL in `Location`."""
        answer = self._problem(request, refused)
        if not refused.page:
            return answer
        if NGINX_URI not in request.headers:
            return see_other(refused.page, self._cleared(request, refused))
        answer.headers["location"] = refused.page
        return answer

    def _message(self, request: Request, refused: Refused, status: int | None = None) -> Template:
        row, home = CATALOGUE[refused.code], self._home(request)
        status = status or row.status
        page = self.renderer.page(
            "message.html",
            who=None if home else request.scope["state"].get(WHO),  # its forms would go to the other host
            status_code=status,
            title=TITLES[refused.code],
            person=row.person,
            code=refused.code,
            reference=correlation_id(request),
            status=status,
            home=home,
        )
        page.headers.update(_headers(request, refused, status))
        return page

    def _home(self, request: Request) -> str:
        """For links and styles of a page shown at another host."""
        return self.renderer.settings.server.base_url if _route_options(request).get("forwarded") else ""

    def _problem(self, request: Request, refused: Refused, status: int | None = None) -> Response[bytes]:
        status = status or CATALOGUE[refused.code].status
        return Response(
            msgspec.json.encode(problem(refused.code, status, correlation_id(request))),
            status_code=status,
            media_type=_problem_type(request),
            headers=_headers(request, refused, status) | {"vary": "Accept"},
            cookies=self._cleared(request, refused),
        )

    def _oauth(self, request: Request, refused: Refused, status: int | None = None) -> Response[bytes]:
        row = CATALOGUE[refused.code]
        status = status or row.oauth_status
        error = OAuthProblem(
            error=row.oauth_error,
            error_description=row.person,
            detail=row.person,
            code=refused.code,
            reference=correlation_id(request),
        )
        return Response(
            msgspec.json.encode(error),
            status_code=status,
            media_type="application/json",
            headers=NO_STORE | (_headers(request, refused, status) if status != 400 else {}),
        )

    def _cleared(self, request: Request, refused: Refused) -> list[Cookie]:
        fails_to_sign_out = refused.code is Code.UNEXPECTED and _route_options(request).get("signs_out")
        if refused.code is Code.SESSION_NOT_ENDED or fails_to_sign_out:
            return self.our_cookies.signed_out()
        # With an Authorization header the cookie was not checked: the session may be valid.
        was_checked = refused.code is Code.NOT_SIGNED_IN and credential_header(request) is None
        dead = was_checked and self.our_cookies.session(request) is not None
        return [self.our_cookies.no_session()] if dead else []


def _in_words_of(provider_id: str | None, facts: Mapping[str, str]) -> dict[str, str]:
    return {name: in_words_of(provider_id, text) for name, text in facts.items()}


def _kept(request: Request) -> list[Cookie]:
    cookie = request.scope["state"].get(KEPT)
    return [] if cookie is None else [cookie]


def _route_options(request: Request) -> Mapping[str, Any]:
    route = cast("dict[str, Any]", request.scope).get("route_handler")
    return {} if route is None else cast("Mapping[str, Any]", route.opt)


def _is_here(request: Request, page: str) -> bool:
    """Redirecting to the refused page itself would loop."""
    return request.method == "GET" and request.scope["path"].rstrip("/") == page


def _problem_type(request: Request) -> str:
    """Apps look for `detail` in `application/json` only; RFC 9457's type is sent on request."""
    return PROBLEM_JSON if PROBLEM_JSON in request.headers.get("accept", "") else JSON


def _headers(request: Request, refused: Refused, status: int) -> dict[str, str]:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return {"retry-after": str(refused.facts["retry_after"])}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(RETRY_AFTER_SECONDS)}
    if status == HTTPStatus.REQUEST_TIMEOUT:
        return {"connection": "close"}  # RFC 9110, 15.5.9
    challenge = _challenge(refused, credential_header(request))
    return {"www-authenticate": challenge} if challenge else {}


def _challenge(refused: Refused, header: str | None) -> str | None:
    """RFC 7617, 2; RFC 6750, 3 (no error code without a credential)."""
    match refused.code:
        case Code.CREDENTIALS_WRONG | Code.CLIENT_UNKNOWN:
            return 'Basic realm="RomM", charset="UTF-8"'
        case Code.NOT_SIGNED_IN | Code.FORWARDED_ELSEWHERE | Code.PROXY_UNTRUSTED:
            return "Bearer" if header is None else 'Bearer error="invalid_token"'
        case Code.TOKEN_MISPLACED:
            return 'Bearer error="invalid_request"'
        case Code.FORBIDDEN | Code.CONFIRMATION_REQUIRED if header is not None and header.lower().startswith("bearer "):
            scope = refused.facts.get("scope")
            return 'Bearer error="insufficient_scope"' + (f', scope="{scope}"' if scope else "")
        case _:
            return None

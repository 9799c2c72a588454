"""The pages people see: rendered on the server, usable without JavaScript, over the same use cases as the API."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from romm.accounts import Setup
from romm.api.authentication import Authentication
from romm.api.cookies import Cookies
from romm.api.requests import Asking
from romm.api.responses import see_other
from romm.credentials import Principal
from romm.domain import authorization
from romm.domain.errors import CATALOGUE, Code
from romm.domain.presets import preset
from romm.domain.scopes import granted
from romm.ports import Provider
from romm.settings import Settings

_REFERENCE = re.compile(r"[0-9a-f]{16}")

REFERRER = "same-origin"  # with `no-referrer`, a browser says `Origin: null` when it sends our own form
NO_PATH = "strict-origin"
"""For pages with a secret in their address: it goes nowhere, not even to ourselves, and forms still say where from."""

Page = Response[bytes] | Template
NextPath = Annotated[str, QueryParameter(name="next")]


@dataclass(frozen=True, kw_only=True)
class Site:
    """What every page of this instance has in common."""

    settings: Settings
    provider: Provider | None
    version: str

    def page(
        self,
        template: str,
        *,
        who: Principal | None = None,
        referrer: str = REFERRER,
        form_target: str = "",
        status_code: int = 200,
        **context: Any,
    ) -> Template:
        """A page that may load only its own style and images, and send its forms only here and to the provider.

        `who` is signed in and gets the ways to their other pages. `form_target` is where else the answer to a form may
        lead, on this page alone, as a source of `form-action`.
        """
        shared = {
            "me": who and _ways(who),
            "version": self.version,
            "provider_label": preset(self.settings.oidc.provider).label if self.provider else None,
            "provider_icon": None if self.settings.oidc.provider else "oidc",
        }
        headers = {
            "content-security-policy": self._policy(form_target),
            "referrer-policy": referrer,
        }
        return Template(template, context=shared | context, headers=headers, status_code=status_code)

    @property
    def provider_name(self) -> str:
        """What the provider is called, also while single sign-on is off."""
        return preset(self.settings.oidc.provider).label

    def login_url(self, return_to: str) -> str:
        """Where the button of the provider leads."""
        return f"/api/login/openid?{urlencode({'next': return_to})}"

    def sign_in_url(self, return_to: str) -> str:
        """The sign-in page, and back from there to where the person wanted to go."""
        return f"/login?{urlencode({'next': return_to})}"

    def _policy(self, form_target: str) -> str:
        # Chromium applies form-action to every hop of a redirect, so signing out must be allowed to reach the provider.
        targets = " ".join(filter(None, ("'self'", *self._provider_origins(), form_target)))
        return (
            f"default-src 'none'; style-src 'self'; img-src 'self'; form-action {targets}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )

    def _provider_origins(self) -> list[str]:
        if self.provider is None:
            return []
        oidc, metadata = self.settings.oidc, self.provider.known_metadata()
        urls = [oidc.server_application_url, oidc.server_metadata_url, oidc.end_session_endpoint]
        if metadata is not None:
            urls += [metadata.authorization_endpoint, metadata.end_session_endpoint or ""]
        return sorted({origin for url in urls if url and (origin := _origin(url))})


@get("/login", summary="Sign-in page")
async def login(
    request: Asking,
    site: NamedDependency[Site],
    setup: NamedDependency[Setup],
    jar: NamedDependency[Cookies],
    return_to: NextPath = "/",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    notice: FromQuery[str] = "",
    bypass_autologin: FromQuery[str] = "",
) -> Page:
    """The button of the provider, the password form, and what went wrong."""
    target = authorization.return_to(return_to)
    if "state" in request.query_params:  # the provider sends the browser back from its end-session endpoint
        notice = "signed_out"
    asked_to_stay = error or notice or bypass_autologin == "true" or jar.was_signed_out(request)
    if site.provider and site.settings.oidc.autologin and not asked_to_stay:
        return see_other(site.login_url(target))
    return site.page(
        "login.html",
        login_url=site.login_url(target),
        passwords=not site.settings.accounts.disable_userpass_login,
        next=target,
        username="",
        error=explained(error, ref),
        notice=notice,
        setup_needed=await setup.is_open(),
        oidc_off=site.settings.oidc.enabled and site.provider is None,
    )


@get("/setup", summary="First admin")
async def first_admin(
    site: NamedDependency[Site],
    setup: NamedDependency[Setup],
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Page:
    """The form for the first admin; closed once there is one."""
    if not await setup.is_open():
        return see_other("/login")
    return site.page("setup.html", login_url=site.login_url("/"), error=explained(error, ref), username="", email="")


@get("/", summary="Who am I")
async def home(
    request: Asking,
    site: NamedDependency[Site],
    setup: NamedDependency[Setup],
    authentication: NamedDependency[Authentication],
    jar: NamedDependency[Cookies],
    return_to: NextPath = "/",
    notice: FromQuery[str] = "",
) -> Page:
    """Who is signed in, how, and what they may do; nobody is sent to sign in."""
    principal = await authentication.browser(request)
    if principal is None:
        return see_other("/setup" if await setup.is_open() else "/login", [jar.no_session()])
    target = authorization.return_to(return_to)
    return site.page(
        "home.html",
        who=principal,
        **_who(principal),
        notice=notice,
        continue_to=None if target == "/" else target,
        sign_out_goes_to_provider=site.settings.oidc.rp_initiated_logout and _by_provider(principal),
    )


def _who(principal: Principal) -> dict[str, Any]:
    account, credential = principal.account, principal.credential
    identity = credential.identity if credential else None
    by_session = (link for link in account.links if link.identity == identity)
    link = next(by_session, next(iter(account.links), None))
    return {
        "account": {
            "username": account.username,
            "email": account.email,
            "level": account.level.label,
            "role": account.level.role,
        },
        "scopes": granted(account.level),
        "link": link and {"issuer": link.identity.issuer, "since": link.linked_at, "rule": link.rule},
        "has_password": account.password_set_at is not None,
    }


def _ways(who: Principal) -> dict[str, Any]:
    """Whose page it is, and which pages of administrators they may open."""
    return {
        "username": who.account.username,
        "manages": "users.read" in who.scopes,
        "reads_log": "logs.read" in who.scopes,
    }


def _by_provider(principal: Principal) -> bool:
    return principal.credential is not None and principal.credential.id_token is not None


def explained(error: str, reference: str) -> dict[str, str | None] | None:
    """The catalogue's sentence for a code in the query; an invented code gets the general one, never its own text."""
    if not error:
        return None
    code = Code(error) if error in set(Code) else Code.UNEXPECTED
    shown = reference if _REFERENCE.fullmatch(reference) else None
    return {"code": code, "person": CATALOGUE[code].person, "reference": shown}


def told(code: Code, site: Site) -> dict[str, str]:
    """What a code means, for an administrator: what the person reads, what to do here, and where to click there."""
    row, hints = CATALOGUE[code], preset(site.settings.oidc.provider).hints
    return {"code": code, "person": row.person, "operator": row.operator, "provider": hints.get(code, "")}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


router = Router("/", route_handlers=[login, first_admin, home], include_in_schema=False)

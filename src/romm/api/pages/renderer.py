"""What all pages share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response
from litestar.params import QueryParameter
from litestar.response import Template

from romm.credentials.principal import Principal, actor
from romm.domain import hosts
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials import step_up
from romm.domain.credentials.step_up import CONFIRM_PAGE
from romm.domain.errors import Code, Refused
from romm.domain.providers.register import preset
from romm.domain.urls import with_query
from romm.ports.process import Clock
from romm.ports.provider import Provider
from romm.settings.model import Settings

_REFERENCE = re.compile(r"[0-9a-f]{16}")

REFERRER = "same-origin"
"""With `no-referrer`, browsers send `Origin: null` with our own forms. Sent as a header and as a `meta` element, which
overrides headers that a proxy may add (HTML, 4.2.5.1)."""

NO_PATH = "strict-origin"
"""For pages with a secret in their URL: it is never a referrer, and forms still send their origin."""

Page = Response[bytes] | Template

NextPath = Annotated[str, QueryParameter(name="next")]


@dataclass(frozen=True, kw_only=True)
class PageRenderer:
    settings: Settings
    provider: Provider | None
    version: str
    clock: Clock

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
        """Loads only its own style and images; submits forms only to us and the provider.

        `who` is the signed-in account. `form_target` is one more source for `form-action`.
        """
        shared = {
            "me": who and _ways(who),
            "version": self.version,
            "referrer": referrer,
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
        """Also while single sign-on is off."""
        return preset(self.settings.oidc.provider).label

    def is_proven(self, who: Principal) -> bool:
        """May the session take steps that last?"""
        return step_up.is_proven(actor(who), self.clock())

    def confirm_first(self, who: Principal, page: str) -> str | None:
        """The page to confirm on, if one has to before a step that lasts."""
        return None if self.is_proven(who) else confirm_url(page)

    def login_url(self, return_to: str) -> str:
        return f"/api/login/openid?{urlencode({'next': return_to})}"

    def sign_in_url(self, return_to: str) -> str:
        return f"/login?{urlencode({'next': return_to})}"

    def _policy(self, form_target: str) -> str:
        # Chromium applies form-action to every redirect, so it must allow the provider for signing out.
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
        return sorted({origin for url in urls if url and (origin := hosts.origin(url))})


def _ways(who: Principal) -> dict[str, Any]:
    """The administration pages that the account may open."""
    return {
        "username": who.account.username,
        "manages": "users.read" in who.scopes,
        "reads_log": "logs.read" in who.scopes,
    }


def confirm_url(return_to: str) -> str:
    """The page that asks for a proof, and leads back."""
    return with_query(CONFIRM_PAGE, {"next": return_to})


@contextmanager
def keeping(page: str, **typed: str) -> Iterator[None]:
    """When a step needs a proof first, lead back to the page with its form filled in."""
    try:
        yield
    except Refused as refused:
        if refused.code is Code.CONFIRMATION_REQUIRED:
            refused.return_to = with_query(page, typed)
        raise


def explained(error: str, reference: str) -> dict[str, str | None] | None:
    """An unknown code gets the general sentence, never its own text."""
    if not error:
        return None
    code = Code(error) if error in set(Code) else Code.UNEXPECTED
    valid = reference if _REFERENCE.fullmatch(reference) else None
    return {"code": code, "person": CATALOGUE[code].person, "reference": valid}


def describe(code: Code, renderer: PageRenderer) -> dict[str, str]:
    """The person's text, the fix here, and the fix at the provider."""
    row, hints = CATALOGUE[code], preset(renderer.settings.oidc.provider).hints
    return {"code": code, "person": row.person, "operator": row.operator, "provider": hints.get(code, "")}

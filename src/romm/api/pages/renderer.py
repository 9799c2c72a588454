"""What all pages share: policy, labels, error texts."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response
from litestar.params import QueryParameter
from litestar.response import Template

from romm.credentials.principal import Principal
from romm.domain import hosts
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.providers.register import preset
from romm.ports.provider import Provider
from romm.settings.model import Settings

_REFERENCE = re.compile(r"[0-9a-f]{16}")

REFERRER = "same-origin"
"""With `no-referrer` a browser says `Origin: null` when it sends our own form. It is a header and, since a proxy may add
another header (the last one counts), also a `meta` element, which counts more than any header (HTML, 4.2.5.1)."""

NO_PATH = "strict-origin"
"""For pages with a secret in their address: it goes nowhere, not even to ourselves, and forms still say where from."""

Page = Response[bytes] | Template

NextPath = Annotated[str, QueryParameter(name="next")]


@dataclass(frozen=True, kw_only=True)
class PageRenderer:
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
        return sorted({origin for url in urls if url and (origin := hosts.origin(url))})


def _ways(who: Principal) -> dict[str, Any]:
    """Whose page it is, and which pages of administrators they may open."""
    return {
        "username": who.account.username,
        "manages": "users.read" in who.scopes,
        "reads_log": "logs.read" in who.scopes,
    }


def explained(error: str, reference: str) -> dict[str, str | None] | None:
    """The catalogue's sentence for a code in the query; an invented code gets the general one, never its own text."""
    if not error:
        return None
    code = Code(error) if error in set(Code) else Code.UNEXPECTED
    shown = reference if _REFERENCE.fullmatch(reference) else None
    return {"code": code, "person": CATALOGUE[code].person, "reference": shown}


def describe(code: Code, renderer: PageRenderer) -> dict[str, str]:
    """What a code means, for an administrator: what the person reads, what to do here, and where to click there."""
    row, hints = CATALOGUE[code], preset(renderer.settings.oidc.provider).hints
    return {"code": code, "person": row.person, "operator": row.operator, "provider": hints.get(code, "")}

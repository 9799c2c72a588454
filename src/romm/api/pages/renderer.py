"""What all pages share."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from litestar.response import Template

from romm.api.pages import static_files
from romm.credentials.principal import Principal, actor
from romm.domain import hosts
from romm.domain.catalogue import CATALOGUE, Piece, operator_text, pieces
from romm.domain.credentials import step_up
from romm.domain.credentials.step_up import CONFIRM_PAGE
from romm.domain.errors import Code, Refused
from romm.domain.providers.register import PRESETS, key, preset
from romm.domain.sign_in.providers import ConfiguredProvider, ConfiguredProviders, in_words_of
from romm.domain.titles import TITLES
from romm.domain.urls import with_query
from romm.ports.process import Clock
from romm.ports.provider import Provider
from romm.settings.model import DeclaredProvider, Oidc, Settings

_REFERENCE = re.compile(r"[0-9a-f]{16}")

REFERRER = "same-origin"
"""With `no-referrer`, browsers send `Origin: null` with our own forms. Sent as a header and as a `meta` element, which
overrides headers that a proxy may add (HTML, 4.2.5.1)."""

NO_PATH = "strict-origin"
"""For pages with a secret in their URL: it is never a referrer, and forms still send their origin."""

SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
"""In every page itself, so that its hash allows it and nothing else."""

_SCRIPT_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()

Page = Response[bytes] | Template

NextPath = Annotated[str, QueryParameter(name="next")]


@dataclass(frozen=True, kw_only=True)
class Button:
    """`icon` has one or two letters; without them, `picture` names a file of `static/icons`, or is empty."""

    label: str
    icon: str
    picture: str
    url: str
    provider: str


@dataclass(frozen=True, kw_only=True)
class PageRenderer:
    settings: Settings
    providers: Mapping[str, Provider]
    configured: ConfiguredProviders
    version: str
    clock: Clock

    def page(
        self,
        template: str,
        *,
        who: Principal | None = None,
        referrer: str = REFERRER,
        form_target: str = "",
        home: str = "",
        status_code: int = 200,
        cookies: Sequence[Cookie] = (),
        **context: Any,
    ) -> Template:
        """Loads only its own style, images and script; submits forms only to us and the providers.

        `form_target`: one more source for `form-action`. `home`: our origin, for a page shown at another host.
        """
        shared = {
            "me": who and _ways(who),
            "version": self.version,
            "script": SCRIPT,
            "static": static_files.address,
            "referrer": referrer,
            "home": home,
            "provider_label": self.one_of(self.configured.on),
        }
        headers = {
            "content-security-policy": self._policy(form_target, home),
            "referrer-policy": referrer,
        }
        return Template(template, context=shared | context, headers=headers, status_code=status_code, cookies=cookies)

    def declared(self, provider_id: str) -> DeclaredProvider:
        return next(each for each in self.settings.all_providers if each.id == provider_id)

    @property
    def provider_name(self) -> str:
        """The default provider's, also while single sign-on is off."""
        return self.configured.default.label

    @property
    def _shown(self) -> ConfiguredProvider | None:
        """For pages that speak of one provider."""
        return self.configured.default if self.configured.default.is_on else next(iter(self.configured.on), None)

    def name_of(self, issuer: str | None) -> str | None:
        """Also while the provider is off."""
        found = self.configured.of_issuer(issuer)
        return None if found is None else found.label

    def oidc_of(self, issuer: str | None) -> Oidc:
        """Of an unknown issuer, the default provider's."""
        found = self.configured.of_issuer(issuer) or self.configured.default
        return self.declared(found.id).oidc

    def one_of(self, providers: Iterable[ConfiguredProvider]) -> str | None:
        """“Authelia or Google”. None without any."""
        return " or ".join(each.label for each in providers) or None

    def one(self, provider_id: str | None) -> str | None:
        """The only provider, or the named one of several, if it is on."""
        named = self.configured.named(provider_id) if provider_id else None
        of_several = named if named is not None and named.is_on else None
        found = of_several if self.configured.are_several else self._shown
        return None if found is None else found.label

    def of_several(self, provider_id: str | None) -> str:
        """For links about one of several providers. Empty with a single one."""
        named = self.configured.named(provider_id) if provider_id else None
        return named.id if named is not None and self.configured.are_several else ""

    def providers_of(self, issuers: Iterable[str]) -> str | None:
        found = {each.id for issuer in issuers if (each := self.configured.of_issuer(issuer))}
        return self.one_of([each for each in self.configured.on if each.id in found] or self.configured.on)

    @property
    def links_by_email(self) -> str | None:
        return self.one_of([each for each in self.configured.on if self.declared(each.id).oidc.link_by_email])

    def buttons(self, return_to: str, used: str | None = None) -> list[Button]:
        """In the declared order; this browser's last provider comes first."""
        return [
            Button(
                label=each.label,
                icon=each.icon,
                url=self.login_url(return_to, each.id),
                provider=each.id,
                picture=self._picture(each.id),
            )
            for each in sorted(self.configured.on, key=lambda each: each.id != used)
        ]

    def _picture(self, provider_id: str) -> str:
        """Without any name, the emblem of OpenID Connect."""
        oidc = self.declared(provider_id).oidc
        name = key(oidc.provider)
        return name if name in PRESETS else "" if name or oidc.name else "oidc"

    def autologin_url(self, return_to: str) -> str | None:
        chosen = (each.id for each in self.settings.working_providers if each.oidc.autologin)
        return next((self.login_url(return_to, each) for each in chosen), None)

    def login_url(self, return_to: str, provider_id: str | None = None) -> str:
        """Without an id, of the provider that pages speak of."""
        provider_id = provider_id or (self._shown or self.configured.default).id
        named = {} if provider_id == self.configured.default.id else {"provider": provider_id}
        return f"/api/login/openid?{urlencode({'next': return_to} | named)}"

    def confirming(self, who: Principal, return_to: str) -> dict[str, Any]:
        """The provider to sign in at again."""
        wanted = self.configured.to_confirm_by(who.issuers)
        found = wanted if wanted.is_on else self._shown
        if found is None:
            return {}
        return {
            "provider_label": found.label,
            "login_url": self.login_url(return_to, found.id),
            "links_by_email": self.declared(found.id).oidc.link_by_email,
        }

    def is_proven(self, who: Principal) -> bool:
        return step_up.is_proven(actor(who), self.clock())

    def confirm_first(self, who: Principal, page: str) -> str | None:
        return None if self.is_proven(who) else confirm_url(page)

    def sign_in_url(self, return_to: str) -> str:
        return f"/login?{urlencode({'next': return_to})}"

    def _policy(self, form_target: str, home: str) -> str:
        # Chromium applies form-action to every redirect, so it must allow the provider for signing out, and for signing in
        # the hosts that a sign-in is carried over to.
        others = (*self._provider_origins(), *self.settings.server.forward_hosts)
        targets = " ".join(filter(None, ("'self'", *others, form_target)))
        own = home or "'self'"
        return (
            f"default-src 'none'; style-src {own}; img-src {own}; script-src 'sha256-{_SCRIPT_HASH}'; form-action {targets}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )

    def _provider_origins(self) -> list[str]:
        urls = [url for each in self.settings.working_providers for url in self._urls_at(each)]
        return sorted({origin for url in urls if url and (origin := hosts.origin(url))})

    def _urls_at(self, declared: DeclaredProvider) -> list[str]:
        oidc, metadata = declared.oidc, self.providers[declared.id].known_metadata()
        urls = [oidc.server_application_url, oidc.server_metadata_url, oidc.end_session_endpoint]
        if metadata is not None:
            urls += [metadata.authorization_endpoint, metadata.end_session_endpoint or ""]
        return urls


def _ways(who: Principal) -> dict[str, Any]:
    return {
        "username": who.account.username,
        "manages": "users.read" in who.scopes,
        "reads_log": "logs.read" in who.scopes,
    }


def confirm_url(return_to: str) -> str:
    return with_query(CONFIRM_PAGE, {"next": return_to})


def explained(error: str, reference: str, at: str = "") -> dict[str, str | None] | None:
    """An unknown code gets the general sentence, never its own text. `at`: the provider, of several."""
    if not error:
        return None
    code = Code(error) if error in set(Code) else Code.UNEXPECTED
    valid = reference if _REFERENCE.fullmatch(reference) else None
    return {"code": code, "title": TITLES[code], "person": CATALOGUE[code].person, "reference": valid, "at": at}


def describe(
    code: Code, renderer: PageRenderer, about: ConfiguredProvider | None, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The person's text, the fix here with the refusal's facts, and the fix at the provider, else at the default one."""
    provider, row = about or renderer.configured.default, CATALOGUE[code]
    hint = preset(renderer.declared(provider.id).oidc.provider).hints.get(code, "")
    operator = (
        (Piece(in_words_of(provider.id, operator_text(Refused(code, **facts)))),)
        if facts
        else pieces(in_words_of(provider.id, row.operator))
    )
    return {
        "code": code,
        "title": TITLES[code],
        "person": row.person,
        "operator": operator,
        "provider": in_words_of(provider.id, hint),
        "at": renderer.of_several(provider.id),
    }

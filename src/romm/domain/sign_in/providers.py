"""RomM's providers: links, sessions and logouts belong to them by issuer."""

import re
from collections.abc import Iterable

from msgspec import Struct

from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.discovery import is_issuer

FIRST = "oidc"
"""The id of the provider in `[oidc]`."""

JWKS = "/api/oauth/openid/jwks.json"

_VARIABLE = re.compile(r"\bOIDC_([A-Z][A-Z_]*)\b")


def variable(provider_id: str, key: str) -> str:
    """A key's name in the environment, where none has a `-`."""
    section = "OIDC_" if provider_id == FIRST else f"ROMM_PROVIDERS__{provider_id.replace('-', '_')}__"
    return f"{section}{key}".upper()


def names_of(provider_id: str) -> tuple[str, str]:
    """For remarks: in the environment, and in the file."""
    return variable(provider_id, ""), f"[{FIRST}]" if provider_id == FIRST else f"[providers.{provider_id}]"


def in_words_of(provider_id: str | None, text: str) -> str:
    """With that provider's variables and keys."""
    if provider_id in (None, "", FIRST):
        return text
    return _VARIABLE.sub(lambda found: variable(provider_id, found[1]), text).replace(
        JWKS, JWKS.replace("/jwks.json", f"/{provider_id}/jwks.json")
    )


def names_variables(text: str) -> bool:
    """Of a provider; they differ between several."""
    return _VARIABLE.search(text) is not None


class ConfiguredProvider(Struct, frozen=True, kw_only=True):
    """`issuers`: those that its discovery document may have."""

    id: str
    label: str
    icon: str = ""
    issuers: tuple[str, ...] = ()
    is_on: bool = True
    is_default: bool = False


class ConfiguredProviders(Struct, frozen=True):
    """In the declared order. No two that are on share an issuer."""

    declared: tuple[ConfiguredProvider, ...]

    @property
    def on(self) -> tuple[ConfiguredProvider, ...]:
        return tuple(each for each in self.declared if each.is_on)

    @property
    def are_several(self) -> bool:
        return len(self.on) > 1

    @property
    def default(self) -> ConfiguredProvider:
        """For requests that name none."""
        return next((each for each in self.declared if each.is_default), self.declared[0])

    def named(self, provider_id: str | None) -> ConfiguredProvider | None:
        """The default without an id, None for an unknown one."""
        if not provider_id:
            return self.default
        return next((each for each in self.declared if each.id == provider_id), None)

    def declared_as(self, provider_id: str | None) -> ConfiguredProvider | Refuse:
        unknown = Refuse(Code.OIDC_OFF, {"reason": f"[providers.{provider_id}] is not in the settings"})
        return self.named(provider_id) or unknown

    def of_issuer(self, issuer: str | None) -> ConfiguredProvider | None:
        """One that is on comes first: the same provider may be declared again under a new id."""
        if not issuer:
            return None
        own = (each for each in (*self.on, *self.declared) if any(is_issuer(known, issuer) for known in each.issuers))
        return next(own, None)

    def id_of_issuer(self, issuer: str | None) -> str | None:
        found = self.of_issuer(issuer)
        return None if found is None else found.id

    def to_confirm_by(self, issuers: Iterable[str | None]) -> ConfiguredProvider:
        found = (self.of_issuer(issuer) for issuer in issuers)
        return next((each for each in found if each is not None and each.is_on), self.default)

    def of_issuer_or_only(self, issuer: str | None) -> ConfiguredProvider | None:
        """A single provider judges the issuer itself."""
        return self.of_issuer(issuer) or (None if self.are_several else self.default)

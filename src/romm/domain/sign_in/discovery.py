"""Validate a discovery document.

Sources: OpenID Connect Discovery 1.0, 3 and 4.3; RFC 8414; RFC 9207, 3; RFC 9126, 5.
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from romm.domain import hosts
from romm.domain.errors import Code, Refuse

WELL_KNOWN = "/.well-known/openid-configuration"
ED25519 = ("EdDSA", "Ed25519")  # RFC 9864 renamed it; both names are in use


class Metadata(Struct, frozen=True, kw_only=True):
    """`issuer` keeps the document's exact spelling."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    require_pushed_authorization_requests: bool = False
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_alg_values_supported: Any = None  # nonsense in this and the next says nothing and locks no one out
    backchannel_logout_supported: Any = None

    @property
    def signing_algorithms(self) -> tuple[str, ...]:
        """For ID tokens; empty: not announced."""
        listed = self.id_token_signing_alg_values_supported
        return tuple(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()


class Location(Struct, frozen=True):
    """The issuers may differ in a trailing `/`."""

    url: str
    issuers: tuple[str, ...]


class UnreadableKey(Struct, frozen=True):
    kid: str | None
    problem: str

    @property
    def described(self) -> str:
        return f"the key {'without an id' if self.kid is None else self.kid} cannot be read: {self.problem}"


def location(application_url: str, metadata_url: str) -> Location:
    """The full URL wins."""
    issuer = application_url.removesuffix(WELL_KNOWN)
    if not metadata_url:
        return Location(issuer.rstrip("/") + WELL_KNOWN, (issuer,))
    if metadata_url.endswith(WELL_KNOWN):
        return Location(metadata_url, tuple(filter(None, (metadata_url.removesuffix(WELL_KNOWN), issuer))))
    return Location(metadata_url, tuple(filter(None, (issuer, hosts.origin(metadata_url)))))


def accept(metadata: Metadata, where: Location) -> Refuse | None:
    """Endpoints must be https, unless the configured URL is http (a home network).

    Entra ID's placeholder issuer would admit every tenant, or none.
    """
    if "{" in metadata.issuer:
        return Refuse(Code.ISSUER_PLACEHOLDER, {"found": metadata.issuer, "url": where.url})
    if not any(is_issuer(issuer, metadata.issuer) for issuer in where.issuers):
        return Refuse(Code.ISSUER_MISMATCH, {"found": metadata.issuer, "expected": where.issuers[0], "url": where.url})
    schemes = ("https",) if urlsplit(where.url).scheme == "https" else ("https", "http")
    for name in _ENDPOINTS:
        endpoint = getattr(metadata, name)
        if endpoint is not None and not _is_safe(endpoint, schemes):
            return Refuse(Code.ENDPOINT_INSECURE, {"endpoint": name, "found": endpoint})
    return None


def is_issuer(written: str, issuer: str) -> bool:
    """Ignores the spelling of the host and one trailing slash."""
    return written == issuer or _comparable(written) == _comparable(issuer)


def accepted_algorithms(allowed: Collection[str], announced: Collection[str]) -> tuple[str, ...]:
    """Announced ones only, where any is."""
    listed = _with_both_names(announced or allowed)
    return tuple(each for each in _with_both_names(allowed) if each in listed)


def _with_both_names(algorithms: Collection[str]) -> tuple[str, ...]:
    more = () if set(ED25519).isdisjoint(algorithms) else ED25519
    return tuple(dict.fromkeys((*algorithms, *more)))


_ENDPOINTS = tuple(name for name in Metadata.__struct_fields__ if name.endswith(("_endpoint", "_uri")))


def _is_safe(url: str, schemes: tuple[str, ...]) -> bool:
    return (hosts.origin(url) or "").partition(":")[0] in schemes


def _comparable(url: str) -> str:
    return (hosts.canonical(url) or url).removesuffix("/")

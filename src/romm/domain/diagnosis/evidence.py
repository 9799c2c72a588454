"""Evidence for the doctor."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from romm.domain import hosts
from romm.domain.issuers import LinkedElsewhere
from romm.domain.sign_in.discovery import Metadata, UnreadableKey

INVENTED_CODE = "romm-doctor-invented-this-code"
INVENTED_CLIENT = "romm-doctor-invented-this-client"
INVENTED_SECRET = "romm-doctor-invented-this-secret-of-more-than-32-bytes"
INVENTED_SCOPE = "romm-doctor-invented-this-scope"
INVENTED_PATH = "/romm-doctor-invented-this-address"


class Configured(Struct, frozen=True, kw_only=True):
    """`off`: why OIDC is off. `issuer`: empty if unknown; may differ in a trailing slash.

    `other_names`: how remarks name other providers' settings.
    """

    remarks: tuple[str, ...]
    enabled: bool
    off: str
    provider: str
    client_id: str
    has_secret: bool
    application_url: str
    metadata_url: str
    base_url: str
    redirect_uri: str
    scope: str
    roles_claim: str
    algorithms: tuple[str, ...]
    rp_initiated_logout: bool
    end_session_endpoint: str
    post_logout_redirect_uri: str
    trusted_proxies: tuple[str, ...]
    issuer: str
    former_issuers: tuple[str, ...]
    other_issuers: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()


class LinkedAccounts(Struct, frozen=True, kw_only=True):
    """`total`: None above `MOST_COUNTED`."""

    total: int | None = 0
    elsewhere: tuple[LinkedElsewhere, ...] = ()


class Endpoint(Struct, frozen=True):
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Certificate(Struct, frozen=True, kw_only=True):
    """Unverified. `names` are hosts."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


class Handshake(Struct, frozen=True, kw_only=True):
    """`problem` is the library's error, empty if trusted; `chain` is leaf first."""

    problem: str = ""
    chain: tuple[Certificate, ...] = ()


class Announced(Struct, frozen=True, kw_only=True):
    """Not used for sign-in. None: not announced."""

    scopes: tuple[str, ...] | None = None
    claims: tuple[str, ...] | None = None
    signing_algorithms: tuple[str, ...] | None = None
    challenge_methods: tuple[str, ...] | None = None
    request_object_algorithms: tuple[str, ...] | None = None


class Discovered(Struct, frozen=True, kw_only=True):
    """`provider_time` is None without a Date header."""

    url: str
    metadata: Metadata
    announced: Announced
    seconds: float
    provider_time: datetime | None = None
    our_time: datetime


class PublishedKeys(Struct, frozen=True, kw_only=True):
    """`usable` are the kinds for signatures."""

    usable: tuple[str, ...]
    for_encryption: int
    unreadable: tuple[UnreadableKey, ...] = ()


class PageWords(Struct, frozen=True, kw_only=True):
    """Without markup, whole."""

    title: str = ""
    text: str = ""


class ProbeResponse(Struct, frozen=True, kw_only=True):
    """Not followed. `location` is absolute, None for a page."""

    status: int
    content_type: str
    location: str | None = None
    error: str | None = None
    description: str | None = None
    words: PageWords = PageWords()


class Credentials(enum.Enum):
    """The real secret goes only with the real client id."""

    OWN = "RomM's client id and secret"
    INVENTED_SECRET = "RomM's client id, an invented secret"
    INVENTED_CLIENT = "an invented client id and secret"


_MEMBERS = {
    "scopes": "scopes_supported",
    "claims": "claims_supported",
    "signing_algorithms": "id_token_signing_alg_values_supported",
    "challenge_methods": "code_challenge_methods_supported",
    "request_object_algorithms": "request_object_signing_alg_values_supported",
}


def scheme_and_host(url: str) -> tuple[str, str]:
    """Canonical; two empty strings if not http(s)."""
    scheme, _, host = (hosts.origin(url) or "").partition("://")
    return scheme, host


def announced(unverified_document: Mapping[str, Any]) -> Announced:
    return Announced(**{name: _texts(unverified_document.get(member)) for name, member in _MEMBERS.items()})


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else None

"""What RomM knows of a provider. A preset only fills what the operator left empty and never weakens a check."""

from collections.abc import Mapping

from msgspec import Struct

from romm.domain.errors import Code

DEFAULT_SCOPES = "openid profile email"
AT_THE_PROVIDER = "At the provider: "  # so begins a fix that is made there
DOLLAR_HINT = "In a compose file, write a dollar sign twice."

Hints = Mapping[Code, str]
"""For a reason to refuse: where to click at this provider. Log, pages and guides print it beside the catalogue's text."""


class ConsoleLocations(Struct, frozen=True, kw_only=True):
    """Where the provider keeps the values that must agree with RomM's settings; the defaults fit any provider."""

    redirect_uri: str = "the client's redirect URIs (or callback URLs)"
    secret: str = "the client's id and secret"
    signing_key: str = "the client's ID token signing algorithm: choose RS256"
    claims: str = "the client's allowed scopes and claims"
    sign_out: str = "the client's post logout redirect URIs"
    issuer: str = "the issuer, or discovery URL, that the provider's page for this client shows"


class Preset(Struct, frozen=True, kw_only=True):
    """One provider: its name on the button, and defaults for what the operator left empty.

    `roles_keys`: the roles claim is an object whose keys count. `leaves_empty_roles_out`: without the claim a person is in no
    group. `own_email_domains`: the addresses that the provider vouches for, besides those of the claim `hd`.
    `roles_scope` is asked for only when a roles claim is configured: a client that was registered without it is
    refused with `invalid_scope` (seen with Authelia). `issuer_spellings` maps another name in ID tokens to the one
    issuer it means. `open_to_anyone`: everybody can have an account there. `hints` are fixes in this provider's words.
    `sign_out_page` is where people sign out at a provider without an end-session endpoint: a URL with {issuer} and
    {return_to}. `logout_without_expiry` is what helps when its logout tokens have no `exp`.
    """

    label: str
    roles_scope: str = ""
    roles_keys: bool = False
    leaves_empty_roles_out: bool = False
    own_email_domains: tuple[str, ...] = ()
    booleans_as_text: bool = False
    extra_audiences: tuple[str, ...] = ()
    issuer_spellings: Mapping[str, str] = {}
    open_to_anyone: bool = False
    hints: Hints = {}
    sign_out_page: str = ""
    logout_without_expiry: str = ""
    locations: ConsoleLocations = ConsoleLocations()


def hint_fact(hints: Hints, code: Code) -> dict[str, str]:
    """The hint as a fact of a log line; empty if there is none for this code."""
    return {"provider_hint": hints[code]} if code in hints else {}


def click(location: str) -> str:
    """The line of a fix that leads to a location at the provider."""
    return f"{AT_THE_PROVIDER}{location}."

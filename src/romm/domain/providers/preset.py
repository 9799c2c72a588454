"""Defaults and fixes per provider. They never weaken a check."""

from collections.abc import Mapping

from msgspec import Struct

from romm.domain.errors import Code

DEFAULT_SCOPES = "openid profile email"
AT_THE_PROVIDER = "At the provider: "  # so begins a fix that is made there
DOLLAR_HINT = "In a compose file, write a dollar sign twice."

Hints = Mapping[Code, str]
"""The provider's own fix for a refusal."""


class ConsoleLocations(Struct, frozen=True, kw_only=True):
    """Values that must match RomM's settings."""

    redirect_uri: str = "the client's redirect URIs (or callback URLs)"
    secret: str = "the client's id and secret"
    signing_key: str = "the client's ID token signing algorithm: choose RS256"
    claims: str = "the client's allowed scopes and claims"
    sign_out: str = "the client's post logout redirect URIs"
    issuer: str = "the issuer, or discovery URL, that the provider's page for this client shows"


class Preset(Struct, frozen=True, kw_only=True):
    """Defaults of empty settings.

    `roles_keys`: count the claim's keys. `leaves_empty_roles_out`: a missing claim means no group. `own_email_domains`:
    vouched for besides `hd`. `roles_scope`: only with a roles claim, because unregistered clients get `invalid_scope`
    (Authelia). `claim_scopes`: by roles claim, in place of `roles_scope`. `issuer_spellings` maps other names to the
    real issuer. `sign_out_page`: a URL with {issuer} and {return_to}, without an end-session endpoint.
    `legacy_logout_types`: versions in use type logout tokens as `JWT`. `logout_without_expiry`: the fix for logout
    tokens without `exp`. `stays_there`: refusals shown on the provider's page. `registers_backchannel_logout`: false
    where the provider announces it but has no field for the address.
    """

    label: str
    roles_scope: str = ""
    claim_scopes: Mapping[str, str] = {}
    roles_keys: bool = False
    leaves_empty_roles_out: bool = False
    own_email_domains: tuple[str, ...] = ()
    booleans_as_text: bool = False
    extra_audiences: tuple[str, ...] = ()
    issuer_spellings: Mapping[str, str] = {}
    open_to_anyone: bool = False
    hints: Hints = {}
    sign_out_page: str = ""
    legacy_logout_types: bool = False
    logout_without_expiry: str = ""
    stays_there: str = ""
    reauthentication_prompt: str = "login"
    registers_backchannel_logout: bool = True
    locations: ConsoleLocations = ConsoleLocations()

    def scope_of(self, roles_claim: str) -> str:
        return self.claim_scopes.get(roles_claim, self.roles_scope)


def hint_fact(hints: Hints, code: Code) -> dict[str, str]:
    return {"provider_hint": hints[code]} if code in hints else {}


def click(location: str) -> str:
    return f"{AT_THE_PROVIDER}{location}."

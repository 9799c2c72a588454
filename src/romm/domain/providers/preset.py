"""What providers are known to need. A preset only fills what the operator left empty and never weakens a check."""

from collections.abc import Mapping

from msgspec import Struct

from romm.domain.providers import hints
from romm.domain.providers.hints import Hints

DEFAULT_SCOPES = "openid profile email"


class Preset(Struct, frozen=True, kw_only=True):
    """One provider: its name on the button, and defaults for what the operator left empty.

    `roles_scope` is asked for only when a roles claim is configured: a client that was registered without it is
    refused with `invalid_scope` (seen with Authelia). `issuer_spellings` maps another name in ID tokens to the one
    issuer it means. `open_to_anyone`: everybody can have an account there. `hints` are fixes in this provider's words.
    """

    label: str
    roles_scope: str = ""
    roles_shape: str = ""
    booleans_as_text: bool = False
    extra_audiences: tuple[str, ...] = ()
    issuer_spellings: Mapping[str, str] = {}
    open_to_anyone: bool = False
    hints: Hints = {}


PRESETS: dict[str, Preset] = {
    "authelia": Preset(label="Authelia", roles_scope="groups", hints=hints.AUTHELIA),
    "authentik": Preset(label="Authentik", hints=hints.AUTHENTIK),
    "cloudflare": Preset(label="Cloudflare Access", roles_scope="groups", hints=hints.CLOUDFLARE),
    "dex": Preset(label="Dex", roles_scope="groups", hints=hints.DEX),
    "entra": Preset(label="Microsoft", hints=hints.ENTRA),
    "google": Preset(
        label="Google",
        booleans_as_text=True,
        # OpenID Connect Core 1.0, 15.6.2; Google's reference still names both.
        issuer_spellings={"accounts.google.com": "https://accounts.google.com"},
        open_to_anyone=True,
        hints=hints.GOOGLE,
    ),
    "kanidm": Preset(label="Kanidm", roles_scope="groups", hints=hints.KANIDM),
    "keycloak": Preset(label="Keycloak", extra_audiences=("account",), hints=hints.KEYCLOAK),
    "okta": Preset(label="Okta", roles_scope="groups", hints=hints.OKTA),
    "pocket-id": Preset(label="Pocket ID", roles_scope="groups", hints=hints.POCKET_ID),
    "synology": Preset(label="Synology", hints=hints.SYNOLOGY),
    "tailscale": Preset(label="Tailscale"),
    "voidauth": Preset(label="VoidAuth", roles_scope="groups", hints=hints.VOIDAUTH),
    "zitadel": Preset(label="Zitadel", roles_shape="keys", hints=hints.ZITADEL),
}


def preset(provider: str) -> Preset:
    """The preset of a provider's name; an unknown name is its own label, no name is plain OIDC."""
    return PRESETS.get(key(provider)) or Preset(label=provider.strip() or "OIDC")


def key(provider: str) -> str:
    """How a provider is listed, however the operator writes its name."""
    return provider.strip().lower().replace("_", "-").replace(" ", "-")

"""What providers are known to need. A preset only fills what the operator left empty and never weakens a check."""

from msgspec import Struct

DEFAULT_SCOPES = "openid profile email"


class Preset(Struct, frozen=True, kw_only=True):
    """One provider: its name on the button, and defaults for what the operator left empty.

    `roles_scope` is asked for only when a roles claim is configured: a client that was registered without it is
    refused with `invalid_scope` (seen with Authelia).
    """

    label: str
    roles_scope: str = ""
    roles_shape: str = ""
    booleans_as_text: bool = False
    extra_audiences: tuple[str, ...] = ()


PRESETS: dict[str, Preset] = {
    "authelia": Preset(label="Authelia", roles_scope="groups"),
    "authentik": Preset(label="Authentik"),
    "cloudflare": Preset(label="Cloudflare Access"),
    "dex": Preset(label="Dex", roles_scope="groups"),
    "entra": Preset(label="Microsoft"),
    "google": Preset(label="Google", booleans_as_text=True),
    "kanidm": Preset(label="Kanidm"),
    "keycloak": Preset(label="Keycloak", extra_audiences=("account",)),
    "okta": Preset(label="Okta", roles_scope="groups"),
    "pocket-id": Preset(label="Pocket ID", roles_scope="groups"),
    "synology": Preset(label="Synology"),
    "tailscale": Preset(label="Tailscale"),
    "voidauth": Preset(label="VoidAuth"),
    "zitadel": Preset(label="Zitadel", roles_shape="keys"),
}


def preset(provider: str) -> Preset:
    """The preset of a provider's name; an unknown name is its own label, no name is plain OIDC."""
    return PRESETS.get(key(provider)) or Preset(label=provider.strip() or "OIDC")


def key(provider: str) -> str:
    """How a provider is listed, however the operator writes its name."""
    return provider.strip().lower().replace("_", "-").replace(" ", "-")

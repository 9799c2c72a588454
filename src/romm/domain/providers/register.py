"""The providers by their name in `OIDC_PROVIDER`."""

from romm.domain.providers.authelia import AUTHELIA
from romm.domain.providers.authentik import AUTHENTIK
from romm.domain.providers.cloudflare import CLOUDFLARE
from romm.domain.providers.dex import DEX
from romm.domain.providers.entra import ENTRA
from romm.domain.providers.google import GOOGLE
from romm.domain.providers.kanidm import KANIDM
from romm.domain.providers.keycloak import KEYCLOAK
from romm.domain.providers.okta import OKTA
from romm.domain.providers.pocket_id import POCKET_ID
from romm.domain.providers.preset import Preset
from romm.domain.providers.synology import SYNOLOGY
from romm.domain.providers.tailscale import TAILSCALE
from romm.domain.providers.voidauth import VOIDAUTH
from romm.domain.providers.zitadel import ZITADEL

PRESETS: dict[str, Preset] = {
    "authelia": AUTHELIA,
    "authentik": AUTHENTIK,
    "cloudflare": CLOUDFLARE,
    "dex": DEX,
    "entra": ENTRA,
    "google": GOOGLE,
    "kanidm": KANIDM,
    "keycloak": KEYCLOAK,
    "okta": OKTA,
    "pocket-id": POCKET_ID,
    "synology": SYNOLOGY,
    "tailscale": TAILSCALE,
    "voidauth": VOIDAUTH,
    "zitadel": ZITADEL,
}


def preset(provider: str) -> Preset:
    """An unknown name is its own label, no name is plain OIDC."""
    return PRESETS.get(key(provider)) or Preset(label=provider.strip() or "OIDC")


def key(provider: str) -> str:
    return provider.strip().lower().replace("_", "-").replace(" ", "-")

"""Pocket ID: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

POCKET_ID = Preset(
    label="Pocket ID",
    roles_scope="groups",
    stays_there="Pocket ID shows on its own page that none of the person's groups is in the client's Allowed User Groups, and that "
    "the client requires pushed authorization requests: set OIDC_PUSHED_REQUESTS=true for that.",
    hints={
        Code.EMAIL_NOT_VERIFIED: "Mark the address as verified at the person, or for all people in the application "
        "configuration (Emails Verified).",
        Code.EMAIL_MISSING: "The person has no address in Pocket ID.",
        Code.ACCESS_DENIED: "OIDC Clients → RomM → Allowed User Groups: none of the person's groups is there.",
        Code.NO_ROLE: "The values are the groups' names, not their friendly names.",
        Code.CLIENT_REJECTED: f"Create a new secret on the client's page; the old one is not shown again. {DOLLAR_HINT}",
        Code.ISSUER_MISMATCH: "Pocket ID calls itself by APP_URL: set that to the public address.",
    },
    locations=ConsoleLocations(
        sign_out="OIDC Clients → yours → Logout Callback URLs",
        redirect_uri="OIDC Clients → yours → Callback URLs",
        secret="OIDC Clients → yours → Client ID and Client secret",
        signing_key="nothing to choose there: Pocket ID signs by itself",
        claims="the user groups of the person, and that the client allows them",
        issuer="Pocket ID's own address (APP_URL)",
    ),
)

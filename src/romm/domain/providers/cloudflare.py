"""Cloudflare Access: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

CLOUDFLARE = Preset(
    label="Cloudflare Access",
    roles_scope="groups",
    hints={
        Code.PROVIDER_ANSWER_INVALID: "The address has the client id in it: copy the Issuer from the application's page.",
        Code.INVALID_SCOPE: "Access → Applications → RomM: select the scope that is missing, mostly groups.",
        Code.EMAIL_NOT_VERIFIED: "If Access sends no email_verified and every login method there proves the address: set "
        "OIDC_TRUST_EMAIL=absent.",
        Code.NO_ROLE: "The values are the groups of the identity provider behind Access, in its spelling; a one-time PIN has "
        "none.",
        Code.CLIENT_REJECTED: f"The secret is shown once, when the application is created: create a new one. {DOLLAR_HINT}",
        Code.ACCESS_DENIED: "The application's policy does not allow this person.",
    },
    locations=ConsoleLocations(
        redirect_uri="Zero Trust → Access → Applications → yours → Redirect URLs",
        secret="Zero Trust → Access → Applications → yours → Client ID and Client secret",
        signing_key="nothing to choose there: Cloudflare Access signs with RS256",
        claims="Zero Trust → Access → Applications → yours → Scopes and OIDC claims",
        issuer="Zero Trust → Access → Applications → yours → Issuer: …/cdn-cgi/access/sso/oidc/<client id>",
    ),
)

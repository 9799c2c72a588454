"""Dex: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

DEX = Preset(
    label="Dex",
    roles_scope="groups",
    leaves_empty_roles_out=True,
    stays_there="Dex shows “Approval rejected.” on its own page.",
    hints={
        Code.EMAIL_NOT_VERIFIED: "Dex passes on what its connector says: verify the address there. If you trust the provider "
        "behind a connector, some connectors can treat every address as verified (insecureSkipEmailVerified).",
        Code.EMAIL_MISSING: "The connector gave no address: check it (for LDAP its emailAttr).",
        Code.NO_ROLE: "The groups come from the connector, in its spelling (org:team for GitHub). Without any group there is "
        "no claim; with a connector that has no groups there is none for anyone.",
        Code.SETUP_REQUIRED: "If the roles claim is absent: not every connector has groups, and some need a setting for it.",
        Code.INVALID_SCOPE: "Dex knows openid, profile, email, groups and few others: leave OIDC_SCOPES empty.",
        Code.CLIENT_REJECTED: f"Compare with id and secret under staticClients, which has the plain secret. {DOLLAR_HINT}",
        Code.ISSUER_MISMATCH: "Set it to the issuer in Dex's configuration, with its path (often /dex).",
        Code.ALREADY_LINKED: "If the log names this same issuer and all people are affected, the connector's id was changed: it is a "
        "part of each sub. Another issuer in Dex's configuration leaves the subjects as they are.",
    },
    locations=ConsoleLocations(
        sign_out="staticClients[].postLogoutRedirectURIs",
        redirect_uri="Dex's configuration, staticClients[].redirectURIs",
        secret="Dex's configuration, staticClients[]: id and secret",
        signing_key="nothing to choose there: Dex signs with RS256, or with ES256",
        claims="the connector in Dex's configuration: it must pass groups on",
        issuer="Dex's configuration, issuer, exactly as it is there",
    ),
)

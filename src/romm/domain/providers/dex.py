"""Dex: defaults, fixes in its own words, and where to click there."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

DEX = Preset(
    label="Dex",
    roles_scope="groups",
    leaves_empty_roles_out=True,
    hints={
        Code.EMAIL_NOT_VERIFIED: "Dex repeats what stands behind it: verify the address there. Some connectors can be told to "
        "take it for verified (insecureSkipEmailVerified, for a provider behind it that you trust).",
        Code.EMAIL_MISSING: "What stands behind Dex gave no address: look at the connector (for LDAP its emailAttr).",
        Code.NO_ROLE: "The groups are the connector's, named as it names them (org:team for GitHub). Without any group there is no "
        "claim; with a connector that has no groups there is none for anyone.",
        Code.SETUP_REQUIRED: "If the roles claim is absent: not every connector has groups, and some only after they were told to.",
        Code.INVALID_SCOPE: "Dex knows openid, profile, email, groups and few others: leave OIDC_SCOPES empty.",
        Code.CLIENT_REJECTED: f"Compare with id and secret under staticClients, which has the plain secret. {DOLLAR_HINT}",
        Code.ISSUER_MISMATCH: "Set it to the issuer in Dex's configuration, with its path (often /dex).",
        Code.ALREADY_LINKED: "If the log names this same issuer and it hits everybody, the connector's id was changed: it is a "
        "part of everybody's sub. Another issuer in Dex's configuration leaves the subjects as they are.",
    },
    locations=ConsoleLocations(
        redirect_uri="Dex's configuration, staticClients[].redirectURIs",
        secret="Dex's configuration, staticClients[]: id and secret",
        signing_key="nothing to choose there: Dex signs with RS256",
        claims="the connector in Dex's configuration: it must pass groups on",
        issuer="Dex's configuration, issuer, to the letter",
    ),
)

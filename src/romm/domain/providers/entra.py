"""Microsoft: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import ConsoleLocations, Preset

ENTRA = Preset(
    label="Microsoft",
    hints={
        Code.ISSUER_PLACEHOLDER: "common and organizations are not a tenant: take the Directory (tenant) ID from the app's "
        "Overview.",
        Code.ISSUER_MISMATCH: "The address is https://login.microsoftonline.com/, the Directory (tenant) ID, and /v2.0; a "
        "domain name instead of the id, or a missing /v2.0, causes this error.",
        Code.EMAIL_NOT_VERIFIED: "Entra ID never says whether an address is verified. If only administrators set addresses in "
        "this tenant, set OIDC_TRUST_EMAIL=absent; mind guests.",
        Code.EMAIL_MISSING: "App registrations → RomM → Token configuration: add the optional claim email to the ID token, "
        "and give the person an address (Contact information). The user principal name does not count.",
        Code.NO_ROLE: "Groups arrive as object ids. App roles (OIDC_CLAIM_ROLES=roles) arrive by their value, and only if "
        "assigned to the person in the enterprise application.",
        Code.CLIENT_REJECTED: "Certificates & secrets: paste the secret's Value, not its Secret ID. Secrets expire; create a "
        "new one.",
        Code.ACCESS_DENIED: "Enterprise applications → RomM → Properties: if Assignment required is Yes, assign the person or a "
        "group.",
        Code.INVALID_SCOPE: "Entra ID has no scope groups: leave OIDC_SCOPES empty.",
        Code.ALREADY_LINKED: "If the log names this same issuer and all people are affected, the app was registered again: each "
        "registration has its own sub for a person.",
    },
    locations=ConsoleLocations(
        redirect_uri="App registrations → yours → Authentication → Web → Redirect URIs",
        secret="App registrations → yours → Certificates & secrets (the secret's value, not its id), and the Application "
        "(client) ID on the overview",
        signing_key="nothing to choose there: Entra ID signs with RS256",
        claims="App registrations → yours → Token configuration → Add groups claim, and optional claim email",
        issuer="https://login.microsoftonline.com/<tenant id>/v2.0, with your tenant's id, not common or organizations",
    ),
)

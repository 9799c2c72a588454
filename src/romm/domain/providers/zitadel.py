"""Zitadel: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

ZITADEL = Preset(
    label="Zitadel",
    roles_keys=True,
    hints={
        Code.ID_TOKEN_AUDIENCE: "Zitadel puts the project's id, and the project's other applications, into aud: write those "
        "values, except RomM's own, into OIDC_EXTRA_AUDIENCES.",
        Code.SETUP_REQUIRED: "If the roles claim is absent: switch on Assert Roles on Authentication in the project, and give the "
        "person a role in it.",
        Code.NO_ROLE: "The values are the keys of the project's roles, not their display names.",
        Code.EMAIL_NOT_VERIFIED: "Users → the person: verify the address, or mark it as verified.",
        Code.CLIENT_REJECTED: "RomM's application in the project needs the authentication method Basic or Post; regenerate its "
        f"secret if in doubt. {DOLLAR_HINT}",
        Code.ISSUER_MISMATCH: "Zitadel calls itself by its external domain: set OIDC_SERVER_APPLICATION_URL to that.",
        Code.ENDPOINT_INSECURE: "Zitadel does not know its https address: set ExternalSecure to true.",
    },
    locations=ConsoleLocations(
        redirect_uri="Projects → yours → the application → Redirect Settings → Redirect URIs",
        secret="Projects → yours → the application → Configuration → Auth Method, Client ID and Client Secret",
        signing_key="nothing to choose there: Zitadel signs by itself",
        claims="Projects → yours → Assert Roles on Authentication; the application → Token Settings → User Info inside "
        "ID Token",
        issuer="Projects → yours → the application → URLs → Issuer",
    ),
)

"""Keycloak: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

KEYCLOAK = Preset(
    label="Keycloak",
    extra_audiences=("account",),
    leaves_empty_roles_out=True,
    legacy_logout_types=True,  # before 25
    hints={
        Code.EMAIL_NOT_VERIFIED: "Users → the person → Details → Email verified: On. It is Off for every person created by "
        "an administrator.",
        Code.EMAIL_MISSING: "Give the person an address (Users → Details), and the client the scope email as Default (Clients → "
        "Client scopes).",
        Code.NO_ROLE: "Groups arrive as paths such as /team/romm-admins: write the whole path, or switch Full group path off in "
        "the mapper. Realm roles are at realm_access.roles, a client's at resource_access.romm.roles. Without any group "
        "there is no claim, and without a mapper (Add to ID token or Add to userinfo) there is none for anyone.",
        Code.SETUP_REQUIRED: "If the roles claim is absent: Keycloak sends roles and groups to RomM only when a mapper has Add to "
        "ID token or Add to userinfo on.",
        Code.CLIENT_REJECTED: "Clients → RomM's client: Client authentication must be On; the secret is under Credentials. "
        f"{DOLLAR_HINT}",
        Code.REQUEST_REFUSED: "Clients → RomM's client: Standard flow must be On (Capability config). In Advanced the PKCE method is "
        "S256 or empty, and no request object is required; with pushed authorization requests required set "
        "OIDC_PUSHED_REQUESTS=true.",
        Code.ID_TOKEN_ALGORITHM: "Clients → RomM's client → Advanced → ID token signature algorithm: RS256.",
        Code.ID_TOKEN_ENCRYPTED: "Clients → RomM's client → Advanced → ID token encryption: none.",
        Code.USERINFO_INVALID: "Clients → RomM's client → Advanced: user info signed response algorithm and encryption as unset.",
        Code.INVALID_SCOPE: "Clients → RomM's client → Client scopes: add the scope that is missing. The scope groups does "
        "not exist until you create it.",
        Code.PROVIDER_ANSWER_INVALID: "With a 404 the realm's name is wrong (upper and lower case matter), or an old Keycloak still "
        "has /auth in front of /realms.",
        Code.ISSUER_MISMATCH: "Keycloak calls itself by its hostname setting (KC_HOSTNAME): set it to the public address.",
        Code.ENDPOINT_INSECURE: "Keycloak does not know its https address: set KC_HOSTNAME to it in full, or KC_PROXY_HEADERS to "
        "xforwarded.",
        Code.ID_TOKEN_AUDIENCE: "An audience mapper adds a value to aud: remove the mapper, or name all values in "
        "OIDC_EXTRA_AUDIENCES, account too.",
        Code.ALREADY_LINKED: "If the log names this same issuer and all people are affected, the realm was created again and each "
        "person got a new id there. Another host changes the issuer only; then the subjects are the same.",
    },
    locations=ConsoleLocations(
        sign_out="Clients → yours → Settings → Valid post logout redirect URIs",
        redirect_uri="Clients → yours → Settings → Valid redirect URIs",
        secret="Clients → yours → Settings → Client authentication: on; Credentials → Client Secret",
        signing_key="Realm settings → Keys, and Clients → yours → Advanced → ID token signature algorithm: RS256; ID token "
        "encryption: none",
        claims="Clients → yours → Client scopes → a mapper for groups or roles, added to ID token and userinfo",
        issuer="Realm settings → OpenID Endpoint Configuration: …/realms/<realm>",
    ),
)

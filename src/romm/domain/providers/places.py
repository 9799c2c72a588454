"""Where to click at the provider: the second half of a fix, whose first half names the variable here."""

from msgspec import Struct

from romm.domain.providers import preset

AT_THE_PROVIDER = "At the provider: "  # so begins a fix that is made there


class ConsoleLocations(Struct, frozen=True):
    """Where a provider keeps what RomM's settings must agree with."""

    redirect_uri: str
    secret: str
    signing_key: str
    claims: str
    issuer: str


_ANY = ConsoleLocations(
    redirect_uri="the client's redirect URIs (or callback URLs)",
    secret="the client's id and secret",
    signing_key="the client's ID token signing algorithm: choose RS256",
    claims="the client's allowed scopes and claims",
    issuer="the issuer, or discovery URL, that the provider's page for this client shows",
)

_KNOWN = {
    "authelia": ConsoleLocations(
        redirect_uri="configuration.yml, identity_providers.oidc.clients[].redirect_uris",
        secret="configuration.yml, identity_providers.oidc.clients[]: client_id, client_secret (there the hash, here the "
        "plain secret) and token_endpoint_auth_method",
        signing_key="configuration.yml, identity_providers.oidc.jwks (an RSA key) and the client's "
        "id_token_signed_response_alg",
        claims="configuration.yml, identity_providers.oidc.clients[].scopes",
        issuer="Authelia's own address, such as https://auth.example.com",
    ),
    "authentik": ConsoleLocations(
        redirect_uri="Applications → Providers → yours → Edit → Redirect URIs/Origins",
        secret="Applications → Providers → yours → Edit → Client type, Client ID and Client Secret",
        signing_key="Applications → Providers → yours → Edit → Signing Key: choose an RSA or EC certificate; Encryption "
        "Key: leave empty",
        claims="Applications → Providers → yours → Edit → Advanced protocol settings → Scopes",
        issuer="Applications → Providers → yours → OpenID Configuration Issuer: …/application/o/<slug>/",
    ),
    "cloudflare": ConsoleLocations(
        redirect_uri="Zero Trust → Access → Applications → yours → Redirect URLs",
        secret="Zero Trust → Access → Applications → yours → Client ID and Client secret",
        signing_key="nothing to choose there: Cloudflare Access signs with RS256",
        claims="Zero Trust → Access → Applications → yours → Scopes and OIDC claims",
        issuer="Zero Trust → Access → Applications → yours → Issuer: …/cdn-cgi/access/sso/oidc/<client id>",
    ),
    "dex": ConsoleLocations(
        redirect_uri="Dex's configuration, staticClients[].redirectURIs",
        secret="Dex's configuration, staticClients[]: id and secret",
        signing_key="nothing to choose there: Dex signs with RS256",
        claims="the connector in Dex's configuration: it must pass groups on",
        issuer="Dex's configuration, issuer, to the letter",
    ),
    "entra": ConsoleLocations(
        redirect_uri="App registrations → yours → Authentication → Web → Redirect URIs",
        secret="App registrations → yours → Certificates & secrets (the secret's value, not its id), and the Application "
        "(client) ID on the overview",
        signing_key="nothing to choose there: Entra ID signs with RS256",
        claims="App registrations → yours → Token configuration → Add groups claim, and optional claim email",
        issuer="https://login.microsoftonline.com/<tenant id>/v2.0, with your tenant's id, not common or organizations",
    ),
    "google": ConsoleLocations(
        redirect_uri="Google Cloud → APIs & Services → Credentials → OAuth client → Authorized redirect URIs",
        secret="Google Cloud → APIs & Services → Credentials → OAuth client → Client ID and Client secret",
        signing_key="nothing to choose there: Google signs with RS256",
        claims="Google has no groups: leave OIDC_CLAIM_ROLES empty",
        issuer="https://accounts.google.com",
    ),
    "kanidm": ConsoleLocations(
        redirect_uri="kanidm system oauth2 add-redirect-url <client> <redirect URI>",
        secret="kanidm system oauth2 show-basic-secret <client>",
        signing_key="nothing to choose there: Kanidm signs with ES256",
        claims="kanidm system oauth2 update-scope-map <client> <group> openid profile email groups",
        issuer="https://idm.example.com/oauth2/openid/<client>",
    ),
    "keycloak": ConsoleLocations(
        redirect_uri="Clients → yours → Settings → Valid redirect URIs",
        secret="Clients → yours → Settings → Client authentication: on; Credentials → Client Secret",
        signing_key="Realm settings → Keys, and Clients → yours → Advanced → ID token signature algorithm: RS256; ID token "
        "encryption: none",
        claims="Clients → yours → Client scopes → a mapper for groups or roles, added to ID token and userinfo",
        issuer="Realm settings → OpenID Endpoint Configuration: …/realms/<realm>",
    ),
    "okta": ConsoleLocations(
        redirect_uri="Applications → yours → General → Sign-in redirect URIs",
        secret="Applications → yours → General → Client Credentials",
        signing_key="nothing to choose there: Okta signs with RS256",
        claims="Applications → yours → Sign On → OpenID Connect ID Token → Groups claim filter",
        issuer="Applications → yours → Sign On → Issuer",
    ),
    "pocket-id": ConsoleLocations(
        redirect_uri="OIDC Clients → yours → Callback URLs",
        secret="OIDC Clients → yours → Client ID and Client secret",
        signing_key="nothing to choose there: Pocket ID signs by itself",
        claims="the user groups of the person, and that the client allows them",
        issuer="Pocket ID's own address (APP_URL), without a slash at the end",
    ),
    "voidauth": ConsoleLocations(
        redirect_uri="OIDC Apps → yours → Redirect URLs",
        secret="OIDC Apps → yours → Client ID, Client Secret and Auth Method",
        signing_key="nothing to choose there: VoidAuth signs by itself",
        claims="the groups of the person in VoidAuth",
        issuer="https://auth.example.com/oidc/.well-known/openid-configuration, in OIDC_SERVER_METADATA_URL",
    ),
    "zitadel": ConsoleLocations(
        redirect_uri="Projects → yours → the application → Redirect Settings → Redirect URIs",
        secret="Projects → yours → the application → Configuration → Auth Method, Client ID and Client Secret",
        signing_key="nothing to choose there: Zitadel signs by itself",
        claims="Projects → yours → Assert Roles on Authentication; the application → Token Settings → User Info inside "
        "ID Token",
        issuer="Projects → yours → the application → URLs → Issuer",
    ),
}


def at(provider: str) -> ConsoleLocations:
    """The places of a provider, by its name in `OIDC_PROVIDER`; an unknown one gets words that fit any."""
    return _KNOWN.get(preset.key(provider), _ANY)


def click(place: str) -> str:
    """The line of a fix that leads there."""
    return f"{AT_THE_PROVIDER}{place}."

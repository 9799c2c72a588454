"""Authelia: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

AUTHELIA = Preset(
    label="Authelia",
    roles_scope="groups",
    sign_out_page="{issuer}/logout?rd={return_to}",
    hints={
        Code.REQUEST_REFUSED: "With require_pushed_authorization_requests: true for the client set OIDC_PUSHED_REQUESTS=true.",
        Code.INVALID_SCOPE: "The client lacks a scope that RomM asks for, mostly groups: add it to the client's scopes in "
        "configuration.yml, or set OIDC_SCOPES without it.",
        Code.CLIENT_REJECTED: f"Paste the plain secret; configuration.yml has its hash. {DOLLAR_HINT}",
        Code.ACCESS_DENIED: "Consent was refused, or the client's authorization_policy does not allow this person: change the "
        "policy, or the person's groups.",
        Code.ISSUER_MISMATCH: "RomM reaches Authelia at another address than the browser: set the public address, "
        "and pass X-Forwarded-Proto and X-Forwarded-Host to Authelia.",
        Code.PROVIDER_ANSWER_INVALID: "With a 400 (4.39.17 and later): set OIDC_SERVER_APPLICATION_URL to the https address that "
        "an authelia_url under session.cookies has, and let the proxy in front of Authelia send X-Forwarded-Proto and "
        "X-Forwarded-Host.",
        Code.ENDPOINT_INSECURE: "The proxy in front does not send Authelia its https address: pass on X-Forwarded-Proto and "
        "X-Forwarded-Host.",
        Code.EMAIL_MISSING: "Add the scope email to the client, and an address to the person in the users file or in LDAP.",
        Code.USERINFO_INVALID: "If UserInfo is a JWT, it is signed with a key that RomM cannot check: set "
        "userinfo_signed_response_alg: 'none' for the client.",
        Code.NO_ROLE: "The values are the groups of Authelia's users file or of LDAP, by name. A person in no group has null or "
        "an empty list.",
        Code.ALREADY_LINKED: "If the log names this same issuer and all people are affected, Authelia's storage was lost and each "
        "got a new sub: put a backup of it back. Another host changes the issuer only; then the subjects are the same.",
    },
    locations=ConsoleLocations(
        redirect_uri="configuration.yml, identity_providers.oidc.clients[].redirect_uris",
        secret="configuration.yml, identity_providers.oidc.clients[]: client_id, client_secret (there the hash, here the "
        "plain secret) and token_endpoint_auth_method",
        signing_key="configuration.yml, identity_providers.oidc.jwks (an RSA key) and the client's "
        "id_token_signed_response_alg",
        claims="configuration.yml, identity_providers.oidc.clients[].scopes",
        issuer="Authelia's own address, such as https://auth.example.com",
    ),
)

"""The doctor's advice, besides the catalogue's texts, the providers' hints and the settings' remarks.

`tests/fixes` carries out each.
"""

import enum


class Fix(enum.StrEnum):
    """Templates."""

    # settings
    ENABLE = "Set OIDC_ENABLED=true and restart to let people sign in with a provider."
    SET_CLIENT_ID = "Set OIDC_CLIENT_ID to the client id that the provider gave to RomM."
    SET_ISSUER = "Set OIDC_SERVER_APPLICATION_URL to the provider's issuer URL."
    SAME_ORIGIN = "ROMM_BASE_URL and OIDC_REDIRECT_URI must have the same scheme, host and port."
    TRUST_PROXY = (
        "Set ROMM_TRUSTED_PROXIES to the proxy's address or network, such as 172.18.0.0/16. Until then all visitors have the "
        "proxy's address, in the log and in the limit on wrong passwords."
    )
    FORWARD_ADDRESS = (
        "At the proxy: let it send X-Forwarded-For and X-Forwarded-Proto (nginx: proxy_set_header; Caddy and Traefik do so "
        "by default)."
    )
    MOVE_ISSUER = (
        "If {former} was your provider before, “romm users move-issuer {former} {issuer}” says what "
        "would become of each account: with --same-subjects if only its address changed, else with --by-email. The page "
        "/admin/oidc does the same. OIDC_FORMER_ISSUERS={former} links people anew as they come."
    )
    # the connection
    ALIAS = "In compose give the proxy's service the provider's public name as a network alias, or add extra_hosts."
    CONTAINER = (
        "In a container `localhost` is the container itself: use the provider's host name, and in compose give the proxy's "
        "service the provider's public name as a network alias."
    )
    FIREWALL = (
        "There is no answer at all: check for a firewall, or a router that blocks your own public address from inside."
    )
    USE_HTTPS = "Give the provider https and use that address in OIDC_SERVER_APPLICATION_URL."
    CERTIFICATE_NAME = "The certificate is for {names}; RomM asked for {host}."
    CERTIFICATE_DATE = "{subject}: valid from {not_before} to {not_after}."
    SELF_SIGNED = "The provider's certificate ({subject}) is self-signed: put that certificate there."
    AUTHORITY = "The authority {subject} is missing here: put its certificate there."
    AUTHORITY_OF_CHAIN = (
        "The certificate of {issuer}, the authority at the end of the chain, is missing here: put it there."
    )
    INTERMEDIATE = (
        "The certificate of {issuer}, which signed this one, is missing: the provider sends only its own. If that is a "
        "private authority, put its certificate there. If it is an intermediate of a public one, let the provider's web "
        "server send the full chain (fullchain.pem)."
    )
    # discovery
    SLOW = "Find out why the provider or the network is slow."
    WEB_PAGE = (
        "That is a web page: a proxy's sign-in page, or the provider's front page. Let RomM reach this address "
        "without a sign-in, or correct the address."
    )
    OTHER_PATH = (
        "The server is there, but not at this path: the part before /.well-known is not the issuer. For a document in "
        "an unusual place set OIDC_SERVER_METADATA_URL."
    )
    FOLLOW_REDIRECT = (
        "If it leads to the provider: set OIDC_SERVER_METADATA_URL to the address that it leads "
        "to, and OIDC_SERVER_APPLICATION_URL to the `issuer` in the document there."
    )
    RIGHT_ADDRESS = "OIDC_SERVER_APPLICATION_URL must be the issuer: {issuer}."
    FORWARD_PROTO = "The provider does not know its https address: let its proxy send X-Forwarded-Proto."
    PUBLIC_NAME = (
        "If {host} is the provider's public name, use it in OIDC_SERVER_APPLICATION_URL; if it is an internal one, set the "
        "provider's own public address, or let its proxy send the Host header."
    )
    INNER_NAME = (
        "Browsers cannot open {host}: set OIDC_SERVER_APPLICATION_URL to the provider's public address, and the public "
        "address at the provider."
    )
    SYNCHRONIZE = (
        "Set both clocks by NTP: on the host of RomM and on that of the provider. Containers have their host's clock."
    )
    ALLOW_S256 = "At the provider: allow PKCE with S256 for this client. RomM has no setting for it."
    # the client
    DISTRUST = "Do not use this provider: it lets everyone in."
    PUBLIC_CLIENT = "It is a public client there: leave OIDC_CLIENT_SECRET empty, or set a secret there."
    SET_METHOD = "Set OIDC_TOKEN_ENDPOINT_AUTH_METHOD={method}."
    SET_SECRET = "Set OIDC_CLIENT_SECRET, or make it a public client there."
    COPY_CLIENT_ID = (
        "RomM's client gets the answer of an invented one. If its words do not name another cause, {client_id} is not the "
        "client's id there: copy the id into OIDC_CLIENT_ID."
    )
    COPY_SECRET = (
        "The client id is right, the secret is not: copy the plain secret, not its hash, into OIDC_CLIENT_SECRET."
    )
    CHECK_CLIENT = (
        "If a sign-in ends with an error: compare OIDC_CLIENT_ID and OIDC_CLIENT_SECRET with the client there. Otherwise "
        "nothing is wrong."
    )
    ALLOW_CODE_GRANT = "At the provider: allow this client the grant type authorization_code."
    NO_DPOP = "At the provider: switch off that this client must bind its tokens by DPoP (RFC 9449)."
    FIRST_REDIRECT_URI = "Fix “Redirect URI” first. Change the secret only if this stays after that."
    # the request
    REGISTER = (
        "Register {redirect_uri} there for client {client_id}, or set OIDC_REDIRECT_URI to the one "
        "that is registered. The two must be exactly equal."
    )
    TRY_SIGN_IN = (
        "Press the button of the sign-in page. If the provider shows an error: register {redirect_uri} (OIDC_REDIRECT_URI) there "
        "for client {client_id}, exactly so. Otherwise nothing is wrong."
    )
    READ_PAGE = (
        "A sign-in ends on that page of the provider. Change there what it says; the provider's log may say more."
    )
    PROVIDER_LOG = (
        "The authorization endpoint is failing: look in the log of the provider, or of the proxy in front of it."
    )
    PUSH = "If a sign-in ends on an error page of the provider: set OIDC_PUSHED_REQUESTS=true, or allow requests that are not pushed."
    NO_REQUEST_OBJECT = "Switch off there that this client must send request objects (RFC 9101). RomM sends none."
    # scopes and claims
    ASK_OPENID = "Add openid to OIDC_SCOPES."
    ASK_SCOPE = "Add {scope} to OIDC_SCOPES, or leave OIDC_SCOPES empty."
    OWN_SCOPE = (
        "If a sign-in brings no claim {scope}: add {scope} to OIDC_SCOPES, and allow the client that scope there."
    )
    ALLOW_SCOPES = (
        "Allow {scopes} for the client there, or remove it from OIDC_SCOPES. If the claims arrive, nothing is wrong."
    )
    CHECK_CLAIM = (
        "Check {variable}, and that the provider sends it. If roles are correct, it sends more than it announces."
    )
    # signatures
    NO_ENCRYPTION = "RomM cannot read encrypted tokens: remove the key."
    # signing out
    NO_END_SESSION = (
        "Set OIDC_RP_INITIATED_LOGOUT=false. If the provider has an address for it that it does not announce, put that in "
        "OIDC_END_SESSION_ENDPOINT."
    )

    def text(self, **facts: object) -> str:
        return self.format(**facts)

"""What is not named yet at real servers, with the reason. An entry whose scenario passes fails the test: take it out."""

TWICE = (
    "one cause is told as two: beside the true finding, the redirect URI (or the signing keys) is called wrong as well"
)
SECRET_BLAMED = (
    "the redirect URI is wrong, and the secret is blamed too, because the token endpoint says invalid_client for both"
)
WORDS = "words in the place of error codes are not understood, and the pushed request is not asked for"
PROMPT_NONE = "the server does not answer prompt=none by the book, and is not asked a second time without it"
BEHIND_LOG_IN = "the way to the log-in form is taken for a registered redirect URI"
UNANNOUNCED = "scopes or claims that are not announced are remarked, though the server takes the request"
ONLY_THERE = "the server shows its refusal on a page of its own, and the log's hint does not say what it may be there"
FORWARDED = "a 400 of Authelia does not lead to the headers that its proxy has to send"
ONLY_WARNS = "every sign-in fails, and the doctor only warns"
SCOPE_OF_TOKEN = "WWW-Authenticate: insufficient_scope is not read at UserInfo"
GRANT_TYPES = "Authentik's Grant Types are not named"

GAPS: dict[str, str] = {
    "authelia-4.38-client_id": TWICE,
    "authelia-4.39-client_id": TWICE,
    "authelia-4.39.17-client_id": TWICE,
    "authentik-2025.8.1-client_id": TWICE,
    "authentik-2025.8.1-hs256": TWICE,
    "authentik-2025.8.2-client_id": TWICE,
    "authentik-2025.8.2-hs256": TWICE,
    "authentik-2025.10-client_id": TWICE,
    "authentik-2025.10-hs256": TWICE,
    "authentik-2026.5-client_id": TWICE,
    "authentik-2026.5-hs256": TWICE,
    "keycloak-26-client_id": TWICE,
    "keycloak-26-disabled": TWICE,
    "keycloak-26-realm": TWICE,
    "keycloak-26-request_object": TWICE,
    "oidc-provider-9-client_id": TWICE,
    "voidauth-1.9-client_id": TWICE,
    "dex-2.45-client_id": TWICE,
    "dex-main-client_id": TWICE,
    "django-oauth-toolkit-3.4-client_id": TWICE,
    "nextcloud-client_id": TWICE,
    "authentik-2025.8.1-redirect_uri": SECRET_BLAMED,
    "authentik-2025.8.2-redirect_uri": SECRET_BLAMED,
    "authentik-2025.10-redirect_uri": SECRET_BLAMED,
    "authentik-2026.5-redirect_uri": SECRET_BLAMED,
    "pocket-id-2.9-healthy": WORDS,
    "pocket-id-2.9-client_id": WORDS,
    "pocket-id-2.9-secret": WORDS,
    "pocket-id-2.9-redirect_uri": WORDS,
    "pocket-id-2.9-post_logout": WORDS,
    "pocket-id-2.9-person": WORDS,
    "pocket-id-2.9-unverified": WORDS,
    "pocket-id-2.14-healthy": WORDS,
    "pocket-id-2.14-client_id": WORDS,
    "pocket-id-2.14-secret": WORDS,
    "pocket-id-2.14-redirect_uri": WORDS,
    "pocket-id-2.14-post_logout": WORDS,
    "pocket-id-2.14-person": WORDS,
    "pocket-id-2.14-unverified": WORDS,
    "django-oauth-toolkit-3.4-healthy": PROMPT_NONE,
    "django-oauth-toolkit-3.4-secret": PROMPT_NONE,
    "django-oauth-toolkit-3.4-consent": PROMPT_NONE,
    "django-oauth-toolkit-3.4-post_logout": PROMPT_NONE,
    "kanidm-1.10-healthy": PROMPT_NONE,
    "kanidm-1.10-client_id": PROMPT_NONE,
    "kanidm-1.10-secret": PROMPT_NONE,
    "kanidm-1.10-redirect_uri": PROMPT_NONE,
    "dex-2.45-redirect_uri": BEHIND_LOG_IN,
    "dex-main-redirect_uri": BEHIND_LOG_IN,
    "spring-authorization-server-1.5-redirect_uri": BEHIND_LOG_IN,
    "hydra-2.3-healthy": UNANNOUNCED,
    "hydra-2.3-client_id": UNANNOUNCED,
    "hydra-2.3-secret": UNANNOUNCED,
    "hydra-2.3-method": UNANNOUNCED,
    "hydra-2.3-redirect_uri": UNANNOUNCED,
    "hydra-2.3-scope": UNANNOUNCED,
    "hydra-2.3-consent": UNANNOUNCED,
    "hydra-2.3-post_logout": UNANNOUNCED,
    "spring-authorization-server-1.5-healthy": UNANNOUNCED,
    "spring-authorization-server-1.5-client_id": UNANNOUNCED,
    "spring-authorization-server-1.5-secret": UNANNOUNCED,
    "spring-authorization-server-1.5-method": UNANNOUNCED,
    "spring-authorization-server-1.5-post_logout": UNANNOUNCED,
    "pocket-id-2.9-par": ONLY_THERE,
    "pocket-id-2.14-par": ONLY_THERE,
    "kanidm-1.10-scope": ONLY_THERE,
    "kanidm-1.10-person": ONLY_THERE,
    "authelia-4.39.17-forwarded": FORWARDED,
    "authentik-2025.8.1-encryption": ONLY_WARNS,
    "authentik-2025.8.2-encryption": ONLY_WARNS,
    "authentik-2025.10-encryption": ONLY_WARNS,
    "authentik-2026.5-encryption": ONLY_WARNS,
    "authentik-2025.8.1-mapping": SCOPE_OF_TOKEN,
    "authentik-2025.8.2-mapping": SCOPE_OF_TOKEN,
    "authentik-2025.10-mapping": SCOPE_OF_TOKEN,
    "authentik-2026.5-mapping": SCOPE_OF_TOKEN,
    "authentik-2026.5-grants": GRANT_TYPES,
}

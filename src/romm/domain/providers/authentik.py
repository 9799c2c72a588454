"""Authentik: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

AUTHENTIK = Preset(
    label="Authentik",
    claim_scopes={"entitlements": "entitlements"},
    legacy_logout_types=True,  # before 2026.2
    logout_without_expiry="Update Authentik to 2025.8.2 or later: 2025.8.0 and 2025.8.1 leave exp out.",
    stays_there="Authentik shows on its own page that the application is not bound to the person, or to a group of theirs.",
    hints={
        Code.REQUEST_REFUSED: "Applications → Providers → RomM's provider → Grant Types: choose Authorization Code (2026.5 and "
        "later). A provider made by API, Terraform or a blueprint has none.",
        Code.EMAIL_NOT_VERIFIED: "Customization → Property Mappings: create a scope mapping for the scope email that returns "
        "email_verified True, and select it in the provider instead of the default one. Since 2025.10 Authentik sends false "
        "for every person.",
        Code.REQUEST_REFUSED: "Applications → Providers → RomM's provider → Grant Types: tick Authorization Code (Authentik 2026.5 "
        "and later; a provider created by API, Terraform or a blueprint has none).",
        Code.ID_TOKEN_ALGORITHM: "Applications → Providers → RomM's provider → Signing Key: choose any certificate. Without one "
        "Authentik signs with the client secret (HS256).",
        Code.ID_TOKEN_ENCRYPTED: "Applications → Providers → RomM's provider → Encryption Key: leave it empty.",
        Code.PROVIDER_ANSWER_INVALID: "With a 404 the slug is wrong, or the application has no provider: compare "
        "OIDC_SERVER_APPLICATION_URL with the OpenID Configuration Issuer on the provider's page.",
        Code.ISSUER_MISMATCH: "If the two differ in scheme or host, the proxy in front does not send Authentik its public "
        "address: pass on X-Forwarded-Proto and Host. If they differ in the path: set the application's own address, "
        "…/application/o/ and its slug, and in the provider leave Issuer mode at: each provider has a different issuer.",
        Code.ID_TOKEN_ISSUER: "Compare the slug of the application with OIDC_SERVER_APPLICATION_URL, and leave Issuer mode in the "
        "provider at: each provider has a different issuer.",
        Code.CLIENT_REJECTED: f"Copy client id and secret from the provider's page again. {DOLLAR_HINT}",
        Code.EMAIL_MISSING: "The person has no address, or no mapping for the scope email is selected in the provider.",
        Code.NO_ROLE: "The values are Authentik's groups, by name; they come with the scope profile.",
        Code.ALREADY_LINKED: "If the log names this same issuer and all people are affected, the provider's Subject mode was "
        "changed: change it back. Another slug or host changes the issuer only; then the subjects are the same.",
    },
    locations=ConsoleLocations(
        sign_out="Applications → Providers → yours → Edit → Redirect URIs/Origins, an entry of the type "
        "Post Logout (2026.5 and later; older ones ignore it)",
        redirect_uri="Applications → Providers → yours → Edit → Redirect URIs/Origins",
        secret="Applications → Providers → yours → Edit → Client type, Client ID and Client Secret",
        signing_key="Applications → Providers → yours → Edit → Signing Key: choose an RSA or EC certificate; Encryption "
        "Key: leave empty",
        claims="Applications → Providers → yours → Edit → Advanced protocol settings → Scopes",
        issuer="Applications → Providers → yours → OpenID Configuration Issuer: …/application/o/<slug>/",
    ),
)

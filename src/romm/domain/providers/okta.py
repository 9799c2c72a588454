"""Okta: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

OKTA = Preset(
    label="Okta",
    roles_scope="groups",
    hints={
        Code.INVALID_SCOPE: "A custom authorization server (/oauth2/default) has no scope groups until you add it (Security → API "
        "→ the server → Scopes). Or set OIDC_SCOPES to openid profile email, and let the claim go with any scope.",
        Code.NO_ROLE: "Only groups that pass the filter of the groups claim arrive: check it in the app's Sign On tab, or in "
        "the authorization server's claims.",
        Code.SETUP_REQUIRED: "If the roles claim is absent: Okta sends groups only after a groups claim with a filter is set.",
        Code.CLIENT_REJECTED: "The app must be a Web Application with a client secret, not one with a public key. "
        f"{DOLLAR_HINT}",
        Code.ACCESS_DENIED: "Assign the person or a group to the app (Assignments); a custom authorization server also needs an "
        "access policy with a rule that fits.",
        Code.ISSUER_MISMATCH: "Without a path it is the org authorization server, with /oauth2/default a custom one; -admin "
        "does not belong in the host.",
        Code.EMAIL_NOT_VERIFIED: "The person has to confirm the address in their Okta profile.",
    },
    locations=ConsoleLocations(
        sign_out="Applications → yours → General → Sign-out redirect URIs",
        redirect_uri="Applications → yours → General → Sign-in redirect URIs",
        secret="Applications → yours → General → Client Credentials",
        signing_key="nothing to choose there: Okta signs with RS256",
        claims="Applications → yours → Sign On → OpenID Connect ID Token → Groups claim filter",
        issuer="Applications → yours → Sign On → Issuer",
    ),
)

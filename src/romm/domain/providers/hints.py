"""Where to click at which provider: for a reason to refuse, what somebody who runs that provider has to look at.

The log shows it beside the catalogue's text, and each page in docs/providers/ prints its own table from here.
"""

from collections.abc import Mapping

from romm.domain.errors import Code

Hints = Mapping[Code, str]


def fact(hints: Hints, code: Code) -> dict[str, str]:
    """What a log line has of it: the hint for this reason, if there is one."""
    return {"provider_hint": hints[code]} if code in hints else {}


_SECRET = "A dollar sign in it is written twice in a compose file."

AUTHELIA: Hints = {
    Code.INVALID_SCOPE: "The client may not have a scope that RomM asks for, mostly groups: add it to the client's scopes in "
    "configuration.yml, or set OIDC_SCOPES without it.",
    Code.CLIENT_REJECTED: f"Paste the plain secret; configuration.yml has its hash. {_SECRET} For a client with "
    "token_endpoint_auth_method client_secret_post set OIDC_TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post.",
    Code.ACCESS_DENIED: "Consent was refused, or the client's authorization_policy does not allow this person: change the "
    "policy, or the person's groups.",
    Code.ISSUER_MISMATCH: "RomM reaches Authelia at another address than the browser: set the public address, without a path, "
    "and pass X-Forwarded-Proto and X-Forwarded-Host to Authelia.",
    Code.ENDPOINT_INSECURE: "The proxy in front does not tell Authelia its https address: pass X-Forwarded-Proto and "
    "X-Forwarded-Host on.",
    Code.EMAIL_MISSING: "Add the scope email to the client, and an address to the person in the users file or in LDAP.",
    Code.USERINFO_INVALID: "If UserInfo is a JWT, it is signed in a way that RomM cannot check: set "
    "userinfo_signed_response_alg: 'none' for the client.",
    Code.NO_ROLE: "The values are the groups of Authelia's users file or of LDAP, by name.",
}
AUTHENTIK: Hints = {
    Code.EMAIL_NOT_VERIFIED: "Customization → Property Mappings: make a scope mapping for the scope email that returns "
    "email_verified True, and select it in the provider in place of the default one. A plain false is since 2025.10 what "
    "Authentik says of everybody.",
    Code.ID_TOKEN_ALGORITHM: "Applications → Providers → RomM's provider → Signing Key: choose any certificate. Without one "
    "Authentik signs with the client secret (HS256).",
    Code.ID_TOKEN_ENCRYPTED: "Applications → Providers → RomM's provider → Encryption Key: leave it empty.",
    Code.PROVIDER_ANSWER_INVALID: "With a 404 the slug is wrong, or the application has no provider: compare "
    "OIDC_SERVER_APPLICATION_URL with the OpenID Configuration Issuer on the provider's page.",
    Code.ISSUER_MISMATCH: "Set the application's public address, …/application/o/ and its slug, not Authentik's root; and in "
    "the provider leave Issuer mode at: each provider has a different issuer.",
    Code.ENDPOINT_INSECURE: "The proxy in front does not tell Authentik its https address: pass X-Forwarded-Proto and Host on.",
    Code.ID_TOKEN_ISSUER: "Leave Issuer mode in the provider at: each provider has a different issuer.",
    Code.CLIENT_REJECTED: f"Copy client id and secret from the provider's page again. {_SECRET}",
    Code.EMAIL_MISSING: "The person has no address, or no mapping for the scope email is selected in the provider.",
    Code.NO_ROLE: "The values are Authentik's groups, by name; they come with the scope profile.",
    Code.ALREADY_LINKED: "If it hits everybody, the provider's Subject mode was changed: change it back.",
}
KEYCLOAK: Hints = {
    Code.EMAIL_NOT_VERIFIED: "Users → the person → Details → Email verified: On. It is Off for everybody whom an administrator "
    "made.",
    Code.EMAIL_MISSING: "Give the person an address (Users → Details), and the client the scope email as Default (Clients → "
    "Client scopes).",
    Code.NO_ROLE: "Groups arrive as paths such as /team/romm-admins: write the whole path, or switch Full group path off in "
    "the mapper. Realm roles are at realm_access.roles, a client's at resource_access.romm.roles.",
    Code.SETUP_REQUIRED: "If the roles claim is absent: Keycloak sends roles and groups to RomM only when a mapper has Add to "
    "ID token or Add to userinfo on.",
    Code.CLIENT_REJECTED: "Clients → RomM's client: Client authentication must be On; the secret is under Credentials. "
    f"{_SECRET}",
    Code.INVALID_SCOPE: "Clients → RomM's client → Client scopes: add the scope that is missing. A scope groups does not exist "
    "until you make it.",
    Code.PROVIDER_ANSWER_INVALID: "With a 404 the realm's name is wrong (upper and lower case matter), or an old Keycloak still "
    "has /auth in front of /realms.",
    Code.ISSUER_MISMATCH: "Keycloak calls itself by its hostname setting (KC_HOSTNAME): set it to the public address.",
    Code.ENDPOINT_INSECURE: "Keycloak does not know its https address: set KC_HOSTNAME to it in full, or KC_PROXY_HEADERS to "
    "xforwarded.",
    Code.ID_TOKEN_AUDIENCE: "An audience mapper adds somebody to aud: take it out, or name all of them in "
    "OIDC_EXTRA_AUDIENCES, account too.",
    Code.ALREADY_LINKED: "If it hits everybody, the realm was made anew and everybody got a new id there.",
}
POCKET_ID: Hints = {
    Code.EMAIL_NOT_VERIFIED: "Mark the address as verified at the person, or for all of them in the application "
    "configuration (Emails Verified).",
    Code.EMAIL_MISSING: "The person has no address in Pocket ID.",
    Code.ACCESS_DENIED: "OIDC Clients → RomM → Allowed User Groups: none of the person's groups is there.",
    Code.NO_ROLE: "The values are the groups' names, not their friendly names.",
    Code.CLIENT_REJECTED: f"Make a new secret on the client's page; the old one is not shown again. {_SECRET}",
    Code.ISSUER_MISMATCH: "Pocket ID calls itself by APP_URL: set that to the public address.",
    Code.PROVIDER_ANSWER_INVALID: "If the address has two slashes in the middle, APP_URL of Pocket ID ends in one: take it off.",
    Code.TOKEN_RESPONSE_INVALID: "If the address has two slashes in the middle, APP_URL of Pocket ID ends in one: take it off.",
}
ZITADEL: Hints = {
    Code.ID_TOKEN_AUDIENCE: "Zitadel puts the project's id, and the project's other applications, into aud: write those values "
    "but RomM's own into OIDC_EXTRA_AUDIENCES.",
    Code.SETUP_REQUIRED: "If the roles claim is absent: switch on Assert Roles on Authentication in the project, and give the "
    "person a role in it.",
    Code.NO_ROLE: "The values are the keys of the project's roles, not their display names.",
    Code.EMAIL_NOT_VERIFIED: "Users → the person: verify the address, or mark it as verified.",
    Code.CLIENT_REJECTED: "RomM's application in the project needs the authentication method Basic or Post; regenerate its "
    f"secret if in doubt. {_SECRET}",
    Code.ISSUER_MISMATCH: "Zitadel calls itself by its external domain: set OIDC_SERVER_APPLICATION_URL to that.",
    Code.ENDPOINT_INSECURE: "Zitadel does not know that it is reached by https: set ExternalSecure to true.",
}
VOIDAUTH: Hints = {
    Code.PROVIDER_ANSWER_INVALID: "VoidAuth's discovery document is below /oidc: set OIDC_SERVER_METADATA_URL to "
    "…/oidc/.well-known/openid-configuration.",
    Code.ISSUER_MISMATCH: "VoidAuth calls itself by its APP_URL with /oidc: set APP_URL to the public address.",
    Code.ENDPOINT_INSECURE: "VoidAuth's APP_URL, or what its proxy forwards, is http: make both https.",
    Code.EMAIL_NOT_VERIFIED: "The person has not confirmed the address in VoidAuth: let them, or have an administrator set it.",
    Code.EMAIL_MISSING: "The person has no address in VoidAuth.",
    Code.CLIENT_REJECTED: f"The secret, or the Auth Method of the app in VoidAuth is not the one that RomM uses. {_SECRET}",
    Code.NO_ROLE: "The values are VoidAuth's groups, by name.",
}
GOOGLE: Hints = {
    Code.HOSTED_DOMAIN: "The person chose a private account, or one of another Workspace: they sign in with the other one.",
    Code.REGISTRATION_CLOSED: "With Google that is right for strangers: everybody in the world can have an account there. "
    "OIDC_HOSTED_DOMAINS opens RomM to a Workspace only.",
    Code.SETUP_REQUIRED: "Google sends no groups, so nobody becomes the administrator by them: open /setup, with the address "
    "of the Google account.",
    Code.CLIENT_REJECTED: "Google Cloud console → Google Auth Platform → Clients: the client must be a Web application; make "
    "a new secret if the old one is lost.",
    Code.ACCESS_DENIED: "While the app is in Testing only its test users come in: add them, or publish it.",
    Code.ISSUER_MISMATCH: "The address is https://accounts.google.com and nothing else.",
}
ENTRA: Hints = {
    Code.ISSUER_PLACEHOLDER: "common and organizations are no tenant: take the Directory (tenant) ID from the app's Overview.",
    Code.ISSUER_MISMATCH: "The address is https://login.microsoftonline.com/, the Directory (tenant) ID, and /v2.0; a domain "
    "name in place of the id, or no /v2.0, ends here.",
    Code.EMAIL_NOT_VERIFIED: "Entra ID never says whether an address is verified. If only administrators set addresses in "
    "this tenant, set OIDC_TRUST_EMAIL=absent; mind guests.",
    Code.EMAIL_MISSING: "App registrations → RomM → Token configuration: add the optional claim email to the ID token, and "
    "give the person an address (Contact information). The user principal name is none.",
    Code.NO_ROLE: "Groups arrive as object ids. App roles (OIDC_CLAIM_ROLES=roles) arrive by their value, and only if "
    "assigned to the person in the enterprise application.",
    Code.CLIENT_REJECTED: "Certificates & secrets: paste the secret's Value, not its Secret ID. Secrets expire; make a new one.",
    Code.ACCESS_DENIED: "Enterprise applications → RomM → Properties: if Assignment required is Yes, assign the person or a "
    "group.",
    Code.INVALID_SCOPE: "Entra ID has no scope groups: leave OIDC_SCOPES empty.",
    Code.ALREADY_LINKED: "If it hits everybody, the app was registered anew: each registration has its own sub for a person.",
}
OKTA: Hints = {
    Code.INVALID_SCOPE: "A custom authorization server (/oauth2/default) has no scope groups until you add it (Security → API "
    "→ the server → Scopes). Or set OIDC_SCOPES to openid profile email, and let the claim go with any scope.",
    Code.NO_ROLE: "Only groups that pass the filter of the groups claim arrive: look at it in the app's Sign On tab, or in "
    "the authorization server's claims.",
    Code.SETUP_REQUIRED: "If the roles claim is absent: Okta sends groups only after a groups claim with a filter is set.",
    Code.CLIENT_REJECTED: "The app must be a Web Application with a client secret, not one with a public key. "
    f"{_SECRET}",
    Code.ACCESS_DENIED: "Assign the person or a group to the app (Assignments); a custom authorization server also needs an "
    "access policy with a rule that fits.",
    Code.ISSUER_MISMATCH: "Without a path it is the org authorization server, with /oauth2/default a custom one; -admin does "
    "not belong into the host.",
    Code.EMAIL_NOT_VERIFIED: "The person has to confirm the address in their Okta profile.",
}
KANIDM: Hints = {
    Code.ACCESS_DENIED: "The person is in no group with a scope map for this client, or the map lacks one of the scopes in "
    "OIDC_SCOPES: kanidm system oauth2 update-scope-map romm a-group openid profile email groups.",
    Code.INVALID_SCOPE: "Kanidm refuses as a whole when one scope is missing: kanidm system oauth2 update-scope-map romm "
    "a-group openid profile email groups; or set OIDC_SCOPES to what the map has.",
    Code.NO_ROLE: "With the scope groups the values are group@domain and UUIDs: write romm_admins@idm.example.com.",
    Code.CLIENT_REJECTED: "OIDC_CLIENT_ID is the client's name; its secret: kanidm system oauth2 show-basic-secret romm. Leave "
    "OIDC_TOKEN_ENDPOINT_AUTH_METHOD empty.",
    Code.EMAIL_MISSING: "Give the person an address: kanidm person update alice --mail alice@example.com.",
    Code.ID_TOKEN_ALGORITHM: "Kanidm signs with ES256: leave OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS as it is by default.",
    Code.PROVIDER_ANSWER_INVALID: "The issuer has the client's name in it: …/oauth2/openid/romm.",
    Code.ISSUER_MISMATCH: "The issuer is Kanidm's origin with /oauth2/openid/ and the client's name.",
}
DEX: Hints = {
    Code.EMAIL_NOT_VERIFIED: "Dex repeats what stands behind it: verify the address there. Some connectors can be told to "
    "take it for verified (insecureSkipEmailVerified, for a provider behind it that you trust).",
    Code.EMAIL_MISSING: "What stands behind Dex gave no address: look at the connector (for LDAP its emailAttr).",
    Code.NO_ROLE: "The groups are the connector's, named as it names them (org:team for GitHub).",
    Code.SETUP_REQUIRED: "If the roles claim is absent: not every connector has groups, and some only after they were told to.",
    Code.INVALID_SCOPE: "Dex knows openid, profile, email, groups and few others: leave OIDC_SCOPES empty.",
    Code.CLIENT_REJECTED: f"Compare with id and secret under staticClients, which has the plain secret. {_SECRET}",
    Code.ISSUER_MISMATCH: "Set it to the issuer in Dex's configuration, with its path (often /dex).",
    Code.ALREADY_LINKED: "If it hits everybody, the connector's id was changed: it is a part of everybody's sub.",
}
CLOUDFLARE: Hints = {
    Code.PROVIDER_ANSWER_INVALID: "The address has the client id in it: copy the Issuer from the application's page.",
    Code.INVALID_SCOPE: "Access → Applications → RomM: select the scope that is missing, mostly groups.",
    Code.EMAIL_NOT_VERIFIED: "If Access says nothing about the address: set OIDC_TRUST_EMAIL=absent, provided that every "
    "login method there proves it.",
    Code.NO_ROLE: "The values are the groups of the identity provider behind Access, as it names them; a one-time PIN has none.",
    Code.CLIENT_REJECTED: f"The secret is shown once, when the application is made: make a new one. {_SECRET}",
    Code.ACCESS_DENIED: "The application's policy does not allow this person.",
}
SYNOLOGY: Hints = {
    Code.PROVIDER_ANSWER_INVALID: "Set OIDC_SERVER_METADATA_URL to the Well-known URL that SSO Server shows.",
    Code.EMAIL_NOT_VERIFIED: "SSO Server says nothing about it. If only administrators set addresses in DSM, set "
    "OIDC_TRUST_EMAIL=absent.",
    Code.EMAIL_MISSING: "Give the person an address: Control Panel → User & Group.",
}

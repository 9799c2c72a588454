"""Google: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import ConsoleLocations, Preset

GOOGLE = Preset(
    label="Google",
    booleans_as_text=True,
    # OpenID Connect Core 1.0, 15.6.2; Google's reference still names both.
    issuer_spellings={"accounts.google.com": "https://accounts.google.com"},
    open_to_anyone=True,
    own_email_domains=("gmail.com",),
    reauthentication_prompt="select_account",  # Google knows none, consent and select_account, and refuses other values
    hints={
        Code.EMAIL_NOT_VERIFIED: "Google speaks only for @gmail.com and for the domain of a Workspace (hd). For another address it "
        "says verified, too, but it asked only once. The person signs in here with a password first, and links Google on "
        "/account.",
        Code.HOSTED_DOMAIN: "The person chose a private account, or one of another Workspace: they have to sign in with the "
        "other one.",
        Code.REGISTRATION_CLOSED: "With Google that is right for strangers: everyone can have an account there. "
        "OIDC_HOSTED_DOMAINS opens RomM to your Workspace only.",
        Code.SETUP_REQUIRED: "Google sends no groups, so no group can make the first administrator: open /setup, and use the "
        "address of the Google account.",
        Code.CLIENT_REJECTED: "Google Cloud console → Google Auth Platform → Clients: the client must be a Web application; "
        "create a new secret if the old one is lost.",
        Code.ACCESS_DENIED: "While the app is in Testing, only its test users can sign in: add them, or publish it.",
        Code.ISSUER_MISMATCH: "The address is https://accounts.google.com and nothing else.",
    },
    locations=ConsoleLocations(
        redirect_uri="Google Cloud → APIs & Services → Credentials → OAuth client → Authorized redirect URIs",
        secret="Google Cloud → APIs & Services → Credentials → OAuth client → Client ID and Client secret",
        signing_key="nothing to choose there: Google signs with RS256",
        claims="Google has no groups: leave OIDC_CLAIM_ROLES empty",
        issuer="https://accounts.google.com",
    ),
)

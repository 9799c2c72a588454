"""VoidAuth: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import DOLLAR_HINT, ConsoleLocations, Preset

VOIDAUTH = Preset(
    label="VoidAuth",
    roles_scope="groups",
    registers_backchannel_logout=False,
    stays_there="VoidAuth shows on its own page that none of the person's groups is in the app's Groups.",
    hints={
        Code.PROVIDER_ANSWER_INVALID: "VoidAuth's discovery document is below /oidc: set OIDC_SERVER_METADATA_URL to "
        "…/oidc/.well-known/openid-configuration.",
        Code.ISSUER_MISMATCH: "VoidAuth calls itself by its APP_URL with /oidc: set APP_URL to the public address.",
        Code.ENDPOINT_INSECURE: "VoidAuth's APP_URL, or what its proxy forwards, is http: make both https.",
        Code.EMAIL_NOT_VERIFIED: "The person has not confirmed the address in VoidAuth: they confirm it, or an administrator "
        "sets it.",
        Code.EMAIL_MISSING: "The person has no address in VoidAuth.",
        Code.CLIENT_REJECTED: f"The secret or the Auth Method of the app in VoidAuth differs from RomM's. {DOLLAR_HINT}",
        Code.NO_ROLE: "The values are VoidAuth's groups, by name.",
    },
    locations=ConsoleLocations(
        sign_out="the app → Post Logout URL",
        redirect_uri="OIDC Apps → yours → Redirect URLs",
        secret="OIDC Apps → yours → Client ID, Client Secret and Auth Method",
        signing_key="nothing to choose there: VoidAuth signs by itself",
        claims="the groups of the person in VoidAuth",
        issuer="https://auth.example.com/oidc/.well-known/openid-configuration, in OIDC_SERVER_METADATA_URL",
    ),
)

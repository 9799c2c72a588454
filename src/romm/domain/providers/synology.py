"""Synology: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import Preset

SYNOLOGY = Preset(
    label="Synology",
    hints={
        Code.PROVIDER_ANSWER_INVALID: "Set OIDC_SERVER_METADATA_URL to the Well-known URL that SSO Server shows.",
        Code.EMAIL_NOT_VERIFIED: "SSO Server does not send email_verified. If only administrators set addresses in DSM, set "
        "OIDC_TRUST_EMAIL=absent.",
        Code.EMAIL_MISSING: "Give the person an address: Control Panel → User & Group.",
    },
)

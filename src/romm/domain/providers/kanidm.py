"""Kanidm: defaults and fixes."""

from romm.domain.errors import Code
from romm.domain.providers.preset import ConsoleLocations, Preset

KANIDM = Preset(
    label="Kanidm",
    roles_scope="groups",
    stays_there="Kanidm's page “Access Denied” means: the person is in no group of the client's scope map, or the map lacks one "
    "of the scopes in OIDC_SCOPES (kanidm system oauth2 update-scope-map romm a-group openid profile email groups). With "
    "“InvalidState” the redirect URI or the client's name is wrong; Kanidm's own log names it.",
    hints={
        Code.NO_ROLE: "With the scope groups the values are group@domain and UUIDs: write romm_admins@idm.example.com.",
        Code.CLIENT_REJECTED: "OIDC_CLIENT_ID is the client's name; its secret: kanidm system oauth2 show-basic-secret romm. Leave "
        "OIDC_TOKEN_ENDPOINT_AUTH_METHOD empty.",
        Code.EMAIL_MISSING: "Give the person an address: kanidm person update alice --mail alice@example.com.",
        Code.ID_TOKEN_ALGORITHM: "Kanidm signs with ES256: leave OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS at its default.",
        Code.PROVIDER_ANSWER_INVALID: "The issuer has the client's name in it: …/oauth2/openid/romm.",
        Code.ISSUER_MISMATCH: "The issuer is Kanidm's origin with /oauth2/openid/ and the client's name.",
    },
    locations=ConsoleLocations(
        redirect_uri="kanidm system oauth2 add-redirect-url <client> <redirect URI>",
        secret="kanidm system oauth2 show-basic-secret <client>",
        signing_key="nothing to choose there: Kanidm signs with ES256",
        claims="kanidm system oauth2 update-scope-map <client> <group> openid profile email groups",
        issuer="https://idm.example.com/oauth2/openid/<client>",
    ),
)

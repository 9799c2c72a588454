"""What the corpus has no row for, so that every fix of the doctor is printed and carried out somewhere."""

from romm.domain.diagnosis.evidence import INVENTED_SCOPE
from romm.domain.errors import Code
from tests.misconfigured.scenarios import ABSENT, NO_MENTION, SIGNED_IN, Provider, Scenario, Storage

_PAGE = {"authorize": "HTML", "par": "NOT_FOUND"}


def _spoiled(name: str, wrong: str, sees: Code | str = Code.STORAGE_UNAVAILABLE) -> Scenario:
    """With a file of `databases.spoil`."""
    return Scenario(
        id=f"database-{name}",
        wrong=wrong,
        settings={"ROMM_DATABASE_URL": f"sqlite+aiosqlite:///{{folder}}/{name}.db"},
        storage=Storage.AS_CONFIGURED,
        sees=sees,
        names=(),
    )


CASES = (
    Scenario(id="scopes-unannounced", wrong="Scopes are not announced, and every scope is accepted",
             provider=Provider(knobs={"scopes": ("openid", "profile", "email", "groups", INVENTED_SCOPE)},
                               metadata={"scopes_supported": ["openid"]}, claims={"groups": ABSENT}),
             sees=SIGNED_IN, names=()),
    Scenario(id="openid-missing-untold", wrong="OIDC_SCOPES without openid, and the provider says nothing",
             settings={"OIDC_SCOPES": "profile email groups"}, provider=Provider(instead=_PAGE), sees="", names=()),
    Scenario(id="every-code", wrong="The token endpoint takes any code", provider=Provider(instead={"token": "ANY_CODE"}),
             sees=Code.ID_TOKEN_MISSING, names=()),
    Scenario(id="discovery-moved", wrong="The discovery document is elsewhere",
             provider=Provider(instead={"discovery": "MOVED"}), sees=Code.PROVIDER_ANSWER_INVALID, names=()),
    Scenario(id="discovery-moved-away", wrong="The discovery document is at another origin",
             provider=Provider(instead={"discovery": "MOVED_AWAY"}), sees=Code.PROVIDER_ANSWER_INVALID, names=()),
    Scenario(id="inner-name", wrong="Browsers are sent to a name that only containers know",
             provider=Provider(metadata={"authorization_endpoint": "https://authentik-server/authorize"}), sees="", names=()),
    Scenario(id="authorize-500", wrong="The authorization endpoint is failing",
             provider=Provider(instead={"authorize": "BROKEN", "par": "NOT_FOUND"}), sees="", names=()),
    Scenario(id="public-untold", wrong="The client is a public one, and the provider does not announce that",
             provider=Provider(knobs={"auth_methods": ("none",)},
                               metadata={"token_endpoint_auth_methods_supported": ABSENT}),
             sees=Code.CLIENT_REJECTED, names=()),
    Scenario(id="off-other-origin", wrong="Off, and two addresses that do not fit",
             settings={"OIDC_ENABLED": "", "OIDC_REDIRECT_URI": "https://nas.test/api/oauth/openid"}, sees=NO_MENTION,
             names=()),
    Scenario(id="off-incomplete", wrong="Off, and nothing but a secret", sees=NO_MENTION, names=(),
             settings={"OIDC_ENABLED": "", "OIDC_CLIENT_ID": "", "OIDC_SERVER_APPLICATION_URL": ""}),
    Scenario(id="database-older", wrong="The server's database is an older version's", storage=Storage.OLDER,
             sees=Code.STORAGE_UNAVAILABLE, names=()),
    Scenario(id="not-yet", wrong="The ID token counts later", provider=Provider(id_token={"nbf": 9_999_999_999}),
             sees=Code.ID_TOKEN_NOT_YET, names=()),
    Scenario(id="at-hash", wrong="The ID token belongs to another access token",
             provider=Provider(id_token={"at_hash": "bm90IHRoaXMgb25lICE"}), sees=Code.ID_TOKEN_AT_HASH, names=()),
    Scenario(id="max-age", wrong="OIDC_MAX_AGE, and the provider does not say when people signed in",
             settings={"OIDC_MAX_AGE": "60"}, provider=Provider(id_token={"auth_time": ABSENT}),
             sees=Code.ID_TOKEN_AUTH_TIME, names=()),
    Scenario(id="acr", wrong="OIDC_ACR_VALUES, and the provider has another level", settings={"OIDC_ACR_VALUES": "gold"},
             provider=Provider(id_token={"acr": "silver"}), sees=Code.ID_TOKEN_ACR, names=()),
    Scenario(id="azp", wrong="The ID token is for another client too", provider=Provider(id_token={"azp": "other"}),
             sees=Code.ID_TOKEN_AUTHORIZED_PARTY, names=()),
    Scenario(id="sub-null", wrong="The provider sends no user id", provider=Provider(id_token={"sub": None}),
             sees=Code.ID_TOKEN_CLAIM_TYPE, names=()),
    Scenario(id="sub-accents", wrong="The user id is no ASCII", provider=Provider(id_token={"sub": "Zoë"}),
             sees=Code.ID_TOKEN_SUBJECT, names=()),
    Scenario(id="id-token-garbled", wrong="The ID token is no JWT", provider=Provider(tokens={"id_token": "x"}),
             sees=Code.ID_TOKEN_MALFORMED, names=()),
    Scenario(id="no-code", wrong="The answer has no code", provider=Provider(response={"code": ABSENT}),
             sees=Code.RESPONSE_INVALID, names=()),
    _spoiled("folder", "ROMM_DATABASE_URL names a folder"),
    _spoiled("letter", "ROMM_DATABASE_URL names a file that is no database"),
    _spoiled("damaged", "The database's pages are damaged"),
    _spoiled("newer", "A newer version wrote the database; nothing starts then", sees=""),
)  # fmt: skip

"""What the texts of the catalogue and the providers' hints name, and how that is carried out."""

import re
from collections.abc import Mapping

from romm.domain.diagnosis.storage import SENTENCES
from romm.domain.errors import Code
from tests.fixes.executors import (
    ADDRESS,
    ADDRESS_OF_PERSON,
    CAUSES,
    CLIENT,
    CLOCKS,
    ENCRYPTION,
    FORWARDED,
    GRANT,
    GROUPS,
    PLACE,
    PUSHED,
    REACHED,
    REDIRECT_URI,
    REQUEST,
    SCOPES,
    SIGNING,
    TOKENS,
    Executor,
    both,
    certified,
    endpoint,
    here,
    knob,
    member,
    plain,
    provider,
    setting,
)
from tests.misconfigured.scenarios import ROMM, Household
from tests.shapes.model import State

Named = tuple[str, Executor]
"""What a text must name, as a regular expression, and how that is carried out."""

CODES: Mapping[Code, tuple[Named, ...]] = {
    Code.OIDC_OFF: (("Correct that", setting("OIDC_ENABLED")),),
    Code.PROVIDER_UNAVAILABLE: (("OIDC_SERVER_APPLICATION_URL", REACHED), ("log of the provider", REACHED)),
    Code.PROVIDER_ANSWER_INVALID: (
        ("OIDC_SERVER_(APPLICATION|METADATA)_URL|slug|realm|[Ii]ssuer", PLACE), ("signing key", SIGNING),
        ("must answer 200 with JSON", both(endpoint("discovery"), member("metadata", "token_endpoint"))),
        ("X-Forwarded-Proto", FORWARDED),
    ),
    Code.PROVIDER_TLS: (("OIDC_TLS_CACERTFILE|certificate", certified), ("port", plain)),
    Code.ISSUER_MISMATCH: (
        ("OIDC_SERVER_APPLICATION_URL|[Aa]ddress|issuer|tenant|domain|hostname|/oauth2", PLACE),
        ("X-Forwarded-Proto|Host", FORWARDED),
    ),
    Code.ISSUER_PLACEHOLDER: (("tenant", both(ADDRESS, PLACE)),),
    Code.ENDPOINT_INSECURE: (("X-Forwarded-Proto|https|ExternalSecure|KC_PROXY", FORWARDED),),
    Code.BROWSER_MISMATCH: (("OIDC_REDIRECT_URI", here(opened_at=ROMM)),),
    Code.BROWSER_WITHOUT_TLS: (("ROMM_BASE_URL", here(opened_at=ROMM)),),
    Code.RESPONSE_ISSUER: (("proxy|issuer", provider(response={})),),
    Code.ACCESS_DENIED: (
        ("polic|[Aa]ssign|[Gg]roups|test users|scope", knob("authorization_error", states=(State.PERSON, State.CONSENT))),
    ),
    Code.INVALID_SCOPE: (("OIDC_SCOPES|scope", SCOPES),),
    Code.REQUEST_REFUSED: (
        ("redirect URI", REDIRECT_URI), ("grant types|[Gg]rant Types|Standard flow|PKCE|PKCE method", REQUEST),
        ("OIDC_PUSHED_REQUESTS", PUSHED),
    ),
    Code.PROVIDER_ERROR: (("Its own log", knob("authorization_error")),),
    Code.CLIENT_REJECTED: (("OIDC_CLIENT_SECRET|secret", CLIENT),),
    Code.CLIENT_METHOD_UNSUPPORTED: (("leave OIDC_CLIENT_SECRET empty", setting(OIDC_CLIENT_SECRET="")), ("Allow", CLIENT)),
    Code.TOKEN_RESPONSE_INVALID: (("authorization_code", GRANT), ("DPoP", GRANT), ("proxy", endpoint("token"))),
    Code.ID_TOKEN_MISSING: (("openid", SCOPES), ("OAuth 2", both(TOKENS, endpoint("token")))),
    Code.ID_TOKEN_ENCRYPTED: (("[Ee]ncryption", ENCRYPTION),),
    Code.ID_TOKEN_ALGORITHM: (("[Ss]igning [Kk]ey|OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS|algorithm", SIGNING),),
    Code.ID_TOKEN_KEY_UNKNOWN: (("publish", TOKENS),),
    Code.ID_TOKEN_SIGNATURE: (("instances", TOKENS),),
    Code.ID_TOKEN_ISSUER: (("[Ii]ssuer", TOKENS),),
    Code.ID_TOKEN_AUDIENCE: (("OIDC_EXTRA_AUDIENCES", setting(OIDC_EXTRA_AUDIENCES="280170")),),
    Code.ID_TOKEN_EXPIRED: (("NTP", CLOCKS),),
    Code.ID_TOKEN_ISSUED_AT: (("NTP", CLOCKS),),
    Code.ID_TOKEN_NONCE: (("Update", TOKENS),),
    Code.USERINFO_MISMATCH: (("subject mode", provider(userinfo={})),),
    Code.USERINFO_INVALID: (("userinfo_signed_response_alg|user info", endpoint("userinfo")),),
    Code.ID_TOKEN_NOT_YET: (("NTP", both(CLOCKS, TOKENS)),),
    Code.ID_TOKEN_AT_HASH: (("key for RS256", TOKENS),),
    Code.ID_TOKEN_AUTH_TIME: (("remove OIDC_MAX_AGE", setting("OIDC_MAX_AGE")),),
    Code.ID_TOKEN_ACR: (("correct the setting", setting("OIDC_ACR_VALUES")),),
    Code.ID_TOKEN_AUTHORIZED_PARTY: (("OIDC_CLIENT_ID", both(CLIENT, TOKENS)),),
    Code.ID_TOKEN_CLAIM_TYPE: (("mapper", TOKENS),),
    Code.ID_TOKEN_SUBJECT: (("user id", TOKENS),),
    Code.ID_TOKEN_MALFORMED: (("Update", TOKENS),),
    Code.RESPONSE_INVALID: (("update the provider", provider(response={})),),
    Code.HOSTED_DOMAIN: (("OIDC_HOSTED_DOMAINS", setting("OIDC_HOSTED_DOMAINS")),
        ("sign in with the other one", provider(id_token={"hd": "example.org"})),),
    Code.SETUP_REQUIRED: (
        ("OIDC_ROLE_ADMIN|roles claim|/setup", both(setting("OIDC_ROLE_ADMIN"), here(household=Household.ADMIN))),
    ),
    Code.NO_ROLE: (("OIDC_ROLE_VIEWER|[Gg]roups|values|roles", both(GROUPS, setting("OIDC_CLAIM_ROLES_SHAPE"))),),
    Code.ACCOUNT_DISABLED: (("/admin/users/", here(household=Household.ADMIN)),),
    Code.EMAIL_MISSING: (("address|scope email", ADDRESS_OF_PERSON),),
    Code.EMAIL_INVALID: (("look-alike", provider(claims={})),),
    Code.EMAIL_NOT_VERIFIED: (
        ("verif|confirm|OIDC_TRUST_EMAIL|speaks only", ADDRESS_OF_PERSON),
        ("Google speaks only for @gmail.com", provider(claims={"email": "alice@gmail.com"})),),
    Code.ALREADY_LINKED: (("/admin/users/|issuer|registered", here(household=Household.ADMIN)),),
    Code.LINK_FROM_ACCOUNT: (("OIDC_LINK_BY_EMAIL", setting("OIDC_LINK_BY_EMAIL")),),
    Code.REGISTRATION_CLOSED: (("OIDC_ALLOW_REGISTRATION|OIDC_HOSTED_DOMAINS", setting("OIDC_ALLOW_REGISTRATION")),),
    Code.TOO_MANY_ATTEMPTS: (("ROMM_TRUSTED_PROXIES", setting("ROMM_TRUSTED_PROXIES")),),
    Code.PASSWORDS_OFF: (("DISABLE_USERPASS_LOGIN", setting("DISABLE_USERPASS_LOGIN")),),
    Code.STORAGE_UNAVAILABLE: tuple((re.escape(SENTENCES[cause].fix), executor) for cause, executor in CAUSES.items()),
}  # fmt: skip
"""The catalogue's texts and the providers' hints; all that a text names is carried out."""


def of_text(code: Code, text: str) -> Executor | None:
    """None: the text names nothing that is carried out here."""
    found = [executor for pattern, executor in CODES.get(code, ()) if re.search(pattern, text)]
    return both(*found) if found else None


def of_remark(text: str) -> Executor:
    """A remark on a setting names it: write it as it works."""
    names = re.findall(r"\b(?:ROMM|OIDC|DB|LOG|DISABLE)[A-Z_]*\b", text)
    if any(name.startswith(("DB_", "ROMM_DB_")) for name in names):
        names += ["ROMM_DB_DRIVER", "DB_HOST", "DB_NAME"]
    return setting(*names, *(f"{name}_FILE" for name in names), *(name.removesuffix("_FILE") for name in names))

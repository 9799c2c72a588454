"""Texts and HTTP status of each refusal."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from msgspec import Struct

from romm.domain.errors import Code, Refused

_JSON_WORDS = {None: "none", True: "true", False: "false"}


class _Facts(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        if name == "description" and self.get(name) is None:
            return "without a description"  # which a provider may leave out (RFC 6749, 4.1.2.1)
        value = self.get(name, "unknown")
        return _JSON_WORDS[value] if value is None or isinstance(value, bool) else value


def operator_text(refused: Refused) -> str:
    if first := refused.facts.get("again"):
        return f"The response arrived again. The log line with correlation id {first} has the facts."
    return CATALOGUE[refused.code].operator.format_map(_Facts(refused.facts))


class Piece(Struct, frozen=True):
    """Of an operator's text, or the name of a fact in it."""

    text: str
    is_fact: bool = False


def pieces(operator: str) -> tuple[Piece, ...]:
    """Where no refusal has the facts."""
    found: list[Piece] = []
    for text, fact, _, _ in Formatter().parse(operator):
        found += [Piece(text)] if text else []
        found += [Piece(fact, is_fact=True)] if fact else []
    return tuple(found)


class Refusal(Struct, frozen=True, kw_only=True):
    """`operator` may name {facts}. `oauth` is an OAuth route's `error` (RFC 6749, 5.2)."""

    status: int
    person: str
    operator: str
    oauth: str = ""

    @property
    def oauth_error(self) -> str:
        return self.oauth or ("invalid_request" if self.status < 500 else "server_error")

    @property
    def oauth_status(self) -> int:
        """An invalid grant is a 400, not a 401 (RFC 6749, 5.2)."""
        return 400 if self.oauth == "invalid_grant" else self.status


_HIDDEN = "sha256:… replaces a name that no account has, because people sometimes type their password there."


def _row(status: int, person: str, operator: str, oauth: str = "") -> Refusal:
    return Refusal(status=status, person=person, operator=operator, oauth=oauth)


CATALOGUE: Mapping[Code, Refusal] = {
    Code.OIDC_OFF: _row(
        404,
        "Single sign-on is not switched on here. Sign in with a local account, or ask the administrator.",
        "OIDC is off: {reason}. Correct that and restart. `romm settings` shows the settings in effect.",
    ),
    Code.PROVIDER_UNAVAILABLE: _row(
        503,
        "The sign-in provider cannot be reached right now. Try again in a minute.",
        "No answer from {url}: {problem}. Check OIDC_SERVER_APPLICATION_URL and that RomM's container reaches that host. A "
        "5xx answer means: reachable, but failing. Look in the log of the provider, or of the proxy in front of it.",
    ),
    Code.PROVIDER_ANSWER_INVALID: _row(
        502,
        "The sign-in provider gave an answer that RomM cannot use. The administrator finds the reason in the log.",
        "{url} answered {problem}. If that is the discovery document: OIDC_SERVER_APPLICATION_URL must be the issuer, and "
        "its /.well-known/openid-configuration must answer 200 with JSON. If those are its keys: choose a signing key there.",
    ),
    Code.PROVIDER_TLS: _row(
        503,
        "RomM cannot make a trusted connection to the sign-in provider. The administrator has to check its certificate.",
        "TLS to {url} failed: {problem}. For a private authority put its certificate (PEM) in OIDC_TLS_CACERTFILE; for a "
        "wrong name or an expired certificate fix the provider's certificate. WRONG_VERSION_NUMBER means that this port "
        "speaks plain http: check scheme and port in OIDC_SERVER_APPLICATION_URL.",
    ),
    Code.ISSUER_MISMATCH: _row(
        503,
        "The sign-in provider's name differs from RomM's settings. The administrator has to correct them.",
        "The discovery document says issuer {found}, configured is {expected}. If {found} is the public address, set "
        "OIDC_SERVER_APPLICATION_URL to it. If not, set the public address at the provider, and let its proxy pass on Host "
        "and X-Forwarded-Proto.",
    ),
    Code.ISSUER_PLACEHOLDER: _row(
        503,
        "RomM's settings name a sign-in provider of many organisations at once. The administrator has to name one of them.",
        "The discovery document at {url} says issuer {found}, which has a placeholder. Put your own tenant's id into "
        "OIDC_SERVER_APPLICATION_URL: https://login.microsoftonline.com/your-tenant-id/v2.0 at Entra ID.",
    ),
    Code.INITIATION_ISSUER: _row(
        400,
        "The link you followed belongs to another sign-in provider. Sign in with the button.",
        "A sign-in was started from another site with `iss` {found}; the provider is {expected}. If it was your provider's "
        "portal, let it link to /api/login/initiate with exactly this issuer as `iss`. Otherwise ignore it.",
    ),
    Code.ENDPOINT_INSECURE: _row(
        503,
        "The sign-in provider asks RomM to use an unsafe address. The administrator has to check the provider's settings.",
        "The discovery document of an https issuer names {endpoint} as {found}. The provider sits behind a proxy and does not "
        "know its https address: pass X-Forwarded-Proto to it.",
    ),
    Code.STATE_UNKNOWN: _row(
        400,
        "This sign-in was not started here, or it was started too long ago. Please sign in again.",
        "The `state` of the authorization response is {found}: a bookmarked callback, a response for another instance, or "
        "a database that was replaced in between.",
    ),
    Code.BROWSER_MISMATCH: _row(
        400,
        "This sign-in was started in another browser, at another address of RomM, or more than ten minutes ago. Please sign "
        "in again from this page.",
        "The cookie of the login attempt is missing. The person must open RomM at the host of OIDC_REDIRECT_URI "
        "({redirect_uri}); with an https ROMM_BASE_URL cookies need https in the browser. The cookie lives ten minutes.",
    ),
    Code.BROWSER_WITHOUT_TLS: _row(
        400,
        "You opened RomM over plain http, where your browser would not keep the sign-in. Open it at its https address and "
        "sign in there.",
        "The page came from {origin}, but ROMM_BASE_URL is {base_url}, so the session's cookie is only for https. Let the "
        "proxy redirect http to https; or, for plain http at home, set ROMM_BASE_URL to the http address.",
    ),
    Code.NAVIGATION_REQUIRED: _row(
        403,
        "This page must be opened in a tab of its own. Open RomM there and sign in.",
        "The request came from a prefetch, a frame or a script, not from a person who opens the page ({found}). Nothing was "
        "used up. A dashboard that shows RomM in a frame must link to it instead.",
    ),
    Code.ATTEMPT_EXPIRED: _row(
        400,
        "The sign-in took longer than ten minutes and has expired. Please sign in again.",
        "The authorization response came {age} seconds after the request; a login attempt lasts 600 seconds.",
    ),
    Code.ATTEMPT_USED: _row(
        400,
        "This sign-in link was already used. Please sign in again.",
        "An authorization response arrived a second time, and the session or the question that it led to is over, or it came "
        "from another browser.",
    ),
    Code.ATTEMPT_OUTDATED: _row(
        400,
        "The sign-in settings changed while you were signing in. Please sign in again.",
        "The attempt was made for issuer {issuer} and client {client_id}; both or OIDC_ENABLED have changed since.",
    ),
    Code.RESPONSE_INVALID: _row(
        400,
        "The sign-in provider sent your browser back with an incomplete answer. Please sign in again.",
        "The authorization response is malformed: {problem}. If it lasts, update the provider, or the bridge in front of it.",
    ),
    Code.RESPONSE_ISSUER: _row(
        400,
        "The answer came from another sign-in provider than the one RomM sent you to. Please sign in again.",
        "The authorization response came from {found}, expected is {expected} (RFC 9207; RFC 9700, 4.4). "
        "The provider has two names, or a proxy removes the parameter: its issuer must be exactly the address in "
        "OIDC_SERVER_APPLICATION_URL. If these are redirect URIs of two providers, register at each its own only.",
    ),
    Code.ACCESS_DENIED: _row(
        403,
        "The sign-in was cancelled, or the provider does not let you use RomM. Try again, or ask the administrator for "
        "access.",
        "The provider answered {error} ({description}). Check the application's authorization policy there.",
    ),
    Code.INVALID_SCOPE: _row(
        502,
        "The sign-in provider does not allow what RomM asks for. The administrator has to correct the scopes.",
        "The provider answered invalid_scope ({description}) to OIDC_SCOPES={scopes}. Allow these scopes for the client there, "
        "or take the missing one out of OIDC_SCOPES.",
    ),
    Code.REQUEST_REFUSED: _row(
        502,
        "The sign-in provider does not accept RomM's request. The administrator has to compare RomM's settings with the "
        "provider's.",
        "The provider answered {error} ({description}). Compare client id, redirect URI {redirect_uri} and allowed response "
        "and grant types of the client there; it must accept PKCE with S256. If it only accepts pushed requests of the "
        "client, set OIDC_PUSHED_REQUESTS=true.",
    ),
    Code.PROVIDER_ERROR: _row(
        502,
        "The sign-in provider reports a problem of its own. Try again in a minute.",
        "The provider answered {error} ({description}). Its own log has the cause.",
    ),
    Code.CLIENT_REJECTED: _row(
        502,
        "RomM's client id or secret is wrong, so the sign-in provider refused RomM. Please tell the administrator.",
        "The token endpoint answered {error} ({description}) to client {client_id} with {method}. Check OIDC_CLIENT_ID, "
        "OIDC_CLIENT_SECRET (the plain secret, not its hash; none for a public client) and OIDC_TOKEN_ENDPOINT_AUTH_METHOD. "
        "With private_key_jwt the provider needs the key at /api/oauth/openid/jwks.json.",
    ),
    Code.CLIENT_METHOD_UNSUPPORTED: _row(
        502,
        "RomM has no way to prove itself to the sign-in provider. The administrator has to change the settings.",
        "The provider accepts {offered} for client authentication; RomM has what it needs for {usable}. Allow one of these for "
        "the client there. If it accepts one without announcing it, name it in OIDC_TOKEN_ENDPOINT_AUTH_METHOD. If it only "
        "accepts `none`, the client is a public client there: leave OIDC_CLIENT_SECRET empty.",
    ),
    Code.CODE_REJECTED: _row(
        502,
        "The sign-in provider refused the code that it had just issued. Please sign in again.",
        "The token endpoint answered {error} ({description}). Register exactly {redirect_uri} there as redirect URI. If it is "
        "registered, the code expired or came twice: a new sign-in has a new one.",
    ),
    Code.TOKEN_RESPONSE_INVALID: _row(
        502,
        "The sign-in provider gave an answer that RomM cannot use. The administrator finds the reason in the log.",
        "The answer of the token endpoint ({url}) is not usable: {problem}. For unauthorized_client allow the client the "
        "grant type authorization_code there. For DPoP switch off DPoP-bound tokens for the client. text/html is a proxy's "
        "page: let RomM reach this address without a sign-in.",
    ),
    Code.ID_TOKEN_MISSING: _row(
        502,
        "The sign-in provider did not say who you are. The administrator has to check the client's settings there.",
        "The token response has no id_token. The scope `openid` is missing from OIDC_SCOPES, or the client is plain OAuth 2.",
    ),
    Code.ID_TOKEN_MALFORMED: _row(
        502,
        "The sign-in provider gave an answer that RomM cannot use. The administrator finds the reason in the log.",
        "The ID token cannot be read: {problem}. Update the provider, or the bridge in front of it.",
    ),
    Code.ID_TOKEN_ENCRYPTED: _row(
        502,
        "The sign-in provider encrypts its answers, which RomM does not support. The administrator has to switch that off.",
        "The ID token is encrypted (JWE). Remove the encryption key or algorithm from the client at the provider.",
    ),
    Code.ID_TOKEN_ALGORITHM: _row(
        502,
        "The sign-in provider signs in a way that RomM does not accept. The administrator has to change that at the provider.",
        "The ID token is signed with {found}; allowed is {expected} (OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS, and of these what the "
        "discovery document announces). Add it in both places if it uses a key pair, such as ES256. For HS256 or no signature "
        "choose a signing key (RS256) for the client at the provider; without one Authentik falls back to HS256.",
    ),
    Code.ID_TOKEN_KEY_UNKNOWN: _row(
        502,
        "The sign-in provider signed its answer with a key that it does not publish. Please try again in a minute.",
        "No key of {url} fits key id {kid} and algorithm {algorithm}, also after fetching the keys again. The provider must "
        "publish every key that it signs with: look for several instances with different keys, or a cache in between.",
    ),
    Code.ID_TOKEN_KEY_UNREADABLE: _row(
        502,
        "The sign-in provider publishes its key in a form that RomM cannot read. The administrator finds the reason in the "
        "log.",
        "The key {kid} is published at {url}, but cannot be read: {problem}. The provider does not write it as RFC 7517 "
        "requires. Choose another signing key there, or update the provider.",
    ),
    Code.ID_TOKEN_SIGNATURE: _row(
        502,
        "The answer of the sign-in provider is not genuine. Please sign in again; if it happens again, tell the "
        "administrator.",
        "The ID token's signature does not match the keys of {url}, also after fetching them again (with HS256: does not "
        "match OIDC_CLIENT_SECRET). The provider signs with another key than the published one: look for several instances "
        "with different keys, or a cache in between.",
    ),
    Code.ID_TOKEN_ISSUER: _row(
        502,
        "The answer came from another sign-in provider than the one RomM sent you to. Please sign in again.",
        "The ID token's `iss` is {found}, the discovery document's issuer is {expected}; they must be exactly equal. At the "
        "provider set one issuer for both (Authentik: Issuer mode, each provider has a different issuer).",
    ),
    Code.ID_TOKEN_AUDIENCE: _row(
        502,
        "The sign-in provider's answer was meant for another application. The administrator has to compare the client ids.",
        "The ID token's `aud` is {found}, expected is {expected} alone. Check OIDC_CLIENT_ID; name a known extra audience in "
        "OIDC_EXTRA_AUDIENCES.",
    ),
    Code.ID_TOKEN_AUTHORIZED_PARTY: _row(
        502,
        "The sign-in provider's answer was meant for another application. The administrator has to compare the client ids.",
        "The ID token's `azp` is {found}, expected is {expected}. Check OIDC_CLIENT_ID.",
    ),
    Code.ID_TOKEN_EXPIRED: _row(
        502,
        "The sign-in provider's answer had already expired. Please sign in again; if it happens again, a clock is wrong.",
        "The ID token's `exp` is {found}, the time here is {expected}. If it was not sent, only the provider can change "
        "that; else set both clocks by NTP.",
    ),
    Code.ID_TOKEN_ISSUED_AT: _row(
        502,
        "The clocks of RomM and the sign-in provider disagree. The administrator has to set them.",
        "The ID token's `iat` is {found}, the time here is {expected}; 60 seconds ahead or 600 behind are allowed. If it was not "
        "sent, only the provider can change that; else set both clocks by NTP.",
    ),
    Code.ID_TOKEN_NOT_YET: _row(
        502,
        "The clocks of RomM and the sign-in provider disagree. The administrator has to set them.",
        "The ID token's `nbf` is {found}, the time here is {expected}; 60 seconds ahead are allowed. Set both clocks by NTP.",
    ),
    Code.ID_TOKEN_NONCE: _row(
        502,
        "The sign-in provider's answer does not belong to this sign-in. Please sign in again.",
        "The ID token's `nonce` is missing or differs from the request's. The provider must repeat it; there is no setting "
        "for that. Update the provider, or the bridge in front of it.",
    ),
    Code.ID_TOKEN_AT_HASH: _row(
        502,
        "The parts of the sign-in provider's answer do not belong together. Please sign in again.",
        "The ID token's `at_hash` does not match the access token: {problem}. If it is made with SHA-256, choose a key for "
        "RS256 or ES256 at the provider. Otherwise update the provider, or the bridge in front of it.",
    ),
    Code.ID_TOKEN_AUTH_TIME: _row(
        502,
        "The sign-in provider signed you in too long ago. Sign out there, then sign in again.",
        "OIDC_MAX_AGE or a confirmation on /account/confirm demands a sign-in there after {expected}, and the ID token's "
        "`auth_time` is {found}. If it was not sent, the provider does not support max_age: remove OIDC_MAX_AGE.",
    ),
    Code.ID_TOKEN_ACR: _row(
        403,
        "RomM needs a stronger sign-in than the one at the sign-in provider. Sign in there with your second factor.",
        "OIDC_ACR_VALUES demands one of {expected}, and the ID token's `acr` is {found}. Set up that level at the provider for this "
        "client, or correct the setting.",
    ),
    Code.ID_TOKEN_SUBJECT: _row(
        502,
        "The sign-in provider did not say who you are. The administrator has to check the client's settings there.",
        "The ID token's `sub` is {found}; it must be 1 to 255 printable ASCII characters. At the provider choose another "
        "attribute for the user id.",
    ),
    Code.ID_TOKEN_CLAIM_TYPE: _row(
        502,
        "The sign-in provider gave an answer that RomM cannot use. The administrator finds the reason in the log.",
        "The ID token's `{claim}` is {found}; {expected} is needed. Nothing can be set for that in RomM: correct the provider's "
        "mapper for this claim, or update the provider or the bridge before it.",
    ),
    Code.HOSTED_DOMAIN: _row(
        403,
        "This account does not belong to an organisation that may use RomM. Sign in with your other account, or ask the "
        "administrator.",
        "The ID token's `hd` is {found}; OIDC_HOSTED_DOMAINS allows {expected}. A private account has none.",
    ),
    Code.USERINFO_MISMATCH: _row(
        502,
        "The sign-in provider's answers are about two different people. Please sign in again.",
        "UserInfo's `sub` is {found}, the ID token's {expected}. At the provider set one subject mode for both.",
    ),
    Code.USERINFO_INVALID: _row(
        502,
        "The sign-in provider gave an answer that RomM cannot use. The administrator finds the reason in the log.",
        "UserInfo cannot be used: {problem}. A page, or something large, comes from a proxy in front of the provider's "
        "userinfo_endpoint. A JWT must be signed for this client with a published key, and not encrypted; at the provider "
        "choose JSON without a signature (userinfo_signed_response_alg).",
    ),
    Code.LOGOUT_TOKEN_INVALID: _row(
        400,
        "This is not a logout token of RomM's sign-in provider. No session was ended.",
        "A back-channel logout came with an unusable token: {claim} is {found}, expected is {expected}. If the provider sent "
        "it, compare its issuer, client id and clock with the output of `romm doctor`, and let it sign logout tokens as it "
        "signs ID tokens. If only the typ is JWT or absent, set OIDC_UNTYPED_LOGOUT_TOKENS=true. If it did not, ignore it.",
        oauth="invalid_request",
    ),
    Code.LOGOUT_TOKEN_USED: _row(
        400,
        "This logout token was used already. Its sessions ended then.",
        "A logout token of {issuer} arrived a second time. Its sessions ended the first time; nothing needs to be done.",
        oauth="invalid_request",
    ),
    Code.SETUP_REQUIRED: _row(
        403,
        "This RomM has no administrator yet. Create one at /setup first, or ask the person who runs RomM to do so; then sign "
        "in again.",
        "No admin account exists, and this sign-in does not create one: its role is {role}. Open /setup, or sign in as a "
        "member of a group that OIDC_ROLE_ADMIN names, in the claim that OIDC_CLAIM_ROLES names.",
    ),
    Code.NO_ROLE: _row(
        403,
        "You are not in a group that may use RomM. Ask the administrator to add you.",
        "No value of the roles claim (OIDC_CLAIM_ROLES: {values}) is in OIDC_ROLE_ADMIN, OIDC_ROLE_EDITOR or OIDC_ROLE_VIEWER "
        "(whole values, upper and lower case matter): {advice}.",
    ),
    Code.ACCOUNT_DISABLED: _row(
        403,
        "Your account is disabled. Ask the administrator to enable it.",
        "Account {account} is disabled. Enable it on /admin/users/{account}, or with `romm users enable`.",
    ),
    Code.IDENTITY_IN_USE: _row(
        409,
        "This identity already belongs to another account here. Sign in with it, or unlink it there first.",
        "The identity belongs to account {account}. If both accounts are the same person's, unlink it on "
        "/admin/users/{account}, then link it here.",
    ),
    Code.LINK_SESSION_CHANGED: _row(
        403,
        "Linking has to start and end in the same fresh session. Sign in again and start over from your account page.",
        "The session that started linking is not the one that finished it, or it is older than five minutes.",
    ),
    Code.EMAIL_MISSING: _row(
        403,
        "The sign-in provider did not send your e-mail address, which RomM needs at your first sign-in. Please tell the "
        "administrator.",
        "The claim `email` of the ID token or UserInfo is {found}; one text is needed. If it was not sent: put `email` in "
        "OIDC_SCOPES and allow it for the client. If it is empty or null: give the person an address there. If it is a list: let "
        "the provider send the primary address alone.",
    ),
    Code.EMAIL_INVALID: _row(
        403,
        "The sign-in provider sent an e-mail address that RomM cannot use safely. Ask the administrator to correct it there.",
        "The `email` claim {found} has no canonical form: one @, no spaces or look-alike letters, ASCII before the @. Correct "
        "the person's address at the provider.",
    ),
    Code.EMAIL_NOT_VERIFIED: _row(
        403,
        "Your e-mail address is not verified at the sign-in provider, which RomM needs at your first sign-in. Verify it "
        "there, or ask the administrator.",
        "`email_verified` is {found} in {source}; only the JSON value true counts, not a text. Authentik since "
        "2025.10: add the scope mapping that returns email_verified True; Keycloak, Pocket ID: mark the address as verified; or "
        "see OIDC_TRUST_EMAIL.",
    ),
    Code.EMAIL_AMBIGUOUS: _row(
        403,
        "More than one account here has your e-mail address. Ask the administrator to correct that.",
        "Accounts {accounts} have the same address. Change it in all but one, on /admin/users.",
    ),
    Code.ALREADY_LINKED: _row(
        403,
        "The account with your e-mail address is linked to another identity. Please tell the administrator.",
        "Account {account} has this address and is linked to another identity, at {linked}; this one is of {issuer}. If these "
        "are two issuers, the provider was changed or renamed: /admin/oidc or “romm users move-issuer {linked} {issuer}” moves "
        "the accounts. If {linked} is an earlier provider of yours, name it in OIDC_FORMER_ISSUERS to move them one by one. If "
        "it is one issuer: two people may share the address (give each their own at the provider, or create an account without "
        "an address for the second, which they link on /account); the provider's subjects may have changed (unlink the old "
        "identity on /admin/users/{account}); or this may be an attempt to take over the account. See /docs/changing-provider.",
    ),
    Code.ACCOUNT_LINKED: _row(
        409,
        "Your account is already linked to another identity at this provider. Unlink that one first, then link the new one.",
        "Account {account} is linked to another subject of this issuer; an account can have only one per issuer. Unlink the "
        "old one on /account or /admin/users/{account}.",
    ),
    Code.ISSUER_NOT_LINKED: _row(
        404,
        "No account is linked to that provider.",
        "No link is of the issuer {issuer}. Links are of: {found}. Name one of these.",
    ),
    Code.LINK_FROM_ACCOUNT: _row(
        403,
        "There is an account with your e-mail address, and it is not linked to the provider. Sign in to it with its password, "
        "and link it on your account page.",
        "OIDC_LINK_BY_EMAIL is false, so account {account} is linked only from its own account page (/account). Set it to true "
        "to link by verified address.",
    ),
    Code.QUESTION_EXPIRED: _row(
        400,
        "This question was answered already, or ten minutes have passed. Please sign in again.",
        "No sign-in of this browser waits for an answer. A sign-in waits ten minutes, for one answer, and the browser's "
        "cookie names it. Nothing needs to be fixed.",
    ),
    Code.REGISTRATION_CLOSED: _row(
        403,
        "There is no account for you here, and signing in does not create one. Ask the administrator for one.",
        "No account has this identity or address, and OIDC_ALLOW_REGISTRATION is false. Set it to true to let this "
        "person in.",
    ),
    Code.CREDENTIALS_WRONG: _row(
        401,
        "User name or password is wrong.",
        "Password sign-in failed for {username}: {reason}. If the password is forgotten, create a reset link on /admin/users or "
        f"with `romm users reset-link`. {_HIDDEN}",
        oauth="invalid_grant",
    ),
    Code.TOO_MANY_ATTEMPTS: _row(
        429,
        "Too many wrong passwords were entered. Wait a while, at most 15 minutes, then try again.",
        "The password of {username} was not checked: {failures} recent failures of this {counted_by}, so the next try from "
        "{address} has to wait {retry_after} seconds. If all people are affected, {address} is your proxy: name it in "
        f"ROMM_TRUSTED_PROXIES. {_HIDDEN}",
        oauth="temporarily_unavailable",
    ),
    Code.TOO_MANY_REQUESTS: _row(
        429,
        "This was tried too often in a short time. Wait a while, then try again.",
        "The limit of {what} is reached, so the next try has to wait {retry_after} seconds. If all people share one limit, "
        "their address is your proxy's: name it in ROMM_TRUSTED_PROXIES.",
        oauth="temporarily_unavailable",
    ),
    Code.PASSWORDS_OFF: _row(
        403,
        "Signing in with a password is switched off here. Use the sign-in provider.",
        "DISABLE_USERPASS_LOGIN is true. Set it to false and restart, or let people in through the provider; `romm recover` "
        "signs an administrator in without a password.",
    ),
    Code.SETUP_CLOSED: _row(
        403,
        "There is nothing to set up here. Sign in, or ask the administrator for an account.",
        "An admin account exists, or DISABLE_SETUP_WIZARD is true: /setup is closed. Create accounts on /admin/users or with "
        "`romm users add`.",
    ),
    Code.SETUP_HOST: _row(
        403,
        "RomM has no administrator yet, and it cannot be set up at this address, which RomM does not know. Open it at its IP "
        "address instead, such as http://192.168.1.20:8080; or set ROMM_BASE_URL to this address and restart RomM.",
        "The request came to {host}, but ROMM_BASE_URL is {base_url}. Until an administrator exists, a website could set RomM up "
        "by DNS rebinding. Set ROMM_BASE_URL to the address that people use and restart; or open /setup at an IP address, a "
        "name without a dot, or one below .local, .lan, .home.arpa or .internal; or use `romm users add --admin`.",
    ),
    Code.USERNAME_INVALID: _row(
        400,
        "A user name has 3 to 64 characters: letters a to z, digits, dot, hyphen and underscore, a letter or digit first.",
        "The user name {found} is not usable. Choose another: no spaces, no accents, no @.",
    ),
    Code.USERNAME_TAKEN: _row(
        409,
        "This user name is taken. Choose another.",
        "The user name {found} is taken. Choose another, or rename the account that has it on /admin/users.",
    ),
    Code.EMAIL_TAKEN: _row(
        409,
        "This e-mail address belongs to another account.",
        "The e-mail address {found} is taken. Search for it on /admin/users, and remove it from the wrong account.",
    ),
    Code.ADDRESS_INVALID: _row(
        400,
        "This e-mail address cannot be used. Write it as name@example.org, without spaces or unusual letters before the @.",
        "The e-mail address {found} has no canonical form: one @, no spaces or look-alike letters, ASCII before the @.",
    ),
    Code.PASSWORD_WEAK: _row(
        400,
        "This password is too easy to guess or has the wrong length: use 8 to 256 characters, not a common password and not "
        "the user name or the e-mail address.",
        "The password was refused: {reason}. Choose a longer one; there is no switch for weaker ones.",
    ),
    Code.PASSWORD_WRONG: _row(
        403,
        "The current password is wrong. Nothing was changed.",
        "A wrong current password of account {account} was entered, in its own session or as a proof after single sign-on. "
        "If the password is forgotten, create a reset link on /admin/users/{account} or with `romm users reset-link`. If it "
        "was an intruder in a session, sign the account out everywhere there.",
    ),
    Code.CONFIRMATION_REQUIRED: _row(
        403,
        "Please prove that it is you: open /account/confirm, enter your current password or sign in again there, and then do it "
        "within five minutes. A client token needs the permission access.grant.",
        "To {to}, the {kind} of account {account} needs a sign-in of the last five minutes. A person confirms on "
        "/account/confirm. A program uses HTTP Basic, or a client token that was given `access.grant`; for its own account it "
        "sends `current_password`.",
    ),
    Code.LAST_WAY_IN: _row(
        409,
        "This is your account's only sign-in method. Set a password first, then unlink it.",
        "Account {account} has no usable password and no other identity of this provider. Set a password on /account first; "
        "while DISABLE_USERPASS_LOGIN is true, an administrator unlinks on /admin/users/{account}.",
    ),
    Code.LINK_INVALID: _row(
        400,
        "This link was used already, has expired, or was withdrawn. Ask the administrator for a new one.",
        "No valid link of the kind {kind} has this secret. A link works once and ends when the account changes; "
        "INVITE_TOKEN_EXPIRY_SECONDS says how long an invitation lasts.",
    ),
    Code.ACCOUNT_CHANGED: _row(
        409,
        "The account changed at the same moment, so nothing was done. Please try again.",
        "Account {account} changed while a request about it was carried out. Nothing needs to be fixed. If it lasts, find "
        "the program that keeps changing the account.",
    ),
    Code.TOKEN_REQUEST_INVALID: _row(
        400,
        "The token request is not complete. Send a form with every parameter of its grant type exactly once.",
        "The app's request cannot be used: {problem}. Update the app.",
        oauth="invalid_request",
    ),
    Code.GRANT_TYPE_UNSUPPORTED: _row(
        400,
        "This way to get a token is not offered here.",
        "The grant_type {found} is not one of {offered}. Let the app use one of these, or update it.",
        oauth="unsupported_grant_type",
    ),
    Code.PASSWORD_GRANT_OFF: _row(
        400,
        "Apps get no tokens for a name and a password here. Connect the app with a code, through the browser, or with a "
        "client token, which you create on your account's page.",
        "{setting}. If the app knows no other way, change that and restart; else create a client token for it on "
        "/account/tokens.",
        oauth="unsupported_grant_type",
    ),
    Code.CLIENT_UNKNOWN: _row(
        401,
        "The app could not prove itself. Apps have no secret here: leave the secret out.",
        "The app {client} sent a client secret, or a password in an Authorization header, to the token endpoint. Remove the "
        "secret from the app's settings. Send a person's name and password in the form.",
        oauth="invalid_client",
    ),
    Code.SCOPE_UNKNOWN: _row(
        400,
        "The app asked for rights that do not exist here.",
        "The scope {scope} is unknown. The names are in /docs/roles and in the metadata of the token endpoint: "
        "let the app ask for these alone.",
        oauth="invalid_scope",
    ),
    Code.SCOPE_EXCEEDED: _row(
        400,
        "The app asked for rights that it cannot have here.",
        "The app asked for {asked}, which is {reason}. Raise the access level of the account, or let the app ask for less.",
        oauth="invalid_scope",
    ),
    Code.REFRESH_TOKEN_INVALID: _row(
        400,
        "This sign-in of the app has ended. Sign in again in the app.",
        "The refresh token is {reason}. It ends after OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS, and when its owner changes the "
        "password, ends it, or is disabled.",
        oauth="invalid_grant",
    ),
    Code.REFRESH_TOKEN_REUSED: _row(
        400,
        "This sign-in of the app was ended because one of its tokens was used twice. Sign in again in the app.",
        "A refresh token of account {account} was used again after {seconds} seconds, so all {ended} tokens of that sign-in "
        "have ended. Either the app {client} lost an answer, or its tokens were copied.",
        oauth="invalid_grant",
    ),
    Code.TOKEN_MISPLACED: _row(
        400,
        "Send the token in the Authorization header only.",
        "The app sent `access_token` in its {place}, where logs and histories keep it. Treat it as stolen and revoke it.",
        oauth="invalid_request",
    ),
    Code.NAME_INVALID: _row(
        400,
        "Give it a name of 1 to 255 characters, so that you know it again.",
        "The name {found} is empty, too long, or has characters that cannot be shown.",
    ),
    Code.SCOPES_INVALID: _row(
        400,
        "Choose at least one scope, and only scopes that RomM knows.",
        "The request asked for {found}. The names of all scopes are in /docs/roles; a form repeats `scopes` for each.",
    ),
    Code.SCOPES_EXCEEDED: _row(
        403,
        "A token may do no more than the credential that creates it or passes it on. Leave out what you may not do yourself.",
        "The credential lacks {missing}. Create and renew a token with a credential that has all its scopes: a session, a "
        "password, or another token.",
    ),
    Code.LIFETIME_EXCEEDED: _row(
        403,
        "A token may not outlive the credential that creates it or passes it on. Sign in with a browser, or use your "
        "password.",
        "The {kind} of the request would have created a credential that outlives it. A client token with an end neither renews "
        "a token that ends later nor approves a device that gets a pair of tokens. A session or a password may do both.",
    ),
    Code.TOKENS_FULL: _row(
        409,
        "You have reached the limit of client tokens. Revoke one that you no longer use.",
        "Account {account} has {most} valid client tokens, which is the limit. Its owner revokes one on /account/tokens.",
    ),
    Code.PAIRING_CODE_INVALID: _row(
        404,
        "This pairing code is wrong, was used already, or has expired. Create a new one and enter it within five minutes.",
        "No valid pairing code matches: {reason}. Create a new one on /account/tokens; it works once, for five minutes.",
    ),
    Code.APP_UNKNOWN: _row(
        400,
        "This RomM does not know the app that sent you here. The app got nothing.",
        "No [[clients]] in the file of ROMM_SETTINGS_FILE has the name {client_id}, which the app sent as client_id. Add it "
        "as /docs/native-apps shows, or correct the client id in the app.",
        oauth="invalid_client",
    ),
    Code.APP_ADDRESS_UNKNOWN: _row(
        400,
        "The app wants its answer at an address that this RomM does not know. Nothing was sent there.",
        "The redirect_uri {redirect_uri} is not one of the redirect_uris of {client_id} in [[clients]]. They are compared "
        "exactly; only http://127.0.0.1, http://[::1] and http://localhost may have any port. Add it if it really is the "
        "app's.",
        oauth="invalid_request",
    ),
    Code.APP_CODE_INVALID: _row(
        400,
        "The app was too slow, or its request did not match. Try again in the app.",
        "The authorization code is {reason}. It works once, for 60 seconds, with the client_id, redirect_uri and "
        "code_verifier of the request that it came from. If it fails each time, the app has a fault: update it or tell its "
        "author.",
        oauth="invalid_grant",
    ),
    Code.APP_CODE_REUSED: _row(
        400,
        "The app's answer was used twice, so the app was signed out again. Try again in the app.",
        "The authorization code of {client} for account {account} was used twice, so all {ended} tokens issued for it have "
        "ended. Either the app asked twice, or the code was copied.",
        oauth="invalid_grant",
    ),
    Code.ADMIN_REQUIRED: _row(
        403,
        "Only an administrator with all rights may do this to an administrator.",
        "The credential lacks {missing}. To manage administrators, use a token that has all scopes of an administrator.",
    ),
    Code.OWN_ACCOUNT: _row(
        409,
        "This is your own account: change it on your account page. Only another administrator can disable, demote or delete "
        "it.",
        "Account {account} tried to administer itself. Let another administrator do it, or `romm users` on the machine where "
        "RomM runs.",
    ),
    Code.ROLE_MANAGED: _row(
        409,
        "This person's role follows their groups at the sign-in provider. Change it there.",
        "The last sign-in of account {account} with the provider took its role from the claim in OIDC_CLAIM_ROLES, and the next "
        "one does so again. Change the person's groups at the provider, or unlink the account.",
    ),
    Code.LAST_ADMIN: _row(
        409,
        "This is the last administrator. Make another account administrator first.",
        "Account {account} is the only enabled admin. Make another first, on /admin/users or with `romm users set-role`.",
    ),
    Code.ACCOUNT_UNKNOWN: _row(
        404,
        "There is no such account.",
        "No account has the id or name {account}. /admin/users and `romm users list` show all of them.",
    ),
    Code.CREDENTIAL_UNKNOWN: _row(
        404,
        "This session, token or link no longer exists.",
        "No valid session, token or link has the id {credential}, or it belongs to another account.",
    ),
    Code.NOT_AN_ADMIN: _row(
        409,
        "A recovery link signs in an administrator, and this account is not an enabled administrator.",
        "{username} is not an enabled admin. `romm users list` shows who is; `romm users set-role {username} admin` makes it "
        "one.",
    ),
    Code.CLAIMS_UNREADABLE: _row(
        400,
        "These claims cannot be read. Paste one JSON object: the claims, or an object with id_token and userinfo.",
        "The claims cannot be explained: {problem}. Give one JSON object.",
    ),
    Code.IMPORT_UNREADABLE: _row(
        400,
        "The users of the other RomM cannot be read.",
        "The database of --from cannot be read: {problem}. Compare the URL with /docs/moving-from-romm, and check that "
        "this machine reaches its host and that its user may read.",
    ),
    Code.AUTHORIZATION_PENDING: _row(
        400,
        "The device is not approved yet. Open the address that it shows, on a phone or computer, and enter its code there.",
        "A device asked before it was approved or denied; it will ask again.",
        oauth="authorization_pending",
    ),
    Code.SLOW_DOWN: _row(
        400,
        "The device is not approved yet, and it asks too often. It has to wait 5 seconds longer between two requests.",
        "A device polls more often than its interval allows (RFC 8628, 3.5). Let the app wait as long as the answer says, or update "
        "it.",
        oauth="slow_down",
    ),
    Code.DEVICE_DENIED: _row(
        400,
        "The device was denied. Start again on the device if that was a mistake.",
        "A device was denied: {reason}.",
        oauth="access_denied",
    ),
    Code.DEVICE_CODE_EXPIRED: _row(
        400,
        "The code has expired: it was not approved within ten minutes. Start again on the device.",
        "A device asked with a code that was not approved in time.",
        oauth="expired_token",
    ),
    Code.DEVICE_CODE_INVALID: _row(
        400,
        "This device code is wrong, or was used already. Start again on the device.",
        "A device sent a device code that is not valid: {reason}.",
        oauth="invalid_grant",
    ),
    Code.DEVICE_CODE_UNKNOWN: _row(
        404,
        "No device is waiting with this code. Compare it with the code on the device. A code lasts ten minutes; start again "
        "on the device if it is older.",
        "A user code matches no waiting device: {reason}.",
    ),
    Code.DEVICE_CODE_DECIDED: _row(
        410,
        "This device was already approved or denied. To change that, start again on the device.",
        "The request with this user code is {state} already.",
    ),
    Code.DEVICE_UNKNOWN: _row(
        404,
        "This device no longer exists.",
        "No device has the id {device}, or it belongs to another account.",
    ),
    Code.DEVICE_EXISTS: _row(
        409,
        "This device is registered already.",
        "Device {device} has the same network card, or the same host name and platform. An app that accepts it sends "
        "`allow_existing`; `allow_duplicate` registers another one.",
    ),
    Code.DEVICES_FULL: _row(
        409,
        "You have reached the limit of devices. Remove one that you no longer use.",
        "Account {account} has {most} devices, which is the limit. Its owner removes one on /account/devices.",
    ),
    Code.DEVICE_SCOPES_MISSING: _row(
        400,
        "Choose at least one permission for the device, or deny it.",
        "An approval has no scope. A program sends `approved_scopes`.",
    ),
    Code.DEVICE_SCOPES_EXCEEDED: _row(
        403,
        "You can only allow what the device asked for and what you may do yourself.",
        "The device did not ask for the scopes {scopes}, or the approver lacks them. Approve fewer, or raise the access "
        "level of the approver on /admin/users.",
    ),
    Code.NOT_SIGNED_IN: _row(
        401,
        "You are not signed in, or your session has ended. Please sign in.",
        "No valid credential came with the request.",
        oauth="invalid_token",
    ),
    Code.FORBIDDEN: _row(
        403,
        "This needs rights that your account, or the token in use, does not have.",
        "The scope {scope} is missing. Raise the account's access level on /admin/users or with `romm users set-role`, or "
        "give the token this scope.",
        oauth="insufficient_scope",
    ),
    Code.FORWARDED_ELSEWHERE: _row(
        401,
        "You are not signed in, and RomM has another address: a sign-in there does not count here.",
        "The proxy asks for {host}, but ROMM_BASE_URL is {base_url}, and the session cookie reaches no other host. Add {host} "
        "to ROMM_FORWARD_HOSTS and hand its path /romm-forward/ to RomM; or set ROMM_BASE_URL to the address that people use. "
        "Programs may send a bearer token or Basic.",
    ),
    Code.PROXY_UNTRUSTED: _row(
        401,
        "You are not signed in, or your session has ended. Please sign in.",
        "{address} asked in a visitor's name for {uri}, without a valid credential. RomM trusts no such request from there, "
        "so it did not lead to the sign-in page. If {address} is your reverse proxy, add it to ROMM_TRUSTED_PROXIES.",
        oauth="invalid_token",
    ),
    Code.HAND_OVER_FAILED: _row(
        400,
        "Your sign-in could not be carried over to this address. Open the page that you wanted once more.",
        "The hand-over to a host of ROMM_FORWARD_HOSTS failed: {reason}. A page that was loaded twice, or was open for more "
        "than a minute on the way, works when it is opened again. If it fails each time, see that the proxy passes "
        "/romm-forward/ with its `Host` and cookies on to RomM, and that the browser accepts cookies there.",
    ),
    Code.CROSS_SITE: _row(
        403,
        "This request came from another site, so it was refused. Open RomM's own page and try again.",
        "Origin {origin} is neither ROMM_BASE_URL ({base_url}) nor the host of the request. Behind a proxy set ROMM_BASE_URL "
        "to the address that people use. If the origin is null, the proxy sets Referrer-Policy: no-referrer: remove that, or "
        "use https. Programs send a bearer token or Basic instead of a cookie.",
    ),
    Code.REQUEST_INVALID: _row(
        400,
        "The request is not complete or not well-formed.",
        "The request cannot be read: {problem}. /api/docs shows what each route takes.",
    ),
    Code.NOT_FOUND: _row(
        404,
        "There is nothing at this address.",
        "No route for {path}. /api/docs lists the routes; a proxy has to pass on the path unchanged.",
    ),
    Code.METHOD_NOT_ALLOWED: _row(
        405,
        "This address does not work that way. Open RomM's start page and use its buttons.",
        "{path} takes {allow}, not {method}. Link to pages such as / or /login, not to routes that act. If the provider sends "
        "browsers to the logout address: choose back-channel there, not front-channel.",
    ),
    Code.STORAGE_UNAVAILABLE: _row(
        503,
        "RomM cannot reach its database right now. Try again in a minute.",
        "The database cannot be used: {problem}. {fix}.",
        oauth="temporarily_unavailable",
    ),
    Code.SESSION_NOT_ENDED: _row(
        503,
        "You are signed out in this browser. RomM could not end the session itself, because its database fails: it ends when it "
        "expires, or when you end it on your account's page.",
        "A browser signed out, but its session could not be ended: {problem}. Its cookie is gone. When the database works again, "
        "the session can be ended at /account.",
    ),
    Code.BUSY: _row(
        503,
        "Too many people are signing in at this moment. Try again in a few seconds.",
        "{problem}. If it lasts, this is an attack on passwords, or there are too few workers: see WEB_SERVER_CONCURRENCY.",
        oauth="temporarily_unavailable",
    ),
    Code.UNEXPECTED: _row(
        500,
        "Something unexpected went wrong. The administrator finds the cause in the log by the reference below.",
        "Unexpected {problem}; the log line with the same correlation id has the traceback. Please report it.",
    ),
}

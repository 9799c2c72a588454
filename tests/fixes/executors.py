"""How each fix is carried out: on RomM's settings, or at the provider. A fix that has no row here must not be printed.

A scenario says how settings and provider differ from a working pair, so carrying out a fix takes that difference back.
`wherever` is for what the provider's form calls by another name: the difference is in the same place.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.storage import Cause
from tests.misconfigured.scenarios import Certificate, Household, Provider, Scenario, Storage
from tests.shapes.model import State

Executor = Callable[[Scenario], Scenario]

_HONEST = Provider()


def setting(*names: str, **values: str) -> Executor:
    """The named variables as they work; `values` are written as the fix has them."""

    def carry_out(scenario: Scenario) -> Scenario:
        kept = {name: value for name, value in scenario.settings.items() if name not in names}
        return replace(scenario, settings={**kept, **values})

    return carry_out


def knob(*names: str, states: tuple[State, ...] = ()) -> Executor:
    """The scripted provider's own settings, or the state of a real server's shape."""

    def carry_out(scenario: Scenario) -> Scenario:
        knobs = {name: value for name, value in scenario.provider.knobs.items() if name not in names}
        state = State.HEALTHY if scenario.state in states else scenario.state
        return replace(scenario, provider=replace(scenario.provider, knobs=knobs), state=state)

    return carry_out


def member(document: str, *names: str) -> Executor:
    """Members of a document that the provider sends."""

    def carry_out(scenario: Scenario) -> Scenario:
        found: Mapping[str, Any] | None = getattr(scenario.provider, document)
        kept = {name: value for name, value in (found or {}).items() if name not in names}
        return replace(scenario, provider=replace(scenario.provider, **{document: kept}))

    return carry_out


def endpoint(*names: str) -> Executor:
    """An endpoint that is reached, and works."""

    def carry_out(scenario: Scenario) -> Scenario:
        instead = {name: canned for name, canned in scenario.provider.instead.items() if name not in names}
        return replace(scenario, provider=replace(scenario.provider, instead=instead))

    return carry_out


def provider(**changes: Any) -> Executor:
    return lambda scenario: replace(scenario, provider=replace(scenario.provider, **changes))


def here(**changes: Any) -> Executor:
    """This side: its database, its accounts, the address that people open."""
    return lambda scenario: replace(scenario, **changes)


def both(*executors: Executor) -> Executor:
    def carry_out(scenario: Scenario) -> Scenario:
        for executor in executors:
            scenario = executor(scenario)
        return scenario

    return carry_out


def at_the_proxy(scenario: Scenario) -> Scenario:
    """Its half is in `test_elsewhere`: the proxy of a scenario sends the address already."""
    return scenario


def certified(scenario: Scenario) -> Scenario:
    """A certificate that fits, of an authority that RomM trusts."""
    if scenario.provider.certificate is Certificate.NONE:
        return scenario
    return setting(OIDC_TLS_CACERTFILE="{folder}/ca.pem")(provider(certificate=Certificate.GOOD)(scenario))


def plain(scenario: Scenario) -> Scenario:
    """The address of a port that speaks plain http."""
    return REACHED(scenario) if scenario.provider.certificate is Certificate.NONE else scenario


ADDRESS = setting("OIDC_SERVER_APPLICATION_URL", "OIDC_SERVER_METADATA_URL")
PLACE = both(
    endpoint("discovery"),
    setting("OIDC_SERVER_APPLICATION_URL", OIDC_SERVER_METADATA_URL=""),
    knob("issuer", states=(State.SLUG,)),
    member("metadata", "issuer"),
)
FORWARDED = both(
    member("metadata", "issuer", "token_endpoint"), knob(states=(State.FORWARDED,)), provider(seconds_ahead=0)
)
CLIENT = both(
    setting("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_CLIENT_SECRET_FILE", "OIDC_TOKEN_ENDPOINT_AUTH_METHOD"),
    knob("auth_methods", states=(State.CLIENT_ID, State.SECRET, State.METHOD, State.DISABLED)),
)
REDIRECT_URI = both(setting("OIDC_REDIRECT_URI", "ROMM_BASE_URL"), knob("redirect_uri", states=(State.REDIRECT_URI,)))
SIGNING = both(
    setting("OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS"),
    knob("algorithm", states=(State.HS256,)),
    member("header", "alg"),
    provider(keys={}),
)
ENCRYPTION = both(member("tokens", "id_token"), provider(keys={}), knob(states=(State.ENCRYPTION,)))
REQUEST = both(
    knob("authorization_error", "requires_par", states=(State.GRANTS, State.REQUEST_OBJECT, State.PAR)),
    member("metadata", "code_challenge_methods_supported", "require_pushed_authorization_requests"),
)
PUSHED = both(setting(OIDC_PUSHED_REQUESTS="true"), member("metadata", "require_pushed_authorization_requests"))
SCOPES = both(setting("OIDC_SCOPES"), knob("scopes", states=(State.SCOPE,)))
CLAIMS = both(
    setting("OIDC_CLAIM_ROLES", "OIDC_SCOPES", "OIDC_CLAIM_ROLES_SHAPE"),
    provider(claims={}),
    knob("scopes"),
)
GROUPS = both(
    setting("OIDC_ROLE_ADMIN", "OIDC_ROLE_EDITOR", "OIDC_ROLE_VIEWER", "OIDC_CLAIM_ROLES"), provider(claims={})
)
ADDRESS_OF_PERSON = both(setting("OIDC_SCOPES"), provider(claims={}), knob(states=(State.UNVERIFIED,)))
CLOCKS = provider(seconds_ahead=0)
TOKENS = both(provider(id_token={}, header={}, keys={}, tokens={}), knob("algorithm"))
REACHED = both(
    ADDRESS,
    member("metadata", "authorization_endpoint"),
    provider(instead={}, certificate=Certificate.UNUSED),
    knob(states=(State.REALM,)),
)
GRANT = both(endpoint("token"), knob(states=(State.DPOP, State.GRANTS)))
SIGN_OUT = both(
    setting("OIDC_RP_INITIATED_LOGOUT", "OIDC_POST_LOGOUT_REDIRECT_URI", "OIDC_END_SESSION_ENDPOINT"),
    endpoint("end_session"),
    knob(states=(State.POST_LOGOUT,)),
)

FIXES: Mapping[Fix, Executor] = {
    Fix.ENABLE: setting("OIDC_ENABLED"),
    Fix.SET_CLIENT_ID: setting("OIDC_CLIENT_ID"),
    Fix.SET_ISSUER: ADDRESS,
    Fix.SAME_ORIGIN: setting("ROMM_BASE_URL", "OIDC_REDIRECT_URI"),
    Fix.TRUST_PROXY: setting("ROMM_TRUSTED_PROXIES"),
    Fix.FORWARD_ADDRESS: at_the_proxy,
    Fix.MOVE_ISSUER: here(household=Household.ADMIN),
    Fix.ALIAS: ADDRESS,
    Fix.CONTAINER: REACHED,
    Fix.FIREWALL: REACHED,
    Fix.USE_HTTPS: REACHED,
    Fix.CERTIFICATE_NAME: certified,
    Fix.CERTIFICATE_DATE: certified,
    Fix.SELF_SIGNED: certified,
    Fix.AUTHORITY: certified,
    Fix.AUTHORITY_OF_CHAIN: certified,
    Fix.INTERMEDIATE: certified,
    Fix.SLOW: provider(instead={}),
    Fix.WEB_PAGE: both(endpoint("discovery"), PLACE),
    Fix.OTHER_PATH: PLACE,
    Fix.FOLLOW_REDIRECT: PLACE,
    Fix.RIGHT_ADDRESS: PLACE,
    Fix.FORWARD_PROTO: FORWARDED,
    Fix.PUBLIC_NAME: FORWARDED,
    Fix.INNER_NAME: REACHED,
    Fix.SYNCHRONIZE: CLOCKS,
    Fix.ALLOW_S256: REQUEST,
    Fix.DISTRUST: endpoint("token"),
    Fix.PUBLIC_CLIENT: setting(OIDC_CLIENT_SECRET=""),
    Fix.SET_METHOD: CLIENT,
    Fix.SET_SECRET: CLIENT,
    Fix.COPY_CLIENT_ID: both(CLIENT, knob(states=(State.REALM,))),
    Fix.COPY_SECRET: CLIENT,
    Fix.CHECK_CLIENT: both(CLIENT, REQUEST),
    Fix.ALLOW_CODE_GRANT: GRANT,
    Fix.NO_DPOP: GRANT,
    Fix.FIRST_REDIRECT_URI: REDIRECT_URI,
    Fix.REGISTER: REDIRECT_URI,
    Fix.TRY_SIGN_IN: REDIRECT_URI,
    Fix.READ_PAGE: both(REQUEST, CLIENT, knob(states=(State.REALM,)), endpoint("authorize")),
    Fix.PROVIDER_LOG: endpoint("authorize"),
    Fix.PUSH: PUSHED,
    Fix.NO_REQUEST_OBJECT: REQUEST,
    Fix.ASK_OPENID: SCOPES,
    Fix.ASK_SCOPE: CLAIMS,
    Fix.OWN_SCOPE: CLAIMS,
    Fix.ALLOW_SCOPES: SCOPES,
    Fix.CHECK_CLAIM: CLAIMS,
    Fix.NO_ENCRYPTION: ENCRYPTION,
    Fix.NO_END_SESSION: SIGN_OUT,
}  # fmt: skip

UPGRADED = here(storage=Storage.GOOD)
OTHER_DATABASE = both(setting("ROMM_DATABASE_URL"), here(storage=Storage.GOOD))

CAUSES: Mapping[Cause, Executor] = {
    Cause.NOT_A_FILE: OTHER_DATABASE,
    Cause.UNREACHABLE: OTHER_DATABASE,
    Cause.NOT_A_DATABASE: OTHER_DATABASE,
    Cause.DAMAGED: OTHER_DATABASE,
    Cause.EMPTY: UPGRADED,
    Cause.OLDER: UPGRADED,
    Cause.NEWER: OTHER_DATABASE,
}
"""By the cause whose sentence is printed. What needs a server, another user or a full disk is in `stages.py`."""

LOCATIONS: Mapping[str, Executor] = {
    "redirect_uri": both(REDIRECT_URI, knob("redirect_uri")),
    "secret": CLIENT,
    "signing_key": both(SIGNING, ENCRYPTION),
    "claims": both(SCOPES, CLAIMS),
    "sign_out": SIGN_OUT,
    "issuer": PLACE,
}
"""By the field of `ConsoleLocations`."""

"""The doctor in front of an honest provider and of one that is wrong in one way at a time."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from romm.adapters.diagnosis.probe import ProviderProbe
from romm.composition import diagnosis, provider
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.diagnosis.evidence import INVENTED_CODE, Certificate, Endpoint, Handshake
from romm.domain.diagnosis.findings import Check, Finding, Outcome
from romm.domain.diagnosis.visits import MAX_HOPS
from romm.domain.errors import Code, Refused
from romm.domain.model import Identity
from romm.ports.diagnosis import Instruments
from tests.domain.examples import account, link
from tests.fake_provider import BROKEN, HTML, NOT_FOUND, FakeProvider, Response, error, json_response
from tests.fakes import FakeNetwork, FakeStorage
from tests.shapes.register import shape
from tests.world import World

TRUSTED = {"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"}
HERE = [Check.SETTINGS, Check.SINGLE_SIGN_ON, Check.ADDRESSES, Check.DATABASE, Check.ACCOUNTS, Check.PROXY]


def world(**environ: str) -> World:
    return World(environ=TRUSTED | environ, idp=FakeProvider())


async def examined(
    patient: World, network: FakeNetwork | None = None, storage: FakeStorage | None = None
) -> dict[Check, Finding]:
    """Everything that the doctor finds, which comes in order and once for each check."""
    settings, client = patient.settings, provider.client(patient.settings.oidc)
    probe = ProviderProbe(
        provider.provider_settings(settings.oidc),
        client,
        log=patient.log,
        clock=patient.clock,
        transport=patient.idp.transport,
    )
    located = bool(settings.oidc.server_application_url)
    instruments = Instruments(
        network=network or FakeNetwork(), probe=probe if located else None, storage=storage or FakeStorage()
    )
    doctor = diagnosis.doctor(settings, (), client, instruments, patient.clock)
    findings = [finding async for finding in doctor.findings(COMMAND_LINE)]
    assert [finding.check for finding in findings] == list(Check)
    return {finding.check: finding for finding in findings}


def of(findings: dict[Check, Finding], *outcomes: Outcome) -> list[Check]:
    return [check for check, finding in findings.items() if finding.outcome in outcomes]


async def test_with_an_honest_provider_all_is_ok() -> None:
    patient = world()
    findings = await examined(patient)
    assert {check: finding.found for check, finding in findings.items() if finding.outcome is not Outcome.OK} == {}
    assert "invalid_grant" in findings[Check.CLIENT].found


async def test_the_request_is_that_of_a_sign_in_with_prompt_none_and_nothing_is_signed_in() -> None:
    patient = world()
    await examined(patient)
    [asked] = patient.idp.received("/authorize")
    [exchanged] = patient.idp.received("/token")
    assert asked.query["prompt"] == "none"
    assert asked.query["code_challenge_method"] == "S256"
    assert exchanged.form["code"] == INVENTED_CODE
    assert patient.attempts.used == {}
    assert patient.sign_ins.entries == []


async def test_a_provider_that_wants_pushed_requests_gets_one() -> None:
    patient = world()
    patient.idp.requires_par = True
    findings = await examined(patient)
    [pushed, control] = patient.idp.received("/par")
    assert pushed.form["prompt"] == "none"
    assert control.form["redirect_uri"] != pushed.form["redirect_uri"]
    assert "request_uri" in patient.idp.received("/authorize")[0].query
    assert of(findings, Outcome.FAILED, Outcome.WARNING) == []


async def test_the_answer_is_asked_for_by_a_redirect_which_can_be_read() -> None:
    patient = world(OIDC_RESPONSE_MODE="form_post")
    await examined(patient)
    [asked] = patient.idp.received("/authorize")
    assert "response_mode" not in asked.query


async def test_nothing_secret_is_logged() -> None:
    patient = world(OIDC_CLIENT_SECRET="a wrong secret with blanks")  # which is tried in two spellings, and says so
    await examined(patient)
    assert "a wrong secret" not in repr(patient.log.lines)


def metadata(**changes: Any) -> Callable[[World], None]:
    def alter(patient: World) -> None:
        patient.idp.alter_metadata = lambda document: document.update(changes)

    return alter


def instead(**responses: Response) -> Callable[[World], None]:
    return lambda patient: patient.idp.instead.update(responses)


def knob(name: str, value: Any) -> Callable[[World], None]:
    return lambda patient: setattr(patient.idp, name, value)


def jwks(*uses: str) -> Callable[[World], None]:
    """Only keys of these uses."""

    def alter(document: dict[str, Any]) -> None:
        document["keys"] = [document["keys"][0] | {"use": use} for use in uses]

    return lambda patient: setattr(patient.idp, "alter_jwks", alter)


def fast_clock(patient: World) -> None:
    patient.idp.clock = lambda: patient.clock().timestamp() + 300


FAILED, WARNING = Outcome.FAILED, Outcome.WARNING
PLACE = "At the provider: "


@pytest.mark.parametrize(
    ("environ", "twist", "check", "outcome", "code", "fix"),
    [
        pytest.param({}, instead(discovery=HTML), Check.DISCOVERY, FAILED, Code.PROVIDER_ANSWER_INVALID,
                     "a web page", id="an HTML answer"),
        pytest.param({}, instead(discovery=NOT_FOUND), Check.DISCOVERY, FAILED, Code.PROVIDER_ANSWER_INVALID,
                     "OIDC_SERVER_METADATA_URL", id="a wrong well-known address"),
        pytest.param({}, instead(discovery=BROKEN), Check.DISCOVERY, FAILED, Code.PROVIDER_UNAVAILABLE,
                     "OIDC_SERVER_APPLICATION_URL", id="a broken provider"),
        pytest.param({}, metadata(issuer="http://idp.test"), Check.ISSUER, FAILED, Code.ISSUER_MISMATCH,
                     "X-Forwarded-Proto", id="an issuer without https"),
        pytest.param({}, metadata(token_endpoint="http://idp.test/token"), Check.ENDPOINTS, FAILED, Code.ENDPOINT_INSECURE,
                     "X-Forwarded-Proto", id="an endpoint without https"),
        pytest.param({}, fast_clock, Check.CLOCK, FAILED,
                     Code.ID_TOKEN_ISSUED_AT, "NTP", id="clock skew"),
        pytest.param({"OIDC_PROVIDER": "authentik"}, knob("algorithm", "HS256"), Check.KEYS, Outcome.SKIPPED,
                     None, "", id="HS256: one cause, one finding"),
        pytest.param({"OIDC_PROVIDER": "authentik"}, knob("algorithm", "HS256"), Check.ALGORITHMS, FAILED,
                     Code.ID_TOKEN_ALGORITHM, "Signing Key", id="HS256: the algorithm"),
        pytest.param({}, jwks("enc"), Check.KEYS, FAILED, Code.PROVIDER_ANSWER_INVALID, "jwks", id="JWE only"),
        pytest.param({"OIDC_PROVIDER": "authentik"}, jwks("sig", "enc"), Check.ALGORITHMS, FAILED,
                     Code.ID_TOKEN_ENCRYPTED, "Encryption Key", id="JWE in Authentik"),
        pytest.param({}, instead(jwks=BROKEN), Check.KEYS, FAILED, Code.PROVIDER_UNAVAILABLE, "", id="no answer with keys"),
        pytest.param({}, metadata(code_challenge_methods_supported=["plain"]), Check.PKCE, WARNING, None, PLACE,
                     id="PKCE without S256"),
        pytest.param({"OIDC_CLIENT_SECRET": "wrong"}, lambda patient: None, Check.CLIENT, FAILED, Code.CLIENT_REJECTED,
                     "OIDC_CLIENT_SECRET", id="a wrong secret"),
        pytest.param({"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"},
                     knob("auth_methods", ("client_secret_basic",)), Check.CLIENT, FAILED, Code.CLIENT_REJECTED,
                     "Set OIDC_TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic", id="a wrong method"),
        pytest.param({}, knob("auth_methods", ("private_key_jwt",)), Check.CLIENT, FAILED, Code.CLIENT_METHOD_UNSUPPORTED,
                     "Allow one of these for the client there", id="no method in common"),
        pytest.param({}, knob("auth_methods", ("none",)), Check.CLIENT, FAILED, Code.CLIENT_METHOD_UNSUPPORTED,
                     "leave OIDC_CLIENT_SECRET empty", id="a public client"),
        pytest.param({}, instead(token=error("unauthorized_client")), Check.CLIENT, FAILED, Code.TOKEN_RESPONSE_INVALID,
                     "authorization_code", id="a wrong grant type"),
        pytest.param({}, instead(token=json_response({"access_token": "a", "token_type": "bearer"})), Check.CLIENT, FAILED,
                     None, "lets everyone in", id="a provider that takes any code"),
        pytest.param({}, knob("redirect_uri", "https://romm.test/other"), Check.REDIRECT_URI, FAILED, None,
                     "or set OIDC_REDIRECT_URI", id="a redirect URI that is not registered"),
        pytest.param({}, instead(authorize=HTML, par=NOT_FOUND), Check.REDIRECT_URI, Outcome.UNKNOWN, None,
                     "Press the button", id="a page that may be anything"),
        pytest.param({}, instead(authorize=HTML), Check.REDIRECT_URI, Outcome.OK, None, "",
                     id="a page that may be anything, and a pushed request that is accepted"),
        pytest.param({}, instead(authorize=BROKEN), Check.REQUEST, FAILED, None, "on that page of the provider",
                     id="the authorization endpoint is broken"),
        pytest.param({}, instead(authorize=BROKEN, par=NOT_FOUND), Check.REDIRECT_URI, FAILED, None, "is failing",
                     id="the authorization endpoint is broken, and nothing can be pushed"),
        pytest.param({}, knob("authorization_error", "unauthorized_client"), Check.REQUEST, FAILED, Code.REQUEST_REFUSED,
                     "response and grant types", id="a request that is refused"),
        pytest.param({}, knob("alter_response", lambda answer: answer.pop("iss")), Check.REQUEST, Outcome.UNKNOWN,
                     None, "RFC 9207", id="an answer without iss"),
        pytest.param({}, knob("scopes", ("openid", "profile", "email")), Check.SCOPES, FAILED, Code.INVALID_SCOPE,
                     "OIDC_SCOPES", id="a scope that is not allowed"),
        pytest.param({"OIDC_SCOPES": "openid email"}, lambda patient: None, Check.CLAIMS, WARNING, None, "Add groups",
                     id="a scope that nobody asks for"),
        pytest.param({"OIDC_PROVIDER": "google", "OIDC_ALLOW_REGISTRATION": "false", "OIDC_RP_INITIATED_LOGOUT": "true"},
                     metadata(end_session_endpoint=None), Check.END_SESSION, WARNING,
                     None, "OIDC_RP_INITIATED_LOGOUT=false", id="no end-session endpoint"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_with_its_fix(
    environ: dict[str, str],
    twist: Callable[[World], None],
    check: Check,
    outcome: Outcome,
    code: Code | None,
    fix: str,
) -> None:
    patient = world(**environ)
    twist(patient)
    finding = (await examined(patient))[check]
    assert (finding.outcome, finding.code) == (outcome, code), finding.found
    assert fix in " ".join(finding.fixes)


UNAVAILABLE = Refused(Code.PROVIDER_UNAVAILABLE, url="https://idp.test", problem="no answer within 3.0 s")
UNTRUSTED = Handshake(problem="unable to get local issuer certificate")


@pytest.mark.parametrize(
    ("attribute", "prepared", "check", "code"),
    [
        ("addresses", UNAVAILABLE, Check.DNS, Code.PROVIDER_UNAVAILABLE),
        ("seconds", UNAVAILABLE, Check.CONNECT, Code.PROVIDER_UNAVAILABLE),
        ("tls", UNTRUSTED, Check.TLS, Code.PROVIDER_TLS),
        ("tls", Refused(Code.PROVIDER_TLS, problem="WRONG_VERSION_NUMBER"), Check.TLS, Code.PROVIDER_TLS),
    ],
)
async def test_a_closed_gate_leaves_the_rest_there_unmade_and_says_so(
    attribute: str, prepared: Any, check: Check, code: Code
) -> None:
    network, patient = FakeNetwork(), world()
    setattr(network, attribute, prepared)
    findings = await examined(patient, network)
    assert (of(findings, FAILED), findings[check].code) == ([check], code)
    after = [each for each in list(Check)[list(Check).index(check) + 1 :] if each not in HERE]
    assert of(findings, Outcome.SKIPPED) == after
    assert {findings[each].found for each in after} == {f"fix “{findings[check].title}” first"}
    assert patient.idp.requests == [], "and the secret goes nowhere"


async def test_no_secret_is_sent_to_a_provider_that_calls_itself_otherwise() -> None:
    patient = world()
    metadata(issuer="https://other.test")(patient)
    findings = await examined(patient)
    assert [request.path for request in patient.idp.requests] == ["/.well-known/openid-configuration"]
    assert findings[Check.ENDPOINTS].outcome is findings[Check.CLIENT].outcome is Outcome.SKIPPED


async def test_the_slash_of_authentik_is_explained() -> None:
    patient = World(environ=TRUSTED, idp=FakeProvider(issuer="https://idp.test/application/o/romm/"))
    patient.reconfigure(dict(patient.environ) | {
        "OIDC_ENABLED": "true", "OIDC_CLIENT_ID": "romm", "OIDC_CLIENT_SECRET": patient.idp.client_secret,
        "ROMM_BASE_URL": "https://romm.test", "OIDC_SERVER_APPLICATION_URL": "https://idp.test/application/o/romm",
    })  # fmt: skip
    findings = await examined(patient)
    assert of(findings, FAILED, WARNING) == []
    assert "with a slash at the end, unlike your setting; that is fine" in findings[Check.ISSUER].found


async def test_half_configured_single_sign_on_is_examined_as_far_as_it_goes() -> None:
    patient = world(OIDC_CLIENT_ID="")
    findings = await examined(patient)
    assert findings[Check.SINGLE_SIGN_ON].outcome is FAILED
    assert "OIDC_CLIENT_ID is missing" in findings[Check.SINGLE_SIGN_ON].fixes[0]
    assert findings[Check.KEYS].outcome is Outcome.OK
    assert findings[Check.CLIENT].found == "not possible without OIDC_CLIENT_ID"
    assert patient.idp.received("/token") == patient.idp.received("/authorize") == []


async def test_without_a_provider_only_this_side_is_examined() -> None:
    findings = await examined(world(OIDC_SERVER_APPLICATION_URL=""))
    assert of(findings, FAILED) == [Check.SINGLE_SIGN_ON]
    examined_here = [
        check for check in HERE if check is not Check.ACCOUNTS
    ]  # nobody knows the provider they should have
    assert [check for check in Check if findings[check].outcome is not Outcome.SKIPPED] == examined_here


@pytest.mark.parametrize(
    ("storage", "outcome"),
    [
        (FakeStorage("0001", is_embedded=False), FAILED),
        (FakeStorage(Refused(Code.STORAGE_UNAVAILABLE, problem="down")), FAILED),
        (FakeStorage(None), Outcome.OK),
    ],
)
async def test_the_database_is_examined_too(storage: FakeStorage, outcome: Outcome) -> None:
    assert (await examined(world(), storage=storage))[Check.DATABASE].outcome is outcome


@pytest.mark.parametrize(
    ("storage", "outcome"),
    [
        (FakeStorage("0001", is_embedded=True), Outcome.SKIPPED),
        (FakeStorage(Refused(Code.STORAGE_UNAVAILABLE, problem="down")), Outcome.SKIPPED),
        (FakeStorage(None), Outcome.OK),
        (FakeStorage(), Outcome.WARNING),
    ],
)
async def test_accounts_are_counted_where_the_schema_is_the_expected_one(
    storage: FakeStorage, outcome: Outcome
) -> None:
    storage.by_id = {1: account(links=(link(Identity("https://old.example", "a")),))}
    assert (await examined(world(), storage=storage))[Check.ACCOUNTS].outcome is outcome


async def test_the_configured_issuer_is_this_provider_with_a_metadata_address_too() -> None:
    patient, storage = world(OIDC_FORMER_ISSUERS="https://old.example"), FakeStorage()
    storage.by_id = {1: account(links=(link(Identity("https://old.example", "a")),))}
    assert (await examined(patient, storage=storage))[Check.ACCOUNTS].outcome is Outcome.OK
    issuer = patient.idp.issuer
    patient = world(OIDC_SERVER_METADATA_URL=f"{issuer}/.well-known/openid-configuration")
    storage.by_id = {1: account(links=(link(Identity(issuer, "a")),))}
    assert (await examined(patient, storage=storage))[Check.ACCOUNTS].outcome is Outcome.OK
    patient = world(OIDC_SERVER_METADATA_URL=f"{issuer}/metadata")
    assert (await examined(patient, storage=storage))[Check.ACCOUNTS].outcome is Outcome.SKIPPED


async def test_the_missing_certificate_is_named() -> None:
    patient, network = world(), FakeNetwork()
    now = patient.clock()
    leaf = Certificate(subject="idp.test", issuer="Home CA", names=("idp.test",), not_before=now, not_after=now)
    network.tls = Handshake(problem=UNTRUSTED.problem, chain=(leaf,))
    assert "The certificate of Home CA" in (await examined(patient, network))[Check.TLS].fixes[1]


async def test_findings_come_one_by_one() -> None:
    """So that the first ones can be read while the provider is still thinking."""
    doctor = diagnosis.doctor(
        world().settings, (), provider.client(world().settings.oidc), world().ports.instruments["oidc"], world().clock
    )
    coming = doctor.findings(COMMAND_LINE)
    assert (await anext(coming)).check is Check.SETTINGS
    await coming.aclose()  # type: ignore[attr-defined]


class Hanging(FakeNetwork):
    """A network on which nobody ever answers, and no limit of its own."""

    async def connect(self, place: Endpoint) -> float:
        await asyncio.Event().wait()
        return await super().connect(place)


async def test_who_waits_is_told_what_is_known_by_then() -> None:
    patient = world()
    instruments = replace(patient.ports.instruments["oidc"], network=Hanging())
    doctor = diagnosis.doctor(patient.settings, (), provider.client(patient.settings.oidc), instruments, patient.clock)
    findings = await doctor.within(COMMAND_LINE, 0.05)
    assert [finding.check for finding in findings] == list(Check)
    found = {finding.check: finding for finding in findings}
    assert found[Check.DNS].outcome is Outcome.OK
    assert found[Check.CONNECT].outcome is Outcome.SKIPPED
    assert found[Check.PROXY].found == "not known after 0.05 seconds; “romm doctor” waits for it"


async def test_a_provider_that_redirects_to_itself_for_ever_is_left_after_a_few_hops() -> None:
    patient = world()
    round_and_round = Response(302, headers={"location": f"{patient.idp.issuer}/authorize"})
    instead(authorize=round_and_round, par=NOT_FOUND)(patient)
    await examined(patient)
    asked = patient.idp.received("/authorize")
    assert 0 < len(asked) <= 6 * (MAX_HOPS + 1)  # six requests at most: three and their controls


@pytest.mark.parametrize("name", ["kanidm-1.10", "pocket-id-2.14", "dex-2.45"])
async def test_our_own_redirect_uri_is_asked_for_before_an_invented_one(name: str) -> None:
    """Authentik with an empty list keeps the first one that it sees."""
    server = shape(name)
    patient = World(TRUSTED | server.environment, idp=server.healthy())
    await examined(patient)
    asked = patient.idp.received("/par") + patient.idp.received("/authorize")
    named = [each.form.get("redirect_uri") or each.query.get("redirect_uri") for each in asked]
    assert len(set(named) - {None}) == 2, "there is a control"
    assert named[0] == patient.settings.oidc.redirect_uri

"""The doctor about authorization requests: each finding of a verdict."""

from datetime import timedelta

import pytest

from romm.domain.diagnosis import verdicts
from romm.domain.diagnosis.checks import request
from romm.domain.diagnosis.checks.request import ProbeRequest
from romm.domain.diagnosis.evidence import PageWords, ProbeResponse
from romm.domain.diagnosis.findings import Check, Finding, Outcome, failed, ok, unknown
from romm.domain.diagnosis.history import History, LogLine, history
from romm.domain.diagnosis.probes import ClientProbes, PushProbe, RequestProbe
from romm.domain.diagnosis.verdicts import Verdict
from romm.domain.diagnosis.visits import ProviderWords, Visit
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.authorization import Accepted, Client
from tests.domain.diagnosis.checks.examples import ISSUER, METADATA, NOW, REDIRECT_URI, configured, discovered
from tests.domain.diagnosis.test_verdicts import DOWN, FORM, PUSH_CLIENT, PUSH_URI, TOKEN, page, sent_to

SENT = ProbeRequest(client=Client(client_id="romm", redirect_uri=REDIRECT_URI, scope="openid"), state="s", now=NOW)
GOOD, BAD, DOUBTFUL = ok(Check.CLIENT, ""), failed(Check.CLIENT, ""), unknown(Check.CLIENT, "")
OK, UNKNOWN, FAILED, SKIPPED = Outcome.OK, Outcome.UNKNOWN, Outcome.FAILED, Outcome.SKIPPED
SAID = ProviderWords("", "Client not found.")
PUSHED = PushProbe(method="", answer=None, redirect_uri=PUSH_URI)


def back(query: str) -> ClientProbes:
    return ClientProbes(token=TOKEN, request=RequestProbe(silent=sent_to(f"{REDIRECT_URI}?{query}")))


@pytest.mark.parametrize(
    ("query", "outcome", "code"),
    [
        pytest.param("error=login_required&state=s", OK, None, id="nobody is signed in"),
        pytest.param("error=interaction_required&state=s", OK, None, id="interaction"),
        pytest.param("error=consent_required&state=s", OK, None, id="consent"),
        pytest.param("code=c&state=s", OK, None, id="a code"),
        pytest.param("error=invalid_request&state=s", FAILED, Code.REQUEST_REFUSED, id="the request is refused"),
        pytest.param("error=unauthorized_client&state=s", FAILED, Code.REQUEST_REFUSED, id="the client may not"),
        pytest.param("error=server_error&state=s", FAILED, Code.PROVIDER_ERROR, id="the provider is broken"),
        pytest.param("error=invalid_scope&state=s", SKIPPED, None, id="a scope is refused"),
        pytest.param("error=login_required", FAILED, Code.RESPONSE_INVALID, id="state is lost"),
        pytest.param("error=login_required&state=other", FAILED, Code.RESPONSE_INVALID, id="state is another"),
        pytest.param("error=a&error=b&state=s", FAILED, Code.RESPONSE_INVALID, id="two errors"),
        pytest.param(
            "error=login_required&state=s&iss=https://evil", FAILED, Code.RESPONSE_ISSUER, id="another issuer"
        ),
    ],
)
def test_what_comes_back_is_read_as_at_a_sign_in(query: str, outcome: Outcome, code: Code | None) -> None:
    probes = back(query)
    verdict = verdicts.redirect_uri(probes)
    assert isinstance(verdict, verdicts.Registered)
    finding = request.request(request.interpret(probes, SENT, METADATA), verdict, probes, History())
    assert (finding.outcome, finding.code) == (outcome, code)


def test_an_answer_without_the_promised_iss_is_refused_as_at_a_sign_in() -> None:
    probes = back("error=login_required&state=s")
    metadata = discovered(metadata={"authorization_response_iss_parameter_supported": True}).metadata
    result = request.interpret(probes, SENT, metadata)
    assert isinstance(result, Refuse)
    assert result.code is Code.RESPONSE_ISSUER


def signed_in(*outcomes: tuple[str, Code | None]) -> History:
    """The newest first, an hour between them."""
    lines = [
        LogLine(at=NOW - timedelta(hours=number), method="openid", outcome=outcome, issuer=ISSUER, code=code)
        for number, (outcome, code) in enumerate(outcomes)
    ]
    return history(lines, ISSUER)


WORKED, REFUSED = ("signed_in", None), ("refused", Code.RESPONSE_ISSUER)


@pytest.mark.parametrize(
    ("past", "outcome"),
    [
        pytest.param(signed_in(), UNKNOWN, id="nobody signed in yet"),
        pytest.param(signed_in(WORKED), OK, id="the answers with a code have it"),
        pytest.param(signed_in(REFUSED), FAILED, id="they do not"),
        pytest.param(signed_in(REFUSED, WORKED), UNKNOWN, id="a person cancelled, or it is lost since"),
    ],
)
def test_an_error_without_the_promised_iss_says_nothing_about_the_other_answers(
    past: History, outcome: Outcome
) -> None:
    probes = back("error=login_required&state=s")
    metadata = discovered(metadata={"authorization_response_iss_parameter_supported": True}).metadata
    result = request.interpret(probes, SENT, metadata)
    assert request.request(result, verdicts.redirect_uri(probes), probes, past).outcome is outcome


def judged(
    verdict: Verdict, client: Finding, push: PushProbe | None, *, pushes: bool = False
) -> tuple[Finding, Finding]:
    probes = ClientProbes(token=TOKEN, request=RequestProbe(silent=FORM), push=push, pushes=pushes)
    result = request.interpret(probes, SENT, METADATA)
    return (
        request.redirect_uri(verdict, client, probes, configured()),
        request.request(result, verdict, probes, History()),
    )


@pytest.mark.parametrize(
    ("verdict", "client", "push", "outcomes"),
    [
        pytest.param(verdicts.Registered(verdicts.COMPARED), GOOD, None, (OK, OK), id="its own page"),
        pytest.param(verdicts.Registered(verdicts.FAULTY), GOOD, None, (OK, OK), id="errors come back"),
        pytest.param(verdicts.OnlyAsObject(SAID), GOOD, None, (SKIPPED, FAILED), id="only as a request object"),
        pytest.param(
            verdicts.Registered(verdicts.PUSHED), GOOD, PUSHED, (OK, UNKNOWN), id="pushed, and always one page"
        ),
        pytest.param(verdicts.Unregistered(SAID), GOOD, None, (FAILED, SKIPPED), id="not registered"),
        pytest.param(verdicts.Unregistered(SAID), BAD, PUSHED, (SKIPPED, SKIPPED), id="the client comes first"),
        pytest.param(verdicts.UnknownClient(SAID), BAD, None, (SKIPPED, SKIPPED), id="one cause, one finding"),
        pytest.param(verdicts.UnknownEither(SAID), BAD, None, (SKIPPED, SKIPPED), id="either, and the client is wrong"),
        pytest.param(verdicts.UnknownEither(SAID), GOOD, None, (FAILED, SKIPPED), id="either, and the client is right"),
        pytest.param(
            verdicts.UnknownEither(SAID), DOUBTFUL, None, (FAILED, SKIPPED), id="either, and nothing is known"
        ),
        pytest.param(verdicts.Failing(SAID, 503), GOOD, None, (FAILED, SKIPPED), id="the endpoint is failing"),
        pytest.param(verdicts.OtherError(SAID), GOOD, None, (SKIPPED, FAILED), id="something else in the request"),
        pytest.param(verdicts.Untold(SAID), GOOD, None, (UNKNOWN, SKIPPED), id="cannot be told"),
        pytest.param(verdicts.Unreachable(DOWN), GOOD, None, (FAILED, SKIPPED), id="down"),
        pytest.param(verdicts.Unreachable(PUSH_CLIENT), BAD, None, (SKIPPED, SKIPPED), id="pushing: the client"),
    ],
)
def test_each_verdict_has_its_findings(
    verdict: Verdict, client: Finding, push: PushProbe | None, outcomes: tuple[Outcome, Outcome]
) -> None:
    assert tuple(finding.outcome for finding in judged(verdict, client, push)) == outcomes


def test_an_unregistered_redirect_uri_says_what_to_register_and_where() -> None:
    finding, _ = judged(verdicts.Unregistered(SAID), GOOD, None)
    assert finding.code is None, "a sign-in ends on the provider's page"
    assert "“Client not found.”" in finding.found
    assert f"Register {REDIRECT_URI} there" in finding.fixes[0]
    assert "OIDC_REDIRECT_URI" in finding.fixes[0]
    assert "redirect_uris" in finding.fixes[1]


@pytest.mark.parametrize(
    ("control", "said"), [(page(400, "No", "Mismatching redirect URI."), True), (page(404, "No", "No client."), False)]
)
def test_what_a_provider_says_without_its_log_in_is_quoted_if_it_says_so_to_an_invented_one(
    control: Visit, said: bool
) -> None:
    mismatch = page(400, "No", "Mismatching redirect URI.")
    shown = RequestProbe(silent=mismatch, silent_control=control, shown=FORM, shown_control=FORM)
    probes = ClientProbes(token=TOKEN, request=shown)
    finding = request.redirect_uri(verdicts.redirect_uri(probes), GOOD, probes, configured())
    assert finding.outcome is UNKNOWN
    assert ("Mismatching redirect URI." in finding.found) is said


def test_a_sign_in_that_pushes_comes_back_with_a_code() -> None:
    refused = PushProbe(method="", answer=PUSH_URI, redirect_uri=PUSH_URI, client=PUSH_CLIENT)
    finding, after = judged(verdicts.Unregistered(SAID, pushed=True), GOOD, refused, pushes=True)
    assert (finding.code, after.outcome) == (Code.REQUEST_REFUSED, SKIPPED)


def test_refused_scopes_of_a_pushed_request_are_told_by_asking_for_fewer() -> None:
    scope = Refuse(Code.REQUEST_REFUSED, {"error": "invalid_request", "description": "Invalid scopes: openid groups"})
    refused = PushProbe(method="", answer=scope, redirect_uri=PUSH_URI, client=PUSH_CLIENT, openid_only=True)
    probes = ClientProbes(token=TOKEN, request=RequestProbe(silent=FORM), push=refused)
    result = request.interpret(probes, SENT, METADATA)
    assert isinstance(result, Refuse)
    assert result.code is Code.INVALID_SCOPE


def test_an_error_page_beside_an_accepted_pushed_request_is_quoted() -> None:
    shown = RequestProbe(silent=FORM, silent_control=FORM, shown=page(403, "Forbidden", "Push your requests."))
    probes = ClientProbes(token=TOKEN, request=shown, push=PUSHED)
    finding = request.request(None, verdicts.redirect_uri(probes), probes, History())
    assert finding.outcome is FAILED
    assert "Push your requests." in finding.found
    assert "OIDC_PUSHED_REQUESTS=true" in " ".join(finding.fixes)


def test_a_provider_that_is_down_is_not_blamed_on_the_redirect_uri() -> None:
    finding, _ = judged(verdicts.Unreachable(DOWN), GOOD, None)
    assert finding.code is Code.PROVIDER_UNAVAILABLE
    assert "Register" not in " ".join(finding.fixes)


def test_a_redirect_uri_with_a_query_of_its_own_is_known_again() -> None:
    client = Client(client_id="romm", redirect_uri=f"{REDIRECT_URI}?tenant=1", scope="openid")
    visit = sent_to(f"{REDIRECT_URI}?tenant=1&code=c&state=s")
    probes = ClientProbes(token=TOKEN, request=RequestProbe(silent=visit))
    result = request.interpret(probes, ProbeRequest(client=client, state="s", now=NOW), METADATA)
    assert isinstance(result, Accepted)


def test_the_page_of_a_provider_is_named_without_its_session() -> None:
    words = PageWords()
    shown = ProbeResponse(status=200, content_type="text/html", words=words)
    visit = sent_to(f"{ISSUER}/login;jsessionid=CBBC?x=1")
    silent = type(visit)(redirect_uri=REDIRECT_URI, responses=(*visit.responses, shown))
    probes = ClientProbes(token=TOKEN, request=RequestProbe(silent=silent))
    finding = request.request(None, verdicts.Registered(verdicts.COMPARED), probes, History())
    assert finding.found.endswith(f"{ISSUER}/login")

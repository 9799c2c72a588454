"""The doctor about an authorization request that nobody follows."""

import pytest

from romm.domain.diagnosis.checks import request, scopes
from romm.domain.diagnosis.checks.request import ProbeRequest, ProbeResult
from romm.domain.diagnosis.evidence import ProbeResponse
from romm.domain.diagnosis.findings import Finding, Outcome
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.authorization import Client
from tests.domain.diagnosis.checks.examples import ISSUER, METADATA, NOW, REDIRECT_URI, configured, discovered

SENT = ProbeRequest(client=Client(client_id="romm", redirect_uri=REDIRECT_URI, scope="openid"), state="s", now=NOW)


def sent_to(location: str) -> ProbeResponse:
    return ProbeResponse(status=303, content_type="", location=location)


def back(query: str) -> ProbeResponse:
    return sent_to(f"{REDIRECT_URI}?{query}")


def page(status: int, error: str | None = None) -> ProbeResponse:
    return ProbeResponse(status=status, content_type="text/html", error=error, description=error and f"this is {error}")


def judged(asked: ProbeResponse | Refuse, **metadata: bool) -> tuple[Finding, Finding, Finding]:
    came = request.interpret(asked, SENT, discovered(metadata=metadata).metadata)
    return (
        request.redirect_uri(came, configured()),
        request.request(came),
        scopes.scopes(came, discovered(), configured()),
    )


DOWN = Refuse(Code.PROVIDER_UNAVAILABLE, {"url": f"{ISSUER}/authorize", "problem": "it answered 500"})
PUSH_CLIENT = Refuse(Code.CLIENT_REJECTED, {"error": "invalid_client"})
PUSH_URI = Refuse(Code.REQUEST_REFUSED, {"error": "invalid_redirect_uri", "description": "unknown"})
OK, WARNING, FAILED, SKIPPED = Outcome.OK, Outcome.WARNING, Outcome.FAILED, Outcome.SKIPPED


@pytest.mark.parametrize(
    ("asked", "outcomes"),
    [
        pytest.param(back("error=login_required&state=s"), (OK, OK, OK), id="nobody is signed in"),
        pytest.param(back("error=interaction_required&state=s"), (OK, OK, OK), id="interaction"),
        pytest.param(back("error=consent_required&state=s"), (OK, OK, OK), id="consent"),
        pytest.param(back("code=c&state=s"), (OK, OK, OK), id="a code"),
        pytest.param(back("error=invalid_request&state=s"), (OK, FAILED, OK), id="the request is refused"),
        pytest.param(back("error=unauthorized_client&state=s"), (OK, FAILED, OK), id="the client may not"),
        pytest.param(back("error=server_error&state=s"), (OK, FAILED, OK), id="the provider is broken"),
        pytest.param(back("error=invalid_scope&state=s"), (OK, SKIPPED, FAILED), id="a scope is refused"),
        pytest.param(back("error=login_required"), (OK, FAILED, OK), id="state is lost"),
        pytest.param(back("error=login_required&state=other"), (OK, FAILED, OK), id="state is another"),
        pytest.param(back("error=a&error=b&state=s"), (OK, FAILED, OK), id="two errors"),
        pytest.param(back("error=login_required&state=s&iss=https://evil"), (OK, FAILED, OK), id="another issuer"),
        pytest.param(sent_to(f"{ISSUER}/login?next=/"), (OK, SKIPPED, OK), id="its own sign-in page"),
        pytest.param(sent_to(f"{ISSUER}/oauth/error?x=1"), (FAILED, SKIPPED, OK), id="its own error page"),
        pytest.param(sent_to(f"{ISSUER}/?authError=abc"), (FAILED, SKIPPED, OK), id="an error in its query"),
        pytest.param(
            sent_to("https://romm.example.com.evil/api/oauth/openid?code=c"), (OK, SKIPPED, OK), id="elsewhere"
        ),
        pytest.param(page(400), (FAILED, SKIPPED, OK), id="an error page"),
        pytest.param(page(400, "invalid_redirect_uri"), (FAILED, SKIPPED, OK), id="an error in JSON"),
        pytest.param(page(200), (WARNING, SKIPPED, OK), id="some page"),
        pytest.param(DOWN, (FAILED, SKIPPED, OK), id="down"),
        pytest.param(PUSH_CLIENT, (SKIPPED, SKIPPED, OK), id="pushing: the client is rejected"),
        pytest.param(PUSH_URI, (FAILED, SKIPPED, OK), id="pushing: the redirect URI is rejected"),
    ],
)
def test_what_came_of_it(asked: ProbeResponse | Refuse, outcomes: tuple[Outcome, Outcome, Outcome]) -> None:
    assert tuple(finding.outcome for finding in judged(asked)) == outcomes


def test_an_answer_without_the_promised_iss_is_refused_as_at_a_sign_in() -> None:
    _, finding, _ = judged(back("error=login_required&state=s"), authorization_response_iss_parameter_supported=True)
    assert (finding.outcome, finding.code) == (FAILED, Code.RESPONSE_ISSUER)


def test_an_unregistered_redirect_uri_says_what_to_register_and_where() -> None:
    finding, _, _ = judged(page(400, "invalid_request"))
    assert finding.code is Code.REQUEST_REFUSED
    assert "the provider answered invalid_request and did not send the browser back" in finding.found
    assert "this is invalid_request" in finding.fixes[0]
    assert f"Register {REDIRECT_URI} there" in finding.fixes[1]
    assert "OIDC_REDIRECT_URI" in finding.fixes[1]
    assert "redirect_uris" in finding.fixes[2]


def test_a_provider_that_is_down_is_not_blamed_on_the_redirect_uri() -> None:
    finding, _, _ = judged(DOWN)
    assert finding.code is Code.PROVIDER_UNAVAILABLE
    assert "Register" not in " ".join(finding.fixes)


def test_a_redirect_uri_with_a_query_of_its_own_is_known_again() -> None:
    client = Client(client_id="romm", redirect_uri=f"{REDIRECT_URI}?tenant=1", scope="openid")
    asked = back("tenant=1&error=login_required&state=s")
    came = request.interpret(asked, ProbeRequest(client=client, state="s", now=NOW), METADATA)
    assert isinstance(came, ProbeResult)
    assert came.returned

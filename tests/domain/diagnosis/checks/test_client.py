"""The doctor about the client: RomM's answers beside those to an invented secret and an invented client."""

import pytest

from romm.domain.diagnosis.checks import client
from romm.domain.diagnosis.findings import Outcome
from romm.domain.diagnosis.probes import ClientProbes, PushProbe, RequestProbe, TokenProbe
from romm.domain.diagnosis.verdicts import Registered, UnknownClient, Unregistered, Untold, Verdict
from romm.domain.diagnosis.visits import ProviderWords
from romm.domain.errors import Code, Refuse
from tests.domain.diagnosis.checks.examples import configured

KNOWN = Refuse(Code.CODE_REJECTED, {"error": "invalid_grant"})
REJECTED = Refuse(
    Code.CLIENT_REJECTED, {"error": "invalid_client", "client_id": "romm", "method": "client_secret_basic"}
)
REJECTED_OTHERWISE = Refuse(Code.CLIENT_REJECTED, {"error": "unauthorized_client", "client_id": "romm"})
NO_METHOD = Refuse(
    Code.CLIENT_METHOD_UNSUPPORTED, {"offered": "private_key_jwt", "usable": "client_secret_basic client_secret_post"}
)
DOWN = Refuse(Code.PROVIDER_UNAVAILABLE, {"url": "https://auth.example.com/token", "problem": "it answered 500"})
PUSH_URI = Refuse(Code.REQUEST_REFUSED, {"error": "invalid_redirect_uri"})
PUSHED = PushProbe(method="client_secret_basic", answer=None, redirect_uri=PUSH_URI)
REGISTERED = Registered("")
NO_WORDS = ProviderWords("", "")


def invalid(problem: str) -> Refuse:
    return Refuse(Code.TOKEN_RESPONSE_INVALID, {"url": "https://auth.example.com/token", "problem": problem})


def tried(
    answer: Refuse | None,
    *,
    secret: Refuse | None = None,
    client: Refuse | None = None,
    push: PushProbe | None = None,
    method: str = "client_secret_basic",
    accepted: str = "",
    automatic: bool = False,
) -> ClientProbes:
    token = TokenProbe(
        method=method, answer=answer, accepted=accepted, automatic=automatic, secret=secret, client=client
    )
    return ClientProbes(token=token, request=RequestProbe(silent=DOWN), push=push)


@pytest.mark.parametrize(
    ("probes", "changes", "outcome", "code", "fix"),
    [
        pytest.param(tried(KNOWN, secret=REJECTED, client=REJECTED), {}, Outcome.OK, None, "", id="known"),
        pytest.param(tried(KNOWN, push=PUSHED), {}, Outcome.OK, None, "", id="known by its pushed request"),
        pytest.param(
            tried(KNOWN, secret=KNOWN, client=REJECTED), {}, Outcome.UNKNOWN, None, "compare OIDC_CLIENT_ID",
            id="the grant is looked at before the secret",
        ),
        pytest.param(tried(KNOWN, client=REJECTED, method="none"), {}, Outcome.OK, None, "", id="known, without a secret"),
        pytest.param(
            tried(REJECTED, secret=REJECTED, client=REJECTED), {}, Outcome.FAILED, Code.CLIENT_REJECTED,
            "OIDC_CLIENT_SECRET", id="wrong id or secret",
        ),
        pytest.param(
            tried(REJECTED_OTHERWISE, secret=REJECTED_OTHERWISE, client=REJECTED), {}, Outcome.FAILED,
            Code.CLIENT_REJECTED, "The client id is right", id="wrong secret",
        ),
        pytest.param(
            tried(REJECTED, secret=REJECTED_OTHERWISE, client=REJECTED), {}, Outcome.FAILED, None,
            "not the client's id there", id="wrong id",
        ),
        pytest.param(
            tried(REJECTED, accepted="client_secret_post"), {}, Outcome.FAILED,
            Code.CLIENT_REJECTED, "Set OIDC_TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post.", id="wrong method",
        ),
        pytest.param(
            tried(REJECTED, accepted="client_secret_post", automatic=True), {},
            Outcome.OK, None, "", id="another method, which a sign-in tries as well",
        ),
        pytest.param(
            tried(NO_METHOD, method=""), {}, Outcome.FAILED, Code.CLIENT_METHOD_UNSUPPORTED,
            "Allow one of these for the client there", id="no method in common",
        ),
        pytest.param(
            tried(invalid("invalid_request (DPoP proof is missing)"), push=PUSHED), {},
            Outcome.FAILED, Code.TOKEN_RESPONSE_INVALID, "DPoP", id="DPoP is required",
        ),
        pytest.param(
            tried(REJECTED, accepted="none"), {}, Outcome.FAILED,
            Code.CLIENT_REJECTED, "leave OIDC_CLIENT_SECRET empty", id="a public client",
        ),
        pytest.param(
            tried(REJECTED, method="none"), {"has_secret": False}, Outcome.FAILED, Code.CLIENT_REJECTED,
            "Set OIDC_CLIENT_SECRET, or make it a public client there.", id="no secret",
        ),
        pytest.param(
            tried(REJECTED, method="none"), {}, Outcome.FAILED, Code.CLIENT_REJECTED,
            "OIDC_TOKEN_ENDPOINT_AUTH_METHOD", id="a secret that is not used",
        ),
        pytest.param(
            tried(invalid("unauthorized_client (no)")), {}, Outcome.FAILED, Code.TOKEN_RESPONSE_INVALID,
            "authorization_code", id="another grant type",
        ),
        pytest.param(
            tried(invalid("Invalid authorization code"), secret=REJECTED, client=invalid("Client not found")), {},
            Outcome.OK, None, "", id="words in place of codes, and others to an invented secret",
        ),
        pytest.param(
            tried(invalid("malformed"), secret=invalid("malformed"), client=invalid("malformed")), {}, Outcome.UNKNOWN,
            None, "If a sign-in ends with an error", id="the provider looks at the code first",
        ),
        pytest.param(
            tried(invalid("200 with text/html")), {}, Outcome.FAILED,
            Code.TOKEN_RESPONSE_INVALID, "let RomM reach", id="a proxy's page",
        ),
        pytest.param(tried(None), {}, Outcome.FAILED, None, "lets everyone in", id="tokens"),
        pytest.param(tried(DOWN), {}, Outcome.FAILED, Code.PROVIDER_UNAVAILABLE, "", id="down"),
    ],
)  # fmt: skip
def test_the_answer_to_an_invented_code(
    probes: ClientProbes, changes: dict, outcome: Outcome, code: Code | None, fix: str
) -> None:
    finding = client.client(probes, REGISTERED, configured(**changes))
    assert (finding.outcome, finding.code) == (outcome, code), finding.found
    assert fix in " ".join(finding.fixes)
    assert "None" not in finding.found


@pytest.mark.parametrize(
    ("verdict", "push", "outcome"),
    [
        pytest.param(Unregistered(NO_WORDS), None, Outcome.UNKNOWN, id="Authentik: the redirect URI may be the reason"),
        pytest.param(
            Unregistered(NO_WORDS, pushed=True),
            PushProbe(method="", answer=PUSH_URI, redirect_uri=PUSH_URI, client=REJECTED),
            Outcome.OK,
            id="the pushed request got as far as the redirect URI",
        ),
        pytest.param(
            Unregistered(NO_WORDS),
            PushProbe(method="", answer=REJECTED, client=REJECTED),
            Outcome.FAILED,
            id="the pushed request was refused for the client",
        ),
        pytest.param(UnknownClient(NO_WORDS), None, Outcome.FAILED, id="the browser is told of the client"),
        pytest.param(Untold(NO_WORDS), None, Outcome.FAILED, id="the page tells nothing"),
    ],
)
def test_a_rejection_is_read_beside_the_answer_to_the_browser(
    verdict: Verdict, push: PushProbe | None, outcome: Outcome
) -> None:
    finding = client.client(tried(REJECTED, secret=REJECTED, client=REJECTED, push=push), verdict, configured())
    assert finding.outcome is outcome
    assert finding.code is None, "a sign-in ends on the provider's page"


def test_a_rejected_client_is_told_where_to_look_at_the_provider() -> None:
    finding = client.client(tried(REJECTED), REGISTERED, configured(provider="keycloak"))
    assert finding.fixes[-1].startswith("At the provider: Clients")

"""The doctor about what the provider makes of an invented code."""

import pytest

from romm.domain.diagnosis.checks import client
from romm.domain.diagnosis.checks.client import ClientProbe
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code, Refuse
from tests.domain.diagnosis.checks.examples import configured

KNOWN = Refuse(Code.CODE_REJECTED, {"error": "invalid_grant"})
REJECTED = Refuse(
    Code.CLIENT_REJECTED, {"error": "invalid_client", "client_id": "romm", "method": "client_secret_basic"}
)
DOWN = Refuse(Code.PROVIDER_UNAVAILABLE, {"url": "https://auth.example.com/token", "problem": "it answered 500"})


def invalid(problem: str) -> Refuse:
    return Refuse(Code.TOKEN_RESPONSE_INVALID, {"url": "https://auth.example.com/token", "problem": problem})


@pytest.mark.parametrize(
    ("tried", "changes", "outcome", "code", "fix"),
    [
        pytest.param(ClientProbe(method="client_secret_basic", answer=KNOWN), {}, Outcome.OK, None, "", id="known"),
        pytest.param(
            ClientProbe(method="client_secret_basic", answer=REJECTED), {}, Outcome.FAILED, Code.CLIENT_REJECTED,
            "OIDC_CLIENT_SECRET", id="wrong secret",
        ),
        pytest.param(
            ClientProbe(method="client_secret_basic", answer=REJECTED, accepted="client_secret_post"), {}, Outcome.FAILED,
            Code.CLIENT_REJECTED, "Set OIDC_TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post.", id="wrong method",
        ),
        pytest.param(
            ClientProbe(method="client_secret_basic", answer=REJECTED, accepted="none"), {}, Outcome.FAILED,
            Code.CLIENT_REJECTED, "leave OIDC_CLIENT_SECRET empty", id="a public client",
        ),
        pytest.param(
            ClientProbe(method="none", answer=REJECTED), {"has_secret": False}, Outcome.FAILED, Code.CLIENT_REJECTED,
            "Set OIDC_CLIENT_SECRET, or make it a public client there.", id="no secret",
        ),
        pytest.param(
            ClientProbe(method="none", answer=REJECTED), {}, Outcome.FAILED, Code.CLIENT_REJECTED,
            "OIDC_TOKEN_ENDPOINT_AUTH_METHOD", id="a secret that is not used",
        ),
        pytest.param(
            ClientProbe(method="none", answer=invalid("unauthorized_client (no)")), {}, Outcome.FAILED, Code.TOKEN_RESPONSE_INVALID,
            "authorization_code", id="another grant type",
        ),
        pytest.param(
            ClientProbe(method="client_secret_post", answer=invalid("invalid_request (malformed)")), {}, Outcome.WARNING,
            Code.TOKEN_RESPONSE_INVALID, "the provider's log", id="the provider looks at the code first",
        ),
        pytest.param(
            ClientProbe(method="client_secret_post", answer=invalid("200 with text/html")), {}, Outcome.FAILED,
            Code.TOKEN_RESPONSE_INVALID, "let RomM reach", id="a proxy's page",
        ),
        pytest.param(
            ClientProbe(method="client_secret_post", answer=None), {}, Outcome.FAILED, None, "lets everyone in", id="tokens",
        ),
        pytest.param(
            ClientProbe(method="client_secret_post", answer=DOWN), {}, Outcome.FAILED, Code.PROVIDER_UNAVAILABLE, "", id="down"
        ),
    ],
)  # fmt: skip
def test_the_answer_to_an_invented_code(
    tried: ClientProbe, changes: dict, outcome: Outcome, code: Code | None, fix: str
) -> None:
    finding = client.client(tried, configured(**changes))
    assert (finding.outcome, finding.code) == (outcome, code)
    assert fix in " ".join(finding.fixes)


def test_a_rejected_client_is_told_where_to_look_at_the_provider() -> None:
    finding = client.client(ClientProbe(method="client_secret_basic", answer=REJECTED), configured(provider="keycloak"))
    assert finding.fixes[-1].startswith("At the provider: Clients")

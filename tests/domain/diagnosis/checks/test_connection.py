"""The doctor about the way to the provider."""

from datetime import timedelta

import pytest

from romm.domain.diagnosis.checks import connection
from romm.domain.diagnosis.evidence import Certificate, Endpoint, Handshake
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code, Refuse
from tests.domain.diagnosis.checks.examples import NOW

THERE = Endpoint("https", "auth.example.com", 443)
HERE = Endpoint("http", "127.0.0.1", 9000)
HOME = Endpoint("http", "auth.home", 80)

UNKNOWN_ISSUER = "unable to get local issuer certificate"


def certificate(subject: str, issuer: str, *names: str) -> Certificate:
    return Certificate(subject=subject, issuer=issuer, names=names, not_before=NOW, not_after=NOW + timedelta(days=90))


LEAF = certificate("auth.example.com", "Intermediate R3", "auth.example.com")
INTERMEDIATE = certificate("Intermediate R3", "Root X1")
ROOT = certificate("Root X1", "Root X1")
SELF_SIGNED = certificate("auth.example.com", "auth.example.com")


def unavailable(problem: str) -> Refuse:
    return Refuse(Code.PROVIDER_UNAVAILABLE, {"url": THERE.origin, "problem": problem})


def test_a_name_has_addresses_or_a_reason_why_not() -> None:
    assert connection.dns(THERE, ("192.0.2.1", "2001:db8::1")).found == "auth.example.com is 192.0.2.1, 2001:db8::1"
    finding = connection.dns(THERE, unavailable("gaierror: Name or service not known"))
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.PROVIDER_UNAVAILABLE)
    assert "Name or service not known" in finding.found
    assert "network alias" in finding.fixes[-1]


@pytest.mark.parametrize(
    ("place", "problem", "hint"),
    [
        pytest.param(THERE, "ConnectionRefusedError", "OIDC_SERVER_APPLICATION_URL", id="refused"),
        pytest.param(THERE, "no answer within 3.0 s", "firewall", id="time limit"),
        pytest.param(HERE, "ConnectionRefusedError", "`localhost` is the container itself", id="in a container"),
    ],
)
def test_a_connection_that_does_not_come_about(place: Endpoint, problem: str, hint: str) -> None:
    finding = connection.connect(place, unavailable(problem))
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.PROVIDER_UNAVAILABLE)
    assert problem in finding.found
    assert hint in finding.fixes[-1]


def test_a_connection_says_how_long_it_took() -> None:
    finding = connection.connect(THERE, 0.0123)
    assert (finding.outcome, finding.found) == (Outcome.OK, "auth.example.com, port 443, in 12 ms")


@pytest.mark.parametrize(
    ("place", "found", "outcome", "told"),
    [
        pytest.param(HERE, None, Outcome.OK, "only inside this machine", id="http to this machine"),
        pytest.param(HOME, None, Outcome.WARNING, "an eavesdropper", id="http over a network"),
        pytest.param(THERE, Handshake(chain=(LEAF,)), Outcome.OK, "by Intermediate R3, until 2026-04-02", id="trusted"),
        pytest.param(THERE, Handshake(), Outcome.OK, "trusted", id="trusted, and no chain to read"),
        pytest.param(
            THERE, Refuse(Code.PROVIDER_TLS, {"problem": "WRONG_VERSION_NUMBER"}), Outcome.FAILED, "WRONG_VERSION_NUMBER",
            id="no TLS at all",
        ),
    ],
)  # fmt: skip
def test_tls(place: Endpoint, found: Handshake | Refuse | None, outcome: Outcome, told: str) -> None:
    finding = connection.tls(place, found)
    assert finding.outcome is outcome
    assert told in finding.found


@pytest.mark.parametrize(
    ("problem", "chain", "fix"),
    [
        pytest.param(
            "self-signed certificate", (SELF_SIGNED,), "(auth.example.com) is self-signed", id="signed by itself"
        ),
        pytest.param(
            "self-signed certificate in certificate chain",
            (LEAF, INTERMEDIATE, ROOT),
            "The authority Root X1 is missing here",
            id="the root came along, and is not trusted here",
        ),
        pytest.param(
            UNKNOWN_ISSUER,
            (LEAF, INTERMEDIATE),
            "The certificate of Root X1, the authority at the end of the chain, is missing here",
            id="the root is missing",
        ),
        pytest.param(
            UNKNOWN_ISSUER,
            (LEAF,),
            "The certificate of Intermediate R3, which signed this one, is missing",
            id="the intermediate is missing",
        ),
        pytest.param(
            "Hostname mismatch, certificate is not valid for 'auth.example.com'.",
            (certificate("x", "y", "a.test", "b.test"),),
            "is for a.test, b.test; RomM asked for auth.example.com",
            id="another host",
        ),
        pytest.param("certificate has expired", (LEAF,), "from 2026-01-02 to 2026-04-02", id="expired"),
        pytest.param("certificate is not yet valid", (LEAF,), "from 2026-01-02 to 2026-04-02", id="too early"),
    ],
)
def test_a_certificate_that_is_not_trusted_says_which_one_is_missing(
    problem: str, chain: tuple[Certificate, ...], fix: str
) -> None:
    finding = connection.tls(THERE, Handshake(problem=problem, chain=chain))
    assert (finding.outcome, finding.code, finding.found) == (Outcome.FAILED, Code.PROVIDER_TLS, problem)
    assert "OIDC_TLS_CACERTFILE" in finding.fixes[0]
    assert fix in finding.fixes[1]


def test_without_a_chain_the_librarys_word_has_to_do() -> None:
    assert len(connection.tls(THERE, Handshake(problem=UNKNOWN_ISSUER)).fixes) == 1

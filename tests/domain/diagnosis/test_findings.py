"""Findings: what they hold, and all of them in one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.diagnosis.findings import (
    MAX_LENGTH,
    PLAN,
    Check,
    Finding,
    Outcome,
    blocked,
    failed,
    has_failed,
    ok,
    refused,
    skipped,
    summary,
    unknown,
    warning,
    with_hint,
)
from romm.domain.errors import Code, Refuse
from romm.domain.providers.preset import click
from romm.domain.providers.register import PRESETS, preset

GOOD = ok(Check.DNS, "there")
ODD = warning(Check.PROXY, "odd", "mend it")
BAD = failed(Check.CLIENT, "bad", "mend it")
BAD_TOO = failed(Check.SCOPES, "bad", "mend it")
UNTOLD = unknown(Check.REDIRECT_URI, "one page for all")
LEFT_OUT = blocked(Check.CLAIMS, Check.CLIENT)


def test_every_check_has_a_title_and_an_expectation() -> None:
    assert list(PLAN) == list(Check), "in the order in which they are made"
    assert len({plan.title for plan in PLAN.values()}) == len(Check)


@pytest.mark.parametrize(
    ("findings", "sentence", "failure"),
    [
        ([GOOD, GOOD], "All 2 checks are ok. Only a sign-in can show what the provider sends about a person.", False),
        ([GOOD, ODD], "Nothing failed, but 1 warning: Reverse proxy.", False),
        ([GOOD, LEFT_OUT], "Nothing failed, but 1 of 2 checks was skipped: Claims.", False),
        (
            [ODD, LEFT_OUT, LEFT_OUT],
            "Nothing failed, but 1 warning: Reverse proxy. 2 of 3 checks were skipped.",
            False,
        ),
        (
            [UNTOLD, LEFT_OUT],
            "Nothing failed, but Redirect URI cannot be told. A sign-in shows it. 1 of 2 checks was skipped.",
            False,
        ),
        ([GOOD, BAD, ODD], "1 check of 3 failed: Client and secret.", True),
        ([GOOD, UNTOLD], "Nothing failed, but Redirect URI cannot be told. A sign-in shows it.", False),
        ([ODD, UNTOLD], "Nothing failed, but 1 warning: Reverse proxy; Redirect URI cannot be told.", False),
        (
            [BAD, BAD_TOO, LEFT_OUT],
            "2 checks of 3 failed: Client and secret, Scopes. 1 cannot be checked until that is fixed.",
            True,
        ),
    ],
)
def test_the_summary_is_one_sentence_about_the_worst(findings: list[Finding], sentence: str, failure: bool) -> None:
    assert summary(findings) == sentence
    assert has_failed(findings) is failure


def test_a_refusal_brings_the_catalogues_fix_and_its_code() -> None:
    finding = refused(
        Check.DATABASE, Refuse(Code.STORAGE_UNAVAILABLE, {"problem": "down", "fix": "Start it"}), "down", "look there"
    )
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.STORAGE_UNAVAILABLE)
    assert finding.fixes == (
        "The database cannot be used: down. Start it.",
        "look there",
    )


def test_a_providers_own_words_stand_for_a_general_place() -> None:
    general = failed(Check.CLIENT, "no", "Check it.", click("somewhere"), code=Code.CLIENT_REJECTED)
    hints = {Code.CLIENT_REJECTED: "There."}
    assert with_hint(general, hints).fixes == ("Check it.", "At the provider: There.")
    for other in (
        failed(Check.CLIENT, "no", click("somewhere")),
        failed(Check.CLIENT, "no", click("somewhere"), code=Code.INVALID_SCOPE),
        failed(Check.KEYS, "no", click("somewhere"), code=Code.CLIENT_REJECTED),
    ):
        assert with_hint(other, hints) is other


@given(st.text())
def test_nothing_that_a_provider_says_moves_the_cursor_of_a_terminal(text: str) -> None:
    for finding in (ok(Check.ISSUER, text), skipped(Check.ISSUER, text), failed(Check.ISSUER, text, text)):
        for shown in (finding.found, *finding.fixes):
            assert shown.isprintable()


def test_a_long_tale_is_cut_in_the_middle() -> None:
    found = ok(Check.ISSUER, f"{'a' * 5000}the reason").found
    assert found.startswith("aaa")
    assert found.endswith("the reason")
    assert len(found) == MAX_LENGTH + 1


def test_every_provider_with_a_fix_of_its_own_is_one_that_has_a_preset() -> None:
    named = {name for name in PRESETS if preset(name).locations is not preset("no such provider").locations}
    assert named >= {"authelia", "authentik", "keycloak"}
    assert preset("Pocket ID").locations is preset("pocket-id").locations

"""The doctor about RomM's own side."""

import pytest

from romm.domain.diagnosis.checks import configuration
from romm.domain.diagnosis.findings import Check, Outcome
from romm.domain.errors import Code, Refuse
from tests.domain.diagnosis.checks.examples import configured

QUOTES = "OIDC_CLIENT_ID is in quotes; RomM ignores them. Write it without quotes."
ELSEWHERE = (
    "OIDC_REDIRECT_URI leads to https://a, but ROMM_BASE_URL is https://b: people come back without their cookie."
)


def test_every_mistake_is_a_fix() -> None:
    finding = configuration.mistakes(("ROMM_PORT is 'x'; write a number.", "LOGLEVEL is 'y'; write INFO."))
    assert (finding.check, finding.outcome) == (Check.SETTINGS, Outcome.FAILED)
    assert finding.found == "2 mistakes, so RomM does not start"
    assert finding.fixes == ("ROMM_PORT is 'x'; write a number.", "LOGLEVEL is 'y'; write INFO.")


@pytest.mark.parametrize(
    ("remarks", "about_settings", "about_addresses"),
    [
        pytest.param((), (), (), id="none"),
        pytest.param((QUOTES,), (QUOTES,), (), id="stray quotes"),
        pytest.param((ELSEWHERE,), (), (ELSEWHERE,), id="another host comes once, where it belongs"),
        pytest.param(
            ("base_url in [server] of x is odd.",), (), ("base_url in [server] of x is odd.",), id="of a file"
        ),
        pytest.param((QUOTES, ELSEWHERE), (QUOTES,), (ELSEWHERE,), id="both"),
    ],
)
def test_each_remark_about_the_settings_is_told_once(
    remarks: tuple[str, ...], about_settings: tuple[str, ...], about_addresses: tuple[str, ...]
) -> None:
    for judge, expected in ((configuration.settings, about_settings), (configuration.addresses, about_addresses)):
        finding = judge(configured(remarks=remarks))
        assert finding.fixes == expected
        assert finding.outcome is (Outcome.WARNING if expected else Outcome.OK)


def test_addresses_are_compared_also_while_single_sign_on_is_off() -> None:
    """Reading the settings remarks on them only when it is on."""
    finding = configuration.addresses(
        configured(off="OIDC_ENABLED is false", redirect_uri="https://x/api/oauth/openid")
    )
    assert finding.outcome is Outcome.WARNING
    assert "OIDC_REDIRECT_URI" in finding.fixes[0]


@pytest.mark.parametrize(
    ("changes", "outcome", "fixes", "code"),
    [
        pytest.param({}, Outcome.OK, [], None, id="on"),
        pytest.param(
            {"off": "OIDC_CLIENT_ID is missing: set it; OIDC_SERVER_APPLICATION_URL is missing: set it"},
            Outcome.FAILED,
            ["OIDC_CLIENT_ID is missing: set it.", "OIDC_SERVER_APPLICATION_URL is missing: set it."],
            Code.OIDC_OFF,
            id="half configured: one fix for each reason",
        ),
        pytest.param(
            {"enabled": False, "off": "OIDC_ENABLED is false"},
            Outcome.WARNING,
            ["Set OIDC_ENABLED=true"],
            Code.OIDC_OFF,
            id="not wanted",
        ),
        pytest.param(
            {"enabled": False, "off": "OIDC_ENABLED is false", "client_id": "", "application_url": ""},
            Outcome.WARNING,
            ["Set OIDC_ENABLED=true", "Set OIDC_CLIENT_ID", "Set OIDC_SERVER_APPLICATION_URL"],
            Code.OIDC_OFF,
            id="not wanted: what it would need is told beforehand",
        ),
        pytest.param(
            {"enabled": False, "off": "OIDC_ENABLED is false", "application_url": "", "metadata_url": "https://idp"},
            Outcome.WARNING,
            ["Set OIDC_ENABLED=true"],
            Code.OIDC_OFF,
            id="not wanted: the metadata's address is enough",
        ),
    ],
)
def test_single_sign_on(changes: dict, outcome: Outcome, fixes: list[str], code: Code | None) -> None:
    finding = configuration.single_sign_on(configured(**changes))
    assert (finding.outcome, finding.code) == (outcome, code)
    assert len(finding.fixes) == len(fixes)
    for told, expected in zip(finding.fixes, fixes, strict=True):
        assert told.startswith(expected)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        pytest.param({}, Outcome.OK, id="https and a trusted proxy"),
        pytest.param({"trusted_proxies": ()}, Outcome.WARNING, id="https comes of a proxy that nobody trusts"),
        pytest.param(
            {"trusted_proxies": (), "base_url": "http://127.0.0.1:8080"}, Outcome.OK, id="plain http needs none"
        ),
    ],
)
def test_the_proxy(changes: dict, outcome: Outcome) -> None:
    finding = configuration.proxy(configured(**changes))
    assert finding.outcome is outcome
    assert (outcome is Outcome.OK) or "ROMM_TRUSTED_PROXIES" in finding.fixes[0]


DOWN = Refuse(Code.STORAGE_UNAVAILABLE, {"problem": "the disk is full", "fix": "Free some space"})
FREE, NEWER = "Free some space.", "Install that version again"
UPGRADE, CREATE = "Make a backup, then run `romm db upgrade`.", "Run `romm db upgrade`."


@pytest.mark.parametrize(
    ("revision", "embedded", "fix"),
    [
        pytest.param("2", False, None, id="migrated"),
        pytest.param("1", False, UPGRADE, id="older"),
        pytest.param(None, False, CREATE, id="empty: nothing to back up"),
        pytest.param("1", True, None, id="older, and serve migrates it"),
        pytest.param(None, True, None, id="not made yet, and serve makes it"),
        pytest.param(DOWN, False, FREE, id="down"),
        pytest.param(DOWN, True, FREE, id="a file that cannot be used"),
        pytest.param("3", False, NEWER, id="newer, and nothing migrates it back"),
        pytest.param("3", True, NEWER, id="a file of a newer version, which serve refuses"),
        pytest.param("ae1027a6acf", True, NEWER, id="another program's"),
    ],
)
def test_the_database(revision: str | Refuse | None, embedded: bool, fix: str | None) -> None:
    finding = configuration.database(revision, "2", embedded=embedded)
    assert finding.outcome is (Outcome.FAILED if fix else Outcome.OK)
    assert finding.code is (Code.STORAGE_UNAVAILABLE if fix else None)
    assert fix is None or fix in finding.fixes[0]

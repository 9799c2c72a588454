"""`romm settings --json` and `romm config check`."""

import json

import pytest

from tests.cli.test_main import CANARY, MISTAKES, romm
from tests.world import environment

HALF = {"OIDC_ENABLED": "true"}


@pytest.mark.parametrize(
    ("environ", "code"),
    [(environment("https://idp.test"), 0), ({}, 0), (HALF, 1), (MISTAKES, 2)],
    ids=["works", "without single sign-on", "enabled, and off for a mistake", "does not start"],
)
def test_the_exit_code_tells_what_the_settings_are_good_for(environ: dict[str, str], code: int) -> None:
    assert romm("config", "check", **environ).exit_code == code
    assert romm("config", "check", "--json", **environ).exit_code == code


def test_every_mistake_is_in_the_json() -> None:
    printed = json.loads(romm("config", "check", "--json", **MISTAKES).stdout)
    assert [problem.split()[0] for problem in printed["problems"]] == list(MISTAKES)


def test_why_a_provider_is_off_is_in_the_json() -> None:
    [provider] = json.loads(romm("config", "check", "--json", **HALF).stdout)["providers"]
    assert provider["enabled"] is True
    assert "OIDC_CLIENT_ID is missing" in provider["off"]


def test_settings_are_json_without_a_secret() -> None:
    result = romm("settings", "--json", OIDC_CLIENT_SECRET=CANARY, ROMM_BASE_URL="http://romm.example")
    printed = json.loads(result.stdout)
    rows = {row["variable"]: row for row in printed["settings"]}
    assert rows["ROMM_BASE_URL"]["origin"] == "ROMM_BASE_URL"
    assert rows["OIDC_CLIENT_SECRET"]["value"] == "(hidden)"
    assert "unencrypted" in printed["warnings"][0]
    assert CANARY not in result.output

"""`romm doctor`: what it prints, and what it answers the shell."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click import unstyle
from click.testing import CliRunner, Result
from trustme import CA

from romm.cli.doctor import lines, together
from romm.cli.main import main
from romm.domain.diagnosis.findings import PLAN, Check, Outcome, blocked, failed, ok, warning
from tests.cli.test_main import romm
from tests.fake_provider import CLIENT_SECRET, HTML, FakeProvider, served
from tests.world import environment

HOME = "http://localhost:8080"  # on the machine of the provider, so that a browser reaches both
MOST_SECONDS = 3.0
WORDS = tuple(Outcome)


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    """An honest provider on a port."""
    provider = FakeProvider()
    with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        provider.redirect_uri = f"{HOME}/api/oauth/openid"
        yield provider


@pytest.fixture
def environ(fake: FakeProvider, migrated: Path, tmp_path: Path) -> dict[str, str]:
    """A compose file's environment, complete and behind a trusted proxy."""
    shutil.copy(migrated, tmp_path / "romm.db")
    return environment(
        fake.issuer, ROMM_BASE_URL=HOME, ROMM_BASE_PATH=str(tmp_path), ROMM_TRUSTED_PROXIES="172.18.0.0/16"
    )


def doctor(environ: dict[str, str], *arguments: str, **more: str) -> Result:
    """Run the command in an environment without other settings than these."""
    foreign = {name: None for name in os.environ if name.partition("_")[0] in ("ROMM", "OIDC", "DB", "LOG", "DISABLE")}
    return CliRunner().invoke(main, ["doctor", *arguments], env={**foreign, "COLUMNS": "100", **environ, **more})


def outcomes(result: Result) -> list[str]:
    """The words at the beginning of the lines."""
    return [
        word
        for line in result.stdout.splitlines()
        for word in line.split()[1:2]
        if not line[0].isspace() and word in WORDS
    ]


def test_a_healthy_provider_is_all_ok_in_a_moment(environ: dict[str, str]) -> None:
    started = time.monotonic()
    result = doctor(environ)
    assert time.monotonic() - started < MOST_SECONDS
    assert result.exit_code == 0, result.output
    assert outcomes(result) == ["ok"] * len(Check)
    for check in Check:
        assert f"ok       {PLAN[check].title}" in result.stdout
    assert result.stdout.splitlines()[-1].startswith(f"All {len(Check)} checks are ok.")
    assert result.stderr == ""


def test_a_failure_is_told_with_code_and_fix_and_answers_the_shell_with_1(environ: dict[str, str]) -> None:
    result = doctor(environ, OIDC_CLIENT_SECRET="wrong")
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    begin = next(number for number, line in enumerate(told) if "failed   Client and secret" in line)
    assert told[begin].startswith("✗ failed   Client and secret  the provider answered invalid_client")
    details = [line.split()[0] for line in told[begin + 1 :] if line[11:12].strip()]
    assert details[:4] == ["expected", "fix", "fix", "code"]
    assert "OIDC_CLIENT_SECRET" in result.stdout
    assert told[-1].startswith(f"1 check of {len(Check)} failed: Client and secret.")


def test_no_secret_is_printed(environ: dict[str, str]) -> None:
    for arguments in ([], ["--json"]):
        for secret in (CLIENT_SECRET, "canary of a wrong secret"):
            assert secret not in doctor(environ, *arguments, OIDC_CLIENT_SECRET=secret).output


def test_json_is_a_list_of_findings_and_nothing_else(environ: dict[str, str]) -> None:
    result = doctor(environ, "--json", OIDC_REDIRECT_URI=f"{HOME}/x/api/oauth/openid")
    findings = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [finding["check"] for finding in findings] == list(Check)
    [failure] = [finding for finding in findings if finding["outcome"] == "failed"]
    assert (failure["check"], failure["code"]) == ("redirect_uri", None)
    assert set(failure) == {"check", "title", "outcome", "expected", "found", "fixes", "code", "provider"}


def test_what_cannot_be_checked_is_told_once_with_the_reason(fake: FakeProvider, environ: dict[str, str]) -> None:
    fake.instead["discovery"] = HTML
    result = doctor(environ)
    assert result.exit_code == 1
    assert result.stdout.count("fix “Discovery” first") == 1
    assert "12 cannot be checked until that is fixed." in result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        pytest.param({"ROMM_PORT": "eighty"}, "ROMM_PORT is 'eighty'; write a whole number", id="not understood"),
        pytest.param({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID is missing", id="half configured"),
        pytest.param(
            {"OIDC_TLS_CACERTFILE": "/nowhere.pem"}, "OIDC_TLS_CACERTFILE names /nowhere.pem", id="no such file"
        ),
        pytest.param(
            {"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "magic"}, "OIDC_TOKEN_ENDPOINT_AUTH_METHOD is", id="no such method"
        ),
        pytest.param(
            {"OIDC_SERVER_APPLICATION_URL": "auth"}, "OIDC_SERVER_APPLICATION_URL is not an http", id="no such address"
        ),
        pytest.param({"OIDC_SERVER_APPLICATION_URL": "http://127.0.0.1:1"}, "No answer from", id="nobody is there"),
    ],
)
def test_settings_that_cannot_work_are_explained(environ: dict[str, str], more: dict[str, str], fix: str) -> None:
    result = doctor(environ, **more)
    assert result.exit_code == 1
    assert fix in " ".join(result.stdout.split())


def test_an_address_that_is_none_is_not_looked_up(environ: dict[str, str]) -> None:
    assert "fix “Single sign-on” first" in doctor(environ, OIDC_SERVER_APPLICATION_URL="auth").stdout


def test_stray_quotes_are_a_warning_which_is_no_failure(environ: dict[str, str]) -> None:
    result = doctor(environ, OIDC_CLIENT_ID='"romm"')
    assert result.exit_code == 0
    assert "OIDC_CLIENT_ID is in quotes" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("Nothing failed, but 1 warning: Settings.")


def test_before_the_first_start_nothing_is_made(environ: dict[str, str], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    result = doctor(environ, ROMM_BASE_PATH=str(empty))
    assert result.exit_code == 0
    assert "creates or migrates it at start" in " ".join(result.stdout.split())
    assert not empty.exists()


def test_a_private_authority(environ: dict[str, str], tmp_path: Path) -> None:
    ca, ca_file = CA(organization_unit_name="An authority"), tmp_path / "ca.pem"
    provider = FakeProvider(redirect_uri=f"{HOME}/api/oauth/openid")
    ca.cert_pem.write_to_path(ca_file)
    with served(provider, ca.issue_cert("127.0.0.1")) as port:
        provider.issuer = f"https://127.0.0.1:{port}"
        unknown = doctor(environ, OIDC_SERVER_APPLICATION_URL=provider.issuer)
        known = doctor(environ, OIDC_SERVER_APPLICATION_URL=provider.issuer, OIDC_TLS_CACERTFILE=str(ca_file))
    assert unknown.exit_code == 1
    assert "The certificate of OU=An authority" in " ".join(unknown.stdout.split())
    assert (known.exit_code, set(outcomes(known))) == (0, {"ok"})


def test_a_clock_that_is_wrong(fake: FakeProvider, environ: dict[str, str]) -> None:
    fake.clock = (datetime.now(UTC) + timedelta(hours=1)).timestamp
    result = doctor(environ)
    assert result.exit_code == 1
    assert "ahead" in next(line for line in result.stdout.splitlines() if "failed   Clock" in line)


def test_a_fix_is_wrapped_below_its_check_and_addresses_stay_whole() -> None:
    address = "https://auth.example.com/" + "a" * 90
    told = [unstyle(line) for line in lines(warning(Check.PROXY, "odd " * 30, f"Look at {address} now"), width=60)]
    assert max(len(line) for line in told if address not in line) <= 70
    assert any(address in line for line in told)
    assert all(line.startswith(" " * 11) for line in told[1:])


def test_the_outcome_is_a_word_and_a_sign_not_only_a_colour() -> None:
    told = [
        unstyle(next(lines(finding)))
        for finding in (ok(Check.DNS, "x"), failed(Check.DNS, "x"), warning(Check.DNS, "x"))
    ]
    assert [line[:9].strip() for line in told] == ["✓ ok", "✗ failed", "! warning"]


def test_one_skipped_check_stands_on_its_line() -> None:
    [line] = [unstyle(line) for line in together([blocked(Check.CLOCK, Check.DNS)])]
    assert line == "- skipped  Clock              fix “Name (DNS)” first"


@pytest.fixture
def broken() -> Iterator[FakeProvider]:
    """A second provider, which knows no client."""
    provider = FakeProvider(client_secret="another", redirect_uri="https://romm.test/api/oauth/openid/friends")
    with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider


def beside(environ: dict[str, str], further: FakeProvider) -> dict[str, str]:
    named = {"NAME": "The friends", "CLIENT_ID": "romm", "CLIENT_SECRET": CLIENT_SECRET}
    block = named | {"SERVER_APPLICATION_URL": further.issuer}
    return environ | {f"ROMM_PROVIDERS__FRIENDS__{key}": value for key, value in block.items()}


def test_several_providers_are_examined_side_by_side_red_beside_green(
    environ: dict[str, str], broken: FakeProvider
) -> None:
    result = doctor(beside(environ, broken))
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    headings = [told.index(each) for each in ("Authelia (oidc)", "The friends (friends)", "RomM")]
    assert headings == sorted(headings)
    assert not any("failed" in line for line in told[: headings[1]])
    assert any(line.startswith("✗ failed   Client and secret") for line in told[headings[1] : headings[2]])
    assert told[-1].startswith("1 check of 40 failed: Client and secret (The friends).")
    assert "copy the id into ROMM_PROVIDERS__FRIENDS__CLIENT_ID." in " ".join(" ".join(told).split())


@pytest.mark.parametrize(("named", "exit_code"), [("oidc", 0), ("friends", 1)])
def test_one_of_several_is_examined_alone(
    environ: dict[str, str], broken: FakeProvider, named: str, exit_code: int
) -> None:
    result = doctor(beside(environ, broken), named)
    assert result.exit_code == exit_code, result.output
    assert len(outcomes(result)) == len(Check)
    assert "(friends)" not in result.stdout
    requests = len(broken.requests)
    assert (requests == 0) == (named == "oidc"), "the other one is left alone"


def test_an_unknown_provider_is_named_with_the_fix(environ: dict[str, str]) -> None:
    result = doctor(environ, "nobody")
    assert result.exit_code == 1
    assert "[providers.nobody] is not in the settings" in result.stderr


def test_a_provider_that_is_the_only_one_that_is_on_is_examined_with_its_own_names(
    environ: dict[str, str], broken: FakeProvider
) -> None:
    result = doctor(beside(environ, broken), OIDC_ENABLED="false")
    assert len(outcomes(result)) == len(Check)
    assert "ROMM_PROVIDERS__FRIENDS__CLIENT_ID" in result.stdout


def test_a_report_is_written_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    result = romm("doctor", "--report", str(file), ROMM_BASE_PATH=str(tmp_path), OIDC_CLIENT_SECRET="a-canary")
    assert result.exit_code == 0
    assert "Read it before you share it" in result.stdout
    written = file.read_text()
    assert "- OIDC_CLIENT_SECRET = set (environment)" in written
    assert "- ROMM_PORT = 8080 (default)" in written
    assert "The database cannot be read." in written
    assert "canary" not in written


@pytest.mark.parametrize("more", [["google"], ["--json"]])
def test_a_report_of_one_provider_or_as_json_is_refused_instead_of_ignored(tmp_path: Path, more: list[str]) -> None:
    file = tmp_path / "report.md"
    result = romm("doctor", "--report", str(file), *more, ROMM_BASE_PATH=str(tmp_path))
    assert result.exit_code == 2
    assert "--report has all providers" in result.output
    assert not file.exists()

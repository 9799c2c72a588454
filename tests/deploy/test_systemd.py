"""systemd understands the unit and takes it for safe, and RomM serves with the system calls that it allows."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from romm.cli.server.serve import KILL_SECONDS
from tests.deploy.containerfile import DEPLOY, stages
from tests.deploy.documents import loaded, variables
from tests.fake_provider import free_port
from tests.processes.conftest import wait_for

UNIT = DEPLOY / "romm.service"
FILTER = Path(__file__).with_name("seccomp.py")
MOST_EXPOSED = 15  # tenths of what `systemd-analyze security` prints

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *arguments]
    env = os.environ | {"SYSTEMD_COLORS": "0"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def service() -> dict[str, str]:
    found: dict[str, str] = {}
    section = UNIT.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0]
    for key, value in re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE):
        found[key] = f"{found[key]}\n{value}" if key in found else value
    return found


@needs_systemd
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name  # the command is not installed here
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/romm/bin/romm", "/bin/true"), encoding="utf-8")
    verified = analyze("verify", str(unit))
    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
def test_systemd_takes_it_for_safe(capsys: pytest.CaptureFixture[str]) -> None:
    rated = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(UNIT))
    with capsys.disabled():
        print(f"\n{rated.stdout.strip().splitlines()[-1]}")  # noqa: T201  (the score is asked for)
    assert rated.returncode == 0, rated.stdout


def test_its_settings_are_complete_and_the_data_is_in_its_own_folder(tmp_path: Path) -> None:
    environ = variables(DEPLOY / "romm.env")
    secret = tmp_path / "secret"
    secret.write_text("the secret\n", encoding="utf-8")
    settings = loaded(environ | {"OIDC_CLIENT_SECRET_FILE": str(secret)}).settings
    assert service()["EnvironmentFile"] == "/etc/romm/romm.env"
    assert settings.server.base_path == f"/var/lib/{service()['StateDirectory']}"
    assert settings.server.host == "127.0.0.1"


def test_unit_and_image_ask_glibc_for_huge_pages_with_which_a_password_is_checked_in_half_the_time() -> None:
    asked = "glibc.malloc.hugetlb=1"
    assert service()["Environment"] == f"GLIBC_TUNABLES={asked}"
    image = stages((DEPLOY / "Containerfile").read_text(encoding="utf-8"))[-1]
    assert image.env["GLIBC_TUNABLES"] == asked


def test_it_waits_longer_than_romm_needs_to_end() -> None:
    assert int(service()["TimeoutStopSec"]) > KILL_SECONDS


@needs_systemd
def test_romm_serves_with_the_system_calls_that_the_unit_allows(tmp_path: Path) -> None:
    port = free_port()
    serving = subprocess.Popen(
        [sys.executable, str(FILTER), *sorted(allowed()), "--", sys.executable, "-m", "romm", "serve"],
        env=os.environ | {"ROMM_PORT": str(port), "ROMM_BASE_PATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with serving:
        try:
            wait_for(f"http://127.0.0.1:{port}/api/health/ready", serving)
            serving.terminate()
            assert serving.wait(timeout=30) == 0
        finally:
            serving.kill()


@needs_systemd
def test_without_one_that_it_needs_romm_does_not_serve(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(FILTER),
        *sorted(allowed() - {"socket"}),
        "--",
        sys.executable,
        "-m",
        "romm",
        "serve",
    ]
    env = os.environ | {"ROMM_PORT": str(free_port()), "ROMM_BASE_PATH": str(tmp_path)}
    assert subprocess.run(command, env=env, capture_output=True, timeout=60, check=False).returncode != 0


def allowed() -> set[str]:
    """The sets of SystemCallFilter as this systemd knows them; a tilde takes a set away."""
    found: set[str] = set()
    for words in service()["SystemCallFilter"].splitlines():
        names = {each for word in words.lstrip("~").split() for each in members(word)}
        found = found - names if words.startswith("~") else found | names
    return found


def members(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    lines = [line.strip() for line in analyze("syscall-filter", word).stdout.splitlines()[1:]]
    return {each for line in lines if line and not line.startswith("#") for each in members(line)}

"""`romm doctor` in front of the certified provider, in the shapes that RomM meets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from romm.domain.diagnosis.findings import Check
from tests.e2e.test_sign_in import ADMINS, environment


def diagnosis(environ: dict[str, str], folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the findings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
    command = [sys.executable, "-m", "romm", "doctor", "--json"]
    own = {"ROMM_BASE_PATH": str(folder)}
    ended = subprocess.run(command, env=inherited | own | environ, capture_output=True, check=False, timeout=30)
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("shape", "more"),
    [
        pytest.param("authelia", ADMINS, id="authelia"),
        pytest.param("application/o/romm-ok", {"OIDC_PROVIDER": "authentik"}, id="authentik: issuer with a slash"),
        pytest.param("es256", {}, id="ES256"),
        pytest.param("pkce", {}, id="PKCE required"),
        pytest.param("par", {}, id="pushed authorization requests required"),
    ],
)
def test_a_healthy_provider_is_all_ok(
    provider: str, romm_port: int, tmp_path: Path, shape: str, more: dict[str, str]
) -> None:
    code, findings = diagnosis(environment(provider, romm_port, shape, **more), tmp_path)
    assert [finding for finding in findings if finding["outcome"] != "ok"] == []
    assert (code, len(findings)) == (0, len(Check))


@pytest.mark.parametrize(
    ("shape", "more", "check", "fix"),
    [
        pytest.param("authelia", {"OIDC_CLIENT_SECRET": "wrong"}, "client", "OIDC_CLIENT_SECRET", id="wrong secret"),
        pytest.param("authelia", {"OIDC_CLIENT_ID": "other"}, "client", "OIDC_CLIENT_ID", id="wrong client id"),
        pytest.param(
            "authelia",
            {"OIDC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"},
            "client",
            "OIDC_TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic",
            id="wrong method",
        ),
        pytest.param(
            "pkce",
            {"OIDC_REDIRECT_URI": "http://127.0.0.1:1/api/oauth/openid"},
            "redirect_uri",
            "OIDC_REDIRECT_URI",
            id="redirect URI not registered",
        ),
        pytest.param(
            "par",
            {"OIDC_REDIRECT_URI": "http://127.0.0.1:1/api/oauth/openid"},
            "redirect_uri",
            "OIDC_REDIRECT_URI",
            id="redirect URI not registered, pushed",
        ),
        pytest.param("authelia-without-groups", ADMINS, "scopes", "OIDC_SCOPES", id="scope not allowed"),
        pytest.param("nothing-here", {}, "discovery", "OIDC_SERVER_APPLICATION_URL", id="no such issuer"),
    ],
)
def test_what_is_wrong_is_named_with_its_fix(
    provider: str, romm_port: int, tmp_path: Path, shape: str, more: dict[str, str], check: str, fix: str
) -> None:
    code, findings = diagnosis(environment(provider, romm_port, shape, **more), tmp_path)
    failures = {finding["check"]: finding for finding in findings if finding["outcome"] == "failed"}
    assert code == 1
    assert check in failures
    assert fix in " ".join(failures[check]["fixes"])

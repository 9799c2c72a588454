"""Signing out behind nginx with its stock sizes, as a person in hundreds of groups."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PROGRAMS, StartRomM, free_port, stop
from tests.e2e.test_sign_in import environment, me, sign_in

NGINX = """
daemon off; master_process off; pid nginx.pid; error_log error.log; events {{}}
http {{
  access_log off; {temporary}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host; }}
  }}
}}
"""


@pytest.fixture
def port_behind_nginx(romm_port: int, tmp_path: Path) -> Iterator[str]:
    """nginx listens where the provider sends people; RomM at this port behind it."""
    program = shutil.which("nginx", path=PROGRAMS)
    if program is None:
        pytest.skip("no nginx on this machine: apt-get install nginx")
    folder, behind = tmp_path / "proxy", free_port()
    folder.mkdir()
    temporary = "".join(f"{kind}_temp_path temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(NGINX.format(temporary=temporary, port=romm_port, behind=behind))
    with ExitStack() as running, (folder / "output").open("wb") as output:
        command = [program, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
        running.callback(stop, process)
        yield str(behind)


def test_a_person_in_300_groups_is_signed_out_here_and_at_the_provider(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int, port_behind_nginx: str
) -> None:
    home = f"http://127.0.0.1:{romm_port}"
    more = {
        "ROMM_PORT": port_behind_nginx,
        "ROMM_BASE_URL": home,
        "ROMM_TRUSTED_PROXIES": "127.0.0.1",
        "OIDC_RP_INITIATED_LOGOUT": "true",
        "OIDC_POST_LOGOUT_REDIRECT_URI": f"{home}/login",
        "OIDC_SCOPES": "openid profile email groups",
    }
    origin = start_romm(environment(provider, romm_port, "groups-in-id-token", **more))
    sign_in(page, origin, "erin")
    expect(page).to_have_url(f"{origin}/")
    assert me(page, origin)["username"] == "erin"
    with page.expect_request(lambda request: "/session/end" in request.url) as ending:
        page.get_by_role("button", name="Sign out").click()
    assert "id_token_hint" not in ending.value.url  # which would be some 15 kB
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out, here and at Authelia.")
    assert page.request.get(f"{origin}/api/users/me").status == 401

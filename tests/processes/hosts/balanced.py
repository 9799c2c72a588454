"""Hosts with one PostgreSQL behind a real nginx, which sends each request to the next one."""

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey
from trustme import CA

from romm.adapters.provider.client_keys import client_keys, public_keys
from tests.adapters.conftest import on_postgres
from tests.fake_provider import FakeProvider, free_port
from tests.processes.conftest import environment, started, stopped, wait_for
from tests.world import HTML

DOCS = Path(__file__).parents[3] / "docs"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OWN_SITE = {"sec-fetch-site": "same-origin"}
AUTHORITY = CA()
TRUST = ssl.create_default_context()
AUTHORITY.configure_trust(TRUST)
behind_nginx = [on_postgres, pytest.mark.skipif(not NGINX, reason="no nginx on this machine")]
FAIL_SECONDS = 2
"""For which nginx leaves out a host, as on the page."""


class Host:
    """A RomM that is stopped and started again at its port."""

    def __init__(self, idp: FakeProvider, folder: Path, settings: dict[str, str]) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.address = f"https://localhost:{self.tls_port}"  # by nginx, to this host alone
        self.itself = f"http://127.0.0.1:{self.port}"
        self._idp, self._folder, self._settings = idp, folder, settings
        folder.mkdir()

    def start(self) -> None:
        self._server = started(self._idp, self._folder, self.port, open_files=None, **self._settings)

    def wait(self) -> None:
        wait_for(f"{self.itself}/api/health/ready", self._server)

    def stop(self) -> None:
        stopped(self._server)

    @property
    def environment(self) -> dict[str, str]:
        """Of a command beside it."""
        return environment(self._idp, self._folder) | self._settings

    @property
    def lines(self) -> str:
        return "".join(each.read_text() for each in self._folder.glob("romm-*.log"))


class Hosts(list[Host]):
    """Behind `address`."""

    def __init__(self, address: str, idp: FakeProvider, database_url: str, hosts: Sequence[Host]) -> None:
        super().__init__(hosts)
        self.address, self.idp, self.database_url = address, idp, database_url

    def browser(self, address: str = "", cookies: httpx.Cookies | None = None, at: str = "127.0.0.1") -> httpx.Client:
        """At an address of its own, if named; sends each request over a new connection."""
        transport = httpx.HTTPTransport(TRUST, local_address=at, limits=httpx.Limits(max_keepalive_connections=0))
        headers = HTML | OWN_SITE
        return httpx.Client(
            base_url=address or self.address, transport=transport, headers=headers, cookies=cookies, timeout=30
        )

    def approve(self, location: str) -> str:
        """The callback's path."""
        return f"/api/oauth/openid?{asyncio.run(self.idp.approve(location))}"


@contextmanager
def hosts(idp: FakeProvider, folder: Path, database_url: str, **more: str) -> Iterator[Hosts]:
    port = free_port()
    address = f"https://localhost:{port}"
    idp.redirect_uri = f"{address}/api/oauth/openid"
    settings = {
        "ROMM_BASE_URL": address,
        "ROMM_DATABASE_URL": database_url.replace("+asyncpg", ""),
        "ROMM_TRUSTED_PROXIES": "127.0.0.1",
        "ROMM_DOCTOR_EVERY_SECONDS": "0",
        "ROMM_FORWARD_HOSTS": f"127.0.0.1:{port}",
        "OIDC_CLIENT_SECRET": "",
        "OIDC_CLIENT_KEY_FILE": str(client_key(idp, folder)),
    }
    both = [Host(idp, folder / name, settings | more) for name in ("here", "there")]
    with ExitStack() as cleanup:
        for each in both:
            each.start()
            cleanup.callback(each.stop)
        for each in both:
            each.wait()
        cleanup.enter_context(nginx(folder, port, both))
        yield Hosts(address, idp, database_url, both)


def client_key(idp: FakeProvider, folder: Path) -> Path:
    """With which both sign for the provider, as their page says: a file with the same content."""
    key = ECKey.generate_key("P-256")
    file = folder / "client.pem"
    file.write_bytes(key.as_pem(private=True))
    idp.auth_methods, idp.client_jwks = ("private_key_jwt",), public_keys(client_keys(str(file)))
    return file


@contextmanager
def nginx(folder: Path, port: int, both: Sequence[Host]) -> Iterator[None]:
    """With the page's block; its answers name the host. Each host has an address of its own there, too."""
    [block] = re.findall(r"^```nginx\n(.*?)^```", (DOCS / "several-hosts.md").read_text(), re.DOTALL | re.MULTILINE)
    block = block.replace("/etc/ssl/", "").replace("listen 443 ssl;", "listen 127.0.0.1:443 ssl;")
    for written, host in zip(("10.0.0.11:8080", "10.0.0.12:8080"), both, strict=True):
        block = block.replace(written, f"127.0.0.1:{host.port}")
    server = block[block.index("server {\n    listen") :]
    alone = [server.replace(":443", f":{each.tls_port}").replace("http://romm", each.itself) for each in both]
    block = block.replace(":443 ssl;", f":{port} ssl; add_header X-Host $upstream_addr always;")
    temporary = "".join(f"{kind}_temp_path temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        "daemon off; master_process off; pid nginx.pid; error_log error.log; events {}\n"
        f"http {{ access_log off; {temporary}\n{block}{''.join(alone)}}}\n"
    )
    issued = AUTHORITY.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "romm.key")
    issued.cert_chain_pems[0].write_to_path(folder / "romm.pem")
    assert NGINX is not None
    running = subprocess.Popen([NGINX, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"])
    try:
        wait_for(f"https://localhost:{port}/api/health/live", running, TRUST)
        yield
    finally:
        stopped(running)


def host_of(answer: httpx.Response) -> str:
    """The one that answered, after those that did not."""
    return answer.headers["x-host"].split(", ")[-1]

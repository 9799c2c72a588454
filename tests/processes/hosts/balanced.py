"""Hosts with one PostgreSQL behind a real nginx, which sends each request to the next one."""

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.adapters.conftest import on_postgres
from tests.fake_provider import FakeProvider, free_port
from tests.processes.conftest import started, stopped, wait_for
from tests.world import HTML

DOCS = Path(__file__).parents[3] / "docs"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OWN_SITE = {"sec-fetch-site": "same-origin"}
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # of no use here, but httpx would read all authorities for each browser
behind_nginx = [on_postgres, pytest.mark.skipif(not NGINX, reason="no nginx on this machine")]
FAIL_SECONDS = 2
"""For which nginx leaves out a host, as on the page."""


class Host:
    """A RomM that is stopped and started again at its port."""

    def __init__(self, idp: FakeProvider, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._idp, self._folder, self._settings = idp, folder, settings
        folder.mkdir()

    def start(self) -> None:
        self._server = started(self._idp, self._folder, self.port, **self._settings)

    def wait(self) -> None:
        wait_for(f"{self.address}/api/health/ready", self._server)

    def stop(self) -> None:
        stopped(self._server)

    @property
    def lines(self) -> str:
        return "".join(each.read_text() for each in self._folder.glob("romm-*.log"))


class Hosts(list[Host]):
    """Behind `address`."""

    def __init__(self, address: str, idp: FakeProvider, hosts: Sequence[Host]) -> None:
        super().__init__(hosts)
        self.address, self.idp = address, idp

    def browser(self, address: str = "", cookies: httpx.Cookies | None = None, at: str = "127.0.0.1") -> httpx.Client:
        """At an address of its own, if named; sends each request over a new connection."""
        transport = httpx.HTTPTransport(_TLS, local_address=at, limits=httpx.Limits(max_keepalive_connections=0))
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
    address = f"http://127.0.0.1:{port}"
    idp.redirect_uri = f"{address}/api/oauth/openid"
    settings = {
        "ROMM_BASE_URL": address,
        "ROMM_DATABASE_URL": database_url.replace("+asyncpg", ""),
        "ROMM_TRUSTED_PROXIES": "127.0.0.1",
        "ROMM_DOCTOR_EVERY_SECONDS": "0",
    }
    both = [Host(idp, folder / name, settings | more) for name in ("here", "there")]
    with ExitStack() as cleanup:
        for each in both:
            each.start()
            cleanup.callback(each.stop)
        for each in both:
            each.wait()
        cleanup.enter_context(nginx(folder, port, [each.port for each in both]))
        yield Hosts(address, idp, both)


@contextmanager
def nginx(folder: Path, port: int, ports: Sequence[int]) -> Iterator[None]:
    """With the page's block, without TLS; its answers name the host."""
    [block] = re.findall(r"^```nginx\n(.*?)^```", (DOCS / "several-hosts.md").read_text(), re.DOTALL | re.MULTILINE)
    for written, here in zip(("10.0.0.11:8080", "10.0.0.12:8080"), ports, strict=True):
        block = block.replace(written, f"127.0.0.1:{here}")
    block = re.sub(r"^ +ssl_certificate.*\n", "", block, flags=re.MULTILINE)
    block = block.replace("listen 443 ssl;", f"listen 127.0.0.1:{port}; add_header X-Host $upstream_addr always;")
    temporary = "".join(f"{kind}_temp_path temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        "daemon off; master_process off; pid nginx.pid; error_log error.log; events {}\n"
        f"http {{ access_log off; {temporary}\n{block}}}\n"
    )
    assert NGINX is not None
    server = subprocess.Popen([NGINX, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"])
    try:
        wait_for(f"http://127.0.0.1:{port}/api/health/live", server)
        yield
    finally:
        stopped(server)


def host_of(answer: httpx.Response) -> str:
    """The one that answered, after those that did not."""
    return answer.headers["x-host"].split(", ")[-1]

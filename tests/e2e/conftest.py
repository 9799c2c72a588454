"""A certified provider, RomM as a process of its own, and a real browser between them."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

HERE = Path(__file__).parent
SECRET = "insecure_secret_of_at_least_32_bytes!"
ADMIN = {"username": "keeper", "password": "a lantern in the attic", "email": ""}
PROGRAMS = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"  # Debian's folders of servers
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")  # Debian's, or another one
HOME_HOST = "romm.host.local"  # a name in somebody's home network, which the browser takes for this machine
ROMM_HOST, APP_HOST = "romm.example.com", "app.example.com"  # of the guides to proxies
BROWSER_OPTIONS = [
    f"--host-resolver-rules=MAP {HOME_HOST} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 60  # at most; a busy machine needs a while

StartRomM = Callable[..., str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=10)


def wait_for(url: str) -> None:
    for _ in range(START_SECONDS * 10):
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


@pytest.fixture(scope="session")
def romm_port() -> int:
    """One port for all tests: it is registered at the provider."""
    return free_port()


@pytest.fixture(scope="session")
def provider(romm_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The certified provider; gives its origin. `nox -s e2e` installs its package and names the folder."""
    with certified_provider(romm_port, tmp_path_factory.mktemp("provider")) as origin:
        yield origin


@contextmanager
def certified_provider(romm_port: int, folder: Path, provider_id: str = "") -> Iterator[str]:
    """On a port of its own. `provider_id` is that of one of the further providers."""
    modules = Path(os.environ["ROMM_E2E_NODE_MODULES"])
    script = shutil.copy(HERE / "provider.mjs", modules.parent / "provider.mjs")  # so that node finds the package
    port = free_port()
    log = folder / "log.txt"
    own = {"PROVIDER_ID": provider_id}
    with ExitStack() as running, log.open("wb") as output:
        command = ["node", script, str(port), f"http://127.0.0.1:{romm_port}", f"http://{HOME_HOST}:{romm_port}"]
        process = subprocess.Popen(command, env=os.environ | own, stdout=output, stderr=output)
        running.callback(stop, process)
        wait_for(f"http://127.0.0.1:{port}/pkce/.well-known/openid-configuration")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def start_romm(romm_port: int, tmp_path: Path) -> Iterator[StartRomM]:
    """Starts RomM with an environment and gives its origin; `restart=True` keeps the database and the admin. `stopped` is what to
    do before it starts.
    """
    origin = f"http://127.0.0.1:{romm_port}"
    running: list[subprocess.Popen[bytes]] = []

    def start(
        environment: dict[str, str],
        *,
        admin: bool = True,
        restart: bool = False,
        stopped: Callable[[], object] = lambda: None,
    ) -> str:
        while running:
            stop(running.pop())
        stopped()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
        own = {"ROMM_PORT": str(romm_port), "ROMM_BASE_PATH": str(tmp_path / "data"), "LOG_FORMAT": "json"}
        with (tmp_path / "romm.log").open("ab") as log:
            running.append(
                subprocess.Popen([sys.executable, "-m", "romm", "serve"], env=inherited | own | environment, stderr=log)
            )
        wait_for(f"{origin}/api/health/ready")
        if admin and not restart:
            create_first_admin(origin)
        return origin

    yield start
    for process in running:
        stop(process)


def create_first_admin(origin: str) -> None:
    body = json.dumps(ADMIN).encode()
    request = urllib.request.Request(f"{origin}/api/users", body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_OPTIONS) as browser,
    ):
        yield browser


@pytest.fixture(scope="module")
def chromium(browser: Browser) -> Iterator[Browser]:
    """Finds the hosts of the guides to proxies here, and takes their certificate."""
    here = f"--host-resolver-rules=MAP {ROMM_HOST} 127.0.0.1,MAP {APP_HOST} 127.0.0.1"
    options = [*(each for each in BROWSER_OPTIONS if "resolver" not in each), here, "--ignore-certificate-errors"]
    with browser.browser_type.launch(executable_path=CHROMIUM, args=options) as other:
        yield other


def sign_in_by_hand(page: Page) -> None:
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password").fill(ADMIN["password"])
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that knows nobody."""
    context = browser.new_context()
    context.set_default_timeout(8000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()

"""The real servers that can be started here: what each needs, how it starts, and with which of a shape's states."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from tests.fake_provider import free_port
from tests.providers.keycloak import keycloak
from tests.providers.running import wait_for
from tests.shapes.model import State

HERE = Path(__file__).parent
PATIENCE_SECONDS = 240  # at most; a busy machine needs a while
DISCOVERY = "/.well-known/openid-configuration"


class Real(Struct, frozen=True, kw_only=True):
    """`variable` has the folder or the file that it needs. `states` have a client of their own there.

    `start` takes both that and the address for logout tokens, and gives the server's address.
    """

    shape: str
    variable: str
    issuer_path: str = ""
    start: Callable[[Path, str], AbstractContextManager[str]]
    states: tuple[State, ...]
    sends_logout_tokens: bool = False

    @property
    def needed(self) -> Path:
        """The folder or the file."""
        return Path(os.environ[self.variable])

    @property
    def missing(self) -> str:
        """Why it cannot be started."""
        return "" if os.environ.get(self.variable) else f"{self.variable} is not set; `nox -s providers` sets it"


@contextmanager
def toolkit(python: Path, logout_address: str) -> Iterator[str]:
    """A Django site, by the Python that has Django."""
    with TemporaryDirectory() as folder:
        port = free_port()
        command = [str(python), str(HERE / "toolkit_site.py"), str(port), folder]
        with _running(command, f"http://127.0.0.1:{port}", f"/o{DISCOVERY}") as address:
            yield address


@contextmanager
def node(modules: Path, logout_address: str) -> Iterator[str]:
    """Node finds packages beside the program only."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "node_modules").symlink_to(modules.absolute())
        shutil.copy(HERE / "oidc_provider.mjs", folder)
        command = ["node", str(folder / "oidc_provider.mjs"), str(port), logout_address]
        with _running(command, f"http://127.0.0.1:{port}", DISCOVERY) as address:
            yield address


@contextmanager
def canaille(python: Path, logout_address: str) -> Iterator[str]:
    """By the Python that has Canaille."""
    port = free_port()
    command = [str(python), str(HERE / "canaille_site.py"), str(port)]
    with _running(command, f"http://127.0.0.1:{port}", DISCOVERY) as address:
        yield address


@contextmanager
def spring(classpath: Path, logout_address: str) -> Iterator[str]:
    """Java runs the source file as it is."""
    port = free_port()
    command = ["java", "-Xmx300m", "-cp", classpath.read_text(), str(HERE / "spring" / "Spring.java"), str(port)]
    with _running(command, f"http://127.0.0.1:{port}", DISCOVERY) as address:
        yield address


@contextmanager
def _running(command: list[str], address: str, path: str) -> Iterator[str]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"{address}{path}", process, PATIENCE_SECONDS)
            yield address
        finally:
            process.terminate()


_SPRING = Real(
    shape="spring-authorization-server-1.5",
    variable="ROMM_SPRING_1_CLASSPATH",
    start=spring,
    states=(
        State.HEALTHY, State.CLIENT_ID, State.SECRET, State.METHOD, State.REDIRECT_URI, State.SCOPE, State.POST_LOGOUT,
    ),
)  # fmt: skip

REAL = (
    Real(
        shape="keycloak-26",
        variable="ROMM_KEYCLOAK_HOME",
        issuer_path="/realms/home",
        start=keycloak,
        states=(
            State.HEALTHY, State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.PAR, State.POST_LOGOUT,
            State.DISABLED, State.GRANTS, State.REQUEST_OBJECT, State.DPOP,
        ),
        sends_logout_tokens=True,
    ),
    Real(
        shape="django-oauth-toolkit-3.4",
        variable="ROMM_DJANGO_PYTHON",
        issuer_path="/o",
        start=toolkit,
        states=(
            State.HEALTHY, State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.CONSENT, State.POST_LOGOUT,
        ),
    ),
    Real(
        shape="oidc-provider-9",
        variable="ROMM_E2E_NODE_MODULES",
        start=node,
        states=(State.HEALTHY, State.CLIENT_ID, State.SECRET, State.REDIRECT_URI, State.SCOPE, State.PAR, State.POST_LOGOUT),
        sends_logout_tokens=True,
    ),
    Real(
        shape="canaille-0.3",
        variable="ROMM_CANAILLE_PYTHON",
        start=canaille,
        states=(State.HEALTHY, State.CLIENT_ID, State.SECRET, State.REDIRECT_URI),
    ),
    _SPRING,
    replace(_SPRING, shape="spring-authorization-server-7", variable="ROMM_SPRING_7_CLASSPATH"),
)  # fmt: skip
"""`State.REALM` of Keycloak is compared last, in a test of its own, because it ends all others."""

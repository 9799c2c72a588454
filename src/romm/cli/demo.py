"""`romm demo`: `examples/library`, which mounts the sign-in, beside a real identity provider with three people.

Database and games are thrown away.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from romm.accounts.setup import Setup
from romm.adapters import log
from romm.adapters.database import migrations
from romm.cli.report import say
from romm.cli.server import serve
from romm.composition import adapters
from romm.settings.load import load, others
from romm.settings.model import Loaded, Settings

HOST = "127.0.0.1"
USUAL_PORT, USUAL_PROVIDER_PORT = 8080, 9400
_PACKAGED = Path(__file__).parents[1] / "_examples"
EXAMPLES = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[3] / "examples"
START_SECONDS = 60  # at most; a busy machine needs a while
ADMIN = "captain"
PEOPLE = {
    "ada": ("Ada Admin", ["romm-admins", "family"]),
    "eddie": ("Eddie Editor", ["romm-editors", "family"]),
    "vera": ("Vera Viewer", ["romm-viewers", "family"]),
}


def run(port: int | None, provider_port: int | None) -> None:
    """None for the usual port, or a free one if that is taken."""
    port = usable_port("--port", port, USUAL_PORT)
    provider_port = usable_port("--provider-port", provider_port, USUAL_PROVIDER_PORT)
    say(f"Starting RomM at http://127.0.0.1:{port}, which takes a few seconds …", err=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a script start without it
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="romm-demo-")))
        environ = environment(os.environ, port, provider_port, folder)
        password = secrets.token_urlsafe(9)
        running.enter_context(_provider(provider_port))
        asyncio.run(_first_admin(load(environ).settings, password))
        romm = subprocess.Popen([sys.executable, "-m", "romm.cli.demo"], env=environ)
        running.callback(_stop, romm)
        _wait(romm, f"http://127.0.0.1:{port}/api/health/ready")
        say(_invitation(port, password))
        try:
            romm.wait()
        except KeyboardInterrupt:
            say("Stopping.")


def usable_port(option: str, wanted: int | None, usual: int) -> int:
    """RomM and the provider do not know these options."""
    if wanted == 0 or (wanted is None and not _is_free(usual)):
        return _free_port()
    port = usual if wanted is None else wanted
    try:
        serve.check_free(HOST, port)
    except OSError as error:
        raise click.ClickException(
            f"Port {port} cannot be used ({error.strerror}): choose another with {option}."
        ) from None
    return port


def _is_free(port: int) -> bool:
    try:
        serve.check_free(HOST, port)
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def environment(shell: Mapping[str, str], port: int, provider_port: int, folder: Path) -> dict[str, str]:
    """Without another RomM's settings."""
    return others(shell) | {
        "ROMM_BASE_PATH": str(folder),
        "ROMM_BASE_URL": f"http://127.0.0.1:{port}",
        "ROMM_PORT": str(port),
        "LOG_FORMAT": "console",
        "LIBRARY_FOLDER": str(folder / "games"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(EXAMPLES), shell.get("PYTHONPATH")))),
        "OIDC_ENABLED": "true",
        "OIDC_PROVIDER": "Demo Provider",
        "OIDC_CLIENT_ID": "romm",
        "OIDC_CLIENT_SECRET": secrets.token_urlsafe(32),
        "OIDC_SERVER_APPLICATION_URL": f"http://localhost:{provider_port}",
        "OIDC_CLAIM_ROLES": "groups",
        "OIDC_ROLE_ADMIN": "romm-admins",
        "OIDC_ROLE_EDITOR": "romm-editors",
        "OIDC_ROLE_VIEWER": "romm-viewers",
    }


def _provider(port: int) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # it uses deprecated parts of Authlib
            import oidc_provider_mock
    except ImportError:
        raise click.ClickException(
            "The demo needs its provider: in RomM's source, pip install --require-hashes -r requirements/demo.txt"
        ) from None
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its line per request would hide the instructions
    users = [oidc_provider_mock.User(sub=name, claims=_claims(name, *about)) for name, about in PEOPLE.items()]
    return oidc_provider_mock.run_server_in_thread(port, user_claims=users)


def _claims(name: str, full_name: str, groups: list[str]) -> dict[str, object]:
    return {
        "email": f"{name}@example.org",
        "email_verified": True,
        "name": full_name,
        "preferred_username": name,
        "groups": groups,
    }


async def _first_admin(settings: Settings, password: str) -> None:
    """RomM refuses other sign-ins before."""
    await asyncio.to_thread(migrations.upgrade, settings.database.url)
    ports = adapters.ports(settings, log.configure("ERROR", "console"))
    setup = Setup(
        base_url=settings.server.base_url,
        wizard=True,
        passwords_enabled=True,
        accounts=ports.accounts,
        passwords=ports.passwords,
        log=ports.log,
        clock=ports.clock,
    )
    await setup.create_first_admin(ADMIN, "", password, asked_at=())
    await ports.close()


def _wait(romm: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(START_SECONDS * 10):
        if romm.poll() is not None:
            raise click.ClickException("RomM did not start; its last lines have the reason.")
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310  the URL is our own
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise click.ClickException(f"RomM did not answer within {START_SECONDS} seconds.")


def _stop(romm: subprocess.Popen[bytes]) -> None:
    romm.terminate()
    romm.wait()


def _invitation(port: int, password: str) -> str:
    people = "\n".join(f"    {name:<6} {full_name}, {groups[0]}" for name, (full_name, groups) in PEOPLE.items())
    return f"""
  A small library behind RomM's sign-in is at   http://127.0.0.1:{port}

  Click "Sign in with Demo Provider", then one of these people at the provider:
{people}

  Or sign in with the local account "{ADMIN}", password "{password}".
  Ctrl-C stops both; nothing is kept.
"""


def _library(_: Loaded) -> Any:
    from library.app import app

    return app()


if __name__ == "__main__":  # the server: a process of its own, with its own signals
    serve.run(load(os.environ), _library)

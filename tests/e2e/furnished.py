"""An instance with people in it, and the links that open its pages."""

import base64
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.e2e.conftest import ADMIN

PASSWORD = "four candles on a shelf"


def ask(origin: str, path: str, body: object | None = None, method: str | None = None) -> Any:
    """Ask the API as the first administrator; gives the answer's document."""
    basic = base64.b64encode(f"{ADMIN['username']}:{ADMIN['password']}".encode()).decode()
    headers = {"content-type": "application/json", "authorization": f"Basic {basic}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(
        urllib.request.Request(f"{origin}{path}", data, headers, method=method), timeout=10
    ) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def add(origin: str, username: str, **more: str) -> int:
    """An account with `PASSWORD`; gives its id."""
    return int(ask(origin, "/api/users", {"username": username, "password": PASSWORD} | more)["id"])


def invitation(origin: str) -> str:
    return str(ask(origin, "/api/users/invite-link", {"role": "viewer", "expiration": 3600})["url"])


def reset_link(origin: str, user_id: int) -> str:
    return str(ask(origin, f"/api/users/{user_id}/reset-link", {})["url"])


def recovery_link(origin: str, folder: Path) -> str:
    """What `romm recover` prints on the machine where RomM runs; `folder` is the one of `start_romm`."""
    port = origin.rpartition(":")[2]
    own = {"ROMM_PORT": port, "ROMM_BASE_PATH": str(folder / "data")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
    command = [sys.executable, "-m", "romm", "recover", ADMIN["username"]]
    printed = subprocess.run(command, env=inherited | own, check=True, capture_output=True, text=True).stdout
    return next(word for word in printed.split() if "/recover?token=" in word)

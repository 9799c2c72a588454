"""What `romm serve` does before it serves ends with it, whenever that is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "tell",
    [
        pytest.param(lambda server: os.killpg(server, signal.SIGINT), id="Ctrl-C, which reaches both processes"),
        pytest.param(lambda server: os.kill(server, signal.SIGTERM), id="docker stop, which reaches the first"),
    ],
)
def test_who_is_told_to_stop_leaves_nobody_behind_and_says_nothing(tell: Callable[[int], None], tmp_path: Path) -> None:
    slow = tmp_path / "a file that takes its time"
    os.mkfifo(slow)
    environ = {"ROMM_BASE_PATH": str(tmp_path), "OIDC_CLIENT_ID_FILE": str(slow)}
    command = [sys.executable, "-m", "romm", "serve"]
    with subprocess.Popen(command, env=os.environ | environ, stderr=subprocess.PIPE, start_new_session=True) as server:
        with slow.open("w"):  # waits until it is read
            tell(server.pid)
            _, said = server.communicate(timeout=10)
        with pytest.raises(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
    assert (server.returncode, said) == (0, b"")

"""The workers, as processes: they start and stop with their parent."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from romm.server import KILL_SECONDS


def test_a_worker_that_still_starts_stops_at_once(tmp_path: Path) -> None:
    """It would otherwise take the signal for its parent's, and be killed after all of KILL_SECONDS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environ = {"ROMM_PORT": port, "ROMM_BASE_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "romm", "serve"]
    with subprocess.Popen(command, env=os.environ | environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        while "server.starting" not in server.stderr.readline():
            pass
        time.sleep(0.3)  # it is there, and imports
        server.terminate()
        assert server.wait(timeout=KILL_SECONDS - 1) == 0
        assert server.stderr.read() == ""

"""What the figures depend on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def lines() -> tuple[str, ...]:
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, Linux {platform.release()}",
        f"Python {platform.python_version()}, Granian {version('granian')}, uvloop {version('uvloop')}",
        f"load of the machine before: {os.getloadavg()[0]:.1f}",
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()

"""Serves a yardstick as RomM is served: Granian with one worker. `serve.py NAME PORT`, next to NAME.py."""

import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

if __name__ == "__main__":
    Granian(
        f"{sys.argv[1]}:app",
        interface=Interfaces.ASGI,
        address="127.0.0.1",
        port=int(sys.argv[2]),
        workers=1,
        websockets=False,
        http=HTTPModes.http1,
        log_level=LogLevels.warning,
    ).serve()

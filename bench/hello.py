"""The yardstick: a minimal Litestar app on the same server and event loop as RomM."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from litestar import Litestar, get


@get("/")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


def serve() -> Litestar:
    """What the worker runs."""
    return Litestar([hello], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    Granian(
        "hello:serve",
        factory=True,
        interface=Interfaces.ASGI,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()

"""The empty library of a RomM that is a sign-in alone: apps test a sign-in by its platforms.

An application that mounts the sign-in leaves this router out.
"""

from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency

from romm.api.openapi.operations import UNAUTHORIZED, gives, needs, refuses
from romm.credentials.principal import Principal


@get(
    "/platforms",
    **needs("platforms.read"),
    summary="The platforms of the library",
    responses=gives(200, list[dict[str, Any]], "None: no library lives here.", []) | refuses(*UNAUTHORIZED),
)
async def platforms(principal: NamedDependency[Principal]) -> list[dict[str, Any]]:  # noqa: ARG001  (the door)
    """For apps that test a sign-in with it."""
    return []


router = Router("/api", route_handlers=[platforms], tags=["Library"])

"""How handlers get what they need: one thing after another, without tasks."""

from litestar import Litestar
from litestar.routes import HTTPRoute


def take_turns(app: Litestar) -> None:
    """Look the dependencies of a handler up in turn.

    Litestar starts a task for each of several. Ours are in memory, and the tasks took longer than all the rest of a
    small handler.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, arguments in route.route_handler_map.values():
                batches = arguments.dependency_batches
                arguments.dependency_batches = [{each} for batch in batches for each in batch]

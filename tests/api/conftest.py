import pytest

from romm.domain.model import AccessLevel
from tests.world import World


@pytest.fixture
async def world() -> World:
    """An instance that has its admin, with an honest provider."""
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    return world

"""The servers, started when they are first asked for, and ended together."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.providers.relay import Relay
from tests.providers.relay import relay as running_relay
from tests.providers.servers import REAL, Real


@pytest.fixture(scope="session")
def relay() -> Iterator[Relay]:
    with running_relay() as running:
        yield running


@pytest.fixture(scope="session")
def addresses(relay: Relay) -> Iterator[dict[str, str]]:
    """By the shape's name."""
    with ExitStack() as running:
        yield _Started(running, relay.address)


@pytest.fixture
def address(real: Real, addresses: dict[str, str]) -> str:
    if real.missing:
        pytest.skip(real.missing)
    return addresses[real.shape]


class _Started(dict[str, str]):
    def __init__(self, running: ExitStack, logout_address: str) -> None:
        self.running = running
        self.logout_address = logout_address

    def __missing__(self, name: str) -> str:
        real = next(each for each in REAL if each.shape == name)
        self[name] = self.running.enter_context(real.start(real.needed, self.logout_address))
        return self[name]

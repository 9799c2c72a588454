"""A server that can be started in each of its states."""

from typing import Any

from msgspec import Struct

from tests.shapes.model import Shape, State
from tests.shapes.provider import ShapedProvider


class Server(Struct, frozen=True):
    """A shape that can be started."""

    shape: Shape

    def healthy(self, **knobs: Any) -> ShapedProvider:
        """With RomM set up there by the guide."""
        return ShapedProvider.of(self.shape, State.HEALTHY, **knobs)

    def broken(self, state: str, **knobs: Any) -> ShapedProvider:
        """The same with one thing wrong: one of the shape's `states`."""
        assert state in self.shape.states, f"{self.shape.name} is not known to be {state}"
        return ShapedProvider.of(self.shape, State(state), **knobs)

    @property
    def environment(self) -> dict[str, str]:
        """What the operator sets for it, by the guide."""
        return {"OIDC_PROVIDER": self.shape.provider, "OIDC_SERVER_APPLICATION_URL": self.shape.issuer} | dict(
            self.shape.settings
        )

"""Metrics and traces of a worker. Neither is imported while it is off."""

from typing import TYPE_CHECKING, NamedTuple

from romm.settings.model import Settings

if TYPE_CHECKING:
    from romm.adapters.metrics import PrometheusMeter
    from romm.adapters.traces import Tracing


class Observers(NamedTuple):
    meter: "PrometheusMeter | None" = None
    spans: "Tracing | None" = None


NO_OBSERVERS = Observers()


def observers(settings: Settings, version: str) -> Observers:
    meter = spans = None
    if settings.metrics.port:
        from romm.adapters import metrics  # noqa: PLC0415

        meter = metrics.PrometheusMeter(metrics.workers_registry())
    if settings.traces.endpoint:
        from romm.adapters import traces  # noqa: PLC0415

        spans = traces.tracing(settings.traces.endpoint, version)
    return Observers(meter, spans)

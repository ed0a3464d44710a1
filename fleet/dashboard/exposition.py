"""The meters as the text that Prometheus reads. `prometheus_client` (extra `metrics`) is imported here only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fleet.base.errors import UsageError
from fleet.dashboard.meters import Reading

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

Page = tuple[bytes, str]
"""Text and its content type."""


class _Reader:
    """What a registry of `prometheus_client` asks: the families now."""

    def __init__(self, read: Callable[[], Iterator[Reading]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Family]:
        """Every metric, with its samples."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for metric, values in self._read():
            family: Family
            if metric.kind == "counter":
                family = counter = CounterMetricFamily(metric.name, metric.text, labels=metric.labels)
                for labels, value in values:
                    counter.add_metric(labels, value)
            else:
                family = gauge = GaugeMetricFamily(metric.name, metric.text, labels=metric.labels)
                for labels, value in values:
                    gauge.add_metric(labels, value)
            yield family


def exposition(read: Callable[[], Iterator[Reading]]) -> Callable[[], Page]:
    """A function that writes out what `read` gives. Raises `UsageError` where the extra is not installed."""
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    except ImportError:
        raise UsageError("--metrics needs prometheus-client: pip install 'fleet-orchestrator[metrics]'") from None
    registry = CollectorRegistry()
    registry.register(_Reader(read))
    return lambda: (generate_latest(registry), CONTENT_TYPE_LATEST)

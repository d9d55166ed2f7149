"""The port where Prometheus scrapes; the metrics themselves stand in the rooms that count."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from flexura_kit import log
from flexura_kit.settings import MetricsSettings
from flexura_kit.startup import StartupError, os_fault


class LogCollector(Collector):
    """The log counts for itself: it must work before and without everything else."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily(
            "flexura_log_lines_dropped", "Log lines that nobody took in time and that are lost.", log.output.dropped
        )


REGISTRY.register(LogCollector())


@asynccontextmanager
async def metrics_port(settings: MetricsSettings) -> AsyncIterator[None]:
    """Serves `/metrics` from a thread of its own, so that a blocked loop can still be seen."""
    if not settings.listen:
        yield
        return
    host, _, port = settings.listen.rpartition(":")
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"))
    except OSError as error:
        raise StartupError(f"FLEXURA_METRICS_LISTEN={settings.listen}: {os_fault(error)}") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

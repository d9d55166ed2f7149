"""The port where Prometheus scrapes; the metrics themselves stand in the rooms that count."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import start_http_server

from flexura_kit.settings import MetricsSettings


@asynccontextmanager
async def metrics_port(settings: MetricsSettings) -> AsyncIterator[None]:
    """Serves `/metrics` from a thread of its own, so that a blocked loop can still be seen."""
    if not settings.listen:
        yield
        return
    host, _, port = settings.listen.rpartition(":")
    server, thread = start_http_server(int(port), addr=host.strip("[]"))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

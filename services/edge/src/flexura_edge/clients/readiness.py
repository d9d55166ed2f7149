"""Which services can be used at present, asked for every few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from grpc.aio import Channel
from grpc_health.v1 import health_pb2, health_pb2_grpc

from flexura_kit.errors import FlexuraError

INTERVAL_S = 2.0
ASK_S = 1.5

Ask = Callable[[float], Awaitable[str | None]]
"""Says why a service cannot be used, or nothing, within so many seconds."""


class Readiness:
    """Asks each service; `why_not` answers from what was heard last."""

    def __init__(self, asks: Mapping[str, Ask]) -> None:
        self._asks = asks
        self._why_not: dict[str, str | None] = dict.fromkeys(asks, "it was not heard of yet")

    def why_not(self, name: str) -> str | None:
        return self._why_not[name]

    async def watch(self) -> None:
        """Asks again and again, for as long as the process runs."""
        while True:
            await asyncio.gather(*(self._ask(name, ask) for name, ask in self._asks.items()))
            await asyncio.sleep(INTERVAL_S)

    async def _ask(self, name: str, ask: Ask) -> None:
        try:
            self._why_not[name] = await ask(ASK_S)
        except FlexuraError as error:
            self._why_not[name] = error.message


def health_of(channel: Channel) -> Ask:
    """Asks a service of ours for its health."""
    stub = health_pb2_grpc.HealthStub(channel)

    async def ask(timeout_s: float) -> str | None:
        answer = await stub.Check(  # type: ignore[attr-defined] # The library's own stubs leave it out.
            health_pb2.HealthCheckRequest(), timeout=timeout_s
        )
        is_serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        return None if is_serving else "it says that it cannot serve at present"

    return ask

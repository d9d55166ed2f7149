"""Which services can be reached at present, asked for every few seconds."""

import asyncio
from collections.abc import Mapping

from grpc.aio import Channel
from grpc_health.v1 import health_pb2, health_pb2_grpc

from flexura_kit.errors import FlexuraError

INTERVAL_S = 2.0
ASK_S = 1.5


class Readiness:
    """Asks each service for its health; `why_not` answers from what was heard last."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._stubs = {name: health_pb2_grpc.HealthStub(channel) for name, channel in channels.items()}
        self._why_not: dict[str, str | None] = dict.fromkeys(channels, "it was not heard of yet")

    def why_not(self, name: str) -> str | None:
        return self._why_not[name]

    async def watch(self) -> None:
        """Asks again and again, for as long as the process runs."""
        while True:
            await asyncio.gather(*(self._ask(name, stub) for name, stub in self._stubs.items()))
            await asyncio.sleep(INTERVAL_S)

    async def _ask(self, name: str, stub: health_pb2_grpc.HealthStub) -> None:
        try:
            answer = await stub.Check(  # type: ignore[attr-defined] # The library's own stubs leave it out.
                health_pb2.HealthCheckRequest(), timeout=ASK_S
            )
        except FlexuraError as error:
            self._why_not[name] = error.message
            return
        is_serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        self._why_not[name] = None if is_serving else "it says that it cannot serve at present"

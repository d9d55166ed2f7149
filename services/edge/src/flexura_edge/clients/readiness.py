"""Which services can be used at present, asked for every few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from grpc import StatusCode
from grpc.aio import AioRpcError, Channel
from grpc_health.v1 import health_pb2, health_pb2_grpc

from flexura.status.v1 import status_service_pb2, status_service_pb2_grpc
from flexura_kit.errors import FlexuraError

INTERVAL_S = 2.0
ASK_S = 1.5


class Condition(NamedTuple):
    """Why a service cannot be used, and what it does without; None where nothing is wrong."""

    why_not: str | None
    impaired: str | None = None


Ask = Callable[[float], Awaitable[Condition]]
"""Says in which condition a service is, within so many seconds."""


class Readiness:
    """Asks each service; `why_not` answers from what was heard last."""

    def __init__(self, asks: Mapping[str, Ask]) -> None:
        self._asks = asks
        self._conditions = dict.fromkeys(asks, Condition("it was not heard of yet"))

    def why_not(self, name: str) -> str | None:
        return self._conditions[name].why_not

    def why_impaired(self, name: str) -> str | None:
        return self._conditions[name].impaired

    async def watch(self) -> None:
        """Asks again and again, for as long as the process runs."""
        while True:
            await asyncio.gather(*(self._ask(name, ask) for name, ask in self._asks.items()))
            await asyncio.sleep(INTERVAL_S)

    async def _ask(self, name: str, ask: Ask) -> None:
        try:
            self._conditions[name] = await ask(ASK_S)
        except FlexuraError as error:
            self._conditions[name] = Condition(error.message)


def status_of(channel: Channel) -> Ask:
    """Asks a service of ours what it misses."""
    stub = status_service_pb2_grpc.StatusServiceStub(channel)
    ask_health = health_of(channel)

    async def ask(timeout_s: float) -> Condition:
        try:
            answer = await stub.GetStatus(status_service_pb2.GetStatusRequest(), timeout=timeout_s)
        except FlexuraError as error:
            if isinstance(error.__cause__, AioRpcError) and error.__cause__.code() is StatusCode.UNIMPLEMENTED:
                # An older process, as during a roll-out, knows no more than whether it is well.
                return await ask_health(timeout_s)
            raise
        return Condition(sentence(answer.missing), sentence(answer.impaired))

    return ask


def health_of(channel: Channel) -> Ask:
    stub = health_pb2_grpc.HealthStub(channel)

    async def ask(timeout_s: float) -> Condition:
        answer = await stub.Check(  # type: ignore[attr-defined] # The library's own stubs leave it out.
            health_pb2.HealthCheckRequest(), timeout=timeout_s
        )
        is_serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        return Condition(None if is_serving else "it says that it cannot serve at present")

    return ask


def sentence(reasons: Mapping[str, str]) -> str | None:
    return "; ".join(f"{name}: {why}" for name, why in sorted(reasons.items())) or None

"""Calls between processes: each may come late, twice or not at all, and its answer too."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from flexura_kit.errors import FlexuraError, Kind, Reason
from simulator.clock import Process, VirtualLoop
from simulator.faults import Fault, Faults

T = TypeVar("T")

LATENCY_S = 0.002
DELAY_S_MAX = 6.0
RESET_S = 0.05  # Until the caller hears that the connection broke.


class Server(Protocol):
    """A replica that answers calls."""

    process: Process


class Network:
    """The way to the replicas of one service; where one is gone, the others are called."""

    def __init__(self, loop: VirtualLoop, faults: Faults, dice: random.Random) -> None:
        self._loop = loop
        self._faults = faults
        self._dice = dice
        self.servers: list[Any] = []
        self.completions: list[tuple[str, str]] = []
        """Reports of results that a worker was told are taken: job and object."""

    async def call(self, handle: Callable[[Any], Coroutine[Any, Any, T]], timeout_s: float) -> T:
        begin = self._loop.time()
        delay_s = self._dice.uniform(0, DELAY_S_MAX) if self._faults.strikes(Fault.RPC_DELAYED) else LATENCY_S
        await asyncio.sleep(min(delay_s, timeout_s))
        if delay_s >= timeout_s or self._faults.strikes(Fault.RPC_REQUEST_LOST):
            await self._never_heard_of(begin, timeout_s)
        if not self.servers:
            await asyncio.sleep(RESET_S)
            raise unreachable()
        server = self._dice.choice(self.servers)
        if self._faults.strikes(Fault.RPC_REPEATED):
            self._loop.spawn(server.process, handle(server)).add_done_callback(is_heard)
        task = self._loop.spawn(server.process, handle(server))
        task.add_done_callback(is_heard)
        await asyncio.wait([task], timeout=max(0.0, begin + timeout_s - self._loop.time()))
        if not task.done():
            raise timed_out()
        if self._faults.strikes(Fault.RPC_ANSWER_LOST):
            await self._never_heard_of(begin, timeout_s)
        await asyncio.sleep(LATENCY_S)
        error = task.exception()
        if error is not None and not isinstance(error, FlexuraError):
            self._loop.crashes.append(f"a call ended with {error!r}")
            raise FlexuraError(Kind.INTERNAL, Reason.INTERNAL, "an internal error occurred") from error
        return task.result()

    def note(self, words: str) -> None:
        self._loop.note(words)

    async def _never_heard_of(self, begin: float, timeout_s: float) -> None:
        if self._dice.random() < 0.5:
            await asyncio.sleep(RESET_S)
            raise unreachable()
        await asyncio.sleep(max(0.0, begin + timeout_s - self._loop.time()))
        raise timed_out()


class WorkerChannel:
    """Stands where a gRPC channel stands: hands each call to the production servicer of a replica."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def unary_unary(self, path: str, **_options: object) -> Callable[..., Awaitable[Any]]:
        method = path.rpartition("/")[2]

        async def call(request: Any, timeout: float) -> Any:  # noqa: ASYNC109 - as gRPC takes it.
            return await self._network.call(lambda server: self._handle(server, method, request), timeout)

        return call

    async def _handle(self, server: Any, method: str, request: Any) -> Any:
        self._network.note(f"{method} {shown(request)}")
        answer = await getattr(server.servicer, method)(request, None)
        if method == "CompleteJob":
            self._network.completions.append((request.job_id, request.object_key))
        return answer


def shown(request: Any) -> str:
    """Which jobs a call is about, by the ends of their ids."""
    job_ids = getattr(request, "job_ids", None) or [item.job_id for item in getattr(request, "items", ())]
    return " ".join(job_id[-2:] for job_id in job_ids or [getattr(request, "job_id", "")])


def is_heard(task: "asyncio.Task[Any]") -> None:
    """Takes note of how a call ended that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


def unreachable() -> FlexuraError:
    return FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the jobs service cannot be reached", service="jobs")


def timed_out() -> FlexuraError:
    return FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "the jobs service did not answer in time")

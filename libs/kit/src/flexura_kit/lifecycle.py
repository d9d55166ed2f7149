"""A process from start to stop: what it owns, in which order it begins and ends."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol, TypeVar, runtime_checkable

import uvloop

from flexura_kit import log
from flexura_kit.metrics import metrics_port
from flexura_kit.notify import Notifier, notifier
from flexura_kit.secret_files import NamedFiles
from flexura_kit.settings import Settings, read
from flexura_kit.startup import StartupError, open_closed_standards, os_fault

T = TypeVar("T")
SettingsT = TypeVar("SettingsT", bound=Settings)
Build = Callable[[SettingsT, "Lifecycle"], Awaitable[None]]
Loop = Callable[[], Awaitable[None]]
ReadyCheck = Callable[[], str | None]

READY_INTERVAL_S = 0.2
GC_YOUNG_OBJECTS = 20_000  # New objects between two looks; most of a request's are gone long before.
LOOP_END_S = 5.0  # For loops to end once they are cancelled.

logger = log.get_logger()


class Server(Protocol):
    """Anything that takes work from outside."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Takes no more work and returns when what is under way has ended."""


@runtime_checkable
class ReadyAware(Protocol):
    async def set_ready(self, *, is_ready: bool) -> None: ...


@runtime_checkable
class StatusAware(Protocol):
    def set_status(self, missing: Mapping[str, str], impaired: Mapping[str, str]) -> None: ...


class Lifecycle:
    """What a process owns. It stops in three steps: servers drain, loops end, contexts close in reverse order."""

    def __init__(self, manager: Notifier | None = None) -> None:
        self.stopping = asyncio.Event()
        self._manager = manager or Notifier()
        self._has_started = False
        self.ready_checks: dict[str, ReadyCheck] = {}
        self.impaired_checks: dict[str, ReadyCheck] = {}
        self._contexts = AsyncExitStack()
        self._loops: dict[str, Loop] = {"readiness": self._watch_readiness}
        self._servers: list[Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        return await self._contexts.enter_async_context(context)

    def run(self, name: str, loop: Loop) -> None:
        """Runs for as long as the process; when it ends by itself, the process stops with status 1."""
        self._loops[name] = loop

    def serve(self, server: Server) -> None:
        self._servers.append(server)

    def unready(self) -> dict[str, str]:
        """Names what is missing to serve, and why; empty when nothing is."""
        if self.stopping.is_set():
            return {"process": "it is stopping"}
        return found_by(self.ready_checks)

    def impaired(self) -> dict[str, str]:
        """Names what the service does without for a while, and what that costs."""
        return found_by(self.impaired_checks)

    async def run_until_stopped(self) -> None:
        if self.stopping.is_set():
            return  # Asked to stop while it was built: what has not begun need not end.
        started: list[Server] = []
        try:
            self._tasks = [asyncio.create_task(self._own(name, loop), name=name) for name, loop in self._loops.items()]
            for server in self._servers:
                await server.start()
                started.append(server)
            self._has_started = True
            logger.info("service_started")
            await self.stopping.wait()
        finally:
            self.stopping.set()
            self._manager.stopping()
            for server in reversed(started):
                await server.stop()
            for task in self._tasks:
                task.cancel()
            await self._loops_ended()

    async def close(self) -> None:
        await self._contexts.aclose()

    def died(self) -> bool:
        """Tells whether a loop ended that should have gone on."""
        return any(task.done() and not task.cancelled() and task.exception() is not None for task in self._tasks)

    async def _loops_ended(self) -> None:
        if self._tasks:
            _, going_on = await asyncio.wait(self._tasks, timeout=LOOP_END_S)
            if going_on:
                logger.error("loops_abandoned", loops=[task.get_name() for task in going_on])

    async def _own(self, name: str, loop: Loop) -> None:
        try:
            await loop()
            if not self.stopping.is_set():
                raise RuntimeError(f"the loop {name} ended by itself")
        except Exception:
            logger.exception("loop_died", loop=name)
            raise
        finally:
            self.stopping.set()

    async def _watch_readiness(self) -> None:
        told: tuple[dict[str, str], dict[str, str]] | None = None
        is_manager_told = False
        while True:
            log.output.flush()
            unready, impaired = status = self.unready(), self.impaired()
            if status != told:
                write = logger.warning if unready or impaired else logger.info
                write("readiness_changed", ready=not unready, missing=unready, impaired=impaired)
                told = status
                for server in self._servers:
                    if isinstance(server, ReadyAware):
                        await server.set_ready(is_ready=not unready)
                    if isinstance(server, StatusAware):
                        server.set_status(unready, impaired)
                is_manager_told = False
            if self._has_started and not is_manager_told:
                self._tell_manager(unready)
                self._manager.impaired(impaired)
                is_manager_told = True
            await asyncio.sleep(READY_INTERVAL_S)

    def _tell_manager(self, unready: dict[str, str]) -> None:
        if unready:
            self._manager.not_ready(unready)
        else:
            self._manager.ready()


def found_by(checks: Mapping[str, ReadyCheck]) -> dict[str, str]:
    return {name: why for name, check in checks.items() if (why := check()) is not None}


def main(service: str, settings_type: type[SettingsT], build: Build[SettingsT]) -> None:
    """Runs a service from its settings to its last breath; SIGTERM and SIGINT stop it in order."""
    open_closed_standards()
    try:
        settings = read(settings_type)
        log.configure(settings.log, service)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status = runner.run(program(settings, build))
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        status = error.status
    sys.exit(status)


async def program(settings: SettingsT, build: Build[SettingsT]) -> int:
    life = Lifecycle(notifier())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, life.stopping.set)
    try:
        await life.enter(metrics_port(settings.metrics))
        life.impaired_checks["files"] = NamedFiles(settings).why_impaired
        await build(settings, life)
        spare_the_collector()
        await life.run_until_stopped()
    except OSError as error:
        # Such as a port that is taken, or a folder that may not be written: the system says it in one sentence.
        raise StartupError(os_fault(error)) from error
    finally:
        await life.close()
        logger.info("service_stopped")
    return 1 if life.died() else 0


def spare_the_collector() -> None:
    """What is alive once all is built lives as long as the process: looking at it again and again is wasted."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_YOUNG_OBJECTS, *gc.get_threshold()[1:])

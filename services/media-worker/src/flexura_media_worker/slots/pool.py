"""The processes of all slots: as many as there are slots, each replaced when it dies."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from flexura_kit import log
from flexura_kit.fork_server import ForkServer
from flexura_media_worker.domain import (
    GenerationError,
    GenerationRequest,
    Lease,
    Media,
    UnexpectedEndError,
    WorkerFault,
    WorkerFaultError,
    WorkerPart,
)
from flexura_media_worker.ports import Progress, Spool
from flexura_media_worker.slots.checks import check_of, first_request
from flexura_media_worker.slots.process import (
    START_S,
    GeneratorLimits,
    GeneratorProcess,
    NotTakenError,
    generator_server,
)

RESTART_S_MIN, RESTART_S_MAX = 1.0, 15.0  # After a start that failed.
LOOK_S = 0.5  # Between two looks whether a process can be expected at all.

logger = log.get_logger()


class GeneratorPool:
    """A provider that hands each request to an idle process, and kills the process whose request is cancelled."""

    def __init__(
        self,
        limits: GeneratorLimits,
        fork_server: ForkServer,
        spool: Spool,
        report: Callable[[WorkerFault], None],
    ) -> None:
        self._limits = limits
        self._fork_server = fork_server
        self._starting = asyncio.Lock()
        self._spool = spool
        self._report = report
        self._tried = asyncio.Event()
        self._idle: asyncio.Queue[GeneratorProcess] = asyncio.Queue()  # Bounded by the number of keepers.
        self._live = 0
        self._why_not_started = ""
        self._failed: dict[str, GenerationRequest] = {}
        """The latest request of each provider that broke off without an explanation."""
        self._numbers = itertools.count()

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        try:
            return await self._generate(request, progress)
        except UnexpectedEndError:
            # A job that breaks its generator costs an attempt; a worker that breaks every job does not.
            self._failed[request.provider] = request
            await self.check(request.provider)
            raise

    async def check(self, provider: str, _faults: int = 0) -> None:
        """Has the provider make something small; raises WorkerFaultError where not even that succeeds."""
        failed = self._failed.get(provider)
        if failed is None:
            failed = self._failed[provider] = first_request(provider)
        with self._spool.reserve(Lease(f"check-{next(self._numbers)}", provider)) as path:
            try:
                await self._generate(check_of(failed, path), ignore)
            except GenerationError as error:
                raise WorkerFaultError(provider, f"not even a small request succeeds: {error}") from error

    async def check_processes(self, _faults: int = 0) -> None:
        """Raises WorkerFaultError while no process can be started."""
        if not self._live:
            raise WorkerFaultError(WorkerPart.GENERATORS, self._why_not_started or "no process has started yet")

    async def tried(self) -> None:
        """Waits until the first process has started, or could not be."""
        async with asyncio.timeout(START_S):
            await self._tried.wait()

    async def keep_one(self) -> None:
        """Keeps one process alive for as long as it is not cancelled."""
        delay_s = RESTART_S_MIN
        while True:
            try:
                # One after another: the first is of use sooner, and all else that starts has room beside them.
                async with self._starting:
                    process = await GeneratorProcess.start(self._limits, self._fork_server)
            except Exception as error:  # noqa: BLE001 - the top of the loop that keeps a slot alive, whatever the cause.
                self._note_not_started(error)
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, RESTART_S_MAX)
                continue
            delay_s = RESTART_S_MIN
            self._live += 1
            self._why_not_started = ""
            self._tried.set()
            for provider, why in process.missing.items():
                self._report(WorkerFault(provider, why))
            self._idle.put_nowait(process)
            try:
                await process.killed()
            finally:
                self._live -= 1
                process.kill()
                logger.info("generator_ended", pid=process.pid, status=await process.status())

    def _note_not_started(self, error: Exception) -> None:
        logger.error("generator_not_started", error=repr(error))
        self._why_not_started = f"no process can be started: {error!r}"
        self._tried.set()
        if not self._live:
            self._report(WorkerFault(WorkerPart.GENERATORS, self._why_not_started))

    async def _generate(self, request: GenerationRequest, progress: Progress) -> Media:
        while True:
            process = await self._take()
            try:
                return await process.generate(request, progress)
            except NotTakenError:
                continue  # It died while it was idle: nothing was begun, and the next one takes it.
            finally:
                if process.is_idle:
                    self._idle.put_nowait(process)
                else:
                    process.kill()

    async def _take(self) -> GeneratorProcess:
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    process = await self._idle.get()
            except TimeoutError:
                if not self._live and self._why_not_started:
                    await self.check_processes()
                continue
            if process.is_alive():
                return process
            process.kill()


@asynccontextmanager
async def generator_pool(
    limits: GeneratorLimits, slots: int, spool: Spool, report: Callable[[WorkerFault], None]
) -> AsyncIterator[GeneratorPool]:
    fork_server = generator_server(limits.providers)
    pool = GeneratorPool(limits, fork_server, spool, report)
    keepers = [asyncio.create_task(pool.keep_one(), name=f"slot-{number}") for number in range(slots)]
    try:
        await pool.tried()
        yield pool
    finally:
        for keeper in keepers:
            keeper.cancel()
        for keeper in keepers:
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        await fork_server.close()


def ignore(_fraction: float) -> None:
    """Nobody waits for the progress of a check."""

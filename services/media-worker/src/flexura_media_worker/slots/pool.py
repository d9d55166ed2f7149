"""The processes of all slots: as many as there are slots, each replaced when it dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flexura_kit import log
from flexura_media_worker.domain import GenerationRequest, Media
from flexura_media_worker.ports import Progress
from flexura_media_worker.slots.process import START_S, GeneratorLimits, GeneratorProcess, NotTakenError

RESTART_S = 1.0  # After a start that failed.

logger = log.get_logger()


class GeneratorPool:
    """A provider that hands each request to an idle process, and kills the process whose request is cancelled."""

    def __init__(self, limits: GeneratorLimits) -> None:
        self._limits = limits
        self._started = asyncio.Event()
        self._idle: asyncio.Queue[GeneratorProcess] = asyncio.Queue()  # Bounded by the number of keepers.

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
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

    async def started(self) -> None:
        """Waits for the first process. Where none can start, no job must be claimed."""
        async with asyncio.timeout(START_S):
            await self._started.wait()

    async def keep_one(self) -> None:
        """Keeps one process alive for as long as it is not cancelled."""
        while True:
            try:
                process = await GeneratorProcess.start(self._limits)
            except Exception as error:  # noqa: BLE001 - the top of the loop that keeps a slot alive, whatever the cause.
                logger.error("generator_not_started", error=repr(error))
                await asyncio.sleep(RESTART_S)
                continue
            self._idle.put_nowait(process)
            self._started.set()
            try:
                await process.killed()
            finally:
                process.kill()
                logger.info("generator_ended", pid=process.pid, status=await process.status())

    async def _take(self) -> GeneratorProcess:
        while True:
            process = await self._idle.get()
            if process.is_alive():
                return process
            process.kill()


@asynccontextmanager
async def generator_pool(limits: GeneratorLimits, slots: int) -> AsyncIterator[GeneratorPool]:
    pool = GeneratorPool(limits)
    keepers = [asyncio.create_task(pool.keep_one(), name=f"slot-{number}") for number in range(slots)]
    try:
        await pool.started()
        yield pool
    finally:
        for keeper in keepers:
            keeper.cancel()
        for keeper in keepers:
            with contextlib.suppress(asyncio.CancelledError):
                await keeper

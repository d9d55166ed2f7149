"""Sets right what went wrong unseen: leases that ran out, deadlines that passed, hints that were lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from prometheus_client import Gauge

from flexura_jobs.dispatch.bell import DispatchBell
from flexura_jobs.dispatch.leader import Leader
from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.queue import lost_hints
from flexura_jobs.ports import Hints, QueueStore
from flexura_kit import log
from flexura_kit.errors import FlexuraError

SWEEP_S = 2.0
COMPARE_S = 4.0
HINT_AGE = timedelta(seconds=4)  # Longer than any hint is on its way to the stream, and to a worker with a free slot.
SWEEPS_MAX = 20  # In a row, so that a flood of overdue jobs does not keep the rest from being looked at.

BACKLOG = Gauge("flexura_jobs_backlog", "Queued jobs of a model; workers are scaled by it.", ["model"])

logger = log.get_logger()


class Reconciler:
    """Works while this replica leads; everything it does is conditional and may be done twice."""

    def __init__(
        self, store: QueueStore, hints: Hints, models: Sequence[Model], leader: Leader, bell: DispatchBell
    ) -> None:
        self._store = store
        self._hints = hints
        self._models = models
        self._leader = leader
        self._bell = bell
        self._compared_at = float("-inf")

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            if not self._leader.leads:
                continue
            try:
                await self._look_around()
            except FlexuraError as error:
                logger.warning("reconcile_failed", reason=error.reason.value)
            except Exception:
                # The top of a loop: the next look, two seconds later, may succeed.
                logger.exception("reconcile_crashed")

    async def _look_around(self) -> None:
        await self.sweep()
        await self.count_backlog()
        now = asyncio.get_running_loop().time()
        if now - self._compared_at >= COMPARE_S:
            self._compared_at = now
            await self.compare_hints()

    async def sweep(self) -> None:
        """Acts on what time alone has brought about."""
        lost = await swept(self._store.move_lost_leases)
        overdue = await swept(self._store.end_overdue)
        gone = await self._store.forget_workers()
        await swept(self._store.forget_request_keys)
        if lost or overdue or gone:
            logger.info("sweep_done", leases_lost=lost, jobs_overdue=overdue, workers_gone=gone)
            self._bell.ring()

    async def count_backlog(self) -> None:
        backlog = await self._store.backlog()
        for model in self._models:
            BACKLOG.labels(model.model).set(backlog.get(model.model, 0))

    async def compare_hints(self) -> None:
        """Lets jobs wait again whose hints the stream has lost, so that they are sent anew."""
        for model in self._models:
            hinted_long_ago = await self._store.hinted_before(model.model, HINT_AGE)
            if not hinted_long_ago:
                # What a consumer holds is no metric to poll: the server is asked only where something may be wrong.
                continue
            hinted = await self._store.hinted_before(model.model, timedelta(0))
            undelivered = await self._hints.undelivered(model.model)
            if undelivered is None:
                continue
            lost = lost_hints(hinted, hinted_long_ago, undelivered)
            if lost:
                taken_back = await self._store.take_back_oldest(model.model, HINT_AGE, lost)
                # No warning: a hint that a worker gave back when it stopped cannot be told from one that is lost.
                logger.info("hints_taken_back", model=model.model, hints=taken_back)
                self._bell.ring()


async def swept(sweep: Callable[[], Awaitable[int]]) -> int:
    """Repeats a sweep until it finds nothing more, within reason."""
    total = 0
    for _ in range(SWEEPS_MAX):
        found = await sweep()
        total += found
        if not found:
            break
    return total

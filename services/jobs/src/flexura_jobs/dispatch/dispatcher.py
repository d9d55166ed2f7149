"""Sends hints for waiting jobs: as many as the workers can use, in fair shares."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from prometheus_client import Counter, Histogram

from flexura_jobs.dispatch.bell import DispatchBell
from flexura_jobs.dispatch.leader import Leader
from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.fair_share import FairShare
from flexura_jobs.domain.queue import Hint, Pace, QueueState, WorkerPresence, room, slots_serving
from flexura_jobs.ports import Hints, QueueStore
from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.errors import FlexuraError
from flexura_kit.ids import JobId

CREATED = "flexura.jobs.v1.created"  # Core NATS; tells the leading replica that another one has something to do.
POLL_S = 1.0
PASS_ON_TIMEOUT_S = 1.0  # The other replica's poll is no slower.
CANDIDATES_MIN = 8  # Accounts that are compared for one hint; of more than these, the next in the ring.
HINTS_PER_LOOK_MAX = 64  # For one model; a longer queue is looked at again at once.
WORKERS_AGE_MAX_S = 1.0
REST_S = 0.5  # After a failure, so that an outage is not hammered.

HINTS_SENT = Counter("flexura_jobs_hints", "Hints that were sent, or could not be.", ["outcome"])
DISPATCH_SECONDS = Histogram(
    "flexura_jobs_dispatch_seconds",
    "Time from a job's entry into the queue to its hint.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)

logger = log.get_logger()


class Dispatcher:
    """Works while this replica leads; while another one does, it passes each ring of the bell on to it."""

    def __init__(
        self, store: QueueStore, hints: Hints, models: Sequence[Model], leader: Leader, bell: DispatchBell, bus: Bus
    ) -> None:
        self._store = store
        self._hints = hints
        self._models = models
        self._leader = leader
        self._bell = bell
        self._bus = bus
        self._shares = {model.model: FairShare() for model in models}
        self._paces = {model.model: Pace() for model in models}
        self._workers: list[WorkerPresence] = []
        self._workers_read_at = float("-inf")

    def hear(self, _payload: bytes) -> None:
        """Another replica has something to do for the leader."""
        if self._leader.leads:
            self._bell.ring()

    async def run(self) -> None:
        while True:
            was_rung = await self._bell.wait(POLL_S)
            if self._leader.leads:
                await self._dispatch_or_rest()
            elif was_rung and self._bus.is_connected:
                await self._pass_on()

    async def _pass_on(self) -> None:
        with contextlib.suppress(TimeoutError):
            # In a task of its own, because the client swallows a cancellation that reaches it in a flush.
            await asyncio.wait_for(self._bus.publish(CREATED, b""), PASS_ON_TIMEOUT_S)

    async def _dispatch_or_rest(self) -> None:
        try:
            await self.dispatch()
        except FlexuraError as error:
            logger.warning("dispatch_failed", reason=error.reason.value)
            await asyncio.sleep(REST_S)
        except Exception:
            # The top of a loop: whatever it is, the jobs are in the database and the next look finds them.
            logger.exception("dispatch_crashed")
            await asyncio.sleep(REST_S)

    async def dispatch(self) -> int:
        """Looks at the queue once; answers how many hints were sent."""
        if not self._hints.is_open:
            return 0
        states = await self._store.states([model.model for model in self._models])
        workers, now = await self._live_workers(), asyncio.get_running_loop().time()
        chosen: list[JobId] = []
        for model in self._models:
            state = states[model.model]
            slots = slots_serving(model.provider, workers)
            idle, per_s = slots - self._busy(model.provider, states), self._paces[model.model].per_s(now)
            free = min(room(state.hinted, idle, per_s), HINTS_PER_LOOK_MAX)
            if free and state.has_waiting:
                # The room was others' as well, until just now: whoever comes anew had to wait for it.
                picked = await self._choose(model.model, free, under_way=state.hinted + slots + free)
                self._paces[model.model].add(len(picked), now)
                chosen += picked
        if len(chosen) >= HINTS_PER_LOOK_MAX:
            self._bell.ring()
        return await self._send(await self._store.dispatch(chosen))

    def _busy(self, provider: str, states: Mapping[str, QueueState]) -> int:
        return sum(states[model.model].processing for model in self._models if model.provider == provider)

    async def _choose(self, model: str, free: int, *, under_way: int) -> list[JobId]:
        share = self._shares[model]
        waiting = await self._store.waiting(model, share.last_served, max(free, CANDIDATES_MIN))
        return share.pick(waiting, free, under_way)

    async def _send(self, hints: Sequence[Hint]) -> int:
        sent = await asyncio.gather(*map(self._hints.publish, hints))
        unsent = [hint for hint, was_sent in zip(hints, sent, strict=True) if not was_sent]
        for hint, was_sent in zip(hints, sent, strict=True):
            HINTS_SENT.labels("sent" if was_sent else "failed").inc()
            if was_sent:
                DISPATCH_SECONDS.observe(hint.waited.total_seconds())
        if unsent:
            await self._store.take_back(unsent)
            await asyncio.sleep(REST_S)
        return len(hints) - len(unsent)

    async def _live_workers(self) -> list[WorkerPresence]:
        now = asyncio.get_running_loop().time()
        if now - self._workers_read_at > WORKERS_AGE_MAX_S:
            self._workers = await self._store.workers()
            self._workers_read_at = now
        return self._workers

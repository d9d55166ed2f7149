"""All pullers and all attempts of this worker: work begins here, and here it is seen to its end."""

import asyncio
from collections.abc import Sequence

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_media_worker.consumer.hints import Heartbeats, NATSHint
from flexura_media_worker.consumer.lines import SLOTS_BUSY, attempt_ended
from flexura_media_worker.consumer.pull import Puller
from flexura_media_worker.domain import WorkSource
from flexura_media_worker.service.attempts import Attempts
from flexura_media_worker.service.capacity import Capacity, Slot
from flexura_media_worker.service.leases import Leases
from flexura_media_worker.service.reports import AttemptReport

STOP_S = 8.0  # For reports that are under way; work that is not done is released in two.

logger = log.get_logger()


class Intake:
    def __init__(
        self, bus: Bus, capacity: Capacity, leases: Leases, attempts: Attempts, heartbeats: Heartbeats
    ) -> None:
        self._bus = bus
        self._capacity = capacity
        self._leases = leases
        self._attempts = attempts
        self._heartbeats = heartbeats
        self._pullers: dict[WorkSource, Puller] = {}
        self._pulling: dict[WorkSource, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        SLOTS_BUSY.set_function(lambda: capacity.busy)

    async def start(self) -> None:
        """Nothing to do: the first announcement tells where work is."""

    def bind(self, sources: Sequence[WorkSource]) -> None:
        """Pulls from these consumers and from no others."""
        if self._is_stopping:
            return
        for source in self._pullers.keys() - set(sources):
            self._pullers.pop(source).stop()
        for source in sources:
            if source not in self._pulling:
                self._begin(source)

    async def stop(self) -> None:
        """Takes no more work, releases what is not done, and reports what is."""
        self._is_stopping = True
        for puller in self._pullers.values():
            puller.stop()
        self._capacity.close()
        self._leases.release_all()
        under_way = {*self._running, *self._pulling.values()}
        if under_way:
            await asyncio.wait(under_way, timeout=STOP_S)

    def _begin(self, source: WorkSource) -> None:
        puller = Puller(self._bus, source, self._capacity, self._heartbeats, self._take)
        task = asyncio.create_task(self._pull(puller, source), name=f"pull-{source.durable}")
        self._pullers[source] = puller
        self._pulling[source] = task

    async def _pull(self, puller: Puller, source: WorkSource) -> None:
        logger.info("consumer_bound", consumer=source.durable, model=source.model)
        try:
            await puller.pull_until_stopped()
        except Exception:
            # The top of a long-running loop: the next announcement begins it anew.
            logger.exception("puller_crashed", consumer=source.durable)
        finally:
            self._pullers.pop(source, None)
            self._pulling.pop(source, None)

    def _take(self, hint: NATSHint, slot: Slot) -> None:
        task = asyncio.create_task(self._carry_out(hint, slot), name=f"attempt-{hint.job_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _carry_out(self, hint: NATSHint, slot: Slot) -> None:
        log.bind(job_id=hint.job_id)
        report = AttemptReport(hint.job_id)
        try:
            claim = await self._attempts.claim(hint, report)
            if claim is not None:
                log.bind(traceparent=claim.job.traceparent, provider=claim.job.provider)
                await self._attempts.carry_out(claim, hint, slot, report)
        except Exception:
            # The top of an attempt: its lease runs out, and no other attempt is touched.
            logger.exception("attempt_crashed")
        finally:
            slot.free()
            self._heartbeats.close(hint)
            attempt_ended(report)

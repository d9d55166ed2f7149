"""The leases of this worker: renewed all at once, each with its progress, and dropped in time."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from flexura_kit.errors import FlexuraError
from flexura_media_worker.domain import Announcement, Ending, Lease, Verdict
from flexura_media_worker.ports import JobsService

RENEWALS_MAX = 256  # In one call.
RETRY_S = 0.5  # After a renewal that did not arrive.

VERDICTS = {Verdict.CANCELED: Ending.CANCELED, Verdict.LOST: Ending.LOST}


class HeldLease:
    """One lease while work goes on under it."""

    def __init__(self, lease: Lease, since: float, duration: timedelta) -> None:
        self.lease = lease
        self.progress = 0.0
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.is_lost = False
        self._timer: asyncio.TimerHandle | None = None
        self.extend(since, duration)

    def report(self, fraction: float) -> None:
        self.progress = max(self.progress, min(1.0, fraction))

    def extend(self, since: float, duration: timedelta) -> None:
        """Counts from when the renewal was sent: the answer may have been long on its way."""
        self.stop_timer()
        until = since + duration.total_seconds()
        self._timer = asyncio.get_running_loop().call_at(until, self.end, Ending.UNRENEWED)

    def end(self, ending: Ending) -> None:
        """Tells the work to stop. Being released is no loss: a result that is already stored may still be reported."""
        if ending is not Ending.RELEASED:
            self.is_lost = True
            self.stop_timer()
        if not self.ended.done():
            self.ended.set_result(ending)

    def stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Leases:
    """All leases of this worker."""

    def __init__(self, jobs: JobsService) -> None:
        self._jobs = jobs
        self._held: dict[Lease, HeldLease] = {}
        # Until the jobs service says otherwise; no job is claimed before it has.
        self._duration = timedelta(seconds=15)
        self._interval = timedelta(seconds=4)
        self._interval_changed = asyncio.Event()
        self._is_releasing = False

    def adopt(self, announcement: Announcement) -> None:
        self._duration = announcement.lease_duration
        if self._interval != announcement.renew_interval:
            self._interval = announcement.renew_interval
            self._interval_changed.set()

    @contextmanager
    def hold(self, lease: Lease, since: float) -> Iterator[HeldLease]:
        """Renews the lease, claimed by a call that was sent at that time, until the block is left."""
        held = HeldLease(lease, since, self._duration)
        self._held[lease] = held
        if self._is_releasing:
            held.end(Ending.RELEASED)
        try:
            yield held
        finally:
            held.stop_timer()
            del self._held[lease]

    @property
    def duration(self) -> timedelta:
        return self._duration

    @property
    def is_releasing(self) -> bool:
        return self._is_releasing

    def cancel(self, job_ids: Collection[str]) -> None:
        """Tells the work on these jobs to stop: they were called off."""
        for held in self._held.values():
            if held.lease.job_id in job_ids and not held.is_lost:
                held.end(Ending.CANCELED)

    def release_all(self) -> None:
        """Tells all work to stop because the worker does, also work whose claim is still on its way."""
        self._is_releasing = True
        for held in self._held.values():
            held.end(Ending.RELEASED)

    async def renew_for_ever(self) -> None:
        while True:
            interval_s = self._interval.total_seconds()
            arrived = await self._renew_all()
            await self._pause(interval_s if arrived else min(RETRY_S, interval_s))

    async def _pause(self, seconds: float) -> None:
        """Sleeps, but not through a change of the interval."""
        self._interval_changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._interval_changed.wait()

    async def _renew_all(self) -> bool:
        current = [held for held in self._held.values() if not held.is_lost]
        try:
            for start in range(0, len(current), RENEWALS_MAX):
                await self._renew(current[start : start + RENEWALS_MAX])
        except FlexuraError:
            # Each lease has a timer of its own that ends the work when this goes on for too long.
            return False
        return True

    async def _renew(self, leases: list[HeldLease]) -> None:
        sent = asyncio.get_running_loop().time()
        verdicts = await self._jobs.renew([(held.lease, held.progress) for held in leases])
        for held, verdict in zip(leases, verdicts, strict=True):
            if held.lease not in self._held or held.is_lost:
                continue
            if verdict is Verdict.OK:
                held.extend(sent, self._duration)
            else:
                held.end(VERDICTS[verdict])

"""Removes objects that nothing refers to: those of removed jobs, and those of attempts that did not count."""

import asyncio

from prometheus_client import Counter

from flexura_jobs.ports import Lead, LeftoverStore, ObjectStore
from flexura_kit import log
from flexura_kit.errors import FlexuraError

POLL_S = 2.0
JOBS_MAX = 20  # At once; what is removed of more would be noted late.
OBJECTS_MAX = 100  # Of one job at once; one with more is looked through again.
REST_S_MIN, REST_S_MAX = 2.0, 60.0  # After a failure, so that a store that is down is not hammered.

OBJECTS_REMOVED = Counter("flexura_jobs_objects_removed", "Objects that were removed from the store.")

logger = log.get_logger()


class ObjectSweep:
    """Works while this replica leads; every step may be done twice. A store that is down only makes the work wait."""

    def __init__(self, store: LeftoverStore, objects: ObjectStore, lead: Lead) -> None:
        self._store = store
        self._objects = objects
        self._lead = lead
        self._rest_s = REST_S_MIN

    async def run(self) -> None:
        while True:
            jobs = await self._sweep_or_rest() if self._lead.leads else 0
            if jobs < JOBS_MAX:
                await asyncio.sleep(POLL_S)

    async def sweep(self) -> int:
        """Looks through the objects of the next jobs, and answers of how many."""
        waiting = await self._store.leftovers(JOBS_MAX)
        found = {job.job_id: await self._objects.keys(job.prefix, OBJECTS_MAX) for job in waiting}
        done = []
        # Read once more after the listing: what the row says by now decides what may go.
        for job in await self._store.reread(list(found)):
            await self._remove(job.unreferenced(found[job.job_id]))
            if len(found[job.job_id]) < OBJECTS_MAX:
                done.append(job)
        await self._store.note_removed(done)
        return len(waiting)

    async def _remove(self, keys: list[str]) -> None:
        for key in keys:
            await self._objects.remove(key)
            OBJECTS_REMOVED.inc()

    async def _sweep_or_rest(self) -> int:
        try:
            jobs = await self.sweep()
        except FlexuraError as error:
            logger.warning("objects_not_removed", reason=error.reason.value, error=error.message)
        except Exception:
            # The top of a loop: what is to go stands in the database, and the next look finds it.
            logger.exception("object_sweep_crashed")
        else:
            self._rest_s = REST_S_MIN
            return jobs
        await asyncio.sleep(self._rest_s)
        self._rest_s = min(self._rest_s * 2, REST_S_MAX)
        return 0

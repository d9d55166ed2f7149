"""Ends what is kept for a time only: finished jobs, then their tombstones, and events."""

import asyncio

from prometheus_client import Counter

from flexura_jobs.ports import Lead, RemovalNews, RemovalStore
from flexura_kit import log
from flexura_kit.errors import FlexuraError

POLL_S = 30.0
BATCHES_MAX = 100  # Of each kind in a row, so that no backlog keeps another kind waiting.
PAUSE_S = 0.05  # Between two batches, for those who wait for the writer.

EXPIRED = Counter("flexura_jobs_expired", "Jobs that were removed because their time was over.")

logger = log.get_logger()


class RetentionSweep:
    """Works while this replica leads; every step is conditional and may be done twice."""

    def __init__(self, store: RemovalStore, news: RemovalNews, lead: Lead) -> None:
        self._store = store
        self._news = news
        self._lead = lead

    async def run(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            if not self._lead.leads:
                continue
            try:
                await self.sweep()
            except FlexuraError as error:
                logger.warning("retention_failed", reason=error.reason.value)
            except Exception:
                # The top of a loop: what is over stays over, and the next look finds it.
                logger.exception("retention_crashed")

    async def sweep(self) -> None:
        """Removes in small batches until nothing is over any more, within reason."""
        for _ in range(BATCHES_MAX):
            expired = await self._store.expire()
            dropped = await self._store.drop_tombstones()
            purged = await self._store.purge_events()
            if not (expired or dropped or purged):
                return
            EXPIRED.inc(len(expired))
            self._news.removed(expired)
            logger.info("retention_swept", jobs_expired=len(expired), tombstones_dropped=dropped, events_purged=purged)
            await asyncio.sleep(PAUSE_S)

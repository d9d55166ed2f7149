"""Compares assets with the object store: a job whose object is gone, or is cut, says so."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from prometheus_client import Counter, Gauge

from flexura_jobs.domain.audit import AuditedAsset
from flexura_jobs.ports import AuditedObjects, AuditStore, Lead, RemovalNews
from flexura_jobs.removal.unreadable import UnreadableAssets
from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import JobId

SECOND_LOOK_S = 0.5  # Before an asset is called lost.
RECHECK_S = 10.0  # Between two looks at what the store names and cannot give.

ASSETS_AUDITED = Counter("flexura_jobs_assets_audited", "Assets that were looked for and read in the object store.")
ASSETS_NOT_AUDITED = Counter("flexura_jobs_assets_not_audited", "Assets that a look could not read.")
ASSETS_UNREADABLE = Gauge("flexura_jobs_assets_unreadable", "Assets that are read again until they count as lost.")
ASSETS_LOST = Counter("flexura_jobs_assets_lost", "Completed jobs whose asset was found to be lost.")

logger = log.get_logger()


class AssetAudit:
    """The leading replica looks at a sample now and then; every replica looks where an edge found nothing."""

    def __init__(
        self, store: AuditStore, objects: AuditedObjects, news: RemovalNews, lead: Lead, interval: timedelta, count: int
    ) -> None:
        self._store = store
        self._objects = objects
        self._news = news
        self._lead = lead
        self._interval_s = interval.total_seconds()
        self._count = count
        self._unreadable = UnreadableAssets(objects)
        self._lost_count = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            if not self._lead.leads:
                continue
            try:
                await self.sweep()
            except FlexuraError as error:
                logger.warning("assets_not_audited", reason=error.reason.value, error=error.message)
            except Exception:
                # The top of a loop: the next sample is another one.
                logger.exception("asset_audit_crashed")

    async def run_rechecks(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                await self.recheck()
            except FlexuraError as error:
                logger.warning(
                    "assets_not_audited", reason=error.reason.value, error=error.message, count=len(self._unreadable)
                )
            except Exception:
                # The top of a loop: the next look is another one.
                logger.exception("asset_recheck_crashed")

    async def recheck(self) -> None:
        """Reads once more what could not be read; what fails too often is lost."""
        try:
            await self._note_lost(await self._unreadable.look())
        finally:
            ASSETS_UNREADABLE.set(len(self._unreadable))
            self._lost_count = await self._store.count_lost()

    def why_impaired(self) -> str | None:
        if not self._lost_count and not self._unreadable:
            return None
        return (
            f"the object store has lost {self._lost_count} assets and cannot read {len(self._unreadable)} more; "
            "restore them from a backup, or delete their jobs"
        )

    async def sweep(self) -> None:
        assets = await self._store.sample(self._count)
        there = [asset for asset in assets if await self._is_there(asset)]
        readable = [asset for asset in there if await self._objects.gives(asset.object_key, asset.size_bytes)]
        self._watch([asset for asset in there if asset not in readable])
        ASSETS_AUDITED.inc(len(assets) - len(there) + len(readable))
        await self._note_found([asset for asset in readable if asset.is_lost])
        await self._look_again([asset for asset in assets if asset not in there and not asset.is_lost])

    async def look_for(self, job_ids: Sequence[JobId]) -> None:
        """Looks for the assets of these jobs, which somebody did not find or could not read."""
        assets = await self._store.named(job_ids)
        there = [asset for asset in assets if await self._is_there(asset)]
        # Not read here: who asks does not wait as long as a store may take to say that it cannot.
        for asset in there:
            if not asset.is_lost:
                self._unreadable.add(asset)
        await self._look_again([asset for asset in assets if asset not in there and not asset.is_lost])

    async def _look_again(self, gone: Sequence[AuditedAsset]) -> None:
        if gone:
            await asyncio.sleep(SECOND_LOOK_S)
            await self._note_lost([asset for asset in gone if not await self._is_there(asset)])

    def _watch(self, unread: Sequence[AuditedAsset]) -> None:
        if not unread:
            return
        ASSETS_NOT_AUDITED.inc(len(unread))
        error = "the object store names them and answers 500 or nothing for their bytes"
        logger.warning("assets_not_audited", reason="unreadable", error=error, count=len(unread))
        for asset in unread:
            if not asset.is_lost:
                self._unreadable.add(asset)

    async def _is_there(self, asset: AuditedAsset) -> bool:
        found = await self._objects.stat(asset.object_key)
        return found is not None and found.size_bytes == asset.size_bytes

    async def _note_lost(self, assets: Sequence[AuditedAsset]) -> None:
        if not assets:
            return
        if not await self._objects.has_bucket():
            # Nothing can be said of objects whose bucket is not there: it may be misnamed or not restored yet.
            raise FlexuraError(
                Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the bucket of assets is not there; create or restore it"
            )
        noted = await self._store.note(assets, is_lost=True)
        for _, job_id in noted:
            ASSETS_LOST.inc()
            logger.error("asset_lost", job_id=job_id)
        self._news.removed(noted)

    async def _note_found(self, assets: Sequence[AuditedAsset]) -> None:
        if not assets:
            return
        noted = await self._store.note(assets, is_lost=False)
        for _, job_id in noted:
            logger.info("asset_found_again", job_id=job_id)
        self._news.removed(noted)

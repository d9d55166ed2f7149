"""Compares assets with the object store: a job whose object is gone, or is cut, says so."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from prometheus_client import Counter

from flexura_jobs.domain.audit import AuditedAsset
from flexura_jobs.ports import AuditedObjects, AuditStore, Lead, RemovalNews
from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import JobId

SECOND_LOOK_S = 0.5  # Before an asset is called lost.

ASSETS_AUDITED = Counter("flexura_jobs_assets_audited", "Assets that were looked for in the object store.")
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

    async def sweep(self) -> None:
        await self._compare(await self._store.sample(self._count))

    async def look_for(self, job_ids: Sequence[JobId]) -> None:
        """Looks for the assets of these jobs, which somebody did not find."""
        await self._compare(await self._store.named(job_ids))

    async def _compare(self, assets: Sequence[AuditedAsset]) -> None:
        there = [asset for asset in assets if await self._is_there(asset)]
        gone = [asset for asset in assets if asset not in there and not asset.is_lost]
        ASSETS_AUDITED.inc(len(assets))
        await self._note_found([asset for asset in there if asset.is_lost])
        if gone:
            await asyncio.sleep(SECOND_LOOK_S)
            await self._note_lost([asset for asset in gone if not await self._is_there(asset)])

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

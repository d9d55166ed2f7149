"""Assets of completed jobs held against a store that loses them."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import ALICE, SQLStores, completion, new_job
from servers.lying_s3 import LyingS3, lying_s3, nothing

from flexura_jobs.domain.jobs import NewJob
from flexura_jobs.removal import AssetAudit
from flexura_jobs.removal.unreadable import LOOKS
from flexura_jobs.service.jobs import asset_or_not_found
from flexura_jobs.store import SQLAuditStore
from flexura_kit.blob import Blobs, blobs
from flexura_kit.errors import FlexuraError, Reason
from flexura_kit.ids import AccountId, JobId

JOBS = 8
SWEEPS_MAX = 200


class Leads:
    leads = True


class News:
    def __init__(self) -> None:
        self.told: list[tuple[AccountId, JobId]] = []

    def removed(self, jobs: list[tuple[AccountId, JobId]]) -> None:
        self.told += jobs


@pytest_asyncio.fixture
async def liar(tmp_path: Path) -> AsyncIterator[LyingS3]:
    async with lying_s3(tmp_path / "liar") as store:
        yield store


@pytest_asyncio.fixture
async def store(liar: LyingS3) -> AsyncIterator[Blobs]:
    async with blobs(liar.settings, retries=0) as opened:
        yield opened


@pytest.fixture
def news() -> News:
    return News()


@pytest.fixture
def audit(sql_stores: SQLStores, store: Blobs, news: News) -> AssetAudit:
    audited = SQLAuditStore(sql_stores.data, sql_stores.writer)
    return AssetAudit(audited, store, news, Leads(), timedelta(seconds=60), 8)


async def completed(stores: SQLStores, store: Blobs, folder: Path) -> NewJob:
    new = new_job()
    await stores.created(new)
    report = completion(await stores.claimed(new))
    path = folder / "object"
    path.write_bytes(os.urandom(report.stored_asset.asset.size_bytes))
    await store.upload_file(key_of(new), path, "image/png")
    stored = replace(report.stored_asset, object_key=key_of(new))
    assert await stores.work.complete(replace(report, stored_asset=stored))
    return new


def key_of(new: NewJob) -> str:
    return f"jobs/{new.job_id}/1.png"


async def lost(stores: SQLStores, new: NewJob) -> bool:
    asset = (await stores.job(new)).asset
    assert asset is not None
    return asset.lost_at is not None


async def test_a_lost_asset_is_found_by_the_sample_and_its_job_says_so(
    sql_stores: SQLStores, liar: LyingS3, store: Blobs, audit: AssetAudit, news: News, tmp_path: Path
) -> None:
    jobs = [await completed(sql_stores, store, tmp_path) for _ in range(JOBS)]
    liar.lose(key_of(jobs[2]))
    for _ in range(SWEEPS_MAX):
        await audit.sweep()
        if news.told:
            break

    assert news.told == [(ALICE, jobs[2].job_id)]
    assert [await lost(sql_stores, job) for job in jobs] == [job is jobs[2] for job in jobs]
    stored = await sql_stores.jobs.stored_assets([jobs[2].job_id])
    answer = asset_or_not_found(stored[jobs[2].job_id], jobs[2].job_id, "png")
    assert isinstance(answer, FlexuraError)
    assert answer.reason is Reason.ASSET_LOST


async def test_an_asset_that_is_cut_is_lost_and_one_that_is_there_again_is_not(
    sql_stores: SQLStores, liar: LyingS3, store: Blobs, audit: AssetAudit, tmp_path: Path
) -> None:
    job = await completed(sql_stores, store, tmp_path)
    place = f"/{liar.bucket}/{key_of(job)}"
    whole = liar.objects[place]
    liar.objects[place] = whole[:-1]
    await audit.look_for([job.job_id])
    assert await lost(sql_stores, job)

    liar.objects[place] = whole
    await audit.sweep()
    assert not await lost(sql_stores, job)


async def test_nothing_is_called_lost_while_the_bucket_is_missing(
    sql_stores: SQLStores, liar: LyingS3, store: Blobs, audit: AssetAudit, tmp_path: Path
) -> None:
    job = await completed(sql_stores, store, tmp_path)
    liar.lose(key_of(job))
    liar.has_bucket = False
    with pytest.raises(FlexuraError, match="bucket"):
        await audit.sweep()

    assert not await lost(sql_stores, job)


async def test_an_unfinished_job_has_no_asset_to_lose(sql_stores: SQLStores, audit: AssetAudit, news: News) -> None:
    new = new_job()
    await sql_stores.created(new)
    await audit.look_for([new.job_id])
    await audit.sweep()

    assert news.told == []


async def test_an_asset_whose_bytes_cannot_be_read_is_lost_after_three_looks_and_found_again(
    sql_stores: SQLStores, liar: LyingS3, store: Blobs, audit: AssetAudit, tmp_path: Path
) -> None:
    job = await completed(sql_stores, store, tmp_path)
    liar.fails.add(key_of(job))
    await audit.look_for([job.job_id])
    assert "cannot read 1 more" in str(audit.why_impaired())
    for _ in range(LOOKS):
        assert not await lost(sql_stores, job)
        await audit.recheck()
    assert await lost(sql_stores, job)
    await audit.sweep()
    assert await lost(sql_stores, job)
    assert "has lost 1 assets and cannot read 0 more" in str(audit.why_impaired())

    liar.fails.clear()
    await audit.sweep()
    await audit.recheck()
    assert not await lost(sql_stores, job)
    assert audit.why_impaired() is None


async def test_the_sample_reads_bytes(
    sql_stores: SQLStores, liar: LyingS3, store: Blobs, audit: AssetAudit, tmp_path: Path
) -> None:
    job = await completed(sql_stores, store, tmp_path)
    liar.fails.add(key_of(job))
    await audit.sweep()
    assert "cannot read 1 more" in str(audit.why_impaired())


async def test_looks_at_a_store_that_keeps_nothing_do_not_count(
    sql_stores: SQLStores, liar: LyingS3, store: Blobs, audit: AssetAudit, tmp_path: Path
) -> None:
    job = await completed(sql_stores, store, tmp_path)
    liar.fails.add(key_of(job))
    await audit.look_for([job.job_id])
    liar.keeps = nothing
    for _ in range(LOOKS + 1):
        with pytest.raises(FlexuraError):
            await audit.recheck()
    assert not await lost(sql_stores, job)

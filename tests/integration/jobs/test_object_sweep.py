"""The sweep of objects between a real database and a real store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import ALICE, SQLStores, completion, eventually, failed, new_job
from servers.s3 import S3Server

from flexura_jobs.domain.jobs import Lease, NewJob
from flexura_jobs.domain.retention import Retention
from flexura_jobs.removal import ObjectSweep
from flexura_jobs.store import SQLLeftoverStore, SQLRemovalStore
from flexura_kit.blob import Blobs, blobs
from flexura_kit.errors import FlexuraError

YEAR = timedelta(days=365)


class Leads:
    leads = True


@pytest_asyncio.fixture
async def store(shared_s3: S3Server) -> AsyncIterator[Blobs]:
    async with blobs(shared_s3.settings, threads=2) as opened:
        yield opened


def sweep_of(stores: SQLStores, store: Blobs) -> ObjectSweep:
    return ObjectSweep(SQLLeftoverStore(stores.data, stores.writer, timedelta(0)), store, Leads())


async def delete(stores: SQLStores, new: NewJob) -> None:
    removals = SQLRemovalStore(stores.data.dialect, stores.writer, Retention(YEAR, YEAR, YEAR))
    assert await removals.delete(ALICE, new.job_id)


async def put(store: Blobs, new: NewJob, name: str, folder: Path) -> str:
    (folder / "object").write_bytes(b"bytes")
    key = f"jobs/{new.job_id}/{name}"
    await store.upload_file(key, folder / "object", "image/png")
    return key


async def complete(stores: SQLStores, lease: Lease, key: str) -> None:
    report = completion(lease)
    assert await stores.work.complete(replace(report, stored_asset=replace(report.stored_asset, object_key=key)))


async def keys(store: Blobs, new: NewJob) -> list[str]:
    return await store.keys(f"jobs/{new.job_id}/", 100)


async def test_all_objects_of_a_deleted_job_go_and_no_others(
    sql_stores: SQLStores, store: Blobs, tmp_path: Path
) -> None:
    gone, kept = new_job(), new_job()
    for new in (gone, kept):
        await sql_stores.created(new)
        await complete(sql_stores, await sql_stores.claimed(new), await put(store, new, "1-a.png", tmp_path))
        await put(store, new, "1-b.png", tmp_path)
    await delete(sql_stores, gone)
    sweep = sweep_of(sql_stores, store)
    assert await sweep.sweep() == 1
    assert await keys(store, gone) == []
    assert len(await keys(store, kept)) == 2
    assert await sweep.sweep() == 0


async def test_attempts_that_did_not_count_leave_no_object_and_the_asset_stays(
    sql_stores: SQLStores, store: Blobs, tmp_path: Path
) -> None:
    won, lost = new_job(), new_job()
    await sql_stores.created(won, lost)
    for new in (won, lost):
        await put(store, new, "1-loser.png", tmp_path)
        await sql_stores.work.release(await sql_stores.claimed(new))
    asset = await put(store, won, "2-winner.png", tmp_path)
    await complete(sql_stores, await sql_stores.claimed(won), asset)
    await sql_stores.work.fail(failed(await sql_stores.claimed(lost), retryable=False))
    assert await sweep_of(sql_stores, store).sweep() == 2
    assert await keys(store, won) == [asset]
    assert await keys(store, lost) == []


async def test_an_asset_that_a_worker_named_elsewhere_goes_too(
    sql_stores: SQLStores, store: Blobs, tmp_path: Path
) -> None:
    new, other = new_job(), new_job()
    await sql_stores.created(new)
    key = await put(store, other, "elsewhere.png", tmp_path)
    await complete(sql_stores, await sql_stores.claimed(new), key)
    await delete(sql_stores, new)
    await sweep_of(sql_stores, store).sweep()
    assert await store.stat(key) is None


async def test_a_store_that_is_down_makes_the_work_wait_and_it_resumes(
    sql_stores: SQLStores, own_s3: S3Server, tmp_path: Path
) -> None:
    new = new_job()
    async with blobs(own_s3.settings, threads=2) as own:
        await sql_stores.created(new)
        await complete(sql_stores, await sql_stores.claimed(new), await put(own, new, "1.png", tmp_path))
        await own_s3.process.kill()
        await delete(sql_stores, new)
        sweep = sweep_of(sql_stores, own)
        with pytest.raises(FlexuraError):
            await sweep.sweep()
        running = asyncio.create_task(sweep.run())
        await own_s3.process.start()

        async def is_gone() -> bool:
            with contextlib.suppress(FlexuraError):
                return await keys(own, new) == []
            return False

        await eventually(is_gone, within_s=60)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

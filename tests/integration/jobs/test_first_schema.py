"""A database of the first schema, with jobs at every point of their life, and the service that goes on with them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from integration.jobs.peers import eventually
from integration.jobs.service import ASSET, CARD, JobsDoor, jobs_service, new_item
from servers.nats import NATSServer
from sqlalchemy import Connection, insert, select

from flexura.jobs.v1 import job_pb2, jobs_service_pb2, worker_service_pb2
from flexura_jobs.models import ACCOUNTS, EVENTS, JOBS
from flexura_jobs.wiring import MIGRATIONS, SERVICE
from flexura_kit.db import database, migrate
from flexura_kit.ids import new_uuid7
from flexura_kit.settings import DatabaseSettings

FIRST = "0001"
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
WAITING, HINTED, LEASED, ABANDONED, DONE, FAILED = (new_uuid7() for _ in range(6))
LATER = {  # What each job has beside that which all have.
    WAITING: {"state": "queued"},
    HINTED: {"state": "queued", "dispatch_seq": 1, "dispatched_at": NOW - HOUR},
    LEASED: {"state": "processing", "lease_token": "held", "lease_expires_at": NOW + HOUR},
    ABANDONED: {"state": "processing", "lease_token": "lost", "lease_expires_at": NOW - HOUR},
    DONE: {
        "state": "completed",
        "progress": 1.0,
        "finished_at": NOW,
        "asset_key": "jobs/1/1.png",
        "asset_extension": ASSET.extension,
        "asset_content_type": ASSET.content_type,
        "asset_size_bytes": ASSET.size_bytes,
        "asset_sha256": ASSET.sha256,
        "asset_width": ASSET.width,
        "asset_height": ASSET.height,
        "asset_duration_s": 0.0,
    },
    FAILED: {
        "state": "failed",
        "finished_at": NOW,
        "failure_reason": "worker_lost",
        "failure_message": "The worker was lost.",
        "failure_retryable": True,
    },
}


def row(job_id: str) -> dict[str, Any]:
    begun = {"attempt": 1, "started_at": NOW - HOUR, "worker_id": "w"} if LATER[job_id]["state"] != "queued" else {}
    return {
        "job_id": job_id,
        "account_id": "alice",
        "media_type": "image",
        "requested_model": "nvidia-flux",
        "model": CARD,
        "prompt": "ein Leuchtturm 灯塔",
        "options": '{"width":64,"height":64,"steps":4,"seed":7}',
        "created_at": NOW - 2 * HOUR,
        "updated_at": NOW - HOUR,
        "deadline_at": NOW + HOUR,
        **begun,
        **LATER[job_id],
    }


def fill(connection: Connection) -> None:
    """Names only columns that the first schema has; the rest take the defaults that migrations give them."""
    for job_id in LATER:
        connection.execute(insert(JOBS).values(row(job_id)))
    connection.execute(insert(ACCOUNTS).values(account_id="alice", event_sequence=len(LATER)))
    for sequence, job_id in enumerate(LATER, start=1):
        connection.execute(
            insert(EVENTS).values(
                account_id="alice", sequence=sequence, job_id=job_id, state="queued", attempt=0, created_at=NOW - HOUR
            )
        )


@pytest_asyncio.fixture
async def door(database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    async with database(database_settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS, FIRST)
        async with opened.write.begin() as connection:
            await connection.run_sync(fill)
    async with jobs_service(database_settings, own_nats, tmp_path) as running:
        yield running


async def test_the_service_goes_on_with_every_job_of_the_first_schema(
    door: JobsDoor, database_settings: DatabaseSettings
) -> None:
    jobs = {job_id: await door.get(job_id) for job_id in LATER}
    assert {job.prompt for job in jobs.values()} == {"ein Leuchtturm 灯塔"}
    assert {(job.client_ref, job.metadata_json, job.probable_duplicate_of) for job in jobs.values()} == {("", "", "")}
    assert jobs[DONE].asset == ASSET
    assert (jobs[FAILED].state, jobs[FAILED].failure.message) == (job_pb2.JOB_STATE_FAILED, "The worker was lost.")
    asked = jobs_service_pb2.ResolveAssetItem(job_id=DONE, extension="png")
    request = jobs_service_pb2.BatchResolveAssetsRequest(items=[asked])
    (found,) = (await door.jobs.BatchResolveAssets(request, timeout=10)).results
    assert found.stored_asset.object_key == "jobs/1/1.png"

    await door.complete(worker_service_pb2.ClaimedJob(job_id=LEASED, lease_token="held"))
    for job_id in (WAITING, HINTED):
        await door.complete(await door.claimed(job_id))

    async def is_given_back() -> bool:
        return (await door.get(ABANDONED)).state == job_pb2.JOB_STATE_QUEUED

    await eventually(is_given_back)
    await door.complete(await door.claimed(ABANDONED))
    (result,) = await door.create(new_item(client_ref="new"))
    states = [(await door.get(job_id)).state for job_id in (WAITING, HINTED, LEASED, ABANDONED)]
    assert states == [job_pb2.JOB_STATE_COMPLETED] * 4

    async with database(database_settings, SERVICE) as opened, opened.read.connect() as connection:
        query = select(EVENTS.c.sequence, EVENTS.c.job_id).order_by(EVENTS.c.sequence)
        events = [tuple(event) for event in await connection.execute(query)]
    assert [sequence for sequence, _ in events] == list(range(1, len(events) + 1))
    assert events[: len(LATER)] == list(enumerate(LATER, start=1))
    assert events[-1][1] == result.job.job_id

"""What becomes of jobs when a part is killed, frozen or cut off in mid-work."""

import asyncio
import json
import time
from pathlib import Path

import psutil
from integration.media_worker.peers import Plant, Timing, plant, until
from servers.nats import NATSServer
from servers.s3 import S3Server

SOON_S = 15.0  # On a machine under load; the faults that are looked for take minutes or for ever.


async def test_generators_die_with_a_worker_that_is_killed(works: Plant) -> None:
    async with works.worker() as worker:
        job = await works.submit(take_s=30)
        await until(lambda: job.state == "processing", "the job to begin")
        generators = worker.generators()
        await worker.process.kill()

        await until(lambda: not any(map(is_running, generators)), "the generators to die", within_s=SOON_S)
        assert not job.completions


async def test_a_killed_workers_job_is_done_by_the_next_and_its_spool_is_removed(works: Plant) -> None:
    async with works.worker("first") as first:
        job = await works.submit(take_s=3, payload_bytes=2048)
        await until(lambda: job.state == "processing", "the job to begin")
        await first.process.kill()
        # The part of the reconciler: the lease has run out, the job is queued again.
        job.state = "queued"
        async with works.worker("second", spool_dir=str(first.spool)) as second:
            await until(lambda: job.state == "completed", "the job to complete")

            assert len(job.completions) == 1
            assert second.lines("stale_spool_removed")


async def test_on_sigterm_unfinished_work_is_handed_back_at_once(
    tmp_path: Path, shared_nats: NATSServer, shared_s3: S3Server
) -> None:
    # Whoever waited for a lease to end or for a hint to come back would wait for minutes.
    slow = Timing(lease_s=300, ack_wait_s=300)
    async with plant(tmp_path, shared_nats, shared_s3, slow) as works, works.worker("first") as first:
        jobs = [await works.submit(take_s=30), await works.submit(fail="hang")]
        await until(lambda: all(job.state == "processing" for job in jobs), "both jobs to begin")
        generators = first.generators()
        asked = time.monotonic()
        async with asyncio.timeout(20):
            await first.process.stop()

        assert all(job.releases[-1] - asked < SOON_S for job in jobs)
        assert all(job.state == "queued" and job.attempt == 0 for job in jobs)
        assert not any(map(is_running, generators))
        assert first.results_waiting() == []
        for job in jobs:
            job.options = {"payload_bytes": 10}
        async with works.worker("second"):
            await until(lambda: all(job.state == "completed" for job in jobs), "the next worker to do them")


async def test_a_cancelled_job_is_killed_as_soon_as_its_worker_hears_of_it(
    tmp_path: Path, shared_nats: NATSServer, shared_s3: S3Server
) -> None:
    never = Timing(lease_s=120, renew_s=60)
    async with plant(tmp_path, shared_nats, shared_s3, never) as works, works.worker() as worker:
        job, bystander = await works.submit(fail="hang"), await works.submit(take_s=30)
        await until(lambda: job.state == bystander.state == "processing", "both jobs to begin")
        await works.publish("flexura.jobs.v1.canceled", b"what is this")
        async with asyncio.timeout(20):
            while not worker.outcomes():
                # Again, because the worker may not have learned yet that its claim was granted.
                await works.publish("flexura.jobs.v1.canceled", json.dumps([job.job_id, "another's job"]).encode())
                await asyncio.sleep(0.1)

        assert worker.outcomes() == ["canceled"]
        assert len(worker.lines("cancellation_not_understood")) == 1
        assert not job.completions
        assert not job.failures


async def test_a_cancelled_job_is_killed_with_the_next_renewal(works: Plant) -> None:
    async with works.worker() as worker:
        job = await works.submit(fail="hang")
        await until(lambda: job.progress, "the first renewal")
        job.state = "canceled"
        await until(worker.outcomes, "the attempt to end", within_s=SOON_S)

        assert worker.outcomes()[0] == "canceled"
        assert not job.completions
        assert not job.failures
        assert await works.hints_left() == 0


async def test_a_worker_that_lost_its_lease_reports_nothing_and_spoils_nothing(works: Plant) -> None:
    async with works.worker("slow") as slow:
        job = await works.submit(take_s=4, payload_bytes=10)
        await until(lambda: job.state == "processing", "the job to begin")
        slow.process.pause()
        job.state = "queued"
        await works.hint(job)
        async with works.worker("other") as other:
            await until(lambda: job.attempt == 2, "another worker to claim it")
            slow.process.resume()
            await until(lambda: job.state == "completed", "the job to complete")
            await until(slow.outcomes, "the slow one to notice")

            # The first hint comes again to whoever asks, and is refused there.
            await until(lambda: "completed" in other.outcomes(), "the other one to write its line")
            assert slow.outcomes()[0] in {"lost", "unrenewed"}
        assert len(job.completions) == 1
        assert job.completions[0].object_key.startswith(f"jobs/{job.job_id}/2-")


async def test_work_stops_when_the_lease_could_not_be_renewed_in_time(works: Plant) -> None:
    async with works.worker() as worker:
        job = await works.submit(take_s=30)
        await until(lambda: job.progress, "the first renewal")
        cut_off = time.monotonic()
        await works.stop_jobs()
        await until(worker.outcomes, "the attempt to end", within_s=6)

        assert time.monotonic() - cut_off <= works.peer.timing.lease_s + 1.0
        assert worker.outcomes()[0] == "unrenewed"
        job.state, job.options = "queued", {"payload_bytes": 10}
        await works.serve_jobs()
        await until(lambda: job.state == "completed", "the same worker to do it again")


async def test_a_report_waits_for_a_jobs_service_that_restarts(works: Plant) -> None:
    async with works.worker():
        job = await works.submit(take_s=1.0, payload_bytes=10)
        await until(lambda: job.progress, "the first renewal")
        await works.stop_jobs()
        await asyncio.sleep(1.5)
        await works.serve_jobs()
        await until(lambda: job.state == "completed", "the job to complete")

        assert len(job.completions) == 1


async def test_a_result_waits_for_a_store_that_is_down(
    tmp_path: Path, shared_nats: NATSServer, own_s3: S3Server
) -> None:
    async with plant(tmp_path, shared_nats, own_s3, Timing()) as works, works.worker() as worker:
        await own_s3.process.kill()
        job = await works.submit(payload_bytes=4096)
        await until(worker.results_waiting, "the result to lie in the spool")
        await until(lambda: len(job.progress) > 3, "renewals meanwhile")
        await own_s3.process.start()
        await until(lambda: job.state == "completed", "the job to complete")

        assert job.attempt == 1
        assert len(job.completions) == 1


async def test_a_result_that_cannot_be_stored_in_time_may_be_made_again(
    tmp_path: Path, shared_nats: NATSServer, own_s3: S3Server
) -> None:
    async with plant(tmp_path, shared_nats, own_s3, Timing(time_left_s=2.0)) as works, works.worker():
        await own_s3.process.kill()
        job = await works.submit(payload_bytes=4096)
        await until(lambda: job.state == "failed", "the job to fail")

        assert job.reason == "ERROR_REASON_SERVICE_UNAVAILABLE"
        assert job.failures[-1].retryable


async def test_a_job_outlives_the_broker(tmp_path: Path, own_nats: NATSServer, shared_s3: S3Server) -> None:
    async with plant(tmp_path, own_nats, shared_s3, Timing()) as works, works.worker():
        job = await works.submit(take_s=2, payload_bytes=10)
        await until(lambda: job.state == "processing", "the job to begin")
        await own_nats.process.kill()
        await until(lambda: job.state == "completed", "the job to complete without a broker")
        await own_nats.process.start()
        following = await submitted_again(works)
        await until(lambda: following.state == "completed", "the next job to complete")

        assert len(job.completions) == 1


async def test_a_consumer_that_vanished_is_bound_again(works: Plant) -> None:
    async with works.worker():
        await works.jetstream.delete_stream(works.name)
        await asyncio.sleep(3)
        await works.provision(("image", "video", "audio"))
        job = await works.submit(payload_bytes=10)
        await until(lambda: job.state == "completed", "the job to complete", within_s=12)


async def test_a_long_job_is_given_to_nobody_else(tmp_path: Path, shared_nats: NATSServer, shared_s3: S3Server) -> None:
    timing = Timing(ack_wait_s=1.5)
    async with plant(tmp_path, shared_nats, shared_s3, timing) as works, works.worker("one"), works.worker("two"):
        job = await works.submit(take_s=5, payload_bytes=10)
        await until(lambda: job.state == "completed", "the job to complete")

        assert job.attempt == 1
        assert works.peer.claim_sizes == [1]


async def test_a_worker_starts_before_the_broker_and_the_jobs_service(
    tmp_path: Path, own_nats: NATSServer, shared_s3: S3Server
) -> None:
    async with plant(tmp_path, own_nats, shared_s3, Timing()) as works:
        await works.stop_jobs()
        await own_nats.process.kill()
        starting = asyncio.create_task(anext_worker(works))
        await asyncio.sleep(2)
        await own_nats.process.start()
        await works.serve_jobs()
        await starting


async def anext_worker(works: Plant) -> None:
    async with works.worker():
        job = await submitted_again(works)
        await until(lambda: job.state == "completed", "the job to complete")


async def submitted_again(works: Plant):  # noqa: ANN201 - the job of the peer.
    """Submits as soon as the broker takes it."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await works.submit(payload_bytes=10)
            except Exception:  # noqa: BLE001 - the client raises a dozen kinds while its server starts.
                await asyncio.sleep(0.2)


def is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE

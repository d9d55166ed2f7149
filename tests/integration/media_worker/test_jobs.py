"""Jobs from their hint to their report, through a real worker."""

import hashlib
import io

import pytest
from integration.media_worker.peers import PeerJob, Plant, until
from PIL import Image
from servers.s3 import S3Server


def stored(store: S3Server, job: PeerJob) -> bytes:
    response = store.client().get_object(store.bucket, job.completions[-1].object_key)
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()


async def test_an_image_is_made_stored_and_reported_once(works: Plant) -> None:
    async with works.worker() as worker:
        job = await works.submit(width=320, height=200, seed=7)
        await until(lambda: job.state == "completed", "the job to complete")

        report = job.completions[-1]
        content = stored(works.store, job)
        assert Image.open(io.BytesIO(content)).size == (320, 200)
        assert hashlib.sha256(content).hexdigest() == report.asset.sha256
        assert len(content) == report.asset.size_bytes
        assert (report.asset.extension, report.asset.content_type) == ("png", "image/png")
        assert report.object_key == f"jobs/{job.job_id}/1-{job.lease_token[:8]}.png"
        await until(lambda: worker.lines("attempt_ended"), "its line")
        assert worker.lines("attempt_ended")[0]["outcome"] == "completed"
        assert worker.lines("attempt_ended")[0]["job_id"] == job.job_id
        assert await works.hints_left() == 0
        assert worker.results_waiting() == []


@pytest.mark.parametrize(
    ("fail", "reason", "retryable"),
    [
        ("crash", "ERROR_REASON_GENERATOR_CRASHED", True),
        ("empty", "ERROR_REASON_PROVIDER_RETURNED_NOTHING", False),
        ("refuse", "ERROR_REASON_PROVIDER_REFUSED", False),
        ("error", "ERROR_REASON_PROVIDER_FAILED", True),
    ],
)
async def test_a_generator_that_fails_costs_its_own_job_only(
    works: Plant, fail: str, reason: str, *, retryable: bool
) -> None:
    async with works.worker():
        bystander = await works.submit(take_s=0.5, width=64, height=64)
        job = await works.submit(fail=fail)
        await until(lambda: job.state == "failed", "the job to fail")
        await until(lambda: bystander.state == "completed", "the other job to complete")

        assert job.reason == reason
        assert job.failures[-1].retryable is retryable
        assert job.failures[-1].message.endswith(".")


async def test_every_type_of_media_is_made(works: Plant) -> None:
    async with works.worker():
        video = await works.submit("video", width=128, height=72, duration_s=1, fps=10)
        sound = await works.submit("audio", duration_s=1.5)
        await until(lambda: video.state == sound.state == "completed", "both to complete")

        assert video.completions[-1].asset.content_type == "video/mp4"
        assert video.completions[-1].asset.duration_s == 1.0
        assert sound.completions[-1].asset.content_type == "audio/wav"
        assert sound.completions[-1].asset.duration_s == 1.5


async def test_progress_is_told_with_the_renewals_and_never_goes_back(works: Plant) -> None:
    async with works.worker():
        job = await works.submit(take_s=2.0, width=64, height=64)
        await until(lambda: job.state == "completed", "the job to complete")

        assert len(job.progress) >= 3
        assert job.progress == sorted(job.progress)
        assert 0.2 < job.progress[-1] <= 1.0


async def test_no_more_jobs_run_at_once_than_there_are_slots(works: Plant) -> None:
    async with works.worker():
        jobs = [await works.submit("image" if n % 2 else "audio", take_s=0.4, payload_bytes=10) for n in range(8)]
        await until(lambda: all(job.state == "completed" for job in jobs), "all to complete")

        for job in jobs:
            # A result on its way to the store has left its slot, so only the computing counts.
            computing = [other for other in jobs if other.claimed_at <= job.claimed_at < other.claimed_at + 0.4]
            assert len(computing) <= 2


async def test_a_flood_of_one_model_does_not_keep_another_out(works: Plant) -> None:
    async with works.worker():
        flood = [await works.submit("image", take_s=0.2, payload_bytes=10) for _ in range(30)]
        await until(lambda: any(job.state == "completed" for job in flood), "the flood to begin")
        single = await works.submit("audio", payload_bytes=10)
        await until(lambda: single.state == "completed", "the single job to complete")

        assert sum(job.state == "completed" for job in flood) < 20


async def test_a_job_that_hangs_past_its_time_fails_and_the_next_one_finds_a_new_process(works: Plant) -> None:
    works.peer.timing.time_left_s = 1.0
    async with works.worker() as worker:
        before = {process.pid for process in worker.generators()}
        job = await works.submit(fail="hang")
        await until(lambda: job.state == "failed", "the job to fail")

        assert job.reason == "ERROR_REASON_DEADLINE_EXCEEDED"
        assert not job.failures[-1].retryable
        await until(lambda: len({process.pid for process in worker.generators()} - before) == 1, "a new process")
        works.peer.timing.time_left_s = 30.0
        following = [await works.submit(payload_bytes=10) for _ in range(4)]
        await until(lambda: all(job.state == "completed" for job in following), "the next jobs to complete")


async def test_a_hint_of_a_job_that_may_not_be_claimed_is_settled(works: Plant) -> None:
    async with works.worker() as worker:
        job = await works.submit(payload_bytes=10)
        await until(lambda: job.state == "completed", "the job to complete")
        await works.hint(job)
        await until(lambda: len(worker.lines("attempt_ended")) == 2, "the second hint to be seen")

        assert worker.lines("attempt_ended")[1]["outcome"] == "refused"
        assert await works.hints_left() == 0
        assert job.attempt == 1


async def test_many_small_jobs_are_claimed_together(works: Plant) -> None:
    jobs = [await works.submit(payload_bytes=1024) for _ in range(200)]
    async with works.worker(slots="2"):
        await until(lambda: all(job.state == "completed" for job in jobs), "all to complete", within_s=110)

    assert all(len(job.completions) == 1 for job in jobs)

"""A worker that is at fault itself: no job pays for it, another worker takes the work, and it comes back by itself."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from faults import disk
from integration.media_worker.peers import PeerJob, Plant, Timing, Worker, plant, until
from servers.lying_s3 import Keeps, everything, lying_s3, nothing, other_bytes, the_first_half
from servers.nats import NATSServer

from flexura_kit.blob import blobs

JOBS = 12
TESTS = Path(__file__).parents[2]
# Loaded by every Python that has its folder in its path; what it does, it does to what generators are forked from.
SABOTAGE = """
import os, pathlib, sys
if "flexura_media_worker.generator" in " ".join(sys.orig_argv) and pathlib.Path(r"{flag}").exists():
    {deed}
"""
BROKEN_ENCODER = """
    from PIL import Image
    real = Image.Image.save
    def save(self, *args, **options):
        if pathlib.Path(r"{flag}").exists():
            raise RuntimeError("encoder error -2")
        return real(self, *args, **options)
    Image.Image.save = save
"""
MISSING_MODULE = """
    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "PIL" and pathlib.Path(r"{flag}").exists():
                raise ModuleNotFoundError("No module named 'PIL'", name="PIL")
    sys.meta_path.insert(0, Finder())
"""
KILLED = """
    from flexura_media_worker import frames
    real = frames.media_frame
    def media_frame(media):
        # Once its work is done, as the kernel does that runs out of memory.
        if pathlib.Path(r"{flag}").exists():
            os.kill(os.getpid(), 9)
        return real(media)
    frames.media_frame = media_frame
"""
NO_START = 'sys.exit("cannot allocate memory")'


@dataclass
class Sick:
    """A worker that something is wrong with, which part that is, and how it is mended."""

    worker: Worker
    part: str
    mend: Callable[[], Awaitable[None]]


def sabotaged(works: Plant, name: str, deed: str, part: str) -> Sick:
    flag, folder = works.folder / "broken", works.folder / "sabotage"
    flag.touch()
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SABOTAGE.format(flag=flag, deed=deed.format(flag=flag).strip()))
    return Sick(Started(works, works.folder / name, {}, {"PYTHONPATH": str(folder)}), part, removing(flag))


def removing(path: Path) -> Callable[[], Awaitable[None]]:
    async def remove() -> None:
        await asyncio.to_thread(path.unlink)

    return remove


def spool_that_is_a_file(works: Plant) -> Sick:
    spool = works.folder / "blocked"
    spool.write_text("no folder")
    return Sick(Started(works, works.folder / "sick", {"spool_dir": str(spool)}), "spool", removing(spool))


def bucket_that_is_gone(works: Plant) -> Sick:
    settings = works.store.settings.model_copy(update={"bucket": f"late-{works.name.lower()}"})

    async def make_bucket() -> None:
        async with blobs(settings, threads=1) as store:
            await store.ensure_bucket()

    return Sick(Started(works, works.folder / "sick", {"s3_bucket": settings.bucket}), "store", make_bucket)


def encoder_that_fails(works: Plant) -> Sick:
    return sabotaged(works, "sick", BROKEN_ENCODER, "flexura-testcard")


def module_that_is_missing(works: Plant) -> Sick:
    return sabotaged(works, "sick", MISSING_MODULE, "flexura-testcard")


def generators_that_do_not_start(works: Plant) -> Sick:
    return sabotaged(works, "sick", NO_START, "generators")


def generators_that_are_killed(works: Plant) -> Sick:
    return sabotaged(works, "sick", KILLED, "flexura-testcard")


class Started(Worker):
    """Ready for the test as soon as it says whether it is; a sick one says that it is not."""

    async def why_not_ready(self) -> str | None:
        return None if self.lines("readiness_changed") else "it has not said"

    def missing(self) -> dict[str, str]:
        """What it says is missing for it to work."""
        lines = self.lines("readiness_changed")
        return dict(lines[-1]["missing"]) if lines else {}


class SmallSpool(Started):
    module = "integration.media_worker.small_spool"


SICKNESSES = [
    spool_that_is_a_file,
    bucket_that_is_gone,
    encoder_that_fails,
    module_that_is_missing,
    generators_that_do_not_start,
    generators_that_are_killed,
]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("sickness", SICKNESSES)
async def test_a_fault_of_the_worker_costs_no_attempt_and_heals_by_itself(
    works: Plant, sickness: Callable[[Plant], Sick]
) -> None:
    sick = sickness(works)
    async with works.run(sick.worker) as worker:
        jobs = [await works.submit(width=64, height=64) for _ in range(JOBS)]
        await until(lambda: sick.part in paused(worker), "the worker to pause")

        await until(lambda: sick.part in worker.missing().get("work", ""), "it to say that it is not ready")
        assert failed(jobs) == []
        await sick.mend()
        await until(lambda: all_completed(jobs), "all jobs to complete", within_s=120)

        assert failed(jobs) == []
        assert {job.attempt for job in jobs} == {1}
        assert sum(len(job.faults) for job in jobs) <= 2 * JOBS
        await until(lambda: worker.missing() == {}, "it to say that it is ready")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("sickness", [bucket_that_is_gone, encoder_that_fails])
async def test_another_worker_does_what_a_sick_one_hands_back(works: Plant, sickness: Callable[[Plant], Sick]) -> None:
    sick = sickness(works)
    async with works.run(sick.worker) as worker:
        jobs = [await works.submit(width=64, height=64) for _ in range(JOBS)]
        await until(lambda: worker.lines("worker_paused"), "the worker to pause")
        async with works.worker("healthy"):
            await until(lambda: all_completed(jobs), "all jobs to complete", within_s=90)

        assert failed(jobs) == []
        assert {job.attempt for job in jobs} == {1}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("has_worked", [True, False])
async def test_a_worker_without_file_handles_hands_its_jobs_back(works: Plant, has_worked: bool) -> None:
    async with works.run(Started(works, works.folder / "sick", {})) as worker:
        await until(lambda: len(worker.generators()) == 2, "both slots")
        first = [await works.submit(width=64, height=64)] if has_worked else []
        await until(lambda: all_completed(first), "the first job to complete")
        process = psutil.Process(worker.process.pid)
        before = process.rlimit(psutil.RLIMIT_NOFILE)
        process.rlimit(psutil.RLIMIT_NOFILE, (5, before[1]))
        for generator in worker.generators():
            generator.kill()
        jobs = [await works.submit(width=64, height=64) for _ in range(4)]
        # One that has no connection to jobs yet cannot get one: it takes no work that it could pause for.
        await until(lambda: worker.lines("worker_paused") if has_worked else worker.missing(), "it to say so")

        assert failed(jobs) == []
        process.rlimit(psutil.RLIMIT_NOFILE, before)
        await until(lambda: all_completed(jobs), "all jobs to complete", within_s=90)

        assert failed(jobs) == []


async def test_a_job_that_breaks_its_generator_pays_for_it_and_the_worker_goes_on(works: Plant) -> None:
    async with works.worker() as worker:
        poison, other = await works.submit(fail="crash"), await works.submit(width=64, height=64)
        await until(lambda: poison.state == "failed" and other.state == "completed", "both to end")

        assert poison.reason == "ERROR_REASON_GENERATOR_CRASHED"
        assert poison.faults == []
        assert worker.lines("worker_paused") == []


@pytest.mark.heavy
@pytest.mark.timeout(300)
async def test_a_full_spool_ends_no_job_and_work_goes_on_when_there_is_room(works: Plant) -> None:
    if missing := await asyncio.to_thread(disk.why_missing):
        pytest.fail(f"no small disk can be had on this machine: {missing}")
    environment = {"PYTHONPATH": str(TESTS)}
    async with works.run(SmallSpool(works, works.folder / "full", {}, environment)) as worker:
        spool = disk.SmallDisk(worker.process.pid, worker.spool)
        spool.fill()
        kinds = [("image", {"width": 512, "height": 512}), ("video", {"width": 128, "height": 128, "duration_s": 1}),
                 ("audio", {"duration_s": 2})]  # fmt: skip
        jobs = [await works.submit(kind, **options) for kind, options in kinds * 27]
        await until(lambda: worker.lines("worker_paused"), "the worker to pause")

        assert worker.lines("worker_paused")[0]["part"] == "spool"
        async with works.worker("healthy"):
            await until(lambda: sum(job.state == "completed" for job in jobs) >= 40, "another to work", within_s=120)
        spool.empty()
        await until(lambda: all_completed(jobs), "all jobs to complete", within_s=120)

        assert failed(jobs) == []
        assert max(len(job.faults) for job in jobs) <= 5


def paused(worker: Worker) -> list[str]:
    return [line["part"] for line in worker.lines("worker_paused")]


def failed(jobs: list[PeerJob]) -> list[str]:
    return [job.reason for job in jobs if job.failures]


def all_completed(jobs: list[PeerJob]) -> bool:
    return all(job.state == "completed" for job in jobs)


@pytest.mark.parametrize("keeps", [nothing, the_first_half, other_bytes])
async def test_a_store_that_lies_completes_no_job_and_fails_none(
    tmp_path: Path, shared_nats: NATSServer, keeps: Keeps
) -> None:
    async with lying_s3(tmp_path / "liar") as liar:
        liar.keeps = keeps
        async with plant(tmp_path, shared_nats, liar, Timing()) as works, works.worker() as worker:
            jobs = [await works.submit(payload_bytes=5000) for _ in range(4)]
            await until(lambda: "store" in paused(worker), "the worker to pause")

            assert [job.state for job in jobs if job.completions or job.failures] == []
            liar.keeps = everything
            await until(lambda: all_completed(jobs), "all jobs to complete", within_s=60)

            assert failed(jobs) == []
            kept = [f"/{liar.bucket}/{job.completions[0].object_key}" for job in jobs]
            said = [job.completions[0].asset.sha256 for job in jobs]
            assert [hashlib.sha256(liar.objects[key]).hexdigest() for key in kept] == said

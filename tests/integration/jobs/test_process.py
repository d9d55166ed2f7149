"""The jobs service as a process: when it is ready, what stops its start, and what survives its death."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from integration.jobs.service import TIMEOUT_S, hints, jobs_service, new_item, settled, stream_of
from servers.nats import NATSServer
from servers.process import ServerProcess
from servers.waiting import eventually

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from flexura_kit.rpc import rpc_channel
from flexura_kit.settings import DatabaseSettings

COMMAND = [sys.executable, "-m", "flexura_jobs"]


class JobsProcess:
    """Mostly without a broker: it must not be needed to start, to serve or to stop."""

    def __init__(self, folder: Path, broker: NATSServer | None = None) -> None:
        self.socket = f"unix:{folder}/jobs.sock"
        self.environment = {
            "FLEXURA_RPC_LISTEN": self.socket,
            "FLEXURA_DATABASE_URL": f"sqlite:///{folder}/jobs.db",
            "FLEXURA_NATS_URL": "nats://127.0.0.1:1",
            "FLEXURA_PROVIDERS": "flexura-testcard",
            "FLEXURA_SUBSTITUTION": "true",
            "FLEXURA_LOG_FORMAT": "json",
        }
        if broker is not None:
            self.environment |= {
                "FLEXURA_NATS_URL": broker.url,
                "FLEXURA_NATS_USER": broker.user,
                "FLEXURA_NATS_PASSWORD_FILE": str(broker.password_file),
            }
        # The sources under test, where they are not those that are installed.
        self.environment |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        self.process = ServerProcess(COMMAND, folder / "log", self.why_not_ready, environment=self.environment)

    async def why_not_ready(self) -> str | None:
        async with grpc.aio.insecure_channel(self.socket) as channel:
            try:
                request = health_pb2.HealthCheckRequest()
                answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                return error.code().name
        return None if answer.status == health_pb2.HealthCheckResponse.SERVING else "not serving"

    async def create(self, count: int) -> list[str]:
        return [result.job.job_id for result in await self.results(*(new_item() for _ in range(count)))]

    async def results(self, *items: jobs_service_pb2.CreateJobItem) -> list[jobs_service_pb2.JobResult]:
        request = jobs_service_pb2.BatchCreateJobsRequest(items=items)
        async with rpc_channel(self.socket) as channel:
            return list((await JobsServiceStub(channel).BatchCreateJobs(request, timeout=TIMEOUT_S)).results)

    async def states(self, job_ids: list[str]) -> set[int]:
        items = [jobs_service_pb2.GetJobItem(account_id="alice", job_id=job_id) for job_id in job_ids]
        async with rpc_channel(self.socket) as channel:
            request = jobs_service_pb2.BatchGetJobsRequest(items=items)
            answer = await JobsServiceStub(channel).BatchGetJobs(request, timeout=TIMEOUT_S)
        return {result.job.state for result in answer.results}


@asynccontextmanager
async def jobs_process(folder: Path, broker: NATSServer | None = None) -> AsyncIterator[JobsProcess]:
    jobs = JobsProcess(folder, broker)
    await jobs.process.start()
    try:
        yield jobs
    finally:
        await jobs.process.stop()


async def test_it_serves_without_a_broker_and_stops_at_once(tmp_path: Path) -> None:
    async with jobs_process(tmp_path) as jobs:
        assert len(await jobs.create(3)) == 3
        began = time.monotonic()
        await jobs.process.stop()
        assert time.monotonic() - began < 4
        assert "service_stopped" in jobs.process.log_text
        assert "loop_died" not in jobs.process.log_text


async def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    async with jobs_process(tmp_path) as jobs:
        job_ids = await jobs.create(50)
        await jobs.process.kill()
        await jobs.process.start()
        assert await jobs.states(job_ids) == {job_pb2.JOB_STATE_QUEUED}


async def test_a_key_stands_for_its_job_after_a_kill_as_before(tmp_path: Path) -> None:
    async with jobs_process(tmp_path) as jobs:
        (first,) = await jobs.results(new_item(idempotency_key="k"))
        await jobs.process.kill()
        await jobs.process.start()
        again, reused = await jobs.results(
            new_item(idempotency_key="k"), new_item(idempotency_key="k", prompt="another")
        )
    assert (settled(again.job), again.replayed) == (settled(first.job), True)
    assert [violation.field for violation in reused.error.violations] == ["prompt"]


async def test_another_replica_takes_over_within_ten_seconds_of_the_leaders_death(
    tmp_path: Path, own_nats: NATSServer
) -> None:
    data = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with jobs_process(tmp_path, own_nats) as leader, stream_of(own_nats) as jetstream:
        await eventually(lambda: '"leads":true' in leader.process.log_text, within_s=30)
        async with jobs_service(data, own_nats, tmp_path, "another") as door:
            assert await door.created() == await hints(jetstream, 1)
            await leader.process.kill()
            began = time.monotonic()
            assert await door.created() == await hints(jetstream, 1)
            assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"FLEXURA_PROVIDERS": "flexura-testcrad"}, "no model of the catalog has the provider flexura-testcrad"),
        ({"FLEXURA_CATALOG_FILE": "/nowhere.yaml"}, "FLEXURA_CATALOG_FILE: the file /nowhere.yaml cannot be read"),
        ({"FLEXURA_LEASE_S": "0"}, 'FLEXURA_LEASE_S: must be a number above 0 and of at most 3600 (it is "0")'),
        ({"FLEXURA_PROVIDER": "x"}, "the nearest is FLEXURA_PROVIDERS"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_name(tmp_path: Path, change: dict[str, str], complaint: str) -> None:
    environment = JobsProcess(tmp_path).environment | change
    ended = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr

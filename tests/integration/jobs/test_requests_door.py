"""Requests that are sent again, and queues that are full, through real gRPC over each database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.service import JobsDoor, jobs_service, new_item
from servers.nats import NATSServer

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2
from flexura_kit.settings import DatabaseSettings

LIMIT = 3
LIMITS = {"queued_of_account_max": LIMIT, "queued_max": 5}


@pytest_asyncio.fixture
async def door(database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    async with jobs_service(
        database_settings, own_nats, tmp_path, queued_of_account_max=LIMIT, queued_max=5
    ) as running:
        yield running


async def test_copies_from_many_calls_are_one_job_and_the_others_are_replays(door: JobsDoor) -> None:
    copies = [new_item(idempotency_key="k", key_id="key_1") for _ in range(100)]
    results = [result for (result,) in await asyncio.gather(*(door.create(copy) for copy in copies))]
    assert len({result.job.job_id for result in results}) == 1
    assert sum(result.replayed for result in results) == 99


async def test_a_replay_is_answered_even_where_the_request_would_be_refused_by_now(
    database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    async with jobs_service(database_settings, own_nats, tmp_path) as door:
        (first,) = await door.create(new_item(model="nvidia-flux", idempotency_key="k"))
    async with jobs_service(database_settings, own_nats, tmp_path, substitution=False) as door:
        again, other, unkeyed = await door.create(
            new_item(model="nvidia-flux", idempotency_key="k"),
            new_item(model="nvidia-flux", idempotency_key="k", prompt="another"),
            new_item(model="nvidia-flux"),
        )
    assert (again.replayed, again.job.job_id) == (True, first.job.job_id)
    assert other.error.reason == error_reason_pb2.ERROR_REASON_IDEMPOTENCY_KEY_REUSED
    assert unkeyed.error.reason == error_reason_pb2.ERROR_REASON_MODEL_UNAVAILABLE


async def test_a_refused_request_keeps_no_key(door: JobsDoor) -> None:
    (refused,) = await door.create(new_item(idempotency_key="k", options_json='{"width": -1}'))
    assert refused.error.reason == error_reason_pb2.ERROR_REASON_INVALID_REQUEST
    (accepted,) = await door.create(new_item(idempotency_key="k"))
    assert (accepted.HasField("job"), accepted.replayed) == (True, False)


async def test_another_request_under_the_key_is_told_what_differs(door: JobsDoor) -> None:
    await door.create(new_item(idempotency_key="k"))
    (reused,) = await door.create(new_item(idempotency_key="k", prompt="another", client_ref="7"))
    assert reused.error.reason == error_reason_pb2.ERROR_REASON_IDEMPOTENCY_KEY_REUSED
    assert [violation.field for violation in reused.error.violations] == ["client_ref", "prompt"]
    assert "differs in client_ref, prompt" in reused.error.message


async def test_the_same_words_of_the_same_key_are_marked(door: JobsDoor) -> None:
    (first,) = await door.create(new_item(key_id="key_1"))
    (second,), (other,) = await door.create(new_item(key_id="key_1")), await door.create(new_item(key_id="key_2"))
    assert second.job.probable_duplicate_of == first.job.job_id != second.job.job_id
    assert not other.job.probable_duplicate_of
    assert (await door.get(second.job.job_id)).probable_duplicate_of == first.job.job_id


@pytest.mark.parametrize(
    "fields",
    [{"idempotency_key": "two words"}, {"idempotency_key": "x" * 256}, {"key_id": "key\n1"}],
    ids=["space", "length", "key id"],
)
async def test_what_is_no_key_is_refused_by_name(door: JobsDoor, fields: dict[str, str]) -> None:
    (refused,) = await door.create(new_item(**fields))
    assert [violation.field for violation in refused.error.violations] == list(fields)


async def test_what_one_item_gets_wrong_leaves_the_others_of_its_batch_alone(door: JobsDoor) -> None:
    no_times = [1e300, -1e300, 1e-300, float("inf"), float("-inf"), float("nan")]
    wrong = [new_item("bob", timeout_s=timeout_s) for timeout_s in no_times] + [new_item("bob", client_ref="a\0b")]
    *refused, good = await door.create(*wrong, new_item())
    assert good.HasField("job")
    fields = [[violation.field for violation in result.error.violations] for result in refused]
    assert fields == [["timeout_s"]] * len(no_times) + [["client_ref"]]


async def test_a_full_queue_says_its_limit_what_is_queued_and_what_to_do(door: JobsDoor) -> None:
    results = await door.create(*(new_item() for _ in range(LIMIT + 1)), *(new_item("bob") for _ in range(3)))
    assert [result.HasField("job") for result in results] == [True] * 3 + [False] + [True] * 2 + [False]
    own, shared = results[LIMIT].error, results[-1].error
    assert own.reason == error_reason_pb2.ERROR_REASON_QUEUE_LIMIT
    assert own.message == (
        "the account has 3 jobs queued, and at most 3 may be; wait until some of them have begun, or cancel some"
    )
    assert dict(own.metadata) == {"queued": "3", "limit": "3", "retry_after_ms": "5000"}
    assert shared.reason == error_reason_pb2.ERROR_REASON_OVERLOADED
    assert dict(shared.metadata) == {"limit": "5", "retry_after_ms": "5000"}
    work = await door.claimed(results[0].job.job_id)
    assert work.attempt == 1
    assert (await door.get(results[0].job.job_id)).state == job_pb2.JOB_STATE_PROCESSING

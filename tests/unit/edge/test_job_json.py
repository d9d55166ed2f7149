"""A job as JSON: what is estimated, and when to ask again."""

import orjson
import pytest

from flexura.jobs.v1 import job_pb2
from flexura_edge.http.job_json import job_json, lasting_json


def job(state: job_pb2.JobState, **fields: int) -> job_pb2.Job:
    return job_pb2.Job(job_id="j", state=state, media_type=job_pb2.MEDIA_TYPE_IMAGE, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("eta_ms", "poll_after_ms"),
    [(None, 1000), (250, 500), (1_001, 500), (1_003, 501), (19_998, 9_999), (20_001, 10_000), (10**12, 10_000)],
)
def test_a_client_is_to_ask_again_after_half_of_what_is_left_within_bounds(
    eta_ms: int | None, poll_after_ms: int
) -> None:
    asked = job(job_pb2.JOB_STATE_PROCESSING)
    if eta_ms is not None:
        asked.eta_ms = eta_ms
    told = orjson.loads(job_json(asked, "https://a"))
    assert (told.get("eta_ms"), told["poll_after_ms"], "queue_position" in told) == (eta_ms, poll_after_ms, False)


def test_what_lasts_is_told_without_estimates_and_all_of_it_with_them() -> None:
    queued = job(job_pb2.JOB_STATE_QUEUED, queue_position=3, eta_ms=6_000)
    lasting = orjson.loads(lasting_json(queued, "https://a"))
    estimates = {"queue_position": 3, "eta_ms": 6_000, "poll_after_ms": 3_000}
    assert orjson.loads(job_json(queued, "https://a")) == lasting | estimates
    assert not lasting.keys() & estimates.keys()


@pytest.mark.parametrize("state", [job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED])
def test_a_job_that_has_ended_is_told_without_estimates(state: job_pb2.JobState) -> None:
    ended = job(state, queue_position=3, eta_ms=6_000)
    assert job_json(ended, "https://a") == lasting_json(ended, "https://a")


def test_a_job_says_how_its_prompt_was_understood_where_somebody_knows() -> None:
    ended = job(job_pb2.JOB_STATE_COMPLETED)
    assert "interpreted_as" not in orjson.loads(job_json(ended, "https://a"))
    ended.interpretation.understood.append("subject: city")
    told = orjson.loads(job_json(ended, "https://a"))
    assert told["interpreted_as"] == {"understood": ["subject: city"], "unknown": []}

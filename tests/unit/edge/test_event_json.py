"""An event of the feed says of a job's end what a webhook is told, and of the way there what only the feed knows."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura_edge.http.events.event_json import event_json
from flexura_jobs.domain.events import Event, ToldJob
from flexura_jobs.domain.jobs import JobState
from flexura_jobs.domain.webhooks import EventType, Message
from flexura_jobs.rpc.feeds import fill_event
from flexura_jobs.webhooks.body import body_of
from flexura_kit.errors import Reason
from flexura_kit.ids import DeliveryId, JobId, LeaseToken, WebhookId

URL = "https://f.example"
NOON = datetime(2026, 4, 1, 12, 0, 0, 123_000, tzinfo=UTC)
NO_ASSET = dict.fromkeys(f"asset_{name}" for name in ("extension", "content_type", "size_bytes", "sha256", "width"))
COMPLETED = ToldJob(
    job_id=JobId("j"),
    media_type="image",
    model="m",
    state="completed",
    finished_at=NOON,
    removed_at=None,
    client_ref="order 7",
    metadata_json='{"a":"b"}',
    asset_extension="png",
    asset_content_type="image/png",
    asset_size_bytes=5,
    asset_sha256="ab" * 32,
    asset_width=64,
    asset_height=64,
    asset_duration_s=0.0,
    failure_reason=None,
    failure_message=None,
    failure_retryable=None,
)
FAILED = replace(
    COMPLETED,
    state="failed",
    failure_reason="worker_lost",
    failure_message="it is gone",
    failure_retryable=True,
    **NO_ASSET,
)
SOUND = replace(COMPLETED, media_type="audio", asset_width=0, asset_height=0, asset_duration_s=1.5)
ENDS = {
    "completed": COMPLETED,
    "a sound": SOUND,
    "failed": FAILED,
    "failed in many words": replace(FAILED, failure_message="ü" * 5000),
    "removed since": replace(COMPLETED, removed_at=NOON, client_ref="", metadata_json="{}"),
    "failed and removed": replace(FAILED, removed_at=NOON, failure_message="", client_ref="", metadata_json="{}"),
    "long metadata": replace(COMPLETED, metadata_json=json.dumps({"a": "x" * 20_000})),
    "forgotten": None,
}


def told(job: ToldJob | None, state: JobState, attempt: int = 1, reason: Reason | None = None) -> dict[str, object]:
    message = pb.Event()
    fill_event(message, Event(3, NOON, JobId("j"), state, attempt, reason, job))
    body: dict[str, object] = json.loads(event_json(message, URL))
    return body


@pytest.mark.parametrize("name", ENDS)
def test_an_end_is_told_as_a_webhook_is_told_it(name: str) -> None:
    job = ENDS[name]
    event_type = EventType.FAILED if job is not None and job.state == "failed" else EventType.COMPLETED
    delivery = DeliveryId("msg_1"), WebhookId("wh_1"), LeaseToken("t")
    message = Message(*delivery, event_type, "https://a.example", 1, NOON, (), job, JobId("j"))
    state = JobState(event_type.value.removeprefix("job."))
    reason = Reason.WORKER_LOST if state is JobState.FAILED else None
    assert told(job, state, reason=reason) == json.loads(body_of(message, URL))


def test_on_the_way_nothing_is_told_of_an_end_that_has_come_since() -> None:
    assert told(COMPLETED, JobState.QUEUED, 0) == {
        "type": "job.queued",
        "timestamp": "2026-04-01T12:00:00.123Z",
        "data": {
            "job_id": "j",
            "status": "queued",
            "type": "image",
            "model": "m",
            "client_ref": "order 7",
            "metadata": {"a": "b"},
            "attempt": 0,
        },
    }
    again = told(FAILED, JobState.QUEUED, 1, Reason.PROVIDER_FAILED)["data"]
    assert isinstance(again, dict)
    assert (again["attempt"], again["code"]) == (1, "provider_failed")
    assert not {"error", "retryable", "finished_at"} & again.keys()

"""A job as JSON: the fields of the API reference, and those that we add."""

from functools import lru_cache
from time import gmtime, strftime
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_kit.rpc import reason_from_proto

POLL_AFTER_MS = 1000  # Where nobody knows how long it takes.
POLL_AFTER_MS_MIN = 500
POLL_AFTER_MS_MAX = 10_000
NO_METADATA = {"", "{}"}

STATUS = {
    job_pb2.JOB_STATE_QUEUED: "queued",
    job_pb2.JOB_STATE_PROCESSING: "processing",
    job_pb2.JOB_STATE_COMPLETED: "completed",
    job_pb2.JOB_STATE_FAILED: "failed",
}
FINISHED = frozenset({job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED})
TYPE = {
    job_pb2.MEDIA_TYPE_IMAGE: "image",
    job_pb2.MEDIA_TYPE_VIDEO: "video",
    job_pb2.MEDIA_TYPE_AUDIO: "audio",
}


def job_json(job: job_pb2.Job, public_url: str) -> bytes:
    return with_outlook(lasting_json(job, public_url), job)


def with_outlook(lasting: bytes, job: job_pb2.Job) -> bytes:
    """Adds what is estimated anew every moment, to an object that has fields already."""
    if is_finished(job):
        return lasting
    position, eta_ms = job.queue_position, job.eta_ms
    # Written by hand, because this is on the way of every poll; both are whole numbers, and 0 where they are absent.
    estimates = f',"queue_position":{position}' if position else ""
    if eta_ms:
        estimates += f',"eta_ms":{eta_ms}'
    return lasting[:-1] + f'{estimates},"poll_after_ms":{poll_after_ms(eta_ms)}}}'.encode()


def poll_after_ms(eta_ms: int) -> int:
    """Half of what is left, so that a client asks rarely at first and its last look comes soon after the end."""
    if not eta_ms:
        return POLL_AFTER_MS
    half_ms = eta_ms >> 1
    if half_ms < POLL_AFTER_MS_MIN:
        return POLL_AFTER_MS_MIN
    return min(half_ms, POLL_AFTER_MS_MAX)


def lasting_json(job: job_pb2.Job, public_url: str) -> bytes:
    """The job without what changes by itself while it waits: the same for as long as nothing happens to it."""
    state = job.state
    fields: dict[str, Any] = {
        "job_id": job.job_id,
        "status": STATUS[state],
        "type": TYPE[job.media_type],
        "prompt": job.prompt,
        "model": job.model,
        # JSON already; the jobs service wrote it.
        "options": orjson.Fragment(job.options_json or "{}"),
        "timeout_s": whole(job.timeout_s),
        "attempt": job.attempt,
        "created_at": time_json(job.create_time),
        "updated_at": time_json(job.update_time),
    }
    add_request(fields, job)
    if job.substituted:
        fields["requested_model"] = job.requested_model
        fields["substituted"] = True
    if job.HasField("deadline_time"):
        fields["deadline_at"] = time_json(job.deadline_time)
    if job.HasField("start_time"):
        fields["started_at"] = time_json(job.start_time)
    if job.HasField("finish_time"):
        fields["finished_at"] = time_json(job.finish_time)
    if job.HasField("expire_time"):
        fields["expires_at"] = time_json(job.expire_time)
    if job.HasField("interpretation"):
        said = job.interpretation
        fields["interpreted_as"] = {"understood": list(said.understood), "unknown": list(said.unknown)}
    if state == job_pb2.JOB_STATE_COMPLETED:
        fields |= asset_json(job, public_url)
    elif state == job_pb2.JOB_STATE_FAILED:
        fields |= failure_json(job.failure)
    elif state == job_pb2.JOB_STATE_PROCESSING:
        fields["progress"] = job.progress
    return orjson.dumps(fields)


def add_request(fields: dict[str, Any], job: job_pb2.Job) -> None:
    """Adds what only some requests have."""
    if job.client_ref:
        fields["client_ref"] = job.client_ref
    if job.metadata_json not in NO_METADATA:
        fields["metadata"] = orjson.Fragment(job.metadata_json)
    if job.probable_duplicate_of:
        fields["probable_duplicate_of"] = job.probable_duplicate_of


def is_finished(job: job_pb2.Job | jobs_service_pb2.Event) -> bool:
    return job.state in FINISHED


def asset_json(job: job_pb2.Job | jobs_service_pb2.Event, public_url: str) -> dict[str, Any]:
    asset = job.asset
    # Never from the Host header: whoever sends that would choose where the link leads.
    url = f"{public_url}/api/assets/{job.job_id}.{asset.extension}"
    details: dict[str, Any] = {
        "url": url,
        "content_type": asset.content_type,
        "size_bytes": asset.size_bytes,
        "sha256": asset.sha256,
    }
    if asset.width:
        details |= {"width": asset.width, "height": asset.height}
    if asset.duration_s:
        details["duration_s"] = asset.duration_s
    if asset.HasField("lost_time"):
        details |= {"state": "lost", "lost_at": time_json(asset.lost_time)}
    return {"asset_url": url, "asset": details}


def failure_json(failure: job_pb2.Failure) -> dict[str, Any]:
    return {
        "error": failure.message,
        "code": str(reason_from_proto(failure.reason)),
        "retryable": failure.retryable,
    }


def whole(number: float) -> float:
    """Without a fraction where there is none, as a person would write it."""
    return int(number) if number.is_integer() else number


def time_json(time: Timestamp) -> str:
    return moment_json(time.seconds, time.nanos // 1_000_000)


@lru_cache(maxsize=16_384)
def moment_json(second: int, millisecond: int) -> str:
    """Remembered, because most times of a job are told with each poll."""
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(second))}.{millisecond:03d}Z"

"""What a message says: the event, and the job as its owner would read it, less what is long."""

from datetime import UTC, datetime
from typing import Any

import orjson

from flexura_jobs.domain.events import ToldJob
from flexura_jobs.domain.jobs import JobState
from flexura_jobs.domain.webhooks import ERROR_CHARACTERS_MAX, EventType, Message

BODY_BYTES_MAX = 20_000
STATUS = {EventType.COMPLETED: JobState.COMPLETED.value, EventType.FAILED: JobState.FAILED.value}


def body_of(message: Message, public_url: str) -> bytes:
    """Under 20 KB: where metadata would make it longer, they are left out; the job has them."""
    data = data_of(message, public_url)
    body = {"type": message.event_type.value, "timestamp": time_json(message.created_at), "data": data}
    written = orjson.dumps(body)
    if len(written) >= BODY_BYTES_MAX and data.pop("metadata", None) is not None:
        written = orjson.dumps(body)
    return written


def data_of(message: Message, public_url: str) -> dict[str, Any]:
    if message.event_type is EventType.TEST:
        return {"webhook_id": message.webhook_id, "message": "This is a test; no job has ended."}
    data: dict[str, Any] = {"job_id": message.job_id, "status": STATUS[message.event_type]}
    # Where it was removed meanwhile, that it ended is all that can be told.
    return data if message.job is None else data | job_data(message.job, public_url)


def job_data(job: ToldJob, public_url: str) -> dict[str, Any]:
    data: dict[str, Any] = {"type": job.media_type, "model": job.model}
    if job.finished_at is not None:
        data["finished_at"] = time_json(job.finished_at)
    if job.client_ref:
        data["client_ref"] = job.client_ref
    if job.metadata_json not in {"", "{}"}:
        data["metadata"] = orjson.Fragment(job.metadata_json)
    if job.failure_reason is not None:
        data["error"] = (job.failure_message or "")[:ERROR_CHARACTERS_MAX]
        data["code"] = job.failure_reason
        data["retryable"] = bool(job.failure_retryable)
    if job.asset_extension is not None and job.removed_at is None:
        data["asset_url"] = f"{public_url}/api/assets/{job.job_id}.{job.asset_extension}"
        data["asset"] = {
            "url": data["asset_url"],
            "content_type": job.asset_content_type,
            "size_bytes": job.asset_size_bytes,
            "sha256": job.asset_sha256,
        }
        sizes = {"width": job.asset_width, "height": job.asset_height, "duration_s": job.asset_duration_s}
        data["asset"] |= {name: size for name, size in sizes.items() if size}
    return data


def time_json(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

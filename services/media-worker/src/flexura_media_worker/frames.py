"""What passes between the worker and the process of a generator: JSON, each message after its length."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flexura_media_worker.domain import (
    Checkpoint,
    Failure,
    FailureReason,
    GenerationError,
    GenerationRequest,
    Interpretation,
    Lease,
    Media,
    MediaType,
    UnexpectedEndError,
    WorkerFaultError,
)

HEADER = struct.Struct("!I")
FRAME_BYTES_MAX = 1 << 20

TAKEN: Mapping[str, Any] = {"taken": True}
"""Said before a request is begun: a process that ends without a word of it has done nothing."""


def encode(message: Mapping[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > FRAME_BYTES_MAX:
        raise ValueError(f"a message of {len(body)} bytes does not fit the pipe")
    return HEADER.pack(len(body)) + body


def length_of(header: bytes) -> int:
    (length,) = HEADER.unpack(header)
    if length > FRAME_BYTES_MAX:
        raise ValueError(f"a message of {length} bytes does not fit the pipe")
    return int(length)


def decode(body: bytes) -> dict[str, Any]:
    message = json.loads(body)
    if not isinstance(message, dict):
        raise TypeError("a message is a JSON object")
    return message


def request_frame(request: GenerationRequest) -> dict[str, Any]:
    # Written out: `asdict` copies every option deeply, and this runs for each job.
    return {
        "job_id": request.lease.job_id,
        "lease_token": request.lease.token,
        "provider": request.provider,
        "media_type": request.media_type,
        "upstream_model": request.upstream_model,
        "prompt": request.prompt,
        "options": request.options,
        "spool_path": str(request.spool_path),
        "checkpoint": request.checkpoint,
        "upstream_ref": request.upstream_ref,
    }


def request_from(frame: Mapping[str, Any]) -> GenerationRequest:
    return GenerationRequest(
        lease=Lease(frame["job_id"], frame["lease_token"]),
        provider=frame["provider"],
        media_type=MediaType(frame["media_type"]),
        upstream_model=frame["upstream_model"],
        prompt=frame["prompt"],
        options=frame["options"],
        spool_path=Path(frame["spool_path"]),
        checkpoint=Checkpoint(frame["checkpoint"]),
        upstream_ref=frame["upstream_ref"],
    )


def progress_frame(fraction: float) -> dict[str, Any]:
    return {"progress": fraction}


def media_frame(media: Media) -> dict[str, Any]:
    return {"media": asdict(media)}


def media_from(frame: Mapping[str, Any]) -> Media:
    media = dict(frame["media"])
    said = media.pop("interpreted_as")
    interpreted = said and Interpretation(tuple(said["understood"]), tuple(said["unknown"]))
    return Media(**media, interpreted_as=interpreted or None)


def ready_frame(missing: Mapping[str, str]) -> dict[str, Any]:
    """Said once, with the providers that cannot be loaded and why."""
    return {"ready": True, "missing": dict(missing)}


def fault_frame(part: str, message: str) -> dict[str, Any]:
    return {"fault": {"part": part, "message": message}}


def crash_frame(failure: Failure) -> dict[str, Any]:
    """A failure that its generator does not explain."""
    return failure_frame(failure) | {"is_unexpected": True}


def error_from(frame: Mapping[str, Any]) -> GenerationError | WorkerFaultError:
    """What a frame without media is raised as."""
    if "fault" in frame:
        return WorkerFaultError(frame["fault"]["part"], frame["fault"]["message"])
    failure = failure_from(frame)
    return UnexpectedEndError(failure) if frame.get("is_unexpected") else GenerationError(failure)


def failure_frame(failure: Failure) -> dict[str, Any]:
    return {"failure": asdict(failure)}


def failure_from(frame: Mapping[str, Any]) -> Failure:
    failure = frame["failure"]
    return Failure(FailureReason(failure["reason"]), failure["message"], failure["is_retryable"])

"""An event as JSON: what a webhook would be told of it, so that a client handles both alike."""

from typing import Any

import orjson

from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura_edge.http.job_json import NO_METADATA, STATUS, TYPE, asset_json, failure_json, is_finished, time_json
from flexura_kit.rpc import reason_from_proto

EVENT_BYTES_MAX = 20_000


def event_type(event: pb.Event) -> str:
    return f"job.{STATUS[event.state]}"


def event_json(event: pb.Event, public_url: str) -> bytes:
    """Under 20 KB, as a message of a webhook: where metadata would make it longer, they are left out."""
    data = data_of(event, public_url)
    body = {"type": event_type(event), "timestamp": time_json(event.create_time), "data": data}
    written = orjson.dumps(body)
    if len(written) >= EVENT_BYTES_MAX and data.pop("metadata", None) is not None:
        written = orjson.dumps(body)
    return written


def data_of(event: pb.Event, public_url: str) -> dict[str, Any]:
    data: dict[str, Any] = {"job_id": event.job_id, "status": STATUS[event.state]}
    if event.media_type:
        data |= {"type": TYPE[event.media_type], "model": event.model}
    if event.HasField("finish_time"):
        data["finished_at"] = time_json(event.finish_time)
    if event.client_ref:
        data["client_ref"] = event.client_ref
    if event.metadata_json not in NO_METADATA:
        data["metadata"] = orjson.Fragment(event.metadata_json)
    if event.HasField("asset"):
        data |= asset_json(event, public_url)
    return data | (end_of(event) if is_finished(event) else underway(event))


def end_of(event: pb.Event) -> dict[str, Any]:
    return failure_json(event.failure) if event.HasField("failure") else {}


def underway(event: pb.Event) -> dict[str, Any]:
    """What nobody but the feed tells: how many attempts were begun, and why the latest one is not the last."""
    attempt = {"attempt": event.attempt}
    if not event.HasField("failure"):
        return attempt
    return attempt | {"code": str(reason_from_proto(event.failure.reason))}

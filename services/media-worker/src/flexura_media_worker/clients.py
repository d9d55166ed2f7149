"""The jobs service by gRPC."""

import json
from collections.abc import Sequence

import grpc

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2
from flexura.jobs.v1 import worker_service_pb2 as pb
from flexura.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub
from flexura_kit.batch import Gatherer
from flexura_kit.errors import FlexuraError
from flexura_kit.ids import WorkerId
from flexura_kit.rpc import error_from_message
from flexura_media_worker.domain import (
    Announcement,
    Checkpoint,
    ClaimedJob,
    Failure,
    Interpretation,
    Lease,
    Media,
    MediaType,
    Verdict,
    WorkSource,
)

CALL_S = 5.0
CLAIM_WAIT_S = 7.0  # For a batch to leave, behind others, and to be answered.
RELEASE_S = 1.5  # The whole of a shutdown is to take two seconds.
CLAIMS_MAX = 64
CLAIM_BYTES = 16_384  # More than a claimed job takes, the longest prompt included, in all but a few cases.

MEDIA_TYPES = {
    job_pb2.MEDIA_TYPE_IMAGE: MediaType.IMAGE,
    job_pb2.MEDIA_TYPE_VIDEO: MediaType.VIDEO,
    job_pb2.MEDIA_TYPE_AUDIO: MediaType.AUDIO,
}
CHECKPOINTS = {
    Checkpoint.NONE: pb.CHECKPOINT_UNSPECIFIED,
    Checkpoint.CREATING: pb.CHECKPOINT_CREATING,
    Checkpoint.CREATED: pb.CHECKPOINT_CREATED,
}
CHECKPOINTS_BACK = {number: checkpoint for checkpoint, number in CHECKPOINTS.items()}
VERDICTS = {
    pb.LEASE_VERDICT_OK: Verdict.OK,
    pb.LEASE_VERDICT_CANCELED: Verdict.CANCELED,
    pb.LEASE_VERDICT_LOST: Verdict.LOST,
}


class RPCJobsService:
    """The jobs service, for one worker. Claims of jobs that arrive together go as one call."""

    def __init__(self, channel: grpc.aio.Channel, worker_id: WorkerId, slots: int) -> None:
        self._stub = WorkerServiceStub(channel)
        self._worker_id = worker_id
        self._slots = slots
        self._claims: Gatherer[Lease, ClaimedJob] = Gatherer(
            "claim_jobs", self._claim_all, size_of=lambda _: CLAIM_BYTES, items_max=CLAIMS_MAX
        )

    async def announce(self, providers: Sequence[str]) -> Announcement:
        me = pb.AnnounceRequest(worker_id=self._worker_id, providers=providers, slots=self._slots)
        answer = await self._stub.Announce(me, timeout=CALL_S)
        return Announcement(
            tuple(source_from(consumer) for consumer in answer.consumers),
            answer.lease_duration.ToTimedelta(),
            answer.renew_interval.ToTimedelta(),
            answer.announce_interval.ToTimedelta(),
        )

    async def claim(self, lease: Lease) -> ClaimedJob:
        return await self._claims.ask(lease, CLAIM_WAIT_S)

    async def renew(self, leases: Sequence[tuple[Lease, float]]) -> Sequence[Verdict]:
        items = [
            pb.RenewLeaseItem(job_id=lease.job_id, lease_token=lease.token, progress=progress)
            for lease, progress in leases
        ]
        request = pb.BatchRenewLeasesRequest(worker_id=self._worker_id, items=items)
        answer = await self._stub.BatchRenewLeases(request, timeout=CALL_S)
        # A verdict of a newer service that we do not know takes the work away: going on could do it twice.
        return [VERDICTS.get(verdict, Verdict.LOST) for verdict in answer.verdicts]

    async def checkpoint(self, lease: Lease, checkpoint: Checkpoint, upstream_ref: str = "") -> None:
        request = pb.CheckpointJobRequest(
            job_id=lease.job_id,
            lease_token=lease.token,
            checkpoint=CHECKPOINTS[checkpoint],
            upstream_ref=upstream_ref,
        )
        await self._stub.CheckpointJob(request, timeout=CALL_S)

    async def complete(self, lease: Lease, object_key: str, media: Media) -> None:
        request = pb.CompleteJobRequest(
            job_id=lease.job_id,
            lease_token=lease.token,
            object_key=object_key,
            asset=asset_message(media),
            interpretation=interpretation_message(media.interpreted_as),
        )
        await self._stub.CompleteJob(request, timeout=CALL_S)

    async def fail(self, lease: Lease, failure: Failure) -> None:
        request = pb.FailJobRequest(
            job_id=lease.job_id,
            lease_token=lease.token,
            reason=error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{failure.reason.name}"),
            message=failure.message,
            retryable=failure.is_retryable,
        )
        await self._stub.FailJob(request, timeout=CALL_S)

    async def release(self, lease: Lease, fault: str = "") -> None:
        request = pb.ReleaseJobRequest(job_id=lease.job_id, lease_token=lease.token, fault=fault)
        await self._stub.ReleaseJob(request, timeout=RELEASE_S)

    async def _claim_all(self, leases: list[Lease]) -> Sequence[ClaimedJob | FlexuraError]:
        request = pb.ClaimJobsRequest(
            worker_id=self._worker_id,
            job_ids=[lease.job_id for lease in leases],
            lease_tokens=[lease.token for lease in leases],
        )
        answer = await self._stub.ClaimJobs(request, timeout=CALL_S)
        return [
            error_from_message(result.error) if result.HasField("error") else claimed_job_from(result.claimed_job)
            for result in answer.results
        ]


def source_from(consumer: pb.Consumer) -> WorkSource:
    return WorkSource(consumer.stream, consumer.durable, consumer.model, consumer.ack_wait.ToTimedelta())


def claimed_job_from(message: pb.ClaimedJob) -> ClaimedJob:
    # A service of before says nothing of the deadline.
    to_deadline = message.time_to_deadline if message.HasField("time_to_deadline") else message.time_left
    return ClaimedJob(
        lease=Lease(message.job_id, message.lease_token),
        attempt=message.attempt,
        media_type=MEDIA_TYPES[message.media_type],
        provider=message.provider,
        upstream_model=message.upstream_model,
        prompt=message.prompt,
        options=json.loads(message.options_json or "{}"),
        time_left=message.time_left.ToTimedelta(),
        time_to_deadline=to_deadline.ToTimedelta(),
        checkpoint=CHECKPOINTS_BACK.get(message.checkpoint, Checkpoint.CREATING),
        upstream_ref=message.upstream_ref,
        traceparent=message.traceparent,
    )


def interpretation_message(interpretation: Interpretation | None) -> job_pb2.Interpretation | None:
    if interpretation is None:
        return None
    return job_pb2.Interpretation(understood=interpretation.understood, unknown=interpretation.unknown)


def asset_message(media: Media) -> job_pb2.Asset:
    return job_pb2.Asset(
        extension=media.extension,
        content_type=media.content_type,
        size_bytes=media.size_bytes,
        sha256=media.sha256,
        width=media.width,
        height=media.height,
        duration_s=media.duration_s,
    )

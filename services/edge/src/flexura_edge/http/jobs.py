"""Submitting jobs and asking how they are."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_edge.http.acceptance import accepted, idempotency_key
from flexura_edge.http.body import read_json
from flexura_edge.http.exchange import Exchange, Handler
from flexura_edge.http.fields import Fields
from flexura_edge.http.job_json import is_finished, job_json
from flexura_edge.limits import Limit
from flexura_edge.recent import Recent
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId, new_uuid7

FIELDS = ("prompt", "model", "options", "client_ref", "metadata", "timeout_s", "webhook_url")
ID_CHARACTERS_MAX = 64
KEPT_S = 60.0
KEPT_MAX = 10_000

CreateJob = Callable[[jobs_service_pb2.CreateJobItem, float], Awaitable[jobs_service_pb2.JobResult]]
GetJob = Callable[[AccountId, JobId, float], Awaitable[job_pb2.Job]]


class Generate:
    """Answers 202 with a job id as soon as the job is recorded."""

    def __init__(self, create: CreateJob, bodies: Limit) -> None:
        self._create = create
        self._bodies = bodies

    def of(self, media_type: job_pb2.MediaType.ValueType) -> Handler:
        async def submit(exchange: Exchange) -> web.StreamResponse:
            with self._bodies:
                item = job_item(exchange, media_type, await read_json(exchange.request))
                created = await self._create(item, exchange.remaining_s())
            return accepted(exchange, created)

        return submit


class Jobs:
    """Answers a job as it is; one that has ended is remembered for a while."""

    def __init__(self, get: GetJob, public_url: str) -> None:
        self._get = get
        self._public_url = public_url
        self._finished: Recent[tuple[AccountId, str], bytes] = Recent(KEPT_MAX, KEPT_S)

    async def get(self, exchange: Exchange) -> web.StreamResponse:
        account_id = exchange.account().account_id
        job_id = exchange.parameter
        body = self._finished.get((account_id, job_id))
        if body is None:
            refuse_impossible(job_id)
            job = await self._get(account_id, JobId(job_id), exchange.remaining_s())
            body = job_json(job, self._public_url)
            if is_finished(job):
                self._finished.learn((account_id, job_id), body)
        return exchange.json(body)

    def forget(self, account_id: AccountId, job_id: JobId) -> None:
        """Has it read again: the job was removed."""
        self._finished.forget((account_id, job_id))


def job_item(
    exchange: Exchange, media_type: job_pb2.MediaType.ValueType, values: dict[str, Any]
) -> jobs_service_pb2.CreateJobItem:
    key = idempotency_key(exchange.request)
    fields = Fields(values, FIELDS)
    prompt = fields.required("prompt", str, "")
    model = fields.optional("model", str, "")
    options = fields.optional("options", dict, {})
    client_ref = fields.optional("client_ref", str, "")
    metadata = fields.optional("metadata", dict, {})
    timeout_s = fields.number("timeout_s", 0.0)
    webhook_url = fields.optional("webhook_url", str, "")
    fields.check()
    return jobs_service_pb2.CreateJobItem(
        # Chosen here, so that a call whose answer was lost can be made again.
        job_id=new_uuid7(),
        account_id=exchange.account().account_id,
        media_type=media_type,
        model=model,
        prompt=prompt,
        options_json=orjson.dumps(options).decode(),
        traceparent=exchange.traceparent(),
        client_ref=client_ref,
        metadata_json=orjson.dumps(metadata).decode(),
        timeout_s=timeout_s,
        key_id=exchange.account().key_id,
        idempotency_key=key,
        webhook_url=webhook_url,
    )


def refuse_impossible(job_id: str) -> None:
    """Spares jobs the question where the answer is plain."""
    if len(job_id) > ID_CHARACTERS_MAX or not (job_id.isascii() and job_id.replace("-", "").isalnum()):
        raise FlexuraError(
            Kind.NOT_FOUND,
            Reason.JOB_NOT_FOUND,
            "this account has no such job; use a job_id as a generate endpoint answered it",
            job_id=job_id[:ID_CHARACTERS_MAX],
        )

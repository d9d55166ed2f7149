"""Submitting jobs and asking how they are."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from multidict import CIMultiDict

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_edge.http.acceptance import accepted, idempotency_key, replay_headers
from flexura_edge.http.body import read_json
from flexura_edge.http.conditional import is_known, is_unchanged
from flexura_edge.http.exchange import Exchange, Handler
from flexura_edge.http.fields import Fields
from flexura_edge.http.job_json import is_finished, lasting_json, with_outlook
from flexura_edge.http.waits import PASSING, Waits, wait_s_of
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
    """Answers 202 with a job id as soon as the job is recorded, or 200 with the job where it ends in time."""

    def __init__(self, create: CreateJob, bodies: Limit, jobs: "Jobs", public_url: str) -> None:
        self._create = create
        self._bodies = bodies
        self._jobs = jobs
        self._public_url = public_url

    def of(self, media_type: job_pb2.MediaType.ValueType) -> Handler:
        async def submit(exchange: Exchange) -> web.StreamResponse:
            wait_s = wait_s_of(exchange.request)
            with self._jobs.place(wait_s):
                with self._bodies:
                    item = job_item(exchange, media_type, await read_json(exchange.request))
                    created = await self._create(item, exchange.remaining_s())
                job_id = JobId(created.job.job_id)
                ended = await self._jobs.ended_within(exchange, job_id, wait_s) if wait_s else None
            if ended is None:
                return accepted(exchange, created, self._public_url)
            ended.headers.update(replay_headers(created))
            return ended

        return submit


class Told(NamedTuple):
    """A job as it is told, and the tag by which a client knows it again."""

    body: bytes
    etag: str

    @property
    def weak_etag(self) -> str:
        """What is told and not how it is written makes a job another one."""
        return f"W/{self.etag}"


class Jobs:
    """Answers a job as it is, at once or when it has ended; one that has ended is remembered for a while."""

    def __init__(self, get: GetJob, waits: Waits, public_url: str) -> None:
        self._get = get
        self._waits = waits
        self._public_url = public_url
        self._finished: Recent[tuple[AccountId, str], Told] = Recent(
            KEPT_MAX, KEPT_S, size_of=lambda told: len(told.body)
        )
        self.place = waits.place

    async def get(self, exchange: Exchange) -> web.StreamResponse:
        wait_s = wait_s_of(exchange.request)
        account_id, job_id = exchange.account().account_id, job_of(exchange.parameter)
        told = self._finished.get((account_id, job_id))
        if told is None:
            if wait_s:
                with self.place(wait_s):
                    job = await self._wait(exchange, job_id, wait_s)
            else:
                job = await self._get(account_id, job_id, exchange.remaining_s())
            told = self._told(account_id, job)
        if is_known(exchange.request, told.weak_etag):
            return web.Response(status=304, headers=job_headers(exchange, told))
        return web.Response(body=told.body, headers=job_headers(exchange, told))

    async def ended_within(self, exchange: Exchange, job_id: JobId, wait_s: float) -> web.Response | None:
        """Answers a job that was accepted, if it ends in time; whatever goes wrong meanwhile, it is accepted.

        A key that ends meanwhile reads nothing more. The job goes on, so its id is told: a refusal would have it
        submitted twice.
        """
        account_id = exchange.account().account_id
        try:
            job = await self._wait(exchange, job_id, wait_s)
        except FlexuraError as error:
            if error.kind not in PASSING | {Kind.UNAUTHENTICATED}:
                raise
            return None
        if not is_finished(job):
            return None
        told = self._told(account_id, job)
        return web.Response(body=told.body, headers=job_headers(exchange, told))

    def forget(self, account_id: AccountId, job_id: JobId) -> None:
        """Has it read again: the job was removed."""
        self._finished.forget((account_id, job_id))

    def drop_expired(self) -> None:
        self._finished.drop_expired()

    async def _wait(self, exchange: Exchange, job_id: JobId, wait_s: float) -> job_pb2.Job:
        account_id = exchange.account().account_id

        def get(job_id: JobId, timeout_s: float) -> Awaitable[job_pb2.Job]:
            return self._get(account_id, job_id, timeout_s)

        def has_changed(job: job_pb2.Job) -> bool:
            return is_finished(job) or not is_unchanged(exchange.request, self._told(account_id, job).etag)

        knows_it = "If-None-Match" in exchange.request.headers
        return await self._waits.until(exchange, job_id, wait_s, get, has_changed if knows_it else is_finished)

    def _told(self, account_id: AccountId, job: job_pb2.Job) -> Told:
        lasting = lasting_json(job, self._public_url)
        # Without the estimates: they move all the time, and whoever waits for a change would wait for none.
        told = Told(with_outlook(lasting, job), f'"{hashlib.blake2b(lasting, digest_size=12).hexdigest()}"')
        if is_finished(job):
            self._finished.learn((account_id, job.job_id), told)
        return told


def job_headers(exchange: Exchange, told: Told) -> CIMultiDict[str]:
    return exchange.headers("application/json", ("ETag", told.weak_etag), ("Cache-Control", "private, no-cache"))


def job_item(
    exchange: Exchange, media_type: job_pb2.MediaType.ValueType, values: dict[str, Any]
) -> jobs_service_pb2.CreateJobItem:
    key = idempotency_key(exchange.request)
    fields = Fields(values, FIELDS)
    prompt = fields.required("prompt", str, "")
    model = fields.text("model")
    options = fields.options("options")
    client_ref = fields.text("client_ref")
    metadata = fields.optional("metadata", dict, {})
    # To jobs, 0 says that none was given.
    timeout_s = fields.number("timeout_s", 0.0, above=0)
    webhook_url = fields.text("webhook_url")
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


def job_of(job_id: str) -> JobId:
    """The id as it was answered, whatever the case of its letters (RFC 9562, 4); refuses what no job can have."""
    if len(job_id) > ID_CHARACTERS_MAX or not (job_id.isascii() and job_id.replace("-", "").isalnum()):
        raise FlexuraError(
            Kind.NOT_FOUND,
            Reason.JOB_NOT_FOUND,
            "this account has no such job; use a job_id as a generate endpoint answered it",
            job_id=job_id[:ID_CHARACTERS_MAX],
        )
    return JobId(job_id.lower())

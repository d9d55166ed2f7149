"""Calling jobs off and deleting them."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from flexura.jobs.v1 import job_pb2
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.job_json import job_json
from flexura_edge.http.jobs import job_of
from flexura_kit.ids import AccountId, JobId

CancelJob = Callable[[AccountId, JobId, float], Awaitable[job_pb2.Job]]
DeleteJob = Callable[[AccountId, JobId, float], Awaitable[None]]
Forget = Callable[[AccountId, JobId], None]


class JobControl:
    """Both may be repeated; `forget` drops what this edge remembers of a job."""

    def __init__(self, cancel: CancelJob, delete: DeleteJob, forget: Forget, public_url: str) -> None:
        self._cancel = cancel
        self._delete = delete
        self._forget = forget
        self._public_url = public_url

    async def cancel(self, exchange: Exchange) -> web.StreamResponse:
        account_id, job_id = exchange.account().account_id, job_of(exchange.parameter)
        job = await self._cancel(account_id, job_id, exchange.remaining_s())
        return exchange.json(job_json(job, self._public_url))

    async def delete(self, exchange: Exchange) -> web.StreamResponse:
        account_id, job_id = exchange.account().account_id, job_of(exchange.parameter)
        try:
            await self._delete(account_id, job_id, exchange.remaining_s())
        finally:
            # Also where the answer was lost: the job may be gone.
            self._forget(account_id, job_id)
        return exchange.nothing()

"""Listing jobs, a page at a time."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.job_json import STATUS, TYPE, job_json
from flexura_edge.http.query import Query, with_cursor_named
from flexura_kit.errors import FlexuraError
from flexura_kit.rpc import to_timestamp

PARAMETERS = ("status", "type", "client_ref", "created_after", "limit", "cursor")
CLIENT_REF_CHARACTERS_MAX = 200
STATES = {word: state for state, word in STATUS.items()}
TYPES = {word: media_type for media_type, word in TYPE.items()}
WRONG_CURSOR = (
    "`cursor` is not one that this account was answered with these filters; send `next_cursor` as it was and the "
    "filters of the page before, or leave it out to begin at the newest job"
)

ListJobs = Callable[[jobs_service_pb2.ListJobsRequest, float], Awaitable[jobs_service_pb2.ListJobsResponse]]


class JobList:
    """Answers the account's jobs, newest first, and where the next page begins."""

    def __init__(self, list_jobs: ListJobs, public_url: str) -> None:
        self._list_jobs = list_jobs
        self._public_url = public_url

    async def get(self, exchange: Exchange) -> web.StreamResponse:
        try:
            page = await self._list_jobs(list_request(exchange), exchange.remaining_s())
        except FlexuraError as error:
            raise with_cursor_named(error, WRONG_CURSOR) from error
        answer: dict[str, Any] = {"jobs": [orjson.Fragment(job_json(job, self._public_url)) for job in page.jobs]}
        if page.next_page_token:
            answer["next_cursor"] = page.next_page_token
        return exchange.json(orjson.dumps(answer))


def list_request(exchange: Exchange) -> jobs_service_pb2.ListJobsRequest:
    query = Query(exchange.request, PARAMETERS)
    statuses = query.words("status", list(STATES))
    media_type = query.word("type", list(TYPES))
    client_ref = query.text("client_ref", CLIENT_REF_CHARACTERS_MAX)
    created_after = query.time("created_after")
    limit, cursor = query.page()
    query.check()
    return jobs_service_pb2.ListJobsRequest(
        account_id=exchange.account().account_id,
        page_size=limit,
        page_token=cursor,
        states=[STATES[status] for status in statuses],
        media_type=TYPES.get(media_type, job_pb2.MEDIA_TYPE_UNSPECIFIED),
        client_ref=client_ref,
        created_after=to_timestamp(created_after),
    )

"""Listing an account's jobs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

from flexura_jobs.domain.jobs import Job
from flexura_jobs.domain.listing import JobPage, JobQuery, Position, page_token, position_of
from flexura_jobs.ports import ListingStore
from flexura_jobs.service.requests import CLIENT_REF_CHARACTERS_MAX, invalid_request
from flexura_kit.errors import FieldViolation

PAGE_SIZE = 20
PAGE_SIZE_MAX = 100
PAGE_BYTES_MAX = 4 << 20


class JobLists:
    def __init__(self, store: ListingStore) -> None:
        self._store = store

    async def page(self, query: JobQuery) -> JobPage:
        after = position_of(query.page_token, query) if query.page_token else None
        refuse_wrong(query, after)
        size = query.page_size or PAGE_SIZE
        # One more than is answered tells whether there is another page.
        jobs = await self._store.jobs_after(query.account_id, query.filter, after, size + 1)
        count = fitting(jobs[:size])
        if count == len(jobs):
            return JobPage(jobs)
        last = jobs[count - 1]
        token = page_token(Position(last.created_at, last.job_id), replace(query, page_token=""))
        return JobPage(jobs[:count], token)


def fitting(jobs: list[Job]) -> int:
    """Counts the jobs that one answer holds, of which the first is always one: a page of the longest would not fit."""
    sizes_bytes = accumulate(len(job.prompt.encode()) + len(job.metadata_json.encode()) for job in jobs)
    return min(len(jobs), max(1, sum(size_bytes <= PAGE_BYTES_MAX for size_bytes in sizes_bytes)))


def refuse_wrong(query: JobQuery, after: Position | None) -> None:
    violations = list(violations_of(query, after))
    if violations:
        raise invalid_request(violations)


def violations_of(query: JobQuery, after: Position | None) -> Iterator[FieldViolation]:
    if not 0 <= query.page_size <= PAGE_SIZE_MAX:
        yield FieldViolation("page_size", f"page_size takes 1 to {PAGE_SIZE_MAX}, and 0 for {PAGE_SIZE}")
    if len(query.filter.client_ref) > CLIENT_REF_CHARACTERS_MAX or "\0" in query.filter.client_ref:
        takes = f"client_ref takes up to {CLIENT_REF_CHARACTERS_MAX} characters without U+0000"
        yield FieldViolation("client_ref", takes)
    if query.page_token and after is None:
        yield FieldViolation(
            "page_token",
            "page_token is not one that this account was answered with these filters; "
            "repeat the filters of the page before, or leave it out to begin at the newest job",
        )

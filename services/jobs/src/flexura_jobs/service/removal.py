"""Removing jobs, and what is said of those that are gone."""

from flexura_jobs.domain.jobs import Removal
from flexura_jobs.ports import RemovalNews, RemovalStore
from flexura_jobs.service.requests import SHOWN_CHARACTERS_MAX, is_job_id
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId

NO_SUCH_JOB = "this account has no such job; use a job_id as a generate endpoint answered it"
DELETED = "this job was deleted by its owner, and what it made with it; submit it again if it is wanted"
EXPIRED = (
    "this job was kept for as long as this server keeps jobs, and then removed with what it made; "
    "submit it again if it is wanted"
)
REMOVED = {Removal.DELETED: (Reason.JOB_DELETED, DELETED), Removal.EXPIRED: (Reason.JOB_EXPIRED, EXPIRED)}


class JobRemovals:
    """`news` is told which jobs are gone, once that is committed."""

    def __init__(self, store: RemovalStore, news: RemovalNews) -> None:
        self._store = store
        self._news = news

    async def delete(self, account_id: AccountId, job_id: JobId) -> None:
        if not is_job_id(job_id) or not await self._store.delete(account_id, job_id):
            raise job_not_found(job_id)
        self._news.removed([(account_id, job_id)])


def job_not_found(job_id: JobId) -> FlexuraError:
    # Cut, because the caller may send any text, and more than a header holds would lose the whole error.
    shown = job_id[:SHOWN_CHARACTERS_MAX]
    return FlexuraError(Kind.NOT_FOUND, Reason.JOB_NOT_FOUND, NO_SUCH_JOB, job_id=shown)


def job_removed(job_id: JobId, removal: Removal) -> FlexuraError:
    reason, message = REMOVED[removal]
    return FlexuraError(Kind.NOT_FOUND, reason, message, job_id=job_id)

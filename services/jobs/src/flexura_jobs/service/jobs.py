"""What owners of jobs ask for."""

from collections.abc import Sequence

from flexura_jobs.domain.catalog import Catalog, Listing
from flexura_jobs.domain.jobs import Job, JobRequest, NewJob, StoredAsset
from flexura_jobs.ports import Bell, Fleet, JobStore
from flexura_jobs.service.removal import job_not_found, job_removed
from flexura_jobs.service.requests import RequestCheck, invalid_request, is_job_id
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId

JOBS_MAX = 256


class Jobs:
    def __init__(self, store: JobStore, catalog: Catalog, check: RequestCheck, fleet: Fleet, bell: Bell) -> None:
        self._store = store
        self._catalog = catalog
        self._check = check
        self._fleet = fleet
        self._bell = bell

    async def create_batch(self, requests: Sequence[JobRequest]) -> list[Job | FlexuraError]:
        refuse_too_many(requests)
        checked = [self._checked(request) for request in requests]
        accepted = [job for job in checked if isinstance(job, NewJob)]
        created = dict(zip(map(id, accepted), await self._store.create(accepted), strict=True))
        self._bell.ring()
        repeated = await self._repeated(requests, checked)
        return [
            repeated.get(request.job_id, job)
            if isinstance(job, FlexuraError)
            else kept(created[id(job)] or job_exists(job.job_id))
            for request, job in zip(requests, checked, strict=True)
        ]

    async def get_batch(self, asked: Sequence[tuple[AccountId, JobId]]) -> list[Job | FlexuraError]:
        refuse_too_many(asked)
        jobs = await self._store.get([job_id for _, job_id in asked if is_job_id(job_id)])
        return [own_or_not_found(jobs.get(job_id), account_id, job_id) for account_id, job_id in asked]

    async def cancel(self, account_id: AccountId, job_id: JobId) -> Job:
        job = await self._store.cancel(account_id, job_id) if is_job_id(job_id) else None
        if job is None:
            raise job_not_found(job_id)
        if job.removal is not None:
            raise job_removed(job_id, job.removal)
        return job

    async def resolve_assets(self, asked: Sequence[tuple[JobId, str]]) -> list[StoredAsset | FlexuraError]:
        refuse_too_many(asked)
        assets = await self._store.stored_assets([job_id for job_id, _ in asked if is_job_id(job_id)])
        return [asset_or_not_found(assets.get(job_id), job_id, extension) for job_id, extension in asked]

    async def list_models(self) -> list[Listing]:
        workers = await self._fleet.workers()
        return self._catalog.listings(frozenset().union(*(worker.providers for worker in workers)))

    def _checked(self, request: JobRequest) -> NewJob | FlexuraError:
        try:
            return self._check.accept(request)
        except FlexuraError as error:
            return error

    async def _repeated(
        self, requests: Sequence[JobRequest], checked: Sequence[NewJob | FlexuraError]
    ) -> dict[JobId, Job]:
        """Finds jobs that were accepted before the catalog changed: a repeated call answers what the first did."""
        refused = {r.job_id: r for r, job in zip(requests, checked, strict=True) if isinstance(job, FlexuraError)}
        if not refused:
            return {}
        found = await self._store.get([job_id for job_id in refused if is_job_id(job_id)])
        return {job_id: job for job_id, job in found.items() if job.account_id == refused[job_id].account_id}


def refuse_too_many(items: Sequence[object], items_max: int = JOBS_MAX) -> None:
    if len(items) > items_max:
        raise invalid_request([FieldViolation("items", f"a batch takes at most {items_max} items, not {len(items)}")])


def own_or_not_found(job: Job | None, account_id: AccountId, job_id: JobId) -> Job | FlexuraError:
    # Another account's job looks the same as no job: its existence is not the caller's to know.
    return kept(job) if job is not None and job.account_id == account_id else job_not_found(job_id)


def kept(job: Job | FlexuraError) -> Job | FlexuraError:
    if isinstance(job, FlexuraError) or job.removal is None:
        return job
    return job_removed(job.job_id, job.removal)


def asset_or_not_found(stored: StoredAsset | None, job_id: JobId, extension: str) -> StoredAsset | FlexuraError:
    if stored is not None and stored.asset.extension == extension:
        return stored if stored.removal is None else job_removed(job_id, stored.removal)
    return FlexuraError(Kind.NOT_FOUND, Reason.ASSET_NOT_FOUND, "there is no such asset", job_id=job_id)


def job_exists(job_id: JobId) -> FlexuraError:
    return FlexuraError(
        Kind.EXISTS, Reason.JOB_EXISTS, "the id is in use for another job; choose a new one", job_id=job_id
    )

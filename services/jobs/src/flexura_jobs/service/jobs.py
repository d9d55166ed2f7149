"""What owners of jobs ask for."""

from collections.abc import Mapping, Sequence

from flexura_jobs.domain.acceptance import Replayed
from flexura_jobs.domain.catalog import Catalog, Listing
from flexura_jobs.domain.jobs import Job, JobRequest, NewJob, StoredAsset
from flexura_jobs.ports import AssetSearch, Bell, Fleet, JobStore, SigningAccounts
from flexura_jobs.service.acceptance import answer_of
from flexura_jobs.service.fingerprints import request_key
from flexura_jobs.service.removal import job_not_found, job_removed
from flexura_jobs.service.requests import RequestCheck, caller_violations, invalid_request, is_job_id
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId

JOBS_MAX = 256
UNSIGNED = FieldViolation(
    "webhook_url",
    "webhook_url needs a secret to sign with, and this account has none for it; create one with POST /api/webhooks "
    'and {"scope": "job"}, or leave webhook_url out',
)


class Jobs:
    def __init__(
        self,
        store: JobStore,
        catalog: Catalog,
        check: RequestCheck,
        fleet: Fleet,
        bell: Bell,
        signing: SigningAccounts,
        search: AssetSearch,
    ) -> None:
        self._search = search
        self._signing = signing
        self._store = store
        self._catalog = catalog
        self._check = check
        self._fleet = fleet
        self._bell = bell

    async def create_batch(self, requests: Sequence[JobRequest]) -> list[Job | Replayed | FlexuraError]:
        refuse_too_many(requests)
        checked = await self._signed([self._checked(request) for request in requests])
        accepted = [job for job in checked if isinstance(job, NewJob)]
        outcomes = dict(zip(map(id, accepted), await self._store.create(accepted), strict=True))
        self._bell.ring()
        earlier = await self._earlier(requests, checked)
        return [
            earlier.get(position, job)
            if isinstance(job, FlexuraError)
            else kept_or_replayed(answer_of(outcomes[id(job)], job.job_id))
            for position, job in enumerate(checked)
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

    async def resolve_assets(
        self, asked: Sequence[tuple[JobId, str]], missing: Sequence[JobId] = ()
    ) -> list[StoredAsset | FlexuraError]:
        """Answers where assets lie; those that the caller did not find there are looked for first."""
        refuse_too_many(asked)
        if missing:
            await self._search.look_for([job_id for job_id in missing if is_job_id(job_id)])
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

    async def _signed(self, checked: list[NewJob | FlexuraError]) -> list[NewJob | FlexuraError]:
        """Refuses jobs that name an address where nothing signs what would be sent there."""
        naming = {job.account_id for job in checked if isinstance(job, NewJob) and job.webhook_url}
        unsigned = {account_id for account_id in naming if not await self._signing.serves_jobs(account_id)}
        if not unsigned:
            return checked
        return [
            invalid_request([UNSIGNED])
            if isinstance(job, NewJob) and job.webhook_url and job.account_id in unsigned
            else job
            for job in checked
        ]

    async def _earlier(
        self, requests: Sequence[JobRequest], checked: Sequence[NewJob | FlexuraError]
    ) -> dict[int, Job | Replayed | FlexuraError]:
        """Finds what was accepted before the catalog changed: a repeated call answers what the first did."""
        pairs = enumerate(zip(requests, checked, strict=True))
        refused = {position: request for position, (request, job) in pairs if isinstance(job, FlexuraError)}
        if not refused:
            return {}
        found = await self._store.get([request.job_id for request in refused.values() if is_job_id(request.job_id)])
        return await self._replayed(refused) | {
            position: kept(found[request.job_id])
            for position, request in refused.items()
            if request.job_id in found and found[request.job_id].account_id == request.account_id
        }

    async def _replayed(self, refused: Mapping[int, JobRequest]) -> dict[int, Job | Replayed | FlexuraError]:
        binding = {
            position: (request.account_id, key)
            for position, request in refused.items()
            if not caller_violations(request) and (key := request_key(request)) is not None and key.is_binding
        }
        if not binding:
            return {}
        outcomes = await self._store.recall(list(binding.values()))
        return {
            position: answer_of(outcome, refused[position].job_id)
            for position, outcome in zip(binding, outcomes, strict=True)
            if outcome is not None
        }


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


def kept_or_replayed(answer: Job | Replayed | FlexuraError) -> Job | Replayed | FlexuraError:
    # What was answered for a key is answered again, also where its job was removed since.
    return answer if isinstance(answer, Replayed) else kept(answer)


def asset_lost(job_id: JobId) -> FlexuraError:
    gone = "the object store has lost what this job made; submit the job again if it is wanted"
    return FlexuraError(Kind.NOT_FOUND, Reason.ASSET_LOST, gone, job_id=job_id)


def asset_or_not_found(stored: StoredAsset | None, job_id: JobId, extension: str) -> StoredAsset | FlexuraError:
    if stored is not None and stored.asset.extension == extension:
        if stored.removal is not None:
            return job_removed(job_id, stored.removal)
        return stored if stored.asset.lost_at is None else asset_lost(job_id)
    no_such_asset = "there is no such asset; use the asset_url of a completed job as it is"
    return FlexuraError(Kind.NOT_FOUND, Reason.ASSET_NOT_FOUND, no_such_asset, job_id=job_id)

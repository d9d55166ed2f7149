"""What workers ask for and report."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter

from flexura_jobs.domain.catalog import Catalog
from flexura_jobs.domain.jobs import (
    Assignment,
    CheckpointReport,
    Claim,
    ClaimedJob,
    CompletionReport,
    FailureReport,
    JobState,
    Lease,
    LeaseVerdict,
    Renewal,
)
from flexura_jobs.domain.queue import Consumer
from flexura_jobs.ports import Bell, Consumers, WorkStore
from flexura_jobs.service.jobs import refuse_too_many
from flexura_jobs.service.reports import (
    fit_to_show,
    refuse_wrong_announcement,
    refuse_wrong_checkpoint,
    refuse_wrong_completion,
    refuse_wrong_tokens,
)
from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import JobId, LeaseToken, WorkerId

LEASE_TOKEN_BYTES = 16
CLAIMS_MAX = 64
FAULT_CHARACTERS_MAX = 100

WORKER_FAULTS = Counter("flexura_jobs_worker_faults", "Attempts that workers broke off for faults of their own.")

logger = log.get_logger()


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long leases last, and how often to renew and to announce."""

    lease: timedelta
    renew_interval: timedelta
    announce_interval: timedelta


class Work:
    def __init__(self, store: WorkStore, catalog: Catalog, consumers: Consumers, bell: Bell) -> None:
        self._store = store
        self._catalog = catalog
        self._consumers = consumers
        self._bell = bell

    async def announce(self, worker_id: WorkerId, providers: Sequence[str], slots: int) -> list[Consumer]:
        """Answers where the worker finds its work: the consumers that exist, of the models that it can run."""
        refuse_wrong_announcement(worker_id, providers, slots)
        await self._store.announce(worker_id, providers, slots)
        provisioned = self._consumers.provisioned()
        models = [model.model for model in self._catalog.own_models() if model.provider in providers]
        return [provisioned[model] for model in models if model in provisioned]

    async def claim(
        self, worker_id: WorkerId, job_ids: Sequence[JobId], lease_tokens: Sequence[LeaseToken] = ()
    ) -> list[Assignment | FlexuraError]:
        """Claims the jobs under the worker's tokens, with which it may ask again, or under tokens of ours."""
        refuse_too_many(job_ids, CLAIMS_MAX)
        refuse_wrong_tokens(job_ids, lease_tokens)
        tokens = lease_tokens or [new_lease_token() for _ in job_ids]
        claims = [Claim(job_id, worker_id, token) for job_id, token in zip(job_ids, tokens, strict=True)]
        claimed = await self._store.claim(claims)
        # Hints have left the queue, so there is room for more.
        self._bell.ring()
        return [
            self._assignment(job) if job is not None else not_claimable(claim.job_id)
            for claim, job in zip(claims, claimed, strict=True)
        ]

    async def renew(self, renewals: Sequence[Renewal]) -> Sequence[LeaseVerdict]:
        refuse_too_many(renewals)
        return await self._store.renew(renewals)

    async def checkpoint(self, report: CheckpointReport) -> None:
        refuse_wrong_checkpoint(report)
        if not await self._store.checkpoint(report):
            raise lease_lost(report.lease)

    async def complete(self, report: CompletionReport) -> None:
        refuse_wrong_completion(report)
        if not await self._store.complete(report):
            raise lease_lost(report.lease)

    async def fail(self, report: FailureReport) -> JobState:
        state = await self._store.fail(fit_to_show(report))
        if state is None:
            raise lease_lost(report.lease)
        self._bell.ring()
        return state

    async def release(self, lease: Lease, fault: str = "") -> None:
        """Takes the job back; `fault` names the part of the worker that was at fault, and is empty on shutdown."""
        if not await self._store.release(lease, is_worker_fault=bool(fault)):
            raise lease_lost(lease)
        if fault:
            WORKER_FAULTS.inc()
            logger.warning("job_released_for_worker_fault", job_id=lease.job_id, fault=fault[:FAULT_CHARACTERS_MAX])
        self._bell.ring()

    def _assignment(self, job: ClaimedJob) -> Assignment | FlexuraError:
        offer = self._catalog.offer(job.model)
        if offer is None:
            # Only jobs of known models are claimed, so this is a fault of ours; the lease returns the job.
            return not_claimable(job.job_id)
        model = offer.model
        return Assignment(job, model.provider, model.upstream_model, min(model.timeout, job.time_to_deadline))


def new_lease_token() -> LeaseToken:
    return LeaseToken(secrets.token_hex(LEASE_TOKEN_BYTES))


def not_claimable(job_id: JobId) -> FlexuraError:
    return FlexuraError(
        Kind.REFUSED,
        Reason.JOB_NOT_CLAIMABLE,
        "the job is owned, has ended or never was; acknowledge its hint",
        job_id=job_id,
    )


def lease_lost(lease: Lease) -> FlexuraError:
    return FlexuraError(
        Kind.REFUSED,
        Reason.LEASE_LOST,
        "the lease is not the current one or has run out; drop the work",
        job_id=lease.job_id,
    )

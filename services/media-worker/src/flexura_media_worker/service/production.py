"""Making the result of one attempt: a provider writes it, the store takes it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flexura_kit.errors import FlexuraError
from flexura_media_worker.domain import (
    ClaimedJob,
    Failure,
    FailureReason,
    GenerationError,
    Media,
    WorkerFault,
    WorkerFaultError,
    WorkerPart,
)
from flexura_media_worker.ports import Assets, Provider, Spool
from flexura_media_worker.service.capacity import Slot
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import HeldLease
from flexura_media_worker.service.reports import AttemptReport

RETRY_S_MIN, RETRY_S_MAX = 0.1, 2.0

NOTHING = Failure(
    FailureReason.PROVIDER_RETURNED_NOTHING, "The provider ended without an error and returned nothing.", False
)
NOT_STORED = Failure(FailureReason.SERVICE_UNAVAILABLE, "The result could not be stored in time; try again.", True)
UNANSWERED = Failure(FailureReason.SERVICE_UNAVAILABLE, "A part of the service did not answer; try again.", True)
NO_PROVIDER = "this worker does not have the provider"
# How long a result waits for a store that refuses it, or cannot be reached, before another worker makes it anew: the
# first is likely to be a fault of this worker alone. Work that took long waits as long again.
REFUSED_S, UNREACHED_S = 2.0, 20.0
STORE_TRIES = 3  # After as many failures in a row no more work is begun.


@dataclass(frozen=True, slots=True)
class Stored:
    """A result that lies in the store."""

    object_key: str
    media: Media


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, and what it is made with."""

    job: ClaimedJob
    held: HeldLease
    slot: Slot
    path: Path
    since: float
    """When the job was asked for, on the clock of the loop."""
    report: AttemptReport

    @property
    def made_until(self) -> float:
        return self.since + self.job.time_left.total_seconds()

    @property
    def stored_until(self) -> float:
        return self.since + self.job.time_to_deadline.total_seconds()


class Production:
    def __init__(
        self, providers: Mapping[str, Provider], spool: Spool, assets: Assets, uploads_max: int, health: Health
    ) -> None:
        self._providers = providers
        self._health = health
        self._spool = spool
        self._assets = assets
        self._uploads = asyncio.Semaphore(uploads_max)

    async def produce(self, order: Order) -> Stored | Failure | WorkerFault:
        """Makes and stores the result. Cancelled, it stops at once."""
        try:
            with order.report.stage("generate"):
                media = await self._generate(order)
            order.report.size_bytes = media.size_bytes
            key = order.job.object_key(media.extension)
            with order.report.stage("upload"):
                await self._store(order, key, media)
        except GenerationError as error:
            return error.failure
        except WorkerFaultError as error:
            return error.fault
        return Stored(key, media)

    async def _generate(self, order: Order) -> Media:
        provider = self._providers.get(order.job.provider)
        if provider is None:
            raise WorkerFaultError(order.job.provider, NO_PROVIDER)
        try:
            async with asyncio.timeout_at(order.made_until):
                media = await provider.generate(order.job.request(order.path), order.held.report)
        except TimeoutError as error:
            raise GenerationError(too_late(order.job)) from error
        except FlexuraError as error:
            # A checkpoint that was not taken; the jobs service knows how far the call is, and what follows from it.
            raise GenerationError(UNANSWERED) from error
        # What is in the file counts, not what the provider says of it.
        if self._spool.size_bytes(order.path) == 0:
            raise GenerationError(NOTHING)
        return media

    async def _store(self, order: Order, key: str, media: Media) -> None:
        """Tries until the job itself ends: the work is done, and doing it again costs more than waiting."""
        try:
            async with asyncio.timeout_at(order.stored_until), self._uploads:
                # Only here: results must not pile up where the store is slower than the generators.
                order.slot.free()
                await self._upload(order, key, media.content_type)
        except TimeoutError as error:
            raise GenerationError(NOT_STORED) from error

    async def _upload(self, order: Order, key: str, content_type: str) -> None:
        """Tries again for a while: what is wrong may pass, and a result that took long is worth waiting for."""
        loop = asyncio.get_running_loop()
        began, delay_s, tries = loop.time(), RETRY_S_MIN, 0
        while True:
            try:
                return await self._assets.upload_file(key, order.path, content_type)
            except OSError as error:
                raise WorkerFaultError(WorkerPart.SPOOL, f"the result cannot be read: {error}") from error
            except FlexuraError as error:
                tries += 1
                fault = WorkerFault(WorkerPart.STORE, why(error))
                if tries == STORE_TRIES:
                    self._health.report(fault)
                if tries >= STORE_TRIES and loop.time() - began > patience_s(order, error):
                    raise WorkerFaultError(fault.part, fault.message) from error
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, RETRY_S_MAX)


def too_late(job: ClaimedJob) -> Failure:
    """Says which of the two limits it was."""
    if job.time_left < job.time_to_deadline:
        limit_s = job.time_left.total_seconds()
        sentence = (
            f"The work was not done within the {limit_s:g} s that one attempt at this model may take "
            "(attempt_timeout_s in the catalog). Ask for less, such as a smaller size."
        )
    else:
        left_s = job.time_to_deadline.total_seconds()
        sentence = (
            "The job did not end within its timeout_s, which counts from its acceptance: "
            f"{left_s:.1f} s of it were left when the work began. Submit it again, with a longer timeout_s."
        )
    return Failure(FailureReason.DEADLINE_EXCEEDED, sentence, is_retryable=False)


def patience_s(order: Order, error: FlexuraError) -> float:
    """How long the result waits: it is made again where that costs less than waiting on."""
    least_s = REFUSED_S if "refusal" in error.metadata else UNREACHED_S
    return max(least_s, order.report.stages.get("generate", 0.0))


def why(error: FlexuraError) -> str:
    refusal = error.metadata.get("refusal")
    return f"{error.message} ({refusal})" if refusal else error.message

"""Everything the media worker is made of, in the order it starts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from typing import TypeVar

from flexura_kit.blob import blobs, store_watch
from flexura_kit.bus import bus
from flexura_kit.ids import WorkerId, new_uuid7
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_channel
from flexura_media_worker.clients import RPCJobsService
from flexura_media_worker.consumer.cancellations import hear_cancellations
from flexura_media_worker.consumer.hints import Heartbeats
from flexura_media_worker.consumer.intake import Intake
from flexura_media_worker.domain import WorkerFault, WorkerPart
from flexura_media_worker.providers import provider_names
from flexura_media_worker.service.announcing import Announcer
from flexura_media_worker.service.attempts import Attempts
from flexura_media_worker.service.capacity import Capacity
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import Leases
from flexura_media_worker.service.production import Production
from flexura_media_worker.service.store_probe import StoreProbe
from flexura_media_worker.settings import MediaWorkerSettings
from flexura_media_worker.slots.pool import GeneratorPool, generator_pool
from flexura_media_worker.slots.process import GeneratorLimits
from flexura_media_worker.spool import FolderSpool, folder_spool

T = TypeVar("T")

SERVICE = "media-worker"
UPLOADS_PER_SLOT = 2  # A result on its way to the store leaves its slot to the next job.


async def build(settings: MediaWorkerSettings, life: Lifecycle) -> None:
    worker_id = WorkerId(new_uuid7())
    names = provider_names(settings.providers)
    uploads_max = UPLOADS_PER_SLOT * settings.slots
    limits = GeneratorLimits(names, settings.generator_memory_bytes, settings.result_bytes_max)

    health = Health(names)
    spool = await life.enter(opened(folder_spool(settings.spool_dir, worker_id)))
    if spool.fault:
        health.report(WorkerFault(WorkerPart.SPOOL, spool.fault))
    generators = await life.enter(generator_pool(limits, settings.slots, spool, health.report))
    assets = await life.enter(blobs(settings.s3, threads=uploads_max))
    channel = await life.enter(rpc_channel(settings.jobs_target))
    jobs = RPCJobsService(channel, worker_id, settings.slots)
    add_probes(health, names, spool, generators, StoreProbe(assets, spool, worker_id))

    leases = Leases(jobs)
    connection = await life.enter(bus(settings.nats, SERVICE))
    hear_cancellations(connection, leases.cancel)
    production = Production(dict.fromkeys(names, generators), spool, assets, uploads_max, health)
    attempts = Attempts(jobs, leases, spool, production, health)
    heartbeats = Heartbeats()
    intake = Intake(connection, Capacity(settings.slots), leases, attempts, heartbeats)
    announcer = Announcer(jobs, leases, health, intake.bind)

    life.ready_checks["jobs"] = announcer.trouble
    life.ready_checks["work"] = health.why_paused
    life.run("health", health.mend_for_ever)
    life.ready_checks["nats"] = connection.trouble
    watch = await life.enter(store_watch(settings.s3))
    life.run("watch-store", watch.run)
    life.impaired_checks["store"] = watch.trouble
    life.run("heartbeats", heartbeats.beat_for_ever)
    life.run("renewals", leases.renew_for_ever)
    life.run("announcements", announcer.announce_for_ever)
    life.serve(intake)


def add_probes(
    health: Health, names: Sequence[str], spool: FolderSpool, generators: GeneratorPool, store: StoreProbe
) -> None:
    """Says how each part is looked at while it is at fault."""
    health.add_probe(WorkerPart.SPOOL, spool.probe)
    health.add_probe(WorkerPart.GENERATORS, generators.check_processes)
    health.add_probe(WorkerPart.STORE, store.probe)
    for name in names:
        health.add_probe(name, partial(generators.check, name))


@asynccontextmanager
async def opened(context: AbstractContextManager[T]) -> AsyncIterator[T]:
    """A context that waits for nothing, among those that do."""
    with context as value:
        yield value

"""Everything the jobs service is made of, in the order it starts."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from flexura.jobs.v1 import (
    jobs_service_pb2,
    jobs_service_pb2_grpc,
    webhooks_service_pb2,
    webhooks_service_pb2_grpc,
    worker_service_pb2,
    worker_service_pb2_grpc,
)
from flexura_jobs.catalog import OptionsCheck, deployed_models
from flexura_jobs.dispatch import DispatchBell, Dispatcher, HintStream, Leader, Outlooks, Reconciler
from flexura_jobs.dispatch.dispatcher import CREATED
from flexura_jobs.domain.acceptance import QueueLimits
from flexura_jobs.domain.attempts import AttemptPolicy
from flexura_jobs.domain.catalog import Catalog, Deployment
from flexura_jobs.domain.retention import Retention
from flexura_jobs.models import Row
from flexura_jobs.removal import AssetAudit, ObjectSweep, RetentionSweep
from flexura_jobs.rpc import JobsServicer, WebhooksServicer, WorkerServicer
from flexura_jobs.service import (
    EventFeeds,
    JobLists,
    JobRemovals,
    Jobs,
    LeaseTimes,
    RequestCheck,
    WebhookAddresses,
    Webhooks,
    Work,
)
from flexura_jobs.settings import JobsSettings, WebhookSettings
from flexura_jobs.store import (
    QueueRoom,
    SQLAuditStore,
    SQLEventStore,
    SQLJobStore,
    SQLLeftoverStore,
    SQLListingStore,
    SQLOutlookStore,
    SQLQueueStore,
    SQLRemovalStore,
    SQLWebhookStore,
    SQLWorkStore,
    Writer,
)
from flexura_jobs.vault import KeyFileError, Vault, read_vault
from flexura_jobs.wakeups import Wakeups
from flexura_kit.blob import blobs, store_watch
from flexura_kit.bus import Bus, bus
from flexura_kit.db import Database, DatabaseClock, DatabaseWatch, Transactions, database, migrate, transactions
from flexura_kit.egress import Egress, networks
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import Service, rpc_server
from flexura_kit.startup import SettingsError

SERVICE = "jobs"
MIGRATIONS = Path(__file__).parent / "migrations"
SEED_MAX = 2**32 - 1
OBJECT_THREADS = 2
SETTLING = timedelta(minutes=5)  # Longer than a worker that has lost its job goes on with an upload.


async def build(settings: JobsSettings, life: Lifecycle) -> None:
    models = deployed_models(settings.catalog_file, settings.providers)
    catalog = Catalog(models, Deployment(frozenset(settings.providers), settings.substitution))
    tx = await record(settings, life)
    nats = await life.enter(bus(settings.nats, SERVICE))
    wakeups = Wakeups(nats)
    writer = Writer(tx, wakeups.committed)
    life.run("write", writer.run)
    life.run("wake", wakeups.run)
    billed = frozenset(model.model for model in models if model.is_billed)
    policy = AttemptPolicy(settings.attempts_max, billed, settings.worker_faults_max)
    queue = SQLQueueStore(tx, writer, policy, timedelta(seconds=settings.worker_gone_s))
    removal_store = SQLRemovalStore(tx.dialect, writer, retention(settings))
    dispatch = dispatching(settings, life, catalog, queue, nats)
    outlooks = Outlooks(SQLOutlookStore(tx), queue, catalog.own_models())
    objects = await life.enter(blobs(settings.s3, OBJECT_THREADS))
    audited = await life.enter(blobs(settings.s3, OBJECT_THREADS, retries=0))
    audit = AssetAudit(
        SQLAuditStore(tx, writer),
        audited,
        wakeups,
        dispatch.leader,
        timedelta(seconds=settings.asset_audit_s),
        settings.asset_audit_jobs,
    )
    life.run("audit-assets", audit.run)
    life.run("recheck-assets", audit.run_rechecks)
    life.impaired_checks["assets"] = audit.why_impaired
    watch = await life.enter(store_watch(settings.s3))
    life.run("watch-store", watch.run)
    life.impaired_checks["store"] = watch.trouble
    life.run("look-out", outlooks.run)
    life.impaired_checks["workers"] = outlooks.why_impaired
    life.run("retain", RetentionSweep(removal_store, wakeups, dispatch.leader).run)
    life.run("remove-objects", ObjectSweep(SQLLeftoverStore(tx, writer, SETTLING), objects, dispatch.leader).run)

    webhook_store, addresses = SQLWebhookStore(tx, writer), addresses_of(settings.webhooks)
    room = QueueRoom(tx.dialect, queue_limits(settings), catalog.names)
    check = RequestCheck(catalog, OptionsCheck(models), pick_seed, addresses.fault)
    jobs = Jobs(SQLJobStore(tx, writer, room), catalog, check, queue, dispatch.bell, webhook_store, audit)
    lists, feeds = JobLists(SQLListingStore(tx)), EventFeeds(SQLEventStore(tx))
    removals = JobRemovals(removal_store, wakeups)
    servicer = JobsServicer(jobs, lists, feeds, removals, outlooks, retention(settings).jobs)
    work_store = SQLWorkStore(tx, writer, policy, timedelta(seconds=settings.lease_s), catalog.names)
    work = Work(work_store, catalog, dispatch.stream, dispatch.bell)
    webhooks = Webhooks(webhook_store, vault_of(settings.webhooks), addresses, secrets.token_bytes)
    services = [jobs_service(servicer), worker_service(work, lease_times(settings)), webhooks_service(webhooks)]
    life.serve(rpc_server(settings.rpc, services))


async def record(settings: JobsSettings, life: Lifecycle) -> Transactions:
    """Opens the database, brought up to date."""
    db = await life.enter(database(settings.database, SERVICE))
    await migrate(db, SERVICE, MIGRATIONS)
    await keep_time(db, life)
    tx = await life.enter(transactions(settings.database, db))
    watch = DatabaseWatch(db, Row.metadata.tables)
    life.run("watch-database", watch.run)
    life.ready_checks["database"] = watch.why_not_ready
    life.impaired_checks["database"] = watch.why_impaired
    return tx


async def keep_time(db: Database, life: Lifecycle) -> None:
    """Has this process agree with all others on what time it is, before it decides anything."""
    clock = DatabaseClock(db)
    await clock.start()
    life.run("clock", clock.run)


class Dispatch(NamedTuple):
    """What others need of the sending of hints."""

    stream: HintStream
    bell: DispatchBell
    leader: Leader


def dispatching(settings: JobsSettings, life: Lifecycle, catalog: Catalog, queue: SQLQueueStore, nats: Bus) -> Dispatch:
    """Sends hints of queued jobs, and sets right what went wrong with them, on the one replica that leads."""
    models = catalog.own_models()
    stream = HintStream(nats, models, settings.stream_replicas)
    bell, leader = DispatchBell(), Leader(queue)
    dispatcher = Dispatcher(queue, stream, models, leader, bell, nats)
    # Why nothing is waited for between the connection and here: it is made with the subscriptions of that moment.
    nats.subscribe(CREATED, dispatcher.hear)
    life.run("lead", leader.run)
    life.run("provision", stream.run)
    life.run("dispatch", dispatcher.run)
    life.run("reconcile", Reconciler(queue, stream, models, leader, bell).run)
    life.ready_checks["stream"] = stream.why_not_ready
    life.impaired_checks["nats"] = lambda: nats.trouble() or stream.why_unanswered()
    life.impaired_checks["hints"] = stream.why_impaired
    return Dispatch(stream, bell, leader)


def queue_limits(settings: JobsSettings) -> QueueLimits:
    return QueueLimits(settings.queued_of_account_max, settings.queued_max)


def lease_times(settings: JobsSettings) -> LeaseTimes:
    return LeaseTimes(
        timedelta(seconds=settings.lease_s),
        timedelta(seconds=settings.renew_s),
        timedelta(seconds=settings.announce_s),
    )


def retention(settings: JobsSettings) -> Retention:
    return Retention(
        timedelta(days=settings.retention_days),
        timedelta(days=settings.tombstone_days),
        timedelta(days=settings.event_days),
    )


def addresses_of(settings: WebhookSettings) -> WebhookAddresses:
    allowed = networks(settings.networks)
    return WebhookAddresses(Egress(allowed), takes_http=bool(allowed))


def vault_of(settings: WebhookSettings) -> Vault | None:
    """Stops the process where the key file is wrong; None where none is named."""
    try:
        return read_vault(settings.key_file) if settings.key_file else None
    except KeyFileError as error:
        raise SettingsError(f"FLEXURA_WEBHOOKS_KEY_FILE: {error}") from error


def pick_seed() -> int:
    return 1 + secrets.randbelow(SEED_MAX)


def jobs_service(servicer: JobsServicer) -> Service:
    return Service(
        jobs_service_pb2.DESCRIPTOR.services_by_name["JobsService"],
        jobs_service_pb2_grpc.add_JobsServiceServicer_to_server,
        servicer,
    )


def worker_service(work: Work, times: LeaseTimes) -> Service:
    return Service(
        worker_service_pb2.DESCRIPTOR.services_by_name["WorkerService"],
        worker_service_pb2_grpc.add_WorkerServiceServicer_to_server,
        WorkerServicer(work, times),
    )


def webhooks_service(webhooks: Webhooks) -> Service:
    return Service(
        webhooks_service_pb2.DESCRIPTOR.services_by_name["WebhooksService"],
        webhooks_service_pb2_grpc.add_WebhooksServiceServicer_to_server,
        WebhooksServicer(webhooks),
    )

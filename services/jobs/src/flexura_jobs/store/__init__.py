"""The jobs in a database: statements, transactions, and one writer that commits for all."""

from flexura_jobs.store.acceptance import QueueRoom
from flexura_jobs.store.audit import SQLAuditStore
from flexura_jobs.store.feed import SQLEventStore
from flexura_jobs.store.jobs import SQLJobStore
from flexura_jobs.store.leftovers import SQLLeftoverStore
from flexura_jobs.store.listing import SQLListingStore
from flexura_jobs.store.outbox import SQLOutbox
from flexura_jobs.store.outlook import SQLOutlookStore
from flexura_jobs.store.queue import SQLQueueStore
from flexura_jobs.store.removal import SQLRemovalStore
from flexura_jobs.store.webhooks import SQLWebhookStore
from flexura_jobs.store.work import SQLWorkStore
from flexura_jobs.store.writer import Writer

__all__ = [
    "QueueRoom",
    "SQLAuditStore",
    "SQLEventStore",
    "SQLJobStore",
    "SQLLeftoverStore",
    "SQLListingStore",
    "SQLOutbox",
    "SQLOutlookStore",
    "SQLQueueStore",
    "SQLRemovalStore",
    "SQLWebhookStore",
    "SQLWorkStore",
    "Writer",
]

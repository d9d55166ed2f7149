"""The jobs in a database: statements, transactions, and one writer that commits for all."""

from flexura_jobs.store.jobs import SQLJobStore
from flexura_jobs.store.queue import SQLQueueStore
from flexura_jobs.store.work import SQLWorkStore
from flexura_jobs.store.writer import Writer

__all__ = ["SQLJobStore", "SQLQueueStore", "SQLWorkStore", "Writer"]

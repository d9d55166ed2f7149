"""The gRPC doors: a message in, one use case, a message out."""

from flexura_jobs.rpc.jobs import JobsServicer
from flexura_jobs.rpc.webhooks import WebhooksServicer
from flexura_jobs.rpc.worker import WorkerServicer

__all__ = ["JobsServicer", "WebhooksServicer", "WorkerServicer"]

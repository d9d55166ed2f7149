"""The use cases of the jobs service, one method for each RPC."""

from flexura_jobs.service.feeds import EventFeeds
from flexura_jobs.service.jobs import Jobs
from flexura_jobs.service.listing import JobLists
from flexura_jobs.service.removal import JobRemovals
from flexura_jobs.service.requests import RequestCheck
from flexura_jobs.service.webhook_addresses import WebhookAddresses
from flexura_jobs.service.webhooks import Webhooks
from flexura_jobs.service.work import LeaseTimes, Work

__all__ = [
    "EventFeeds",
    "JobLists",
    "JobRemovals",
    "Jobs",
    "LeaseTimes",
    "RequestCheck",
    "WebhookAddresses",
    "Webhooks",
    "Work",
]

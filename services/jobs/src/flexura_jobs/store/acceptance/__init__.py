"""The acceptance of jobs: known requests, room in the queues, and the new rows."""

from flexura_jobs.store.acceptance.creation import Creation
from flexura_jobs.store.acceptance.queue_room import QueueRoom
from flexura_jobs.store.acceptance.request_keys import ForgettingKeys, Keyed

__all__ = ["Creation", "ForgettingKeys", "Keyed", "QueueRoom"]

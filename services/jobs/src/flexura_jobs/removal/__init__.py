"""The loops that remove: jobs whose time is over, events nobody can ask for, objects nothing refers to."""

from flexura_jobs.removal.objects import ObjectSweep
from flexura_jobs.removal.retention import RetentionSweep

__all__ = ["ObjectSweep", "RetentionSweep"]

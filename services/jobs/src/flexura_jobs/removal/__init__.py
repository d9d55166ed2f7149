"""The loops that remove what is over, and the one that looks whether what is not over is still there."""

from flexura_jobs.removal.audit import AssetAudit
from flexura_jobs.removal.objects import ObjectSweep
from flexura_jobs.removal.retention import RetentionSweep

__all__ = ["AssetAudit", "ObjectSweep", "RetentionSweep"]

"""How long what has ended is kept, and what is left to remove of it."""

from dataclasses import dataclass
from datetime import timedelta

from flexura_jobs.domain.jobs import Removal
from flexura_kit.ids import JobId


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept: jobs from their end, tombstones from the removal, events from the change they tell."""

    jobs: timedelta
    tombstones: timedelta
    events: timedelta


@dataclass(frozen=True, slots=True)
class Leftovers:
    """An ended job under whose prefix objects may lie that nothing refers to; all of them once it was removed."""

    job_id: JobId
    asset_key: str | None
    removal: Removal | None

    @property
    def prefix(self) -> str:
        return f"jobs/{self.job_id}/"

    def unreferenced(self, found: list[str]) -> list[str]:
        """Of the objects that were found, those that are to go."""
        if self.removal is None:
            return [key for key in found if key != self.asset_key]
        if self.asset_key is None or self.asset_key in found:
            return found
        return [*found, self.asset_key]

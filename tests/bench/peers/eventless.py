"""The same jobs process; only that nothing is recorded of what happens to a job, and no webhook is sent anything."""

from sqlalchemy import Connection

from flexura_jobs.settings import JobsSettings
from flexura_jobs.store import writer
from flexura_jobs.store.events import EventLog, NewEvent
from flexura_jobs.wiring import build
from flexura_kit.lifecycle import main


class NoLog(EventLog):
    def record(self, connection: Connection, events: list[NewEvent]) -> None:
        """Forgets the events. The product has no such switch: whoever follows a job relies on them."""


if __name__ == "__main__":
    writer.EventLog = NoLog  # type: ignore[misc]
    main("jobs", JobsSettings, build)

"""Events, numbered within their account in the transaction that changes the state."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, insert, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import select

from flexura_jobs.domain.jobs import Failure, JobState
from flexura_jobs.models import ACCOUNTS, EVENTS
from flexura_jobs.store.deliveries import NewDeliveries
from flexura_jobs.store.statements import BIGINT, INTEGER, NOW, TEXT, DialectName, items, items_table
from flexura_kit.ids import AccountId, JobId


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A change of state that is being committed."""

    account_id: AccountId
    job_id: JobId
    state: JobState
    attempt: int
    failure: Failure | None = None


class EventLog:
    """Takes the numbers from the account's counter, whose row lock keeps two writers apart: no gap, no late commit."""

    def __init__(self, dialect: DialectName) -> None:
        self._deliveries = NewDeliveries(dialect)
        grown = items_table(dialect, account_id=TEXT, events=INTEGER)
        upsert = (postgresql if dialect == "postgresql" else sqlite).insert(ACCOUNTS)
        self._take_numbers = (
            upsert.from_select(
                ["account_id", "event_sequence"], select(grown.c.account_id, grown.c.events).where(true())
            )
            .on_conflict_do_update(
                index_elements=[ACCOUNTS.c.account_id],
                set_={"event_sequence": ACCOUNTS.c.event_sequence + upsert.excluded.event_sequence},
            )
            .returning(ACCOUNTS.c.account_id, ACCOUNTS.c.event_sequence)
        )
        columns = {"account_id": TEXT, "sequence": BIGINT, "job_id": TEXT, "state": TEXT, "attempt": INTEGER}
        new = items_table(dialect, **columns, failure_reason=TEXT)
        self._insert = insert(EVENTS).from_select(
            [*columns, "failure_reason", "created_at"], select(*new.c, NOW).where(true())
        )

    def record(self, connection: Connection, events: list[NewEvent]) -> None:
        """Numbers the events and writes them with what webhooks are to be sent, each in one statement for all."""
        if not events:
            return
        counts = sorted(Counter(event.account_id for event in events).items())
        taken = connection.execute(
            self._take_numbers, items([{"account_id": account, "events": count} for account, count in counts])
        )
        latest = {row.account_id: row.event_sequence for row in taken}
        next_number = {account: latest[account] - count for account, count in counts}
        rows = []
        for event in events:
            next_number[event.account_id] += 1
            rows.append(row_of(event, next_number[event.account_id]))
        connection.execute(self._insert, items(rows))
        self._deliveries.record(connection, rows)


def row_of(event: NewEvent, sequence: int) -> dict[str, object]:
    return {
        "account_id": event.account_id,
        "sequence": sequence,
        "job_id": event.job_id,
        "state": event.state.value,
        "attempt": event.attempt,
        "failure_reason": event.failure.reason.value if event.failure else None,
    }

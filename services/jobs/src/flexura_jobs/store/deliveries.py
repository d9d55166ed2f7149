"""What webhooks are to be sent, recorded in the transaction that ends the job."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Text, case, cast, func, insert, literal_column, select

from flexura_jobs.domain.jobs import JobState
from flexura_jobs.domain.webhooks import EventType
from flexura_jobs.models import DELIVERIES, JOBS, WEBHOOKS
from flexura_jobs.store.statements import BIGINT, NOW, TEXT, DialectName, items, items_table

EVENT_TYPES = {
    JobState.COMPLETED.value: EventType.COMPLETED.value,
    JobState.FAILED.value: EventType.FAILED.value,
}
ID_PREFIX_CHARACTERS = len("wh_")


class NewDeliveries:
    """One message for each event that ends a job and each webhook of its account, in one statement for all."""

    def __init__(self, dialect: DialectName) -> None:
        ended = items_table(dialect, account_id=TEXT, sequence=BIGINT, job_id=TEXT, event_type=TEXT)
        # Made of the event's number and the webhook: were it ever recorded twice, the key would refuse the second.
        delivery_id = (
            literal_column("'msg_'", TEXT)
            + func.substr(WEBHOOKS.c.webhook_id, ID_PREFIX_CHARACTERS + 1)
            + literal_column("'_'", TEXT)
            + cast(ended.c.sequence, Text)
        )
        url = case((WEBHOOKS.c.url == literal_column("''", TEXT), JOBS.c.webhook_url), else_=WEBHOOKS.c.url)
        values = {
            "delivery_id": delivery_id,
            "webhook_id": WEBHOOKS.c.webhook_id,
            "account_id": ended.c.account_id,
            "job_id": ended.c.job_id,
            "event_type": ended.c.event_type,
            "url": url,
            "due_at": NOW,
            "created_at": NOW,
        }
        wanted = (
            select(*(value.label(name) for name, value in values.items()))
            .select_from(ended)
            .join(WEBHOOKS, WEBHOOKS.c.account_id == ended.c.account_id)
            .join(JOBS, JOBS.c.job_id == ended.c.job_id)
            .where(WEBHOOKS.c.disabled_at.is_(None), WEBHOOKS.c.deleted_at.is_(None), url.is_not(None))
        )
        self._insert = insert(DELIVERIES).from_select(list(values), wanted)

    def record(self, connection: Connection, events: Sequence[Mapping[str, object]]) -> None:
        """Takes events as they were written, with their numbers."""
        ended = [
            {name: event[name] for name in ("account_id", "sequence", "job_id")} | {"event_type": event_type}
            for event in events
            if (event_type := EVENT_TYPES.get(str(event["state"]))) is not None
        ]
        if ended:
            connection.execute(self._insert, items(ended))

"""What is to be sent, as the process that sends it sees it: due, claimed for a try, done with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, Connection, Select, bindparam, delete, func, null, select, true, update

from flexura_jobs.domain.webhooks import ATTEMPTS_MAX, EventType, Message, Outcome
from flexura_jobs.models import DELIVERIES, JOBS, WEBHOOK_SECRETS, WEBHOOKS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.rows import TOLD_COLUMNS, told_job_of
from flexura_jobs.store.statements import DOUBLE, INTEGER, NOW, TEXT, DialectName, items, items_table, time_in
from flexura_jobs.store.webhook_changes import IS_IN_USE, IS_KEPT, PENDING
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import DeliveryId, LeaseToken, WebhookId

KEPT = timedelta(days=30)
SWEEP_ROWS_MAX = 500  # Of each kind in one transaction; a sweep that finds as many is run again.

IS_PENDING = DELIVERIES.c.state == PENDING
IS_DUE = IS_PENDING & (DELIVERIES.c.due_at <= NOW)
IS_USED_UP = DELIVERIES.c.attempt >= ATTEMPTS_MAX
IS_ON = WEBHOOKS.c.disabled_at.is_(None) & IS_KEPT


@dataclass(frozen=True, slots=True)
class Try:
    """A wish to send a message once, with the token that will prove it."""

    delivery_id: DeliveryId
    lease_token: LeaseToken


class SQLOutbox:
    def __init__(self, transactions: Transactions, writer: Writer, lease: timedelta) -> None:
        self._transactions = transactions
        self._writer = writer
        self._due = due_deliveries(transactions.dialect)
        self._claim = Claims(transactions.dialect, lease)
        self._record = Outcomes(transactions.dialect)
        self._sweep = Sweep()

    async def due(self, after: WebhookId, webhooks_max: int, each_max: int) -> dict[WebhookId, list[DeliveryId]]:
        """Answers the webhooks that follow and have anything pending, in order, each with its oldest due messages."""
        parameters = {"after": after, "webhooks_max": webhooks_max, "each_max": each_max}
        rows = await self._transactions.read(lambda connection: connection.execute(self._due, parameters).all())
        due: dict[WebhookId, list[DeliveryId]] = {}
        for webhook_id, delivery_id in rows:
            due.setdefault(webhook_id, []).extend([delivery_id] if delivery_id else [])
        return due

    async def claim(self, tries: Sequence[tuple[DeliveryId, LeaseToken]]) -> list[Message]:
        """Answers those that are this process's to send until the lease ends."""
        messages = await self._writer.write(self._claim, [Try(*each) for each in tries])
        return [message for message in messages if message is not None]

    async def record(self, message: Message, outcome: Outcome) -> bool:
        """Keeps what came of a try; False where it is another process's by now."""
        (is_kept,) = await self._writer.write(self._record, [(message, outcome)])
        return is_kept

    async def sweep(self) -> bool:
        """Removes what nobody needs any more; True where there may be more of it."""
        (swept,) = await self._writer.write(self._sweep, [None])
        return swept >= SWEEP_ROWS_MAX


def due_deliveries(dialect: DialectName) -> Select[Any]:
    """Goes from webhook to webhook along the index: how much one of them has to be sent costs the others nothing."""
    chosen = webhooks_with_pending()
    oldest = (
        select(DELIVERIES.c.delivery_id)
        .where(IS_DUE, DELIVERIES.c.webhook_id == chosen.c.webhook_id)
        .order_by(DELIVERIES.c.due_at)
        .limit(bindparam("each_max", type_=INTEGER))
        .correlate(chosen)
    )
    if dialect == "postgresql":
        found: Any = oldest.lateral("found")
        joined = chosen.outerjoin(found, true())
    else:
        # SQLite has no lateral joins, and plans this one just so.
        found = DELIVERIES.alias("found")
        joined = chosen.outerjoin(found, found.c.delivery_id.in_(oldest))
    return select(chosen.c.webhook_id, found.c.delivery_id).select_from(joined).order_by(chosen.c.webhook_id)


def webhooks_with_pending() -> CTE:
    def following(start: Any) -> Any:
        return select(func.min(DELIVERIES.c.webhook_id)).where(IS_PENDING, DELIVERIES.c.webhook_id > start)

    first = following(bindparam("after", type_=TEXT)).scalar_subquery()
    ring = select(first.label("webhook_id")).cte("ring", recursive=True)
    step = select(following(ring.c.webhook_id).scalar_subquery()).where(ring.c.webhook_id.is_not(None))
    ring = ring.union_all(step)
    some = select(ring.c.webhook_id).where(ring.c.webhook_id.is_not(None))
    return some.limit(bindparam("webhooks_max", type_=INTEGER)).cte("chosen")


class Claims:
    """Counts a try and leases its message, where it is due and its webhook is on."""

    def __init__(self, dialect: DialectName, lease: timedelta) -> None:
        asked = items_table(dialect, delivery_id=TEXT, lease_token=TEXT)
        is_on = select(true()).where(WEBHOOKS.c.webhook_id == DELIVERIES.c.webhook_id, IS_ON).correlate(DELIVERIES)
        self._update = (
            update(DELIVERIES)
            .where(DELIVERIES.c.delivery_id == asked.c.delivery_id, IS_DUE, ~IS_USED_UP, is_on.exists())
            # Counted before it is sent: what kills its sender each time must come to an end too.
            .values(
                attempt=DELIVERIES.c.attempt + 1,
                lease_token=asked.c.lease_token,
                due_at=time_in(lease.total_seconds()),
            )
            .returning(DELIVERIES.c.delivery_id)
        )
        claimed = items_table(dialect, delivery_id=TEXT)
        self._messages = (
            select(DELIVERIES, *(column.label(f"job_{column.name}") for column in TOLD_COLUMNS))
            .select_from(claimed)
            .join(DELIVERIES, DELIVERIES.c.delivery_id == claimed.c.delivery_id)
            .outerjoin(JOBS, JOBS.c.job_id == DELIVERIES.c.job_id)
        )
        webhooks = items_table(dialect, webhook_id=TEXT)
        self._secrets = (
            select(WEBHOOK_SECRETS.c.webhook_id, WEBHOOK_SECRETS.c.sealed)
            .join_from(webhooks, WEBHOOK_SECRETS, WEBHOOK_SECRETS.c.webhook_id == webhooks.c.webhook_id)
            .where(IS_IN_USE)
            .order_by(WEBHOOK_SECRETS.c.secret_id.desc())
        )

    def run(self, connection: Connection, tries: Sequence[Try], _events: list[NewEvent]) -> list[Message | None]:
        asked = [{"delivery_id": each.delivery_id, "lease_token": each.lease_token} for each in tries]
        claimed = [{"delivery_id": row.delivery_id} for row in connection.execute(self._update, items(asked))]
        rows = connection.execute(self._messages, items(claimed)).all()
        secrets: dict[str, list[str]] = {row.webhook_id: [] for row in rows}
        for webhook_id, sealed in connection.execute(self._secrets, items([{"webhook_id": key} for key in secrets])):
            secrets[webhook_id].append(sealed)
        messages = {row.delivery_id: message_of(row, secrets[row.webhook_id]) for row in rows}
        # Popped, so that of two who ask for the same one sends it.
        return [messages.pop(each.delivery_id, None) for each in tries]


class Outcomes:
    """Keeps what came of tries whose lease still stands, and switches off webhooks that are gone."""

    def __init__(self, dialect: DialectName) -> None:
        tried = items_table(
            dialect,
            delivery_id=TEXT,
            lease_token=TEXT,
            state=TEXT,
            response_status=INTEGER,
            error=TEXT,
            retry_in_s=DOUBLE,
            uncounted=INTEGER,
        )
        self._update = (
            update(DELIVERIES)
            .where(
                DELIVERIES.c.delivery_id == tried.c.delivery_id,
                DELIVERIES.c.lease_token == tried.c.lease_token,
                IS_PENDING,
            )
            .values(
                state=tried.c.state,
                attempt=DELIVERIES.c.attempt - tried.c.uncounted,
                due_at=time_in(func.coalesce(tried.c.retry_in_s, 0)),
                lease_token=null(),
                attempted_at=NOW,
                response_status=tried.c.response_status,
                error=tried.c.error,
            )
            .returning(DELIVERIES.c.delivery_id)
        )
        gone = items_table(dialect, webhook_id=TEXT)
        self._disable = (
            update(WEBHOOKS)
            # An address that a job named itself is gone for that job alone.
            .where(WEBHOOKS.c.webhook_id == gone.c.webhook_id, WEBHOOKS.c.url != "", WEBHOOKS.c.disabled_at.is_(None))
            .values(disabled_at=NOW, disabled_reason="gone")
        )

    def run(
        self, connection: Connection, tried: Sequence[tuple[Message, Outcome]], _events: list[NewEvent]
    ) -> list[bool]:
        rows = connection.execute(self._update, items([row_of(*each) for each in tried]))
        kept = {row.delivery_id for row in rows}
        gone = {m.webhook_id for m, outcome in tried if outcome.is_gone and m.delivery_id in kept}
        if gone:
            connection.execute(self._disable, items([{"webhook_id": webhook_id} for webhook_id in sorted(gone)]))
        return [message.delivery_id in kept for message, _ in tried]


class Sweep:
    """Removes what deleted webhooks leave behind and what is old; fails what webhooks that are off will not be sent."""

    def __init__(self) -> None:
        off = select(WEBHOOKS.c.webhook_id).where(WEBHOOKS.c.disabled_at.is_not(None))
        deleted = select(WEBHOOKS.c.webhook_id).where(WEBHOOKS.c.deleted_at.is_not(None))
        unwanted = some(DELIVERIES.c.webhook_id.in_(deleted))
        old = some(~IS_PENDING & (DELIVERIES.c.created_at < time_in(-KEPT.total_seconds())))
        never = some(IS_DUE & DELIVERIES.c.webhook_id.in_(off))
        used_up = some(IS_DUE & IS_USED_UP)
        has_deliveries = select(true()).where(DELIVERIES.c.webhook_id == WEBHOOKS.c.webhook_id).exists()
        self._statements = (
            delete(DELIVERIES).where(DELIVERIES.c.delivery_id.in_(unwanted)),
            delete(DELIVERIES).where(DELIVERIES.c.delivery_id.in_(old)),
            update(DELIVERIES)
            .where(DELIVERIES.c.delivery_id.in_(never), IS_PENDING)
            .values(state="failed", lease_token=null(), error="the webhook was switched off"),
            update(DELIVERIES)
            .where(DELIVERIES.c.delivery_id.in_(used_up), IS_PENDING)
            .values(state="failed", lease_token=null(), error="each process that tried to send it ended meanwhile"),
            delete(WEBHOOKS).where(WEBHOOKS.c.deleted_at.is_not(None), ~has_deliveries),
            delete(WEBHOOK_SECRETS).where(WEBHOOK_SECRETS.c.expires_at <= NOW),
        )

    def run(self, connection: Connection, asked: Sequence[None], _events: list[NewEvent]) -> list[int]:
        most = max(connection.execute(statement).rowcount for statement in self._statements)
        return [most for _ in asked]


def some(condition: Any) -> Any:
    return select(DELIVERIES.c.delivery_id).where(condition).limit(SWEEP_ROWS_MAX).scalar_subquery()


def row_of(message: Message, outcome: Outcome) -> dict[str, object]:
    return {
        "delivery_id": message.delivery_id,
        "lease_token": message.lease_token,
        "state": outcome.state.value,
        "response_status": outcome.response_status,
        "error": outcome.error,
        "retry_in_s": outcome.retry_in.total_seconds() if outcome.retry_in else None,
        "uncounted": 0 if outcome.counts else 1,
    }


def message_of(row: Any, sealed_secrets: list[str]) -> Message:
    of_job = [getattr(row, f"job_{column.name}") for column in TOLD_COLUMNS]
    job = told_job_of(row.job_id, of_job)
    return Message(
        delivery_id=row.delivery_id,
        webhook_id=row.webhook_id,
        lease_token=row.lease_token,
        event_type=EventType(row.event_type),
        url=row.url,
        attempt=row.attempt,
        created_at=row.created_at,
        sealed_secrets=tuple(sealed_secrets),
        job=job,
        job_id=row.job_id,
    )

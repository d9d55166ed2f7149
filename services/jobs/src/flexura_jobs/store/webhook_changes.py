"""What owners change about their webhooks, as statements; all of it is rare, so each item has its own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, literal_column, null, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.webhooks import (
    SECRETS_MAX,
    UNSIGNED_ERROR,
    WEBHOOKS_MAX,
    Delivery,
    DeliveryState,
    EventType,
    NewSecret,
    NewWebhook,
    Webhook,
    WebhookRefusal,
)
from flexura_jobs.models import DELIVERIES, WEBHOOK_SECRETS, WEBHOOKS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.statements import DOUBLE, NOW, TEXT, DialectName, time_in
from flexura_kit.ids import AccountId, DeliveryId, WebhookId, new_uuid7

IS_KEPT = WEBHOOKS.c.deleted_at.is_(None)
IS_PRESENT = WEBHOOK_SECRETS.c.expires_at.is_(None)
IS_IN_USE = or_(IS_PRESENT, WEBHOOK_SECRETS.c.expires_at > NOW)
PENDING = literal_column("'pending'", TEXT)

ACCOUNT = bindparam("account_id_", type_=TEXT)
WEBHOOK = bindparam("webhook_id_", type_=TEXT)
DELIVERY = bindparam("delivery_id_", type_=TEXT)

WEBHOOK_COLUMNS = (
    WEBHOOKS.c.webhook_id,
    WEBHOOKS.c.url,
    WEBHOOKS.c.created_at,
    WEBHOOKS.c.disabled_at,
    WEBHOOKS.c.disabled_reason,
    select(func.max(WEBHOOK_SECRETS.c.expires_at))
    .where(WEBHOOK_SECRETS.c.webhook_id == WEBHOOKS.c.webhook_id, WEBHOOK_SECRETS.c.expires_at > NOW)
    .correlate(WEBHOOKS)
    .scalar_subquery()
    .label("previous_secret_expires_at"),
)
DELIVERY_COLUMNS = (
    DELIVERIES.c.delivery_id,
    DELIVERIES.c.webhook_id,
    DELIVERIES.c.event_type,
    DELIVERIES.c.job_id,
    DELIVERIES.c.url,
    DELIVERIES.c.state,
    DELIVERIES.c.attempt,
    DELIVERIES.c.created_at,
    DELIVERIES.c.attempted_at,
    DELIVERIES.c.due_at,
    DELIVERIES.c.response_status,
    DELIVERIES.c.error,
)

OWN_WEBHOOK = select(*WEBHOOK_COLUMNS).where(
    WEBHOOKS.c.account_id == ACCOUNT, WEBHOOKS.c.webhook_id == WEBHOOK, IS_KEPT
)
NEW_SECRET = insert(WEBHOOK_SECRETS).values(
    secret_id=bindparam("secret_id_", type_=TEXT), webhook_id=WEBHOOK, sealed=bindparam("sealed_", type_=TEXT)
)


class NewWebhooks:
    """Keeps webhooks, as many as an account may have, and of those that serve jobs' own addresses one."""

    def __init__(self, dialect: DialectName) -> None:
        same_account = WEBHOOKS.c.account_id == ACCOUNT
        kept = select(func.count()).select_from(WEBHOOKS).where(same_account, IS_KEPT).scalar_subquery()
        self._insert = (
            (postgresql if dialect == "postgresql" else sqlite)
            .insert(WEBHOOKS)
            .from_select(
                ["webhook_id", "account_id", "url", "created_at"],
                select(WEBHOOK, ACCOUNT, bindparam("url_", type_=TEXT), NOW).where(kept < WEBHOOKS_MAX),
            )
            .on_conflict_do_nothing()
            .returning(WEBHOOKS.c.webhook_id)
        )
        self._for_jobs = select(WEBHOOKS.c.webhook_id).where(same_account, WEBHOOKS.c.url == "", IS_KEPT)

    def run(
        self, connection: Connection, webhooks: Sequence[NewWebhook], _events: list[NewEvent]
    ) -> list[Webhook | WebhookRefusal]:
        return [self._keep(connection, webhook) for webhook in webhooks]

    def _keep(self, connection: Connection, webhook: NewWebhook) -> Webhook | WebhookRefusal:
        key = {"account_id_": webhook.account_id, "webhook_id_": webhook.webhook_id}
        if connection.execute(self._insert, key | {"url_": webhook.url}).first() is None:
            is_second = not webhook.url and connection.execute(self._for_jobs, key).first() is not None
            return WebhookRefusal.EXISTS if is_second else WebhookRefusal.TOO_MANY
        connection.execute(NEW_SECRET, key | {"secret_id_": new_uuid7(), "sealed_": webhook.sealed_secret})
        return webhook_of(connection.execute(OWN_WEBHOOK, key).one())


class Deletion:
    """Takes webhooks out of use with their secrets; what they were still to be sent is swept up later."""

    def __init__(self) -> None:
        self._update = (
            update(WEBHOOKS)
            .where(WEBHOOKS.c.account_id == ACCOUNT, WEBHOOKS.c.webhook_id == WEBHOOK, IS_KEPT)
            .values(deleted_at=NOW)
            .returning(WEBHOOKS.c.webhook_id)
        )
        self._forget = delete(WEBHOOK_SECRETS).where(WEBHOOK_SECRETS.c.webhook_id == WEBHOOK)

    def run(
        self, connection: Connection, asked: Sequence[tuple[AccountId, WebhookId]], _events: list[NewEvent]
    ) -> list[bool]:
        return [self._delete(connection, {"account_id_": account, "webhook_id_": name}) for account, name in asked]

    def _delete(self, connection: Connection, key: dict[str, str]) -> bool:
        is_deleted = connection.execute(self._update, key).first() is not None
        if is_deleted:
            connection.execute(self._forget, {"webhook_id_": key["webhook_id_"]})
        return is_deleted


class Rotation:
    """Has a new secret sign, and the one before until its overlap ends; drops those that cannot be read any more."""

    def __init__(self) -> None:
        # Locked, so that two rotations at once leave one present secret.
        self._lock: Select[Any] = OWN_WEBHOOK.with_only_columns(WEBHOOKS.c.webhook_id).with_for_update()
        self._in_use = select(WEBHOOK_SECRETS.c.secret_id, WEBHOOK_SECRETS.c.sealed).where(
            WEBHOOK_SECRETS.c.webhook_id == WEBHOOK, IS_IN_USE
        )
        self._drop = delete(WEBHOOK_SECRETS).where(WEBHOOK_SECRETS.c.secret_id == bindparam("secret_id_", type_=TEXT))
        # What no secret could sign is sent now.
        self._try_unsigned = (
            update(DELIVERIES)
            .where(
                DELIVERIES.c.webhook_id == WEBHOOK,
                DELIVERIES.c.state == PENDING,
                DELIVERIES.c.lease_token.is_(None),
                DELIVERIES.c.error == bindparam("unsigned", UNSIGNED_ERROR, type_=TEXT),
            )
            .values(due_at=NOW)
        )
        self._expire = (
            update(WEBHOOK_SECRETS)
            .where(WEBHOOK_SECRETS.c.webhook_id == WEBHOOK, IS_PRESENT)
            .values(expires_at=time_in(bindparam("overlap_s", type_=DOUBLE)))
        )

    def run(
        self, connection: Connection, secrets: Sequence[NewSecret], _events: list[NewEvent]
    ) -> list[Webhook | WebhookRefusal | None]:
        return [self._rotate(connection, secret) for secret in secrets]

    def _rotate(self, connection: Connection, secret: NewSecret) -> Webhook | WebhookRefusal | None:
        key = {"account_id_": secret.account_id, "webhook_id_": secret.webhook_id}
        if connection.execute(self._lock, key).first() is None:
            return None
        of_webhook = {"webhook_id_": secret.webhook_id}
        in_use = connection.execute(self._in_use, of_webhook).all()
        unreadable = [row.secret_id for row in in_use if not secret.is_readable(row.sealed)]
        if len(in_use) - len(unreadable) >= SECRETS_MAX:
            return WebhookRefusal.TOO_MANY
        for secret_id in unreadable:
            connection.execute(self._drop, {"secret_id_": secret_id})
        connection.execute(self._try_unsigned, of_webhook)
        connection.execute(self._expire, of_webhook | {"overlap_s": secret.overlap.total_seconds()})
        connection.execute(NEW_SECRET, of_webhook | {"secret_id_": new_uuid7(), "sealed_": secret.sealed})
        return webhook_of(connection.execute(OWN_WEBHOOK, key).one())


class Tests:
    """Has webhooks that are on and have an address sent a message that tells nothing."""

    def __init__(self) -> None:
        wanted = select(
            DELIVERY, WEBHOOKS.c.webhook_id, ACCOUNT, literal_column("'webhook.test'", TEXT), WEBHOOKS.c.url, NOW, NOW
        ).where(
            WEBHOOKS.c.account_id == ACCOUNT,
            WEBHOOKS.c.webhook_id == WEBHOOK,
            IS_KEPT,
            WEBHOOKS.c.disabled_at.is_(None),
            WEBHOOKS.c.url != "",
        )
        columns = ["delivery_id", "webhook_id", "account_id", "event_type", "url", "due_at", "created_at"]
        self._insert = insert(DELIVERIES).from_select(columns, wanted).returning(*DELIVERY_COLUMNS)

    def run(
        self, connection: Connection, asked: Sequence[tuple[AccountId, WebhookId, DeliveryId]], _events: list[NewEvent]
    ) -> list[Delivery | None]:
        rows = [connection.execute(self._insert, key_of(key)).first() for key in asked]
        return [delivery_of(row) if row is not None else None for row in rows]


class Redelivery:
    """Has deliveries begin anew that nobody is sending at this moment; answers them as they then are."""

    def __init__(self) -> None:
        is_asked = (
            (DELIVERIES.c.account_id == ACCOUNT)
            & (DELIVERIES.c.webhook_id == WEBHOOK)
            & (DELIVERIES.c.delivery_id == DELIVERY)
        )
        is_idle = or_(DELIVERIES.c.lease_token.is_(None), DELIVERIES.c.due_at <= NOW)
        self._update = (
            update(DELIVERIES).where(is_asked, is_idle).values(state=PENDING, attempt=0, due_at=NOW, lease_token=null())
        )
        self._get = select(*DELIVERY_COLUMNS).where(is_asked)

    def run(
        self, connection: Connection, asked: Sequence[tuple[AccountId, WebhookId, DeliveryId]], _events: list[NewEvent]
    ) -> list[Delivery | None]:
        found = []
        for key in map(key_of, asked):
            connection.execute(self._update, key)
            row = connection.execute(self._get, key).first()
            found.append(delivery_of(row) if row is not None else None)
        return found


def key_of(asked: tuple[AccountId, WebhookId, DeliveryId]) -> dict[str, str]:
    account_id, webhook_id, delivery_id = asked
    return {"account_id_": account_id, "webhook_id_": webhook_id, "delivery_id_": delivery_id}


def webhook_of(row: Any) -> Webhook:
    return Webhook(*row)


def delivery_of(row: Any) -> Delivery:
    state = DeliveryState(row.state)
    return Delivery(
        delivery_id=row.delivery_id,
        webhook_id=row.webhook_id,
        event_type=EventType(row.event_type),
        job_id=row.job_id,
        url=row.url,
        state=state,
        attempt=row.attempt,
        created_at=row.created_at,
        attempted_at=row.attempted_at,
        next_attempt_at=row.due_at if state is DeliveryState.PENDING else None,
        response_status=row.response_status,
        error=row.error,
    )

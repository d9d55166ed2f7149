"""Webhooks and their deliveries as owners see them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select, tuple_

from flexura_jobs.domain.webhooks import Delivery, DeliveryPlace, NewSecret, NewWebhook, Webhook, WebhookRefusal
from flexura_jobs.models import DELIVERIES, WEBHOOKS, UTCTime
from flexura_jobs.store.statements import INTEGER, TEXT
from flexura_jobs.store.webhook_changes import (
    DELIVERY_COLUMNS,
    IS_KEPT,
    WEBHOOK_COLUMNS,
    Deletion,
    NewWebhooks,
    Redelivery,
    Rotation,
    Tests,
    delivery_of,
    webhook_of,
)
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import AccountId, DeliveryId, WebhookId

ACCOUNT = bindparam("account_id_", type_=TEXT)
WEBHOOK = bindparam("webhook_id_", type_=TEXT)
LIMIT = bindparam("limit_", type_=INTEGER)

IS_OWN = (WEBHOOKS.c.account_id == ACCOUNT) & IS_KEPT
ONE = select(*WEBHOOK_COLUMNS).where(IS_OWN, WEBHOOKS.c.webhook_id == WEBHOOK)
ALL = select(*WEBHOOK_COLUMNS).where(IS_OWN).order_by(WEBHOOKS.c.webhook_id.desc()).limit(LIMIT)
ALL_AFTER = ALL.where(WEBHOOKS.c.webhook_id < WEBHOOK)
OF_JOBS = select(WEBHOOKS.c.webhook_id).where(IS_OWN, WEBHOOKS.c.url == "", WEBHOOKS.c.disabled_at.is_(None))

SENT = (
    select(*DELIVERY_COLUMNS)
    .where(DELIVERIES.c.webhook_id == WEBHOOK, DELIVERIES.c.account_id == ACCOUNT)
    .order_by(DELIVERIES.c.created_at.desc(), DELIVERIES.c.delivery_id.desc())
    .limit(LIMIT)
)
SENT_BEFORE = SENT.where(
    tuple_(DELIVERIES.c.created_at, DELIVERIES.c.delivery_id)
    < tuple_(bindparam("created_at_", type_=UTCTime()), bindparam("delivery_id_", type_=TEXT))
)


class SQLWebhookStore:
    def __init__(self, transactions: Transactions, writer: Writer) -> None:
        self._transactions = transactions
        self._writer = writer
        self._create = NewWebhooks(transactions.dialect)
        self._delete = Deletion()
        self._rotate = Rotation()
        self._test = Tests()
        self._redeliver = Redelivery()

    async def create(self, webhook: NewWebhook) -> Webhook | WebhookRefusal:
        (result,) = await self._writer.write(self._create, [webhook])
        return result

    async def get(self, account_id: AccountId, webhook_id: WebhookId) -> Webhook | None:
        rows = await self._read(ONE, account_id_=account_id, webhook_id_=webhook_id)
        return webhook_of(rows[0]) if rows else None

    async def page(self, account_id: AccountId, after: WebhookId | None, limit: int) -> list[Webhook]:
        if after is None:
            rows = await self._read(ALL, account_id_=account_id, limit_=limit)
        else:
            rows = await self._read(ALL_AFTER, account_id_=account_id, webhook_id_=after, limit_=limit)
        return [webhook_of(row) for row in rows]

    async def serves_jobs(self, account_id: AccountId) -> bool:
        return bool(await self._read(OF_JOBS, account_id_=account_id))

    async def delete(self, account_id: AccountId, webhook_id: WebhookId) -> bool:
        (deleted,) = await self._writer.write(self._delete, [(account_id, webhook_id)])
        return deleted

    async def rotate(
        self,
        account_id: AccountId,
        webhook_id: WebhookId,
        sealed: str,
        overlap: timedelta,
        is_readable: Callable[[str], bool],
    ) -> Webhook | WebhookRefusal | None:
        secret = NewSecret(account_id, webhook_id, sealed, overlap, is_readable)
        (result,) = await self._writer.write(self._rotate, [secret])
        return result

    async def test(self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId) -> Delivery | None:
        (delivery,) = await self._writer.write(self._test, [(account_id, webhook_id, delivery_id)])
        return delivery

    async def deliveries(
        self, account_id: AccountId, webhook_id: WebhookId, after: DeliveryPlace | None, limit: int
    ) -> list[Delivery]:
        asked: dict[str, Any] = {"account_id_": account_id, "webhook_id_": webhook_id, "limit_": limit}
        if after is None:
            rows = await self._read(SENT, **asked)
        else:
            rows = await self._read(SENT_BEFORE, **asked, created_at_=after.created_at, delivery_id_=after.delivery_id)
        return [delivery_of(row) for row in rows]

    async def redeliver(self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId) -> Delivery | None:
        (delivery,) = await self._writer.write(self._redeliver, [(account_id, webhook_id, delivery_id)])
        return delivery

    async def _read(self, statement: Select[Any], **parameters: Any) -> Sequence[Any]:
        return await self._transactions.read(lambda connection: connection.execute(statement, parameters).all())

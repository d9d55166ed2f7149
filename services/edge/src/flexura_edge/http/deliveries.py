"""What a webhook was sent: listing it, and sending it again."""

from typing import Protocol

import orjson
from aiohttp import web

from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.query import with_cursor_named
from flexura_edge.http.webhook_json import delivery_json
from flexura_edge.http.webhooks import WRONG_CURSOR, page_json, page_of, webhook_of
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, DeliveryId, WebhookId

ID_CHARACTERS_MAX = 100


class DeliveryCalls(Protocol):
    """What jobs is asked for."""

    async def deliveries(
        self, account_id: AccountId, webhook_id: WebhookId, page_size: int, page_token: str, timeout_s: float
    ) -> pb.ListDeliveriesResponse: ...

    async def redeliver(
        self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId, timeout_s: float
    ) -> pb.Delivery: ...


class Deliveries:
    """Answers messages as they now are; a page's cursor stays right while messages are added."""

    def __init__(self, calls: DeliveryCalls) -> None:
        self._calls = calls

    async def list(self, exchange: Exchange) -> web.StreamResponse:
        webhook_id = webhook_of(exchange.parameter)
        limit, cursor = page_of(exchange)
        account_id = exchange.account().account_id
        try:
            page = await self._calls.deliveries(account_id, webhook_id, limit, cursor, exchange.remaining_s())
        except FlexuraError as error:
            raise with_cursor_named(error, WRONG_CURSOR) from error
        return exchange.json(page_json("deliveries", list(map(delivery_json, page.deliveries)), page.next_page_token))

    async def resend(self, exchange: Exchange) -> web.StreamResponse:
        webhook, _, delivery = exchange.parameter.partition("/")
        webhook_id = webhook_of(webhook)
        delivery_id = delivery_of(delivery)
        sent = await self._calls.redeliver(
            exchange.account().account_id, webhook_id, delivery_id, exchange.remaining_s()
        )
        return exchange.json(orjson.dumps(delivery_json(sent)), status=202)


def delivery_of(parameter: str) -> DeliveryId:
    if len(parameter) > ID_CHARACTERS_MAX or not (parameter.isascii() and parameter.replace("_", "").isalnum()):
        raise FlexuraError(
            Kind.NOT_FOUND,
            Reason.DELIVERY_NOT_FOUND,
            "this webhook has no such delivery; ended ones are kept for 30 days",
            delivery_id=parameter[:ID_CHARACTERS_MAX],
        )
    return DeliveryId(parameter.lower())

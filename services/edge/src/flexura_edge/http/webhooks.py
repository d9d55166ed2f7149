"""Webhooks of an account: creating, listing, deleting, rotating and trying them out."""

from datetime import timedelta
from typing import Any, Protocol

import orjson
from aiohttp import web

from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura_edge.http.body import read_json
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.fields import Fields
from flexura_edge.http.query import Query, with_cursor_named
from flexura_edge.http.webhook_json import SCOPES, delivery_json, webhook_json
from flexura_edge.limits import Limit
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, WebhookId

PARAMETERS = ("limit", "cursor")
ID_CHARACTERS_MAX = 64
OVERLAP_MAX_S = 7 * 86_400
WRONG_CURSOR = "`cursor` is not one that was answered here; send `next_cursor` as it was, or leave it out"


class WebhookCalls(Protocol):
    """What jobs is asked for."""

    async def create(
        self, account_id: AccountId, scope: pb.WebhookScope.ValueType, url: str, timeout_s: float
    ) -> pb.CreateWebhookResponse: ...

    async def page(
        self, account_id: AccountId, page_size: int, page_token: str, timeout_s: float
    ) -> pb.ListWebhooksResponse: ...

    async def delete(self, account_id: AccountId, webhook_id: WebhookId, timeout_s: float) -> None: ...

    async def rotate(
        self, account_id: AccountId, webhook_id: WebhookId, overlap: timedelta | None, timeout_s: float
    ) -> pb.RotateWebhookSecretResponse: ...

    async def test(self, account_id: AccountId, webhook_id: WebhookId, timeout_s: float) -> pb.Delivery: ...


class Webhooks:
    """Answers a secret where one was made, that once; neither is kept by anything on the way."""

    def __init__(self, calls: WebhookCalls, bodies: Limit) -> None:
        self._calls = calls
        self._bodies = bodies

    async def create(self, exchange: Exchange) -> web.StreamResponse:
        with self._bodies:
            scope, url = wanted_webhook(await read_json(exchange.request))
        account_id = exchange.account().account_id
        created = await self._calls.create(account_id, SCOPES[scope], url, exchange.remaining_s())
        answer = webhook_json(created.webhook) | {"secret": created.secret}
        return exchange.json(orjson.dumps(answer), status=201)

    async def list(self, exchange: Exchange) -> web.StreamResponse:
        limit, cursor = page_of(exchange)
        try:
            page = await self._calls.page(exchange.account().account_id, limit, cursor, exchange.remaining_s())
        except FlexuraError as error:
            raise with_cursor_named(error, WRONG_CURSOR) from error
        return exchange.json(page_json("webhooks", list(map(webhook_json, page.webhooks)), page.next_page_token))

    async def delete(self, exchange: Exchange) -> web.StreamResponse:
        webhook_id = webhook_of(exchange.parameter)
        await self._calls.delete(exchange.account().account_id, webhook_id, exchange.remaining_s())
        return exchange.nothing()

    async def rotate(self, exchange: Exchange) -> web.StreamResponse:
        webhook_id = webhook_of(exchange.parameter)
        with self._bodies:
            values = await read_json(exchange.request) if exchange.request.body_exists else {}
        overlap = wanted_overlap(values)
        account_id = exchange.account().account_id
        rotated = await self._calls.rotate(account_id, webhook_id, overlap, exchange.remaining_s())
        return exchange.json(orjson.dumps(webhook_json(rotated.webhook) | {"secret": rotated.secret}))

    async def test(self, exchange: Exchange) -> web.StreamResponse:
        webhook_id = webhook_of(exchange.parameter)
        delivery = await self._calls.test(exchange.account().account_id, webhook_id, exchange.remaining_s())
        return exchange.json(orjson.dumps(delivery_json(delivery)), status=202)


def wanted_webhook(values: dict[str, Any]) -> tuple[str, str]:
    fields = Fields(values, ("url", "scope"))
    scope = fields.choice("scope", {word: word for word in SCOPES}, "account")
    url = fields.text("url")
    if scope == "account" and not fields.is_given("url"):
        fields.refuse("url", '`url` is missing; send where messages are to go, or "scope": "job"')
    fields.check()
    return scope, url


def wanted_overlap(values: dict[str, Any]) -> timedelta | None:
    fields = Fields(values, ("overlap_s",))
    overlap_s = fields.number("overlap_s", 0.0)
    if not 0 <= overlap_s <= OVERLAP_MAX_S:
        fields.refuse(
            "overlap_s", f"`overlap_s` takes 0 to {OVERLAP_MAX_S} seconds, not {overlap_s:g}; leave it out for a day"
        )
    fields.check()
    return timedelta(seconds=overlap_s) if fields.is_given("overlap_s") else None


def page_of(exchange: Exchange) -> tuple[int, str]:
    query = Query(exchange.request, PARAMETERS)
    page = query.page()
    query.check()
    return page


def page_json(name: str, items: list[dict[str, Any]], next_page_token: str) -> bytes:
    more = {"next_cursor": next_page_token} if next_page_token else {}
    return orjson.dumps({name: items} | more)


def webhook_of(parameter: str) -> WebhookId:
    """Spares jobs the question where the answer is plain."""
    if len(parameter) > ID_CHARACTERS_MAX or not (parameter.isascii() and parameter.replace("_", "").isalnum()):
        raise FlexuraError(
            Kind.NOT_FOUND,
            Reason.WEBHOOK_NOT_FOUND,
            "this account has no such webhook; GET /api/webhooks lists those it has",
            webhook_id=parameter[:ID_CHARACTERS_MAX],
        )
    return WebhookId(parameter.lower())

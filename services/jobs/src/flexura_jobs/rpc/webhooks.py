"""The door for owners of webhooks."""

from typing import Any

from grpc.aio import ServicerContext

from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura.jobs.v1 import webhooks_service_pb2_grpc
from flexura_jobs.domain.webhooks import Delivery, DeliveryState, Webhook
from flexura_jobs.service import Webhooks
from flexura_kit.ids import AccountId, DeliveryId, WebhookId
from flexura_kit.rpc import to_timestamp

Context = ServicerContext[Any, Any]

DELIVERY_STATES = {
    DeliveryState.PENDING: pb.DELIVERY_STATE_PENDING,
    DeliveryState.DELIVERED: pb.DELIVERY_STATE_DELIVERED,
    DeliveryState.FAILED: pb.DELIVERY_STATE_FAILED,
}


class WebhooksServicer(webhooks_service_pb2_grpc.WebhooksServiceServicer):
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def CreateWebhook(self, request: pb.CreateWebhookRequest, _context: Context) -> pb.CreateWebhookResponse:
        for_jobs = request.scope == pb.WEBHOOK_SCOPE_JOB
        webhook, secret = await self._webhooks.create(AccountId(request.account_id), request.url, for_jobs=for_jobs)
        return pb.CreateWebhookResponse(webhook=webhook_to_message(webhook), secret=secret)

    async def ListWebhooks(self, request: pb.ListWebhooksRequest, _context: Context) -> pb.ListWebhooksResponse:
        webhooks, token = await self._webhooks.page(
            AccountId(request.account_id), request.page_size, request.page_token
        )
        return pb.ListWebhooksResponse(webhooks=map(webhook_to_message, webhooks), next_page_token=token)

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest, _context: Context) -> pb.DeleteWebhookResponse:
        await self._webhooks.delete(AccountId(request.account_id), WebhookId(request.webhook_id))
        return pb.DeleteWebhookResponse()

    async def RotateWebhookSecret(
        self, request: pb.RotateWebhookSecretRequest, _context: Context
    ) -> pb.RotateWebhookSecretResponse:
        overlap = request.overlap.ToTimedelta() if request.HasField("overlap") else None
        webhook, secret = await self._webhooks.rotate(
            AccountId(request.account_id), WebhookId(request.webhook_id), overlap
        )
        return pb.RotateWebhookSecretResponse(webhook=webhook_to_message(webhook), secret=secret)

    async def TestWebhook(self, request: pb.TestWebhookRequest, _context: Context) -> pb.TestWebhookResponse:
        delivery = await self._webhooks.test(AccountId(request.account_id), WebhookId(request.webhook_id))
        return pb.TestWebhookResponse(delivery=delivery_to_message(delivery))

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, _context: Context) -> pb.ListDeliveriesResponse:
        deliveries, token = await self._webhooks.deliveries(
            AccountId(request.account_id), WebhookId(request.webhook_id), request.page_size, request.page_token
        )
        return pb.ListDeliveriesResponse(deliveries=map(delivery_to_message, deliveries), next_page_token=token)

    async def RedeliverWebhook(
        self, request: pb.RedeliverWebhookRequest, _context: Context
    ) -> pb.RedeliverWebhookResponse:
        delivery = await self._webhooks.redeliver(
            AccountId(request.account_id), WebhookId(request.webhook_id), DeliveryId(request.delivery_id)
        )
        return pb.RedeliverWebhookResponse(delivery=delivery_to_message(delivery))


def webhook_to_message(webhook: Webhook) -> pb.Webhook:
    return pb.Webhook(
        webhook_id=webhook.webhook_id,
        scope=pb.WEBHOOK_SCOPE_ACCOUNT if webhook.url else pb.WEBHOOK_SCOPE_JOB,
        url=webhook.url,
        create_time=to_timestamp(webhook.created_at),
        disable_time=to_timestamp(webhook.disabled_at),
        disable_reason=webhook.disabled_reason or "",
        previous_secret_expire_time=to_timestamp(webhook.previous_secret_expires_at),
    )


def delivery_to_message(delivery: Delivery) -> pb.Delivery:
    return pb.Delivery(
        delivery_id=delivery.delivery_id,
        webhook_id=delivery.webhook_id,
        event_type=delivery.event_type.value,
        job_id=delivery.job_id or "",
        url=delivery.url,
        state=DELIVERY_STATES[delivery.state],
        attempt=delivery.attempt,
        create_time=to_timestamp(delivery.created_at),
        attempt_time=to_timestamp(delivery.attempted_at),
        next_attempt_time=to_timestamp(delivery.next_attempt_at),
        response_status=delivery.response_status or 0,
        error=delivery.error or "",
    )

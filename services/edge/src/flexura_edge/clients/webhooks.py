"""What owners do with their webhooks."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from grpc.aio import Channel

from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura.jobs.v1 import webhooks_service_pb2_grpc
from flexura_kit.ids import AccountId, DeliveryId, WebhookId

CALL_S = 5.0


class WebhooksClient:
    """No call is repeated: whoever asked sees what is there and can."""

    def __init__(self, channel: Channel) -> None:
        self._stub = webhooks_service_pb2_grpc.WebhooksServiceStub(channel)

    async def create(
        self, account_id: AccountId, scope: pb.WebhookScope.ValueType, url: str, timeout_s: float
    ) -> pb.CreateWebhookResponse:
        request = pb.CreateWebhookRequest(account_id=account_id, scope=scope, url=url)
        return await self._stub.CreateWebhook(request, timeout=min(timeout_s, CALL_S))

    async def page(
        self, account_id: AccountId, page_size: int, page_token: str, timeout_s: float
    ) -> pb.ListWebhooksResponse:
        request = pb.ListWebhooksRequest(account_id=account_id, page_size=page_size, page_token=page_token)
        return await self._stub.ListWebhooks(request, timeout=min(timeout_s, CALL_S))

    async def delete(self, account_id: AccountId, webhook_id: WebhookId, timeout_s: float) -> None:
        request = pb.DeleteWebhookRequest(account_id=account_id, webhook_id=webhook_id)
        await self._stub.DeleteWebhook(request, timeout=min(timeout_s, CALL_S))

    async def rotate(
        self, account_id: AccountId, webhook_id: WebhookId, overlap: timedelta | None, timeout_s: float
    ) -> pb.RotateWebhookSecretResponse:
        request = pb.RotateWebhookSecretRequest(account_id=account_id, webhook_id=webhook_id)
        if overlap is not None:
            duration = Duration()
            duration.FromTimedelta(overlap)
            request.overlap.CopyFrom(duration)
        return await self._stub.RotateWebhookSecret(request, timeout=min(timeout_s, CALL_S))

    async def test(self, account_id: AccountId, webhook_id: WebhookId, timeout_s: float) -> pb.Delivery:
        request = pb.TestWebhookRequest(account_id=account_id, webhook_id=webhook_id)
        return (await self._stub.TestWebhook(request, timeout=min(timeout_s, CALL_S))).delivery

    async def deliveries(
        self, account_id: AccountId, webhook_id: WebhookId, page_size: int, page_token: str, timeout_s: float
    ) -> pb.ListDeliveriesResponse:
        request = pb.ListDeliveriesRequest(
            account_id=account_id, webhook_id=webhook_id, page_size=page_size, page_token=page_token
        )
        return await self._stub.ListDeliveries(request, timeout=min(timeout_s, CALL_S))

    async def redeliver(
        self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId, timeout_s: float
    ) -> pb.Delivery:
        request = pb.RedeliverWebhookRequest(account_id=account_id, webhook_id=webhook_id, delivery_id=delivery_id)
        return (await self._stub.RedeliverWebhook(request, timeout=min(timeout_s, CALL_S))).delivery

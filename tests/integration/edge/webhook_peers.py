"""A small webhooks service with the answers of the real one, for the edge."""

# ruff: noqa: ARG002 - the generated base classes say which arguments there are.

import base64
from dataclasses import dataclass, field

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura.jobs.v1 import webhooks_service_pb2_grpc
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.rpc import Service

SECRET = f"whsec_{base64.b64encode(bytes(32)).decode()}"
NOON = Timestamp(seconds=1_775_044_800)
Context = grpc.aio.ServicerContext


@dataclass
class ScriptedWebhooks(webhooks_service_pb2_grpc.WebhooksServiceServicer):
    webhooks: dict[str, tuple[str, pb.Webhook]] = field(default_factory=dict)
    overlaps: list[float | None] = field(default_factory=list)

    def service(self) -> Service:
        add = webhooks_service_pb2_grpc.add_WebhooksServiceServicer_to_server
        return Service(pb.DESCRIPTOR.services_by_name["WebhooksService"], add, self)

    def put(self, account_id: str, webhook_id: str, **fields: object) -> None:
        webhook = pb.Webhook(webhook_id=webhook_id, create_time=NOON, **{"url": "https://a.example"} | fields)
        self.webhooks[webhook_id] = (account_id, webhook)

    async def CreateWebhook(self, request: pb.CreateWebhookRequest, context: Context) -> pb.CreateWebhookResponse:
        webhook_id = f"wh_{len(self.webhooks):032x}"
        self.put(request.account_id, webhook_id, url=request.url, scope=request.scope)
        return pb.CreateWebhookResponse(webhook=self.webhooks[webhook_id][1], secret=SECRET)

    async def ListWebhooks(self, request: pb.ListWebhooksRequest, context: Context) -> pb.ListWebhooksResponse:
        refuse_wrong(request.page_token)
        own = [webhook for account_id, webhook in self.webhooks.values() if account_id == request.account_id]
        token = "more" if len(own) > request.page_size else ""
        return pb.ListWebhooksResponse(webhooks=own[: request.page_size], next_page_token=token)

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest, context: Context) -> pb.DeleteWebhookResponse:
        self._own(request.account_id, request.webhook_id)
        del self.webhooks[request.webhook_id]
        return pb.DeleteWebhookResponse()

    async def RotateWebhookSecret(
        self, request: pb.RotateWebhookSecretRequest, context: Context
    ) -> pb.RotateWebhookSecretResponse:
        webhook = self._own(request.account_id, request.webhook_id)
        self.overlaps.append(request.overlap.ToTimedelta().total_seconds() if request.HasField("overlap") else None)
        webhook.previous_secret_expire_time.CopyFrom(NOON)
        return pb.RotateWebhookSecretResponse(webhook=webhook, secret=SECRET)

    async def TestWebhook(self, request: pb.TestWebhookRequest, context: Context) -> pb.TestWebhookResponse:
        webhook = self._own(request.account_id, request.webhook_id)
        return pb.TestWebhookResponse(delivery=delivery_of(webhook, "msg_1"))

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, context: Context) -> pb.ListDeliveriesResponse:
        refuse_wrong(request.page_token)
        webhook = self._own(request.account_id, request.webhook_id)
        ended = delivery_of(webhook, "msg_2")
        ended.state = pb.DELIVERY_STATE_FAILED
        ended.ClearField("next_attempt_time")
        ended.attempt_time.CopyFrom(NOON)
        ended.MergeFrom(pb.Delivery(attempt=10, response_status=500, error="the receiver answered 500", job_id="j"))
        return pb.ListDeliveriesResponse(deliveries=[ended, delivery_of(webhook, "msg_1")], next_page_token="more")

    async def RedeliverWebhook(
        self, request: pb.RedeliverWebhookRequest, context: Context
    ) -> pb.RedeliverWebhookResponse:
        webhook = self._own(request.account_id, request.webhook_id)
        if request.delivery_id != "msg_1":
            raise FlexuraError(Kind.NOT_FOUND, Reason.DELIVERY_NOT_FOUND, "no such delivery")
        return pb.RedeliverWebhookResponse(delivery=delivery_of(webhook, request.delivery_id))

    def _own(self, account_id: str, webhook_id: str) -> pb.Webhook:
        owner, webhook = self.webhooks.get(webhook_id, ("", None))
        if webhook is None or owner != account_id:
            raise FlexuraError(
                Kind.NOT_FOUND, Reason.WEBHOOK_NOT_FOUND, "this account has no such webhook", webhook_id=webhook_id
            )
        if webhook.HasField("disable_time"):
            raise FlexuraError(Kind.REFUSED, Reason.WEBHOOK_DISABLED, "it was switched off", webhook_id=webhook_id)
        return webhook


def delivery_of(webhook: pb.Webhook, delivery_id: str) -> pb.Delivery:
    return pb.Delivery(
        delivery_id=delivery_id,
        webhook_id=webhook.webhook_id,
        event_type="webhook.test",
        url=webhook.url,
        state=pb.DELIVERY_STATE_PENDING,
        create_time=NOON,
        next_attempt_time=NOON,
    )


def refuse_wrong(page_token: str) -> None:
    if page_token not in {"", "more"}:
        raise FlexuraError(
            Kind.INVALID, Reason.INVALID_REQUEST, "wrong", [FieldViolation("page_token", "page_token is wrong")]
        )

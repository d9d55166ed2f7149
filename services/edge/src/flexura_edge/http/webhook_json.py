"""Webhooks and deliveries as JSON."""

from typing import Any

from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura_edge.http.job_json import time_json

SCOPES = {"account": pb.WEBHOOK_SCOPE_ACCOUNT, "job": pb.WEBHOOK_SCOPE_JOB}
STATUS = {
    pb.DELIVERY_STATE_PENDING: "pending",
    pb.DELIVERY_STATE_DELIVERED: "delivered",
    pb.DELIVERY_STATE_FAILED: "failed",
}


def webhook_json(webhook: pb.Webhook) -> dict[str, Any]:
    is_disabled = webhook.HasField("disable_time")
    fields: dict[str, Any] = {
        "webhook_id": webhook.webhook_id,
        "scope": "job" if webhook.scope == pb.WEBHOOK_SCOPE_JOB else "account",
        "status": "disabled" if is_disabled else "active",
        "created_at": time_json(webhook.create_time),
    }
    if webhook.url:
        fields["url"] = webhook.url
    if is_disabled:
        fields["disabled_at"] = time_json(webhook.disable_time)
        fields["disabled_reason"] = webhook.disable_reason
    if webhook.HasField("previous_secret_expire_time"):
        fields["previous_secret_expires_at"] = time_json(webhook.previous_secret_expire_time)
    return fields


def delivery_json(delivery: pb.Delivery) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "delivery_id": delivery.delivery_id,
        "webhook_id": delivery.webhook_id,
        "type": delivery.event_type,
        "url": delivery.url,
        "status": STATUS[delivery.state],
        "attempt": delivery.attempt,
        "created_at": time_json(delivery.create_time),
    }
    known = {"job_id": delivery.job_id, "response_status": delivery.response_status, "error": delivery.error}
    fields |= {name: value for name, value in known.items() if value}
    if delivery.HasField("attempt_time"):
        fields["attempted_at"] = time_json(delivery.attempt_time)
    if delivery.HasField("next_attempt_time"):
        fields["next_attempt_at"] = time_json(delivery.next_attempt_time)
    return fields

"""The door of webhooks through real gRPC, over each database."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from integration.jobs.service import TIMEOUT_S, JobsDoor, jobs_service, new_item
from servers.nats import NATSServer

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import jobs_service_pb2
from flexura.jobs.v1 import webhooks_service_pb2 as pb
from flexura_jobs.settings import WebhookSettings
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7
from flexura_kit.rpc import from_timestamp
from flexura_kit.settings import DatabaseSettings

URL = "https://example.com/hook"
NONE = f"wh_{new_uuid7().replace('-', '')}"


@pytest_asyncio.fixture
async def door(database_settings: DatabaseSettings, shared_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    settings = WebhookSettings(key_file=key_file(tmp_path))
    async with jobs_service(database_settings, shared_nats, tmp_path, webhooks=settings) as running:
        yield running


async def create(door: JobsDoor, account_id: str = "alice", **fields: Any) -> pb.CreateWebhookResponse:
    request = pb.CreateWebhookRequest(**{"account_id": account_id, "url": URL} | fields)
    return await door.webhooks.CreateWebhook(request, timeout=TIMEOUT_S)


async def listed(door: JobsDoor, account_id: str = "alice", **fields: Any) -> pb.ListWebhooksResponse:
    return await door.webhooks.ListWebhooks(pb.ListWebhooksRequest(account_id=account_id, **fields), timeout=TIMEOUT_S)


async def deliveries(door: JobsDoor, webhook_id: str, **fields: Any) -> pb.ListDeliveriesResponse:
    request = pb.ListDeliveriesRequest(account_id="alice", webhook_id=webhook_id, **fields)
    return await door.webhooks.ListDeliveries(request, timeout=TIMEOUT_S)


async def test_a_webhook_is_made_with_a_secret_that_is_shown_once(door: JobsDoor) -> None:
    created = await create(door)
    prefix, secret = created.secret[:6], base64.b64decode(created.secret[6:])
    assert (prefix, len(secret)) == ("whsec_", 32)
    assert (created.webhook.url, created.webhook.scope) == (URL, pb.WEBHOOK_SCOPE_ACCOUNT)
    answer = await listed(door)
    assert list(answer.webhooks) == [created.webhook]
    assert created.secret not in str(answer)
    assert list((await listed(door, "bob")).webhooks) == []


async def test_a_secret_is_nowhere_in_the_database(shared_nats: NATSServer, tmp_path: Path) -> None:
    data = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    settings = WebhookSettings(key_file=key_file(tmp_path))
    async with jobs_service(data, shared_nats, tmp_path, webhooks=settings) as door:
        created = await create(door)
        content = content_of(tmp_path)
    assert created.webhook.webhook_id.encode() in content
    assert created.secret[6:].encode() not in content
    assert base64.b64decode(created.secret[6:]) not in content


def content_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("jobs.db"))


def key_file(folder: Path) -> Path:
    file = folder / "webhook-key"
    file.write_text(base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("="))
    return file


async def test_pages_hold_each_webhook_once_newest_first(door: JobsDoor) -> None:
    made = sorted([(await create(door)).webhook.webhook_id for _ in range(5)], reverse=True)
    seen: list[str] = []
    token = ""
    while True:
        page = await listed(door, page_size=2, page_token=token)
        seen += [webhook.webhook_id for webhook in page.webhooks]
        token = page.next_page_token
        if not token:
            break
    assert seen == made


async def test_a_rotation_answers_a_new_secret_and_says_until_when_the_old_one_signs(door: JobsDoor) -> None:
    created = await create(door)
    webhook_id = created.webhook.webhook_id
    request = pb.RotateWebhookSecretRequest(account_id="alice", webhook_id=webhook_id)
    rotated = await door.webhooks.RotateWebhookSecret(request, timeout=TIMEOUT_S)
    assert rotated.secret.startswith("whsec_")
    assert rotated.secret != created.secret
    lasts = from_timestamp(rotated.webhook.previous_secret_expire_time) - from_timestamp(created.webhook.create_time)
    assert timedelta(hours=24) <= lasts < timedelta(hours=24, minutes=1)
    for _ in range(3):
        await door.webhooks.RotateWebhookSecret(request, timeout=TIMEOUT_S)
    with pytest.raises(FlexuraError) as many:
        await door.webhooks.RotateWebhookSecret(request, timeout=TIMEOUT_S)
    assert (many.value.reason, many.value.metadata["limit"]) == (Reason.WEBHOOK_LIMIT, "5")
    at_once = pb.RotateWebhookSecretRequest(
        account_id="alice", webhook_id=(await create(door)).webhook.webhook_id, overlap=Duration()
    )
    rotated = await door.webhooks.RotateWebhookSecret(at_once, timeout=TIMEOUT_S)
    assert not rotated.webhook.HasField("previous_secret_expire_time")


async def test_a_test_is_listed_and_can_be_sent_again(door: JobsDoor) -> None:
    webhook_id = (await create(door)).webhook.webhook_id
    request = pb.TestWebhookRequest(account_id="alice", webhook_id=webhook_id)
    made = [(await door.webhooks.TestWebhook(request, timeout=TIMEOUT_S)).delivery for _ in range(3)]
    assert {(each.event_type, each.state, each.url) for each in made} == {
        ("webhook.test", pb.DELIVERY_STATE_PENDING, URL)
    }
    first = await deliveries(door, webhook_id, page_size=2)
    second = await deliveries(door, webhook_id, page_size=2, page_token=first.next_page_token)
    assert not second.next_page_token
    seen = [each.delivery_id for page in (first, second) for each in page.deliveries]
    assert sorted(seen) == sorted(each.delivery_id for each in made)
    again = pb.RedeliverWebhookRequest(account_id="alice", webhook_id=webhook_id, delivery_id=seen[0])
    answered = await door.webhooks.RedeliverWebhook(again, timeout=TIMEOUT_S)
    assert (answered.delivery.delivery_id, answered.delivery.attempt) == (seen[0], 0)
    again.delivery_id = f"msg_{'0' * 32}_1"
    with pytest.raises(FlexuraError) as missing:
        await door.webhooks.RedeliverWebhook(again, timeout=TIMEOUT_S)
    assert missing.value.reason is Reason.DELIVERY_NOT_FOUND


@pytest.mark.parametrize("account_id", ["bob", "al\0ice"])
@pytest.mark.parametrize("is_made", [True, False])
async def test_another_accounts_webhook_is_none(door: JobsDoor, account_id: str, is_made: bool) -> None:
    webhook_id = (await create(door)).webhook.webhook_id if is_made else NONE
    key = {"account_id": account_id, "webhook_id": webhook_id}
    delivery_id = f"msg_{'0' * 32}_1"
    stub = door.webhooks
    for method, request in (
        (stub.DeleteWebhook, pb.DeleteWebhookRequest(**key)),
        (stub.RotateWebhookSecret, pb.RotateWebhookSecretRequest(**key)),
        (stub.TestWebhook, pb.TestWebhookRequest(**key)),
        (stub.ListDeliveries, pb.ListDeliveriesRequest(**key)),
        (stub.RedeliverWebhook, pb.RedeliverWebhookRequest(**key, delivery_id=delivery_id)),
    ):
        with pytest.raises(FlexuraError) as missing:
            await method(request, timeout=TIMEOUT_S)  # type: ignore[operator]
        assert (missing.value.kind, missing.value.reason) == (Kind.NOT_FOUND, Reason.WEBHOOK_NOT_FOUND)


async def test_a_deleted_webhook_is_none(door: JobsDoor) -> None:
    webhook_id = (await create(door)).webhook.webhook_id
    request = pb.DeleteWebhookRequest(account_id="alice", webhook_id=webhook_id)
    await door.webhooks.DeleteWebhook(request, timeout=TIMEOUT_S)
    assert list((await listed(door)).webhooks) == []
    with pytest.raises(FlexuraError) as missing:
        await door.webhooks.DeleteWebhook(request, timeout=TIMEOUT_S)
    assert missing.value.reason is Reason.WEBHOOK_NOT_FOUND


async def test_an_account_has_one_webhook_for_its_jobs_own_addresses(door: JobsDoor) -> None:
    created = await create(door, url="", scope=pb.WEBHOOK_SCOPE_JOB)
    assert (created.webhook.scope, created.webhook.url) == (pb.WEBHOOK_SCOPE_JOB, "")
    with pytest.raises(FlexuraError) as second:
        await create(door, url="", scope=pb.WEBHOOK_SCOPE_JOB)
    assert second.value.reason is Reason.WEBHOOK_EXISTS
    await create(door, "bob", url="", scope=pb.WEBHOOK_SCOPE_JOB)
    request = pb.DeleteWebhookRequest(account_id="alice", webhook_id=created.webhook.webhook_id)
    await door.webhooks.DeleteWebhook(request, timeout=TIMEOUT_S)
    await create(door, url="", scope=pb.WEBHOOK_SCOPE_JOB)


async def test_an_account_has_twenty_webhooks_at_most(door: JobsDoor) -> None:
    for _ in range(20):
        await create(door)
    with pytest.raises(FlexuraError) as many:
        await create(door)
    assert (many.value.reason, many.value.metadata["limit"]) == (Reason.WEBHOOK_LIMIT, "20")
    await create(door, "bob")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "http://example.com"}, "url"),
        ({"url": "https://127.0.0.1"}, "url"),
        ({"scope": pb.WEBHOOK_SCOPE_JOB}, "url"),
        ({"account_id": "no account"}, "account_id"),
    ],
)
async def test_what_is_wrong_is_named(door: JobsDoor, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(FlexuraError) as refused:
        await create(door, **fields)
    assert refused.value.reason is Reason.INVALID_REQUEST
    assert [violation.field for violation in refused.value.violations] == [field]


async def test_without_a_key_file_webhooks_are_refused_by_name(
    database_settings: DatabaseSettings, shared_nats: NATSServer, tmp_path: Path
) -> None:
    async with jobs_service(database_settings, shared_nats, tmp_path) as door:
        with pytest.raises(FlexuraError) as refused:
            await create(door)
    assert refused.value.reason is Reason.WEBHOOKS_UNAVAILABLE
    assert "FLEXURA_WEBHOOKS_KEY_FILE" in refused.value.message


async def test_a_job_may_name_an_address_once_there_is_a_secret_to_sign_with(door: JobsDoor) -> None:
    named, plain = new_item(webhook_url=URL), new_item()
    refused, taken = await door.create(named, plain)
    assert taken.HasField("job")
    assert refused.error.reason == error_reason_pb2.ERROR_REASON_INVALID_REQUEST
    assert [violation.field for violation in refused.error.violations] == ["webhook_url"]
    assert "POST /api/webhooks" in refused.error.message
    webhook_id = (await create(door, url="", scope=pb.WEBHOOK_SCOPE_JOB)).webhook.webhook_id
    (accepted,) = await door.create(named)
    await door.jobs.CancelJob(
        jobs_service_pb2.CancelJobRequest(account_id="alice", job_id=accepted.job.job_id), timeout=TIMEOUT_S
    )
    await door.jobs.CancelJob(
        jobs_service_pb2.CancelJobRequest(account_id="alice", job_id=taken.job.job_id), timeout=TIMEOUT_S
    )
    (told,) = (await deliveries(door, webhook_id)).deliveries
    assert (told.url, told.job_id, told.event_type) == (URL, accepted.job.job_id, "job.failed")
    # Another account's secret signs nothing here.
    (refused,) = await door.create(new_item("bob", webhook_url=URL))
    assert refused.HasField("error")

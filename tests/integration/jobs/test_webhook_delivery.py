"""Messages of webhooks over each database: recorded with the end of a job, sent until somebody takes them."""

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
import pytest_asyncio
from aiohttp import web
from integration.jobs.peers import ALICE, BOB, SQLStores, completion, new_job
from integration.jobs.receivers import KEY, LOOPBACK, VAULT, Receiver, Sending, delivery_id_of, receiver, until
from servers.waiting import eventually
from sqlalchemy import update
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from flexura_jobs.domain.webhooks import ATTEMPTS_MAX, DELAYS, DeliveryState, Outcome, Webhook, shown_secret
from flexura_jobs.models import WEBHOOK_SECRETS
from flexura_jobs.service import WebhookAddresses, Webhooks
from flexura_jobs.vault import Vault
from flexura_kit.clock import utc_now
from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError, Reason
from flexura_kit.ids import LeaseToken, WebhookId

NEW_KEY = bytes(range(32, 64))
JITTER = 0.2


@pytest_asyncio.fixture
async def sending(sql_stores: SQLStores) -> Sending:
    return Sending(sql_stores)


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


def has_state(sending: Sending, state: str) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        rows = await sending.rows()
        return bool(rows) and all(row["state"] == state for row in rows)

    return check


def was_tried(sending: Sending, attempts: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        row = await sending.row()
        return row["attempt"] == attempts and row["lease_token"] is None

    return check


async def test_each_webhook_of_the_account_is_told_once_of_each_job_that_ends(sending: Sending, hook: Receiver) -> None:
    for path in ("/one", "/two"):
        await sending.webhook(ALICE, hook.url + path)
    await sending.webhook(BOB, f"{hook.url}/bob")
    completed, canceled, going_on = new_job(), new_job(), new_job()
    await sending.ended(completed)
    await sending.stores.created(canceled, going_on)
    await sending.stores.jobs.cancel(ALICE, canceled.job_id)
    async with sending.sender():
        await eventually(lambda: len(hook.received) == 4)
    told = sorted(
        (each.path, *(json.loads(each.body)["data"][name] for name in ("job_id", "status"))) for each in hook.received
    )
    assert told == sorted(
        (path, str(job.job_id), status)
        for path in ("/one", "/two")
        for job, status in ((completed, "completed"), (canceled, "failed"))
    )
    assert len({each.webhook_id for each in hook.received}) == 4
    assert await has_state(sending, "delivered")()


async def test_a_message_is_recorded_with_the_end_of_its_job_and_once(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, hook.url)
    job = new_job()
    await sending.stores.created(job)
    lease = await sending.stores.claimed(job)
    assert await sending.rows() == []
    results = [await sending.stores.work.complete(completion(lease)) for _ in range(3)]
    assert results[0]
    assert (await sending.row())["job_id"] == job.job_id


async def test_a_message_is_tried_on_schedule_under_one_id_until_it_is_taken(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    hook.script["/hook"] = [web.Response(status=500) for _ in range(3)]
    await sending.ended(new_job())
    async with sending.sender():
        for attempt in range(1, 4):
            await eventually(was_tried(sending, attempt))
            row = await sending.row()
            assert (row["state"], row["response_status"]) == ("pending", 500)
            assert DELAYS[attempt - 1] * (1 - JITTER) <= until(row) <= DELAYS[attempt - 1] * (1 + JITTER)
            assert len(hook.received) == attempt
            await sending.make_due()
        await eventually(has_state(sending, "delivered"))
    assert len(hook.received) == 4
    assert len({each.webhook_id for each in hook.received}) == 1
    assert len({each.body for each in hook.received}) == 1
    for each in hook.received:
        Verifier(shown_secret(KEY)).verify(each.body, each.headers)


async def test_after_its_last_try_a_message_has_failed(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    hook.script["/hook"] = [web.Response(status=503) for _ in range(2)]
    await sending.ended(new_job())
    await sending.make_due(attempt=ATTEMPTS_MAX - 2)
    async with sending.sender():
        await eventually(was_tried(sending, ATTEMPTS_MAX - 1))
        assert (await sending.row())["state"] == "pending"
        await sending.make_due()
        await eventually(has_state(sending, "failed"))
    row = await sending.row()
    assert (row["attempt"], row["error"]) == (ATTEMPTS_MAX, "the receiver answered 503")
    assert len(hook.received) == 2


async def test_a_redirect_is_a_failure_and_is_not_followed(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    hook.script["/hook"] = [web.Response(status=301, headers={"Location": f"{hook.url}/elsewhere"})]
    await sending.ended(new_job())
    async with sending.sender():
        await eventually(was_tried(sending, 1))
    assert (await sending.row())["response_status"] == 301
    assert hook.paths() == ["/hook"]


async def test_a_receiver_that_is_gone_switches_its_webhook_off(sending: Sending, hook: Receiver) -> None:
    webhook_id = await sending.webhook(ALICE, f"{hook.url}/hook")
    hook.script["/hook"] = [web.Response(status=410)]
    await sending.ended(new_job())
    async with sending.sender():
        await eventually(has_state(sending, "failed"))
        await sending.ended(new_job())
    webhook = await sending.webhooks.get(ALICE, webhook_id)
    assert webhook is not None
    assert webhook.disabled_at is not None
    assert webhook.disabled_reason == "gone"
    assert len(await sending.rows()) == len(hook.received) == 1
    use_cases = Webhooks(sending.webhooks, VAULT, WebhookAddresses(Egress(LOOPBACK), takes_http=True), os.urandom)
    delivery_id = delivery_id_of(await sending.row())
    for asked in (
        use_cases.test(ALICE, webhook_id),
        use_cases.rotate(ALICE, webhook_id, None),
        use_cases.redeliver(ALICE, webhook_id, delivery_id),
    ):
        with pytest.raises(FlexuraError) as refused:
            await asked
        assert refused.value.reason is Reason.WEBHOOK_DISABLED


async def test_a_receiver_may_say_when_to_come_back(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    hook.script["/hook"] = [web.Response(status=429, headers={"Retry-After": "120"})]
    await sending.ended(new_job())
    async with sending.sender():
        await eventually(was_tried(sending, 1))
    assert timedelta(seconds=119) < until(await sending.row()) < timedelta(seconds=121)


async def test_a_slow_receiver_holds_up_nobody_and_is_given_up(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/slow")
    hook.script["/slow"] = [asyncio.Event() for _ in range(20)]
    await sending.ended(*(new_job() for _ in range(12)))
    await sending.webhook(BOB, f"{hook.url}/quick")
    async with sending.sender(timeout_s=1):
        await eventually(lambda: "/slow" in hook.paths())
        await sending.ended(*(new_job(BOB) for _ in range(6)))
        await eventually(lambda: hook.paths().count("/quick") == 6)

        async def is_given_up() -> bool:
            return any("did not answer within" in str(row["error"]) for row in await sending.rows())

        await eventually(is_given_up)


async def test_a_slow_receiver_is_asked_a_few_at_once(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/slow")
    await sending.webhook(BOB, f"{hook.url}/quick")
    opened = [asyncio.Event() for _ in range(12)]
    hook.script["/slow"] = list(opened)
    await sending.ended(*(new_job() for _ in range(12)))
    async with sending.sender():
        await eventually(lambda: len(hook.received) >= 4)
        # Another account's messages show that there was a further look meanwhile, twice.
        for count in (1, 2):
            await sending.ended(new_job(BOB))
            await eventually(lambda count=count: hook.paths().count("/quick") == count)
        assert hook.paths().count("/slow") == 4
        for event in opened:
            event.set()
        await eventually(has_state(sending, "delivered"))


async def test_two_senders_send_each_message_once(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/hook")
    await sending.ended(*(new_job() for _ in range(40)))
    async with sending.sender(), sending.sender():
        await eventually(has_state(sending, "delivered"))
    assert len({each.webhook_id for each in hook.received}) == len(hook.received) == 40


async def test_of_two_claims_one_is_granted_and_a_late_record_counts_nothing(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, hook.url)
    await sending.ended(new_job())
    delivery_id = delivery_id_of(await sending.row())
    tries = [(delivery_id, LeaseToken("first")), (delivery_id, LeaseToken("second"))]
    claimed = [message for each in tries for message in await sending.outbox.claim([each])]
    assert [message.lease_token for message in claimed] == ["first"]
    # The lease ends, and another process takes over.
    await sending.make_due()
    (later,) = await sending.outbox.claim([(delivery_id, LeaseToken("third"))])
    assert not await sending.outbox.record(claimed[0], Outcome(DeliveryState.FAILED))
    assert await sending.outbox.record(later, Outcome(DeliveryState.DELIVERED, 200))
    row = await sending.row()
    assert (row["state"], row["attempt"]) == ("delivered", 2)


async def test_the_reference_verifier_accepts_before_during_and_after_rotation(
    sending: Sending, hook: Receiver
) -> None:
    webhook_id = await sending.webhook(ALICE, f"{hook.url}/hook")
    old, new = Verifier(shown_secret(KEY)), Verifier(shown_secret(NEW_KEY))

    async def next_message() -> tuple[bytes, dict[str, str]]:
        count = len(hook.received)
        await sending.ended(new_job())
        await eventually(lambda: len(hook.received) == count + 1)
        return hook.received[-1].body, hook.received[-1].headers

    async with sending.sender():
        before = await next_message()
        sealed = Vault([KEY]).seal(NEW_KEY, webhook_id)
        rotated = await sending.webhooks.rotate(ALICE, webhook_id, sealed, timedelta(hours=24), lambda _old: True)
        assert isinstance(rotated, Webhook)
        assert rotated.previous_secret_expires_at is not None
        during = await next_message()
        await end_overlaps(sending)
        after = await next_message()
    for verifier, told in ((old, before), (old, during), (new, during), (new, after)):
        assert verifier.verify(*told)["type"] == "job.completed"
    for verifier, told in ((new, before), (old, after)):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(*told)


async def end_overlaps(sending: Sending) -> None:
    secrets = WEBHOOK_SECRETS
    turn = update(secrets).where(secrets.c.expires_at.is_not(None)).values(expires_at=utc_now() - timedelta(seconds=1))
    await sending.stores.data.write(lambda connection: connection.execute(turn))


async def test_what_a_deleted_webhook_was_to_be_sent_is_swept_up(sending: Sending, hook: Receiver) -> None:
    webhook_id = await sending.webhook(ALICE, hook.url)
    await sending.ended(new_job(), new_job())
    assert await sending.webhooks.delete(ALICE, webhook_id)
    assert not await sending.webhooks.delete(ALICE, webhook_id)
    async with sending.sender() as sender:
        sweeping = asyncio.create_task(sender.sweep())

        async def is_swept() -> bool:
            return await sending.rows() == []

        await eventually(is_swept)
        sweeping.cancel()
    assert hook.received == []


async def test_what_kills_its_senders_comes_to_an_end(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, hook.url)
    await sending.ended(new_job())
    delivery_id = delivery_id_of(await sending.row())
    for number in range(ATTEMPTS_MAX):
        assert await sending.outbox.claim([(delivery_id, LeaseToken(str(number)))])
        await sending.make_due()
    assert await sending.outbox.claim([(delivery_id, LeaseToken("further"))]) == []
    await sending.outbox.sweep()
    assert (await sending.row())["state"] == "failed"


async def test_an_inner_address_is_not_reached(sending: Sending, hook: Receiver) -> None:
    """As it would be for a name that leads inside: the connection itself is refused."""
    port = hook.url.rpartition(":")[2]
    await sending.webhook(ALICE, f"http://[::1]:{port}/")
    await sending.webhook(BOB, f"http://localhost.:{port}/")
    await sending.ended(new_job())
    async with sending.sender():
        await eventually(was_tried(sending, 1))
    assert "no connection was made" in str((await sending.row())["error"])
    assert hook.received == []


async def test_messages_are_found_in_the_order_of_their_webhooks(sending: Sending, hook: Receiver) -> None:
    ids = sorted([await sending.webhook(ALICE, f"{hook.url}/{number}") for number in range(3)])
    await sending.ended(*(new_job() for _ in range(3)))
    assert list(await sending.outbox.due(ids[0], 10, 2)) == ids[1:]
    found = await sending.outbox.due(WebhookId(""), 2, 2)
    assert list(found) == ids[:2]
    assert [len(each) for each in found.values()] == [2, 2]


async def test_a_job_that_names_an_address_is_told_there_and_to_the_account(sending: Sending, hook: Receiver) -> None:
    await sending.webhook(ALICE, f"{hook.url}/account")
    await sending.webhook(ALICE, "", NEW_KEY)
    naming = dataclasses.replace(new_job(), webhook_url=f"{hook.url}/own")
    await sending.ended(naming, new_job())
    async with sending.sender():
        await eventually(has_state(sending, "delivered"))
    assert sorted(hook.paths()) == ["/account", "/account", "/own"]
    (own,) = (each for each in hook.received if each.path == "/own")
    assert Verifier(shown_secret(NEW_KEY)).verify(own.body, own.headers)["data"]["job_id"] == naming.job_id


async def test_one_address_of_a_job_that_is_gone_switches_nothing_off(sending: Sending, hook: Receiver) -> None:
    webhook_id = await sending.webhook(ALICE, "")
    hook.script["/own"] = [web.Response(status=410)]
    await sending.ended(dataclasses.replace(new_job(), webhook_url=f"{hook.url}/own"))
    async with sending.sender():
        await eventually(has_state(sending, "failed"))
    webhook = await sending.webhooks.get(ALICE, webhook_id)
    assert webhook is not None
    assert webhook.disabled_at is None

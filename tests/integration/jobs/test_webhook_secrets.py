"""Secrets of webhooks that cannot be read any more: what is sent, what waits, and what a rotation heals."""

import dataclasses
import os
from datetime import timedelta

import pytest
from integration.jobs.peers import ALICE, new_job
from integration.jobs.receivers import KEY, LOOPBACK, VAULT, Receiver, Sending, until
from integration.jobs.test_webhook_delivery import NEW_KEY, has_state, hook, sending
from servers.waiting import eventually
from sqlalchemy import select, update
from standardwebhooks import Webhook as Verifier

from flexura_jobs.domain.webhooks import SECRETS_MAX, UNSIGNED_ERROR, UNSIGNED_MAX, UNSIGNED_RETRY, shown_secret
from flexura_jobs.models import DELIVERIES, WEBHOOK_SECRETS
from flexura_jobs.service import WebhookAddresses, Webhooks
from flexura_jobs.vault import Vault
from flexura_kit.clock import utc_now
from flexura_kit.egress import Egress
from flexura_kit.ids import WebhookId

__all__ = ["hook", "sending"]  # Fixtures.

DAMAGED = {
    "its key is gone": lambda webhook_id: Vault([bytes(range(64, 96))]).seal(KEY, webhook_id),
    "it is another webhook's": lambda _webhook_id: VAULT.seal(KEY, "wh_other"),
    "it was changed": lambda webhook_id: VAULT.seal(KEY, webhook_id)[:-8] + "AAAAAAA=",
    "it was cut": lambda webhook_id: VAULT.seal(KEY, webhook_id)[:20],
    "it is no text of ours": lambda _webhook_id: "garbage",
}


async def damage(sending: Sending, webhook_id: WebhookId, kind: str = "its key is gone") -> None:
    """Has all secrets that the webhook has be such that they cannot be opened."""
    secrets = WEBHOOK_SECRETS
    change = update(secrets).where(secrets.c.webhook_id == webhook_id).values(sealed=DAMAGED[kind](webhook_id))
    await sending.stores.data.write(lambda connection: connection.execute(change))


async def secrets_of(sending: Sending, webhook_id: WebhookId) -> int:
    query = select(WEBHOOK_SECRETS.c.secret_id).where(WEBHOOK_SECRETS.c.webhook_id == webhook_id)
    return len(await sending.stores.data.read(lambda connection: connection.execute(query).all()))


def use_cases(sending: Sending) -> Webhooks:
    return Webhooks(sending.webhooks, VAULT, WebhookAddresses(Egress(LOOPBACK), takes_http=True), os.urandom)


def is_waiting_unsigned(sending: Sending) -> object:
    async def check() -> bool:
        rows = await sending.rows()
        return bool(rows) and all(row["error"] == UNSIGNED_ERROR and row["lease_token"] is None for row in rows)

    return check


@pytest.mark.parametrize("kind", DAMAGED)
async def test_one_secret_of_an_overlap_that_cannot_be_read_keeps_the_other_from_nothing(
    sending: Sending, hook: Receiver, kind: str
) -> None:
    webhook_id = await sending.webhook(ALICE, f"{hook.url}/hook")
    await damage(sending, webhook_id, kind)
    # As it was rotated by a process that could not tell.
    sealed = VAULT.seal(NEW_KEY, webhook_id)
    await sending.webhooks.rotate(ALICE, webhook_id, sealed, timedelta(hours=24), lambda _old: True)
    assert await secrets_of(sending, webhook_id) == 2
    await sending.ended(new_job())
    async with sending.sender():
        await eventually(has_state(sending, "delivered"))
    (told,) = hook.received
    assert Verifier(shown_secret(NEW_KEY)).verify(told.body, told.headers)["type"] == "job.completed"


@pytest.mark.parametrize("of_jobs", [False, True])
async def test_ends_that_cannot_be_signed_wait_and_are_told_after_a_rotation(
    sending: Sending, hook: Receiver, *, of_jobs: bool
) -> None:
    webhook_id = await sending.webhook(ALICE, "" if of_jobs else f"{hook.url}/hook")
    jobs = [dataclasses.replace(new_job(), webhook_url=f"{hook.url}/hook") for _ in range(6)]
    await damage(sending, webhook_id)
    await sending.ended(*jobs)
    async with sending.sender():
        for _ in range(12):  # More often than there are tries.
            await eventually(is_waiting_unsigned(sending))
            for row in await sending.rows():
                assert (row["state"], row["attempt"]) == ("pending", 0)
                assert timedelta() < until(row) <= UNSIGNED_RETRY * 1.21
            forget = update(DELIVERIES).values(error=None)
            await sending.stores.data.write(lambda connection, forget=forget: connection.execute(forget))
            await sending.make_due()
        await eventually(is_waiting_unsigned(sending))
        assert hook.received == []
        _, secret = await use_cases(sending).rotate(ALICE, webhook_id, None)
        await eventually(has_state(sending, "delivered"))
    assert {Verifier(secret).verify(told.body, told.headers)["data"]["job_id"] for told in hook.received} == {
        str(job.job_id) for job in jobs
    }
    assert {row["attempt"] for row in await sending.rows()} == {1}


async def test_a_rotation_drops_what_cannot_be_read_and_keeps_the_rest(sending: Sending, hook: Receiver) -> None:
    webhook_id = await sending.webhook(ALICE, hook.url)
    webhooks = use_cases(sending)
    for _ in range(SECRETS_MAX - 1):
        await webhooks.rotate(ALICE, webhook_id, None)
    await damage(sending, webhook_id)
    # All places are taken by secrets that sign nothing: they are no reason to refuse.
    rotated, _ = await webhooks.rotate(ALICE, webhook_id, None)
    assert rotated.previous_secret_expires_at is None
    assert await secrets_of(sending, webhook_id) == 1
    again, _ = await webhooks.rotate(ALICE, webhook_id, None)
    assert again.previous_secret_expires_at is not None
    assert await secrets_of(sending, webhook_id) == 2


async def test_a_test_that_cannot_be_signed_says_so_at_once_with_the_remedy(sending: Sending, hook: Receiver) -> None:
    webhook_id = await sending.webhook(ALICE, hook.url)
    await damage(sending, webhook_id)
    await use_cases(sending).test(ALICE, webhook_id)
    async with sending.sender():
        await eventually(has_state(sending, "failed"))
    assert "/rotate" in str((await sending.row())["error"])


async def test_an_end_that_nobody_could_sign_for_a_month_is_given_up(sending: Sending, hook: Receiver) -> None:
    webhook_id = await sending.webhook(ALICE, hook.url)
    await damage(sending, webhook_id)
    await sending.ended(new_job())
    old = update(DELIVERIES).values(created_at=utc_now() - UNSIGNED_MAX)
    await sending.stores.data.write(lambda connection: connection.execute(old))
    async with sending.sender():
        await eventually(has_state(sending, "failed"))
    assert (await sending.row())["error"] == UNSIGNED_ERROR


async def test_the_log_names_a_webhook_once_however_many_messages_it_has(
    sending: Sending, hook: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    webhook_id = await sending.webhook(ALICE, hook.url)
    await damage(sending, webhook_id)
    await sending.ended(*(new_job() for _ in range(12)))
    async with sending.sender():
        await eventually(is_waiting_unsigned(sending))
    assert capsys.readouterr().out.count("webhook_secret_unreadable") == 1

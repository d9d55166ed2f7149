"""Sends what is due: claimed, signed, sent, recorded; a few of each webhook at once, so that none waits for another."""

import asyncio
import random
from collections import Counter as Tally
from datetime import timedelta
from uuid import uuid4

from prometheus_client import Counter, Gauge

from flexura_jobs.domain.webhooks import Message, Outcome, outcome_of, signatures, unsigned_outcome
from flexura_jobs.ports import Outbox, Post, SecretKeeper
from flexura_jobs.vault import KeyFileError
from flexura_jobs.webhooks.body import body_of
from flexura_kit import log
from flexura_kit.clock import Clock
from flexura_kit.errors import FlexuraError
from flexura_kit.ids import DeliveryId, LeaseToken, WebhookId

LOOK_S = 0.5
LEASE = timedelta(seconds=30)  # Longer than any try; a sender that died is replaced after it.
EACH_MAX = 4
WEBHOOKS_PER_LOOK = 256
SWEEP_S = 60.0
SWEEPS_MAX = 20

TRIES = Counter("flexura_webhook_tries", "Tries to send a message.", ["outcome"])
IN_FLIGHT = Gauge("flexura_webhook_in_flight", "Messages that are being sent.")

logger = log.get_logger()


class Deliverer:
    """A loop that looks for due messages, and a task for each one that is being sent."""

    def __init__(
        self, outbox: Outbox, post: Post, secrets: SecretKeeper, clock: Clock, public_url: str, in_flight_max: int
    ) -> None:
        self._outbox = outbox
        self._post = post
        self._secrets = secrets
        self._clock = clock
        self._public_url = public_url
        self._in_flight_max = in_flight_max
        self._sending: dict[asyncio.Task[None], WebhookId] = {}
        self._after = WebhookId("")
        self._unreadable: set[WebhookId] = set()
        """The webhooks with a secret that cannot be opened, of which the log tells."""
        self._has_stopped = False

    async def run(self) -> None:
        """Owns the tasks; they are cut off where they have not ended when it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                found_some = await self._look(tasks)
                # What was found says that there may be more; what is sent makes room meanwhile.
                await asyncio.sleep(0.01 if found_some else LOOK_S)

    async def drain(self, grace_s: float) -> None:
        """Begins nothing more and waits for what is being sent."""
        self._has_stopped = True
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace_s)

    async def sweep(self) -> None:
        while True:
            try:
                for _ in range(SWEEPS_MAX):
                    if not await self._outbox.sweep():
                        break
            except FlexuraError as error:
                logger.warning("webhook_sweep_failed", reason=error.reason.value)
            await asyncio.sleep(SWEEP_S)

    async def _look(self, tasks: asyncio.TaskGroup) -> bool:
        try:
            messages = await self._claim()
        except FlexuraError as error:
            logger.warning("webhook_look_failed", reason=error.reason.value)
            return False
        except Exception:
            # The top of a loop: the next look may succeed.
            logger.exception("webhook_look_crashed")
            return False
        for message in messages:
            task = tasks.create_task(self._deliver(message), name=message.delivery_id)
            self._sending[task] = message.webhook_id
            task.add_done_callback(self._ended)
        IN_FLIGHT.set(len(self._sending))
        return bool(messages)

    async def _claim(self) -> list[Message]:
        if self._has_stopped or len(self._sending) >= self._in_flight_max:
            return []
        due = await self._outbox.due(self._after, WEBHOOKS_PER_LOOK, EACH_MAX)
        # Round and round: whoever comes late in the order has its turn all the same.
        self._after = max(due) if len(due) == WEBHOOKS_PER_LOOK else WebhookId("")
        chosen = self._chosen(due)
        return await self._outbox.claim([(each, LeaseToken(uuid4().hex)) for each in chosen]) if chosen else []

    def _chosen(self, due: dict[WebhookId, list[DeliveryId]]) -> list[DeliveryId]:
        sending = Tally(self._sending.values())
        chosen = [each for webhook_id, some in due.items() for each in some[: EACH_MAX - sending[webhook_id]]]
        return chosen[: self._in_flight_max - len(self._sending)]

    async def _deliver(self, message: Message) -> None:
        try:
            outcome = await self._try(message)
            is_kept = await self._outbox.record(message, outcome)
        except FlexuraError as error:
            # It is sent again when its lease has ended; whoever receives it twice knows it by its id.
            logger.warning("webhook_record_failed", delivery_id=message.delivery_id, reason=error.reason.value)
            return
        except Exception:
            # The top of a task: one message that cannot be sent must not end the others.
            logger.exception("webhook_try_crashed", delivery_id=message.delivery_id)
            return
        if not outcome.counts:
            return  # Nothing was sent; the log has said why.
        TRIES.labels(outcome.state.value).inc()
        logger.info(
            "webhook_tried",
            delivery_id=message.delivery_id,
            webhook_id=message.webhook_id,
            attempt=message.attempt,
            status=outcome.response_status,
            outcome=outcome.state.value,
            is_kept=is_kept,
        )

    async def _try(self, message: Message) -> Outcome:
        body = body_of(message, self._public_url)
        timestamp_s = int(self._clock().timestamp())
        secrets = self._readable_secrets(message)
        if not secrets:
            age = self._clock() - message.created_at
            return unsigned_outcome(message.event_type, age, random.random())  # noqa: S311 - As below.
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.delivery_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": signatures(secrets, message.delivery_id, timestamp_s, body),
        }
        answer = await self._post.send(message.url, headers, body)
        return outcome_of(answer, message.event_type, message.attempt, random.random())  # noqa: S311 - Spreads tries.

    def _readable_secrets(self, message: Message) -> list[bytes]:
        """Those that can be opened: one that cannot takes no part, and the others sign."""
        opened, why = [], ""
        for sealed in message.sealed_secrets:
            try:
                opened.append(self._secrets.open(sealed, message.webhook_id))
            except (KeyFileError, ValueError) as error:
                why = str(error)
        if len(opened) == len(message.sealed_secrets):
            self._unreadable.discard(message.webhook_id)
        elif message.webhook_id not in self._unreadable:
            # Once, because each message of the webhook meets it again.
            self._unreadable.add(message.webhook_id)
            logger.warning("webhook_secret_unreadable", webhook_id=message.webhook_id, readable=len(opened), why=why)
        return opened

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.pop(task, None)

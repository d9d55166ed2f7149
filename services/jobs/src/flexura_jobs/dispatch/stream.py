"""The JetStream stream of hints: provisioned from the catalog, published to, asked what it still holds."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import nats.errors
import nats.js.errors
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    Header,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.queue import Consumer, Hint
from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.provision import DriftError, provision_consumer, provision_stream

STREAM = "FLEXURA_WORK"
ACK_WAIT = timedelta(seconds=30)
DUPLICATE_WINDOW_S = 120.0
MESSAGES_MAX = 1_000_000
BYTES_MAX = 512 << 20  # A hint is about 200 bytes, so this is never what runs out first.
ACK_PENDING_MAX = 20_000  # More than twice the slots that all workers of a model may have together.
PUBLISH_TIMEOUT_S = 2.0
INFO_TIMEOUT_S = 3.0
PROVISION_TIMEOUT_S = 30.0
RETRY_S = 5.0
CHECK_S = 30.0  # Between two looks at what is in force: another hand may have changed it.

MEND = "change it with the nats command, or delete it: it is made anew, and no job is lost"

# What the client raises when the server is away, slow, or has lost the stream.
BusError = (nats.errors.Error, OSError, asyncio.TimeoutError)

logger = log.get_logger()


class HintStream:
    """Its loops wait for the client by `wait_for`: the client swallows a cancellation that reaches it in a flush."""

    def __init__(self, bus: Bus, models: Sequence[Model], replicas: int) -> None:
        self._bus = bus
        self._models = models
        self._replicas = replicas
        self._provisioned: dict[str, Consumer] = {}
        self._is_wanted = asyncio.Event()
        self._drift: str | None = None
        bus.on_connected.append(self.provision_again)

    @property
    def is_open(self) -> bool:
        return self._bus.is_connected and len(self._provisioned) == len(self._models)

    def provisioned(self) -> Mapping[str, Consumer]:
        """The consumers that exist, by model, as far as is known."""
        return self._provisioned

    def why_not_ready(self) -> str | None:
        """Names the settings that are wrong and cannot be changed; a broker that is away is no reason."""
        return self._drift

    def provision_again(self) -> None:
        """Asks for everything to be looked at once more: the server may be another one, or may have lost it."""
        self._is_wanted.set()

    async def run(self) -> None:
        """Provisions on demand and now and then; owned by the process, so that nothing waits for NATS."""
        while True:
            await self._wanted_or_due()
            self._is_wanted.clear()
            if self._bus.is_connected and not await self._provisioned_in_time():
                self._is_wanted.set()
                await asyncio.sleep(RETRY_S)

    async def publish(self, hint: Hint) -> bool:
        """Sends a hint; answers whether the stream has it."""
        headers = {Header.MSG_ID.value: f"{hint.job_id}.{hint.dispatch_seq}"}
        if hint.traceparent:
            headers["traceparent"] = hint.traceparent
        subject = f"work.{hint.media_type}.{hint.model}"
        try:
            await self._bus.jetstream.publish(
                subject, hint.job_id.encode(), timeout=PUBLISH_TIMEOUT_S, stream=STREAM, headers=headers
            )
        except nats.js.errors.NoStreamResponseError:
            self.provision_again()
            return False
        except BusError as error:
            logger.warning("hint_not_sent", job_id=hint.job_id, error=repr(error))
            return False
        return True

    async def undelivered(self, model: str) -> int | None:
        """How many hints of the model wait for delivery; None while it cannot be told."""
        try:
            info = await asyncio.wait_for(
                self._bus.jetstream.consumer_info(STREAM, durable_name(model)), INFO_TIMEOUT_S
            )
        except nats.js.errors.NotFoundError:
            self.provision_again()
            return 0
        except BusError:
            return None
        undelivered: int | None = info.num_pending
        return undelivered

    async def _wanted_or_due(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHECK_S):
                await self._is_wanted.wait()

    async def _provisioned_in_time(self) -> bool:
        try:
            await asyncio.wait_for(self._provision(), PROVISION_TIMEOUT_S)
        except DriftError as error:
            self._drift = f"{error}; {MEND}"
            logger.error("stream_drifted", what=error.what, error=self._drift)
            return False
        except BusError as error:
            logger.warning("stream_not_provisioned", error=repr(error))
            return False
        self._drift = None
        return True

    async def _provision(self) -> None:
        await provision_stream(self._bus.jetstream, stream_config(self._replicas))
        for model in self._models:
            await provision_consumer(self._bus.jetstream, STREAM, consumer_config(model))
            self._provisioned[model.model] = Consumer(STREAM, durable_name(model.model), model.model, ACK_WAIT)


def stream_config(replicas: int) -> StreamConfig:
    return StreamConfig(
        name=STREAM,
        subjects=["work.>"],
        retention=RetentionPolicy.WORK_QUEUE,
        # Full means refused, and the job waits in the database; the default would drop the oldest hint.
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        duplicate_window=DUPLICATE_WINDOW_S,
        num_replicas=replicas,
        max_msgs=MESSAGES_MAX,
        max_bytes=BYTES_MAX,
    )


def consumer_config(model: Model) -> ConsumerConfig:
    # No backoff: on the server it silently replaces ack_wait.
    return ConsumerConfig(
        durable_name=durable_name(model.model),
        filter_subject=f"work.{model.media_type}.{model.model}",
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT.total_seconds(),
        # Attempts are counted in the database; a limit here would hide jobs for ever.
        max_deliver=-1,
        max_ack_pending=ACK_PENDING_MAX,
    )


def durable_name(model: str) -> str:
    return f"media-worker-{model}"

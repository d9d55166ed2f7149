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
from prometheus_client import Gauge

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.queue import Consumer, Hint
from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.provision import DriftError, NotMadeError, provision_consumer, provision_stream

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

OTHER_STREAM = 10060  # What the server says where another stream holds the subject.
MEND_REFUSED = "see its log, and restart nats-server"
MEND_FULL = "where its disk has room again, restart nats-server"
NO_ROOM = ("no space left", "insufficient storage", "insufficient resources", "quota exceeded")  # As NATS says it.
MEND = "change it with the nats command, or delete it: it is made anew, and no job is lost"

# What the client raises when the server is away, slow, or has lost the stream.
BusError = (nats.errors.Error, OSError, asyncio.TimeoutError)

REFUSED_S = 5.0  # Refusals for so long are no moment any more: hints are said to be refused.
UNANSWERED_S = 30.0  # No answer to a hint for so long, where NATS answers all else, is a refusal.
REFUSED = Gauge("flexura_jobs_hints_refused", "1 while NATS has taken no hint for 5 s though some were sent, else 0.")

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
        self._unprovisioned: str | None = None
        self._unlooked: str | None = None
        self._next = ""
        self._refusals = Refusals()
        bus.on_connected.append(self._refusals.end)
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

    def why_impaired(self) -> str | None:
        """Says why queued jobs wait though NATS answers: what is missing, or that it takes no hint."""
        return self._unprovisioned or self._refusals.said

    def why_unanswered(self) -> str | None:
        """Says what NATS does not answer, though its connection is good."""
        return self._unlooked or self._refusals.unanswered

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
            self._refusals.add(f"stream {STREAM} is missing; it is made again")
            self.provision_again()
            return False
        except BusError as error:
            self._failed(error)
            logger.warning("hint_not_sent", job_id=hint.job_id, error=repr(error))
            return False
        self._refusals.end()
        return True

    def _failed(self, error: Exception) -> None:
        if isinstance(error, nats.js.errors.APIError):
            self._refusals.add(str(error))
            if error.err_code == OTHER_STREAM:
                self.provision_again()
        elif self._bus.trouble() is None:
            self._refusals.add_unanswered()
        else:
            # Nothing is refused: NATS is away or frozen, which the connection itself says.
            self._refusals.pause()

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
            logger.warning("stream_not_provisioned", missing=self._next, error=repr(error))
            self._not_provisioned(error)
            return False
        self._drift = self._unprovisioned = self._unlooked = None
        return True

    def _not_provisioned(self, error: Exception) -> None:
        if isinstance(error, NotMadeError):
            self._unprovisioned, self._unlooked = mended(str(error)), None
        elif isinstance(error, nats.js.errors.APIError):
            self._unprovisioned, self._unlooked = mended(f"NATS does not show its {self._next}: {error}"), None
        elif self._bus.is_connected:
            self._unlooked = f"NATS does not answer when asked for {self._next}"

    async def _provision(self) -> None:
        self._next = f"stream {STREAM}"
        await provision_stream(self._bus.jetstream, stream_config(self._replicas))
        for model in self._models:
            self._next = f"consumer {durable_name(model.model)} of stream {STREAM}"
            await provision_consumer(self._bus.jetstream, STREAM, consumer_config(model))
            self._provisioned[model.model] = Consumer(STREAM, durable_name(model.model), model.model, ACK_WAIT)


class Refusals:
    """Notices that NATS takes no hints: a write that failed makes it refuse for as long as it runs."""

    def __init__(self) -> None:
        self._refused_since: float | None = None
        self._unanswered_since: float | None = None
        self._is_told = False
        self.said: str | None = None
        """That hints are refused, and why."""
        self.unanswered: str | None = None
        """That hints are not answered."""

    def add(self, why: str) -> None:
        """NATS has refused a hint."""
        now = asyncio.get_running_loop().time()
        self._refused_since = self._refused_since or now
        if now - self._refused_since < REFUSED_S:
            return
        self._tell(why)
        self.said, self.unanswered = mended(f"NATS takes no hints, so queued jobs wait: {why}"), None

    def add_unanswered(self) -> None:
        """NATS answers all else, and has not answered a hint."""
        now = asyncio.get_running_loop().time()
        self._unanswered_since = self._unanswered_since or now
        silent_s = now - self._unanswered_since
        if silent_s < REFUSED_S or self.said is not None:
            return
        self._tell("no answer")
        self.unanswered = "NATS does not answer to hints, so queued jobs wait"
        if silent_s > UNANSWERED_S:
            self.said, self.unanswered = (
                mended(f"NATS takes no hints, so queued jobs wait: no answer for {UNANSWERED_S:g} s"),
                None,
            )

    def pause(self) -> None:
        """NATS answers nothing at all, so that its silence about hints says nothing."""
        self._unanswered_since = self.unanswered = None

    def end(self) -> None:
        """NATS has taken a hint, or is another one than that which refused them."""
        if self._is_told:
            logger.info("hints_taken_again")
            REFUSED.set(0)
        self._is_told = False
        self._refused_since = self._unanswered_since = self.said = self.unanswered = None

    def _tell(self, why: str) -> None:
        if not self._is_told:
            logger.warning("hints_refused", error=why)
            REFUSED.set(1)
        self._is_told = True


def mended(why: str) -> str:
    """The sentence with what to do; the disk is the cause only where the error names it."""
    return f"{why}; {MEND_FULL if any(words in why.lower() for words in NO_ROOM) else MEND_REFUSED}"


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

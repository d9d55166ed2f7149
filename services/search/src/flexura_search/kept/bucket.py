"""The bucket of NATS that all replicas share: best effort, and never waited for long."""

import asyncio
import contextlib
from typing import TypeVar

import nats.errors
import nats.js.errors
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.kv import KeyValue

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.provision import DriftError, provision_stream

NAME = "flexura-search"
TTL_S = 7200.0
VALUE_BYTES_MAX = 1_000_000  # A message of NATS may have 1 MiB, its headers included.
READ_TIMEOUT_S = 0.1  # Asking the engines again is not much slower.
WRITE_TIMEOUT_S = 1.0
CHECK_S = 300.0
RETRY_S = 2.0
PROVISION_TIMEOUT_S = 10.0

BusError = (nats.errors.Error, OSError, asyncio.TimeoutError)

T = TypeVar("T")

logger = log.get_logger()


class Bucket:
    """Values under 1 MiB; what cannot be read or written in time is simply not there."""

    def __init__(self, bus: Bus, bytes_max: int, replicas: int) -> None:
        self._bus = bus
        self._config = bucket_config(bytes_max, replicas)
        self._values: KeyValue | None = None
        self._is_wanted = asyncio.Event()
        bus.on_connected.append(self._is_wanted.set)

    async def run(self) -> None:
        """Provisions the bucket, and looks at it again now and then; owned by the process."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._is_wanted.wait()
            self._is_wanted.clear()
            if self._bus.is_connected and not await self._provisioned():
                self._is_wanted.set()
                await asyncio.sleep(RETRY_S)

    @property
    def is_open(self) -> bool:
        return self._values is not None and self._bus.is_connected

    async def get(self, key: str) -> bytes | None:
        if self._values is None or not self._bus.is_connected:
            return None
        try:
            entry = await asyncio.wait_for(self._values.get(key), READ_TIMEOUT_S)
        except nats.js.errors.NotFoundError:
            return None
        except BusError as error:
            self._missed("cache_not_read", error)
            return None
        value: bytes | None = entry.value
        return value

    async def put(self, key: str, value: bytes) -> bool:
        """Answers whether the bucket has it."""
        if self._values is None or not self._bus.is_connected or len(value) > VALUE_BYTES_MAX:
            return False
        try:
            await asyncio.wait_for(self._values.put(key, value), WRITE_TIMEOUT_S)
        except BusError as error:
            self._missed("cache_not_written", error)
            return False
        return True

    def _missed(self, event: str, error: Exception) -> None:
        logger.warning(event, error=repr(error))
        if isinstance(error, nats.js.errors.Error):
            self._is_wanted.set()  # It may be gone.

    async def _provisioned(self) -> bool:
        try:
            self._values = await asyncio.wait_for(self._opened(), PROVISION_TIMEOUT_S)
        except DriftError as error:
            logger.error("cache_drifted", what=error.what, error=str(error))
            return False
        except BusError as error:
            logger.warning("cache_not_provisioned", error=repr(error))
            return False
        return True

    async def _opened(self) -> KeyValue:
        await provision_stream(self._bus.jetstream, self._config)
        return await self._bus.jetstream.key_value(NAME)


def bucket_config(bytes_max: int, replicas: int) -> StreamConfig:
    """A bucket is a stream of this shape, but for one thing: when it is full, the oldest goes and not the newest."""
    return StreamConfig(
        name=f"KV_{NAME}",
        subjects=[f"$KV.{NAME}.>"],
        max_msgs_per_subject=1,
        max_age=TTL_S,
        max_bytes=bytes_max,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        allow_direct=True,
        allow_rollup_hdrs=True,
        deny_delete=True,
        num_replicas=replicas,
    )

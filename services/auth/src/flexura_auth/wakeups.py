"""Revocations on core NATS, for whoever caches keys."""

import orjson
from nats.errors import Error as NATSError
from prometheus_client import Counter

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.ids import KeyId

KEY_REVOKED = "flexura.auth.v1.key_revoked"
ARRIVAL_TIMEOUT_S = 1  # A broker that takes longer costs the caller no more than this.

UNSENT = Counter(
    "flexura_auth_wakeups_unsent", "Revocations that could not be announced; caches notice them within 30 seconds."
)

logger = log.get_logger()


class NATSWakeups:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def key_revoked(self, key_id: KeyId) -> None:
        payload = orjson.dumps({"key_id": key_id})
        if not (await self._bus.publish(KEY_REVOKED, payload) and await self._has_arrived()):
            # The key is revoked all the same: only who holds it in a cache learns of it later.
            UNSENT.inc()
            logger.warning("key_revocation_unsent", key_id=key_id)

    async def _has_arrived(self) -> bool:
        # Publishing only fills a buffer; the flush waits until the broker has read it.
        try:
            await self._bus.nats.flush(timeout=ARRIVAL_TIMEOUT_S)
        except (NATSError, OSError):
            return False
        return True

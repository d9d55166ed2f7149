"""The wake-up that says a key was revoked."""

from collections.abc import Callable

import orjson

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.ids import KeyId

SUBJECT = "flexura.auth.v1.key_revoked"

logger = log.get_logger()


def hear_revocations(bus: Bus, revoke: Callable[[KeyId], None], flush: Callable[[], None]) -> None:
    """Calls `revoke` for each key, and `flush` after each connect: what was said meanwhile went unheard."""

    def heard(payload: bytes) -> None:
        try:
            key_id = KeyId(orjson.loads(payload)["key_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            # Whatever it was to say, having each key verified again covers it.
            logger.warning("revocation_not_understood")
            flush()
            return
        revoke(key_id)
        logger.info("key_dropped", key_id=key_id)

    bus.subscribe(SUBJECT, heard)
    bus.on_connected.append(flush)

"""The wake-up that says which jobs were called off."""

import json
from collections.abc import Callable, Collection

from flexura_kit import log
from flexura_kit.bus import Bus

SUBJECT = "flexura.jobs.v1.canceled"

logger = log.get_logger()


def hear_cancellations(bus: Bus, cancel: Callable[[Collection[str]], None]) -> None:
    """Calls `cancel` with job ids; whatever goes unheard, the next renewal of the leases says."""

    def heard(payload: bytes) -> None:
        try:
            job_ids = frozenset(json.loads(payload))
        except (ValueError, TypeError):
            logger.warning("cancellation_not_understood")
            return
        cancel(job_ids)

    bus.subscribe(SUBJECT, heard)

"""The wake-up that says which jobs changed."""

from collections.abc import Callable

import orjson

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_kit.ids import AccountId, JobId

SUBJECT = "flexura.jobs.v1.updated"
REMOVED = "removed"

JobCallback = Callable[[AccountId, JobId], None]

logger = log.get_logger()


def hear_updates(bus: Bus, changed: JobCallback, removed: JobCallback, missed: Callable[[], None]) -> None:
    """Calls `changed` for each job that changed, and `removed` before it for one that was removed.

    Calls `missed` after each connect: what was said meanwhile went unheard.
    """

    def heard(payload: bytes) -> None:
        try:
            updates = [(AccountId(account), JobId(job), state) for account, job, state in orjson.loads(payload)]
        except (orjson.JSONDecodeError, TypeError, ValueError):
            # Whatever it was to say, whoever waits looks again soon.
            logger.warning("update_not_understood")
            return
        for account_id, job_id, state in updates:
            if state == REMOVED:
                removed(account_id, job_id)
            changed(account_id, job_id)

    bus.subscribe(SUBJECT, heard)
    bus.on_connected.append(missed)

"""Which replica dispatches and reconciles: the one that holds the lease."""

import asyncio
import contextlib
import secrets
from datetime import timedelta

from flexura_jobs.ports import QueueStore
from flexura_kit import log
from flexura_kit.errors import FlexuraError

ROLE = "dispatcher"
LEASE = timedelta(seconds=3)  # How long nothing is sent after a leader has died; a start takes about as long.
RENEW_S = 1.0
RESIGN_TIMEOUT_S = 2.0  # Resigning only spares others the wait for the lease to run out.

logger = log.get_logger()


class Leader:
    """Wants to lead for as long as the process lives.

    Two leaders for a moment, as after a long pause of a process, do no harm: every change they make is conditional.
    """

    def __init__(self, store: QueueStore) -> None:
        self._store = store
        self._holder = secrets.token_hex(8)
        self._leads_until = 0.0

    @property
    def leads(self) -> bool:
        return asyncio.get_running_loop().time() < self._leads_until

    async def run(self) -> None:
        try:
            while True:
                await self._ask()
                await asyncio.sleep(RENEW_S)
        finally:
            with contextlib.suppress(FlexuraError, TimeoutError):
                await self._resign()

    async def _ask(self) -> None:
        asked = asyncio.get_running_loop().time()
        led_before = self.leads
        try:
            leads = await self._store.lead(ROLE, self._holder, LEASE)
        except FlexuraError as error:
            logger.warning("lead_not_renewed", reason=error.reason.value)
            return
        # Counted from before the question, so that we stop before the database lets another one begin.
        self._leads_until = asked + LEASE.total_seconds() if leads else 0.0
        if leads != led_before:
            logger.info("lead_changed", leads=leads)

    async def _resign(self) -> None:
        if self.leads:
            self._leads_until = 0.0
            async with asyncio.timeout(RESIGN_TIMEOUT_S):
                await self._store.resign(ROLE, self._holder)

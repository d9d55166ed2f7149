"""What must hold all the time, looked at while a seed runs."""

import asyncio

from flexura_jobs.domain.jobs import JobState
from flexura_kit.ids import JobId
from simulator.broker import StoredMessage
from simulator.database import Database
from simulator.supervision import Supervisor

LOOK_S = 0.5
TAKEOVER_S = 10.0  # At the longest, once nothing goes wrong any more.


class Watch:
    def __init__(self, supervisor: Supervisor, database: Database) -> None:
        self._supervisor = supervisor
        self._database = database
        self.violations: list[str] = []
        self._leaderless_s = 0.0

    async def look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        awake = [replica for replica in self._supervisor.replicas if not replica.process.is_paused]
        leading = [replica.process.name for replica in awake if replica.leader.leads]
        if len(leading) > 1 and not self.violations:
            self.violations.append(f"{' and '.join(leading)} lead at the same time")
        is_missed = self._supervisor.all_is_calm and not leading
        self._leaderless_s = self._leaderless_s + LOOK_S if is_missed else 0.0
        if self._leaderless_s > TAKEOVER_S and not self.violations:
            self.violations.append(f"nobody has led for {TAKEOVER_S:g} s")

    def acknowledged(self, message: StoredMessage) -> None:
        """A hint outlasts the commit of the claim that it leads to; from then on the database says what it said."""
        row = self._database.jobs[JobId(message.payload.decode())]
        is_wanted = row.state is JobState.QUEUED and row.dispatched_at is not None
        is_latest = message.message_id == f"{row.new.job_id}.{row.dispatch_seq}"
        if is_wanted and is_latest and row.deadline_at > self._database.clock():
            self.violations.append(f"{row.new.job_id}: its hint was acknowledged, and nobody has claimed it")

"""Faults that come on their own, at times that the seed has drawn, and the end of all faults."""

import asyncio
import random

from simulator.clock import Process
from simulator.faults import Fault
from simulator.processes import Surroundings
from simulator.supervision import Supervisor

STRIKES_MAX = 2
PAUSE_S_MAX = 24.0  # Longer than a lease.
OUTAGE_S_MAX = 5.0


class Nemesis:
    def __init__(self, around: Surroundings, supervisor: Supervisor, dice: random.Random) -> None:
        self._around = around
        self._supervisor = supervisor
        self._dice = dice
        self._deeds = {
            Fault.WORKER_CRASH: self._crash_worker,
            Fault.WORKER_STOP: self._stop_worker,
            Fault.WORKER_PAUSE: self._pause_worker,
            Fault.JOBS_CRASH: self._crash_replica,
            Fault.JOBS_PAUSE: self._pause_replica,
            Fault.DATABASE_DOWN: self._take_database_down,
            Fault.STREAM_DELETED: self._delete_stream,
            Fault.STREAM_CUT: self._cut_stream_off,
        }

    async def strike_until_over(self) -> None:
        """Returns when nothing goes wrong any more."""
        plan = self._around.faults.plan
        deeds = [
            asyncio.ensure_future(self._strike(kind, self._dice.uniform(0.2, plan.until)))
            for kind in self._deeds
            if kind in plan.kinds
            for _ in range(self._dice.randint(1, STRIKES_MAX))
        ]
        await asyncio.sleep(plan.until)
        self._around.faults.are_over = True
        if deeds:
            await asyncio.wait(deeds)

    async def _strike(self, kind: Fault, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if await self._deeds[kind]():
            self._around.faults.count(kind)

    async def _crash_worker(self) -> bool:
        if self._supervisor.workers:
            self._supervisor.crash(self._dice.choice(self._supervisor.workers).process)
            return True
        return False

    async def _stop_worker(self) -> bool:
        if self._supervisor.workers:
            await self._supervisor.stop(self._dice.choice(self._supervisor.workers))
            return True
        return False

    async def _pause_worker(self) -> bool:
        return await self._pause([worker.process for worker in self._supervisor.workers])

    async def _crash_replica(self) -> bool:
        if self._supervisor.replicas:
            self._supervisor.crash(self._dice.choice(self._supervisor.replicas).process)
            return True
        return False

    async def _pause_replica(self) -> bool:
        return await self._pause([replica.process for replica in self._supervisor.replicas])

    async def _pause(self, processes: list[Process]) -> bool:
        awake = [process for process in processes if not process.is_paused]
        if not awake:
            return False
        process = self._dice.choice(awake)
        self._around.loop.pause(process)
        await asyncio.sleep(self._dice.uniform(0.5, PAUSE_S_MAX))
        self._around.loop.resume(process)
        return True

    async def _take_database_down(self) -> bool:
        self._around.is_database_down = True
        await asyncio.sleep(self._dice.uniform(0.2, OUTAGE_S_MAX))
        self._around.is_database_down = False
        return True

    async def _delete_stream(self) -> bool:
        self._around.broker.delete_stream()
        return True

    async def _cut_stream_off(self) -> bool:
        cut = [part.bus for part in (*self._supervisor.replicas, *self._supervisor.workers) if part.bus.is_connected]
        for bus in cut:
            bus.is_connected = False
        await asyncio.sleep(self._dice.uniform(0.2, OUTAGE_S_MAX))
        for bus in cut:
            self._around.loop.spawn(bus.process, bus.connect())
        return bool(cut)

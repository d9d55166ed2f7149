"""Brings faults about, one after the other, and measures how long each takes to heal."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterator

import nats
from faults.history import FaultWindow, History
from faults.load import Caller
from faults.oversleep import oversleep_lease
from faults.schedule import Fault, FaultKind
from faults.world import World
from servers.waiting import eventually

STREAM = "FLEXURA_WORK"
PROBE_RETRY_S = 0.2
PROBE_POLL_S = 0.1
PROBE = {"payload_bytes": 256}
BACK_WITHIN_S = 90

Deed = Callable[[World, Fault], Awaitable[None]]


class Nemesis:
    """Does what the schedule says until the time is over, and at least one whole round."""

    def __init__(self, world: World, caller: Caller, history: History, heal_s: float) -> None:
        self._world = world
        self._caller = caller
        self._history = history
        self._heal_s = heal_s

    async def run(self, rounds: Iterator[list[Fault]], seconds: float) -> None:
        for fault in next(rounds):
            await self._carry_out(fault)
        for round_ in rounds:
            for fault in round_:
                if self._history.now() > seconds:
                    return
                await self._carry_out(fault)

    async def _carry_out(self, fault: Fault) -> None:
        part = part_that_ends(fault.kind)
        times_ready = self._world.flexura.times_ready(part) if part else 0
        began_s = self._history.now()
        await deed(fault.kind)(self._world, fault)
        ended_s = self._history.now()
        healed_s = await self._probed(ended_s)
        self._history.faults.append(FaultWindow(fault.kind, began_s, ended_s, healed_s))
        async with asyncio.TaskGroup() as before_the_next:
            before_the_next.create_task(asyncio.sleep(fault.quiet_s))
            if part:
                before_the_next.create_task(self._seen_back(part, times_ready))

    async def _seen_back(self, part: str, times_ready: int) -> None:
        await eventually(lambda: self._world.flexura.times_ready(part) > times_ready, BACK_WITHIN_S)

    async def _probed(self, since_s: float) -> float | None:
        """When a job that was submitted from now on had completed."""
        while (left_s := since_s + self._heal_s - self._history.now()) > 0:
            job_id = await self._caller.submit("probe", "image", PROBE)
            view = await self._caller.follow("probe", job_id, left_s, PROBE_POLL_S) if job_id else None
            if view is not None and view.status == "completed":
                return self._history.now()
            await asyncio.sleep(PROBE_RETRY_S)
        return None


def part_that_ends(kind: FaultKind) -> str:
    """The part that the supervisor must start again; none where it goes on living."""
    how, _, part = kind.partition(" ")
    return part if how in {"kill", "restart"} and part not in {"a generator", "postgres"} else ""


def deed(kind: FaultKind) -> Deed:
    how, _, part = kind.partition(" ")
    if kind in DEEDS:
        return DEEDS[kind]
    return {"kill": killing, "restart": restarting, "pause": pausing}[how](part)


def killing(part: str) -> Deed:
    async def kill(world: World, _fault: Fault) -> None:
        os.kill(await running(world, part), signal.SIGKILL)

    return kill


def restarting(part: str) -> Deed:
    async def restart(world: World, _fault: Fault) -> None:
        """Asked to end by somebody else than the supervisor, who sees to it that it runs again."""
        os.kill(await running(world, part), signal.SIGTERM)

    return restart


def pausing(part: str) -> Deed:
    async def pause(world: World, fault: Fault) -> None:
        pid = await running(world, part)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(fault.held_s)
        finally:
            # The supervisor may have ended it meanwhile.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return pause


async def running(world: World, part: str) -> int:
    """Waits for the part where the supervisor is just starting it again."""
    await eventually(lambda: part in world.flexura.pids(), within_s=30)
    return world.flexura.pids()[part]


async def kill_generator(world: World, fault: Fault) -> None:
    generators = world.generators()
    os.kill(generators[fault.choice % len(generators)], signal.SIGKILL)


async def restart_postgres(world: World, _fault: Fault) -> None:
    """As `pg_ctl restart -m immediate` does: no goodbye, and recovery at the start."""
    assert world.postgres is not None
    await world.postgres.process.quit()
    await world.postgres.process.start()


async def delete_stream(world: World, _fault: Fault) -> None:
    broker = await nats.connect(world.flexura.nats_url)
    await broker.jetstream().delete_stream(STREAM)
    await broker.close()


async def purge_stream(world: World, _fault: Fault) -> None:
    broker = await nats.connect(world.flexura.nats_url)
    await broker.jetstream().purge_stream(STREAM)
    await broker.close()


async def cut_network(world: World, fault: Fault) -> None:
    world.relay.cut()
    try:
        await asyncio.sleep(fault.held_s)
    finally:
        world.relay.mend()


async def fill_disk(world: World, fault: Fault) -> None:
    assert world.disk is not None
    before = world.flexura.times_ready("s3")
    await asyncio.to_thread(world.disk.fill)
    try:
        await asyncio.sleep(fault.held_s)
    finally:
        world.disk.empty()
    # Part of the fault: a store that was refused room is started again. One that wrote nothing meanwhile is not.
    with contextlib.suppress(AssertionError):
        await eventually(lambda: world.flexura.times_ready("s3") > before, within_s=5)


async def oversleep(world: World, _fault: Fault) -> None:
    await oversleep_lease(world)


DEEDS: dict[FaultKind, Deed] = {
    FaultKind.KILL_GENERATOR: kill_generator,
    FaultKind.RESTART_POSTGRES: restart_postgres,
    FaultKind.DELETE_STREAM: delete_stream,
    FaultKind.PURGE_STREAM: purge_stream,
    FaultKind.CUT_NETWORK: cut_network,
    FaultKind.FULL_DISK: fill_disk,
    FaultKind.OVERSLEEP_LEASE: oversleep,
}

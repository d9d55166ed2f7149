"""Nothing that was accepted is lost, stuck or done twice, whatever is killed, frozen, cut off or full meanwhile."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from faults import disk
from faults.checker import Bounds, Violation, check
from faults.follower import Follower
from faults.history import History
from faults.load import Load, caller
from faults.nemesis import Nemesis
from faults.receiver import Receiver, receiving
from faults.record import Record
from faults.report import Report
from faults.schedule import FaultKind, schedule
from faults.world import World, world
from servers.waiting import eventually

SECONDS = float(os.environ.get("FAULTS_SECONDS") or 0)
"""At least one whole round of faults is carried out, however few they are, and not less than a while of them."""
SECONDS_MIN = 15.0
SEED = int(os.environ.get("FAULTS_SEED") or (secrets.randbelow(1 << 32) if SECONDS else 1))
"""A run that is asked for has a fresh one, and says which; the short run of all tests has the same faults each time."""
KINDS = [FaultKind(name.strip()) for name in os.environ.get("FAULTS_KINDS", "").split(",") if name.strip()]
"""The only faults to have, by name, to look for one thing; all where none is named."""
BOUNDS = Bounds(calm_operations_min=10) if KINDS else Bounds()
EXCERPTS_MAX = 3
MESSAGES_WITHIN_S = 2 * BOUNDS.heal_s
"""What a sender of webhooks had in its hands when it died is sent by another one a minute later."""
DISK_BYTES_MIN = 192 << 20
DISK_BYTES_PER_SECOND = 64 << 10

# On PostgreSQL only what concerns the database: all else is the same code. A short run has there what may come
# anywhere, so that the two together have each kind and take about two minutes.
ANYWHERE = [FaultKind.KILL_AUTH, FaultKind.KILL_SEARCH, FaultKind.KILL_EDGE, FaultKind.KILL_WEBHOOKS]
ON_POSTGRES = [FaultKind.RESTART_POSTGRES, FaultKind.KILL_JOBS, FaultKind.KILL_WORKER]
ON_SQLITE = [kind for kind in FaultKind if kind is not FaultKind.RESTART_POSTGRES]
if not SECONDS:
    ON_POSTGRES += ANYWHERE
    ON_SQLITE = [kind for kind in ON_SQLITE if kind not in ANYWHERE]


@pytest.mark.timeout(SECONDS + 1200)
@pytest.mark.parametrize(
    ("on_postgres", "wished", "share"),
    [(False, ON_SQLITE, 0.75), (True, ON_POSTGRES, 0.25)],
    ids=["sqlite", "postgres"],
)
async def test_nothing_accepted_is_lost_stuck_or_done_twice(
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    on_postgres: bool,
    wished: list[FaultKind],
    share: float,
) -> None:
    if KINDS:
        wished = [kind for kind in wished if kind in KINDS]
    if not wished:
        pytest.skip(f"none of {', '.join(KINDS)} concerns this database")
    needs_disk = FaultKind.FULL_DISK in wished
    why_no_disk = await asyncio.to_thread(disk.why_missing) if needs_disk else ""
    if why_no_disk and (SECONDS or KINDS):
        pytest.fail(f"no small disk can be had on this machine: {why_no_disk}. For other faults: KINDS='kill nats'")
    disk_bytes = 0 if why_no_disk or not needs_disk else DISK_BYTES_MIN + int(SECONDS * DISK_BYTES_PER_SECOND)
    title = f"seed {SEED}, jobs on {'PostgreSQL' if on_postgres else 'SQLite'}"
    if why_no_disk:
        title += f"\nSKIPPED: {FaultKind.FULL_DISK}, because no small disk can be had: {why_no_disk}"
    async with world(tmp_path, disk_bytes, on_postgres=on_postgres) as there:
        history = await played(there, there.kinds(wished), max(SECONDS * share, SECONDS_MIN))
    violations = check(history, BOUNDS)
    record_property("fault_run", Report(title, history, violations).text())
    history.write(tmp_path / "history.jsonl")
    assert not violations, excerpt(title, history, violations, tmp_path)


async def played(there: World, kinds: list[FaultKind], seconds: float) -> History:
    """Load and faults at once; then the load ends, and everything is looked at once more."""
    history = History()
    receiver = Receiver(history, SEED)
    async with caller(there.flexura.url, there.flexura.key, history) as calls, receiving(receiver) as address:
        receiver.secret = await calls.webhook(address)
        load, nemesis = Load(calls, SEED, patience_s=3 * BOUNDS.heal_s), Nemesis(there, calls, history, BOUNDS.heal_s)
        async with following(there, history):
            async with asyncio.TaskGroup() as group:
                group.create_task(load.run())
                try:
                    await nemesis.run(schedule(SEED, kinds), seconds)
                finally:
                    load.stop()
            await load.look_at_everything()
            await messages_settled(history)
            history.events = await there.events()
    return history


@contextlib.asynccontextmanager
async def following(there: World, history: History) -> AsyncIterator[None]:
    """Has the feed followed from before the first job on, and at the end waits until all that happened was told."""
    follower = Follower(there.flexura.url, there.flexura.key, history, SEED)
    task = asyncio.create_task(follower.run())
    try:
        async with asyncio.timeout(BOUNDS.heal_s):
            await follower.is_there.wait()
        yield
        with contextlib.suppress(AssertionError):
            await eventually(lambda: len(history.followed or []) >= len(history.events or []), BOUNDS.heal_s)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def messages_settled(history: History) -> None:
    """Waits until every end has been told, or for as long as that may take; the checker says what is missing."""
    record = Record(history)
    awaited = record.finished.keys() - record.delete_asked.keys()
    with contextlib.suppress(AssertionError):
        await eventually(lambda: awaited <= {message.job_id for message in history.messages}, MESSAGES_WITHIN_S)


def excerpt(title: str, history: History, violations: list[Violation], folder: Path) -> str:
    """What one needs to see of a run that went wrong: the seed, the rules, and all that was said of their jobs."""
    lines = [title, f"the history is {folder / 'history.jsonl'}", *map(str, violations[:20])]
    for job_id in list(dict.fromkeys(violation.job_id for violation in violations if violation.job_id))[:EXCERPTS_MAX]:
        lines += map(str, history.of_job(job_id))
    return "\n".join([*lines, *map(str, history.faults)])

"""Waiters: woken in time, none left behind, and not too many looking at once."""

import asyncio
import time
from collections import Counter

from aiohttp.test_utils import make_mocked_request

from flexura.jobs.v1 import job_pb2
from flexura_edge.clients.updates import hear_updates
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.waits import Waits
from flexura_edge.keys import Caller, Keys
from flexura_edge.limits import Limit
from flexura_edge.waiting import LOOK_S, LOOKS_AT_ONCE, LOOKS_PER_TICK, TICK_S, Waiting
from flexura_kit.apikeys import new_secret
from flexura_kit.bus import Bus
from flexura_kit.ids import AccountId, JobId, KeyId

QUEUED = job_pb2.Job(state=job_pb2.JOB_STATE_QUEUED)
COMPLETED = job_pb2.Job(state=job_pb2.JOB_STATE_COMPLETED)


async def test_what_happens_while_a_waiter_looks_is_not_missed() -> None:
    waiting = Waiting()
    with waiting.waiter("job") as waiter:
        waiting.wake("job")
        waiting.wake("job")
        waiting.wake("another job")
        async with asyncio.timeout(20):
            await waiter.wait(60)
        second = asyncio.create_task(waiter.wait(60))
        await asyncio.sleep(0)
        assert not second.done()
        waiting.end()
        async with asyncio.timeout(20):
            await second
    assert len(waiting) == 0


async def test_a_waiter_that_is_called_off_leaves_nothing_behind() -> None:
    waiting = Waiting()

    async def wait() -> None:
        with waiting.waiter("job") as waiter:
            await waiter.wait(60)

    tasks = [asyncio.create_task(wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert len(waiting) == 3
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert len(waiting) == 0
    waiting.wake("job")
    waiting.tick()


async def looks_of(waiters: int, seconds: int) -> tuple[list[int], Counter[int]]:
    """Plays seconds in which no wake-up arrives; answers the looks in each of them, and those of each waiter."""
    now = 0.0
    waiting = Waiting(lambda: now)
    looks: Counter[int] = Counter()

    async def look(number: int) -> None:
        with waiting.waiter(str(number)) as waiter:
            while True:
                await waiter.wait(3600)
                looks[number] += 1

    tasks = [asyncio.create_task(look(number)) for number in range(waiters)]
    await asyncio.sleep(0)
    before, per_second = 0, []
    for tick in range(1, round(seconds / TICK_S) + 1):
        now = tick * TICK_S
        waiting.tick()
        await asyncio.sleep(0)
        if tick % round(1 / TICK_S) == 0:
            per_second.append(looks.total() - before)
            before = looks.total()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return per_second, looks


async def test_few_who_hear_nothing_look_every_two_seconds() -> None:
    _, looks = await looks_of(waiters=10, seconds=21)
    assert looks == dict.fromkeys(range(10), int(21 / (LOOK_S + TICK_S)))


async def test_however_many_wait_they_share_a_bounded_number_of_looks_in_turn() -> None:
    per_second, looks = await looks_of(waiters=10_000, seconds=60)
    assert max(per_second) == LOOKS_PER_TICK / TICK_S
    assert len(looks) == 10_000
    assert max(looks.values()) - min(looks.values()) <= 1


async def test_all_who_are_woken_together_look_in_turns() -> None:
    waiting = Waiting()
    caller = Caller(AccountId("acc_1"), KeyId("key_1"))

    async def verify(_digest: bytes, _timeout_s: float) -> Caller:
        nonlocal verifications
        verifications += 1
        return caller

    waits = Waits(Keys(verify), waiting, Limit("waits", 10_000))
    request = make_mocked_request("GET", "/", headers={"Authorization": f"Bearer {new_secret()}"})
    job = QUEUED
    looking, most, verifications = 0, 0, 0

    async def get(_job_id: JobId, _timeout_s: float) -> job_pb2.Job:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        seen = job
        await asyncio.sleep(0)
        looking -= 1
        return seen

    async def wait(number: int) -> job_pb2.Job:
        exchange = Exchange(request)
        exchange.caller = caller
        exchange.deadline = time.monotonic() + 60
        return await waits.until(exchange, JobId(str(number)), 60, get, lambda seen: seen is COMPLETED)

    tasks = [asyncio.create_task(wait(number)) for number in range(3 * LOOKS_AT_ONCE)]
    while looking or len(waiting) < 2 * len(tasks):  # Each waits for its job and for what becomes of its key.
        await asyncio.sleep(0)
    job = COMPLETED
    waiting.wake_all()
    async with asyncio.timeout(30):
        assert set(map(id, await asyncio.gather(*tasks))) == {id(COMPLETED)}
    assert most == LOOKS_AT_ONCE
    assert verifications == 1


async def test_whoever_waits_looks_once_the_connection_is_made_again() -> None:
    connection, waiting = Bus("edge"), Waiting()
    hear_updates(connection, lambda *_job: None, lambda *_job: None, waiting.wake_all)
    with waiting.waiter("job") as waiter:
        for connected in connection.on_connected:
            connected()
        async with asyncio.timeout(20):
            await waiter.wait(60)

"""Waiters: woken in time, and none that is left behind."""

import asyncio

from flexura_edge.waiting import Waiting


async def test_what_happens_while_a_waiter_looks_is_not_missed() -> None:
    waiting = Waiting()
    with waiting.waiter("job") as waiter:
        waiting.wake("job")
        waiting.wake("job")
        waiting.wake("another job")
        async with asyncio.timeout(1):
            await waiter.wait(60)
        second = asyncio.create_task(waiter.wait(60))
        await asyncio.sleep(0)
        assert not second.done()
        waiting.end()
        async with asyncio.timeout(1):
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

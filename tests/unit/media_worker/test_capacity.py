"""Slots: as many jobs at once as there are, first come first served."""

import asyncio

from flexura_media_worker.service.capacity import Capacity


async def test_no_more_slots_are_given_out_than_there_are() -> None:
    capacity = Capacity(2)
    first, second = await capacity.take(0), await capacity.take(0)

    assert first is not None
    assert second is not None
    assert await capacity.take(0) is None
    assert capacity.busy == 2


async def test_a_slot_freed_twice_is_one_slot() -> None:
    capacity = Capacity(1)
    slot = await capacity.take(0)
    assert slot is not None
    slot.free()
    slot.free()

    assert capacity.busy == 0
    assert await capacity.take(0) is not None
    assert await capacity.take(0) is None


async def test_who_asks_first_is_served_first() -> None:
    capacity = Capacity(1)
    slot = await capacity.take(0)
    assert slot is not None
    served: list[int] = []

    async def ask(number: int) -> None:
        taken = await capacity.take(10)
        assert taken is not None
        served.append(number)
        taken.free()

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(ask(number))
            await asyncio.sleep(0)
        slot.free()

    assert served == [0, 1, 2]


async def test_a_slot_is_not_lost_on_one_who_has_left() -> None:
    capacity = Capacity(1)
    slot = await capacity.take(0)
    assert slot is not None
    assert await capacity.take(0.001) is None
    slot.free()

    assert capacity.busy == 0


async def test_a_closed_capacity_sends_waiters_away() -> None:
    capacity = Capacity(1)
    await capacity.take(0)
    waiting = asyncio.create_task(capacity.wait_until_free())
    await asyncio.sleep(0)
    capacity.close()

    assert await waiting is False


async def test_a_closed_capacity_gives_nothing_to_one_whose_turn_has_come() -> None:
    capacity = Capacity(1)
    slot = await capacity.take(0)
    assert slot is not None
    asking = asyncio.create_task(capacity.take(10))
    await asyncio.sleep(0)
    slot.free()
    capacity.close()

    assert await asking is None
    assert await capacity.take(0) is None
    assert capacity.busy == 0


async def test_waiting_ends_when_a_slot_is_free_and_takes_none() -> None:
    capacity = Capacity(1)
    slot = await capacity.take(0)
    assert slot is not None
    waiting = asyncio.create_task(capacity.wait_until_free())
    await asyncio.sleep(0)
    slot.free()

    assert await waiting is True
    assert capacity.busy == 0

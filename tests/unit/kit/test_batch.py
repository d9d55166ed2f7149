"""The gatherer: what each waiter gets, and what a batch may not do to the others."""

import asyncio
from collections.abc import Sequence

import pytest

from flexura_kit.batch import COMPANY_S, Gatherer
from flexura_kit.errors import FlexuraError, Kind, Reason


class Sender:
    """Answers each item with ten times itself, when it is let through; remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def send(self, items: list[int]) -> Sequence[int | FlexuraError]:
        self.batches.append(items)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return [refused(item) if item < 0 else item * 10 for item in items]


def refused(item: int) -> FlexuraError:
    return FlexuraError(Kind.NOT_FOUND, Reason.JOB_NOT_FOUND, "no such job", job_id=str(item))


def gatherer(
    sender: Sender,
    items_max: int = 64,
    bytes_max: int = 1000,
    waiting_max: int = 100,
    company_s: float = 3600,  # Nothing leaves because a slow machine let time pass.
) -> Gatherer[int, int]:
    return Gatherer(
        "test",
        sender.send,
        size_of=abs,
        items_max=items_max,
        bytes_max=bytes_max,
        in_flight_max=2,
        waiting_max=waiting_max,
        company_s=company_s,
    )


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_callers_that_wake_together_leave_together_and_later_ones_collect() -> None:
    sender = Sender()
    gathering = gatherer(sender)
    first = [asyncio.create_task(gathering.ask(item, 5)) for item in (1, 2)]
    await turns()
    later = [asyncio.create_task(gathering.ask(item, 5)) for item in (3, 4, 5)]
    await turns()
    assert sender.batches == [[1, 2]]
    sender.gate.set()
    assert await asyncio.gather(*first, *later) == [10, 20, 30, 40, 50]
    assert sender.batches == [[1, 2], [3, 4, 5]]


async def test_a_few_leave_while_another_batch_is_under_way() -> None:
    sender = Sender()
    gathering = gatherer(sender)
    first = asyncio.create_task(gathering.ask(1, 5))
    await turns()
    later = [asyncio.create_task(gathering.ask(item, 5)) for item in (2, 3, 4, 5)]
    await turns()
    assert sender.batches == [[1], [2, 3, 4, 5]]
    sender.gate.set()
    await asyncio.gather(first, *later)


async def test_a_crowd_goes_in_halves_and_a_later_few_together() -> None:
    sender = Sender()
    gathering = gatherer(sender)
    crowd = [asyncio.create_task(gathering.ask(item, 5)) for item in range(40)]
    await turns()
    assert list(map(len, sender.batches)) == [20, 20]
    sender.gate.set()
    await asyncio.gather(*crowd)
    sender.gate.clear()
    few = [asyncio.create_task(gathering.ask(item, 5)) for item in range(3)]
    await turns()
    assert list(map(len, sender.batches)) == [20, 20, 3]
    sender.gate.set()
    await asyncio.gather(*few)


async def test_an_item_waits_for_company_no_longer_than_it_must_behind_a_slow_batch() -> None:
    sender = Sender()
    gathering = gatherer(sender, company_s=COMPANY_S)
    slow = asyncio.create_task(gathering.ask(1, 5))
    await turns()
    alone = asyncio.create_task(gathering.ask(2, 5))
    async with asyncio.timeout(5):
        while sender.batches != [[1], [2]]:
            await asyncio.sleep(COMPANY_S)
    sender.gate.set()
    assert await asyncio.gather(slow, alone) == [10, 20]


async def test_an_items_own_error_reaches_its_caller_alone() -> None:
    sender = Sender()
    sender.gate.set()
    gathering = gatherer(sender)
    good, bad = await asyncio.gather(gathering.ask(1, 5), gathering.ask(-1, 5), return_exceptions=True)
    assert good == 10
    assert isinstance(bad, FlexuraError)
    assert bad.reason is Reason.JOB_NOT_FOUND


async def test_a_failed_batch_fails_each_waiter_once_and_the_gatherer_lives_on() -> None:
    sender = Sender()
    sender.gate.set()
    sender.failure = FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "gone", service="jobs")
    gathering = gatherer(sender)
    failures = await asyncio.gather(*(gathering.ask(item, 5) for item in (1, 2)), return_exceptions=True)
    assert [(f.kind, f.metadata) for f in failures if isinstance(f, FlexuraError)] == [
        (Kind.BUSY, {"service": "jobs"}),
        (Kind.BUSY, {"service": "jobs"}),
    ]
    assert failures[0] is not failures[1]
    sender.failure = None
    assert await gathering.ask(7, 5) == 70


async def test_a_crash_of_the_sender_shows_no_text_to_its_callers() -> None:
    sender = Sender()
    sender.gate.set()
    sender.failure = ValueError("password=hunter2")
    with pytest.raises(FlexuraError) as caught:
        await gatherer(sender).ask(1, 5)
    assert caught.value.kind is Kind.INTERNAL
    assert "hunter2" not in caught.value.message


async def test_answers_that_do_not_match_the_items_are_an_internal_error() -> None:
    async def short(_items: list[int]) -> list[int]:
        return []

    gathering: Gatherer[int, int] = Gatherer("test", short, size_of=lambda _item: 1)
    with pytest.raises(FlexuraError) as caught:
        await gathering.ask(1, 5)
    assert caught.value.kind is Kind.INTERNAL


async def test_a_caller_who_gave_up_is_left_out_of_the_next_batch() -> None:
    sender = Sender()
    gathering = gatherer(sender)
    ahead = asyncio.create_task(gathering.ask(1, 5))
    await turns()
    gone, stays = (asyncio.create_task(gathering.ask(item, 5)) for item in (3, 4))
    await turns()
    gone.cancel()
    await turns()
    sender.gate.set()
    assert await asyncio.gather(ahead, stays) == [10, 40]
    assert sender.batches == [[1], [4]]


async def test_each_item_has_a_time_out_of_its_own() -> None:
    sender = Sender()
    gathering = gatherer(sender)
    patient = asyncio.create_task(gathering.ask(2, 5))
    with pytest.raises(FlexuraError) as caught:
        await gathering.ask(1, 0.01)
    assert caught.value.kind is Kind.TIMED_OUT
    sender.gate.set()
    assert await patient == 20


async def test_a_batch_is_bounded_by_items_and_by_bytes() -> None:
    sender = Sender()
    sender.gate.set()
    by_items = gatherer(sender, items_max=2)
    await asyncio.gather(*(by_items.ask(item, 5) for item in (1, 2, 3)))
    by_bytes = gatherer(sender, bytes_max=10)
    await asyncio.gather(*(by_bytes.ask(item, 5) for item in (6, 4, 20, 1)))
    assert sender.batches == [[1, 2], [3], [6, 4], [20], [1]]


async def test_too_many_waiting_callers_are_turned_away_at_once() -> None:
    sender = Sender()
    gathering = gatherer(sender, items_max=1, waiting_max=2)
    waiting = [asyncio.create_task(gathering.ask(item, 5)) for item in (1, 2)]
    await turns()
    waiting += [asyncio.create_task(gathering.ask(item, 5)) for item in (3, 4)]
    await turns()
    with pytest.raises(FlexuraError) as caught:
        await gathering.ask(5, 5)
    assert (caught.value.kind, caught.value.reason) == (Kind.BUSY, Reason.OVERLOADED)
    sender.gate.set()
    assert await asyncio.gather(*waiting) == [10, 20, 30, 40]

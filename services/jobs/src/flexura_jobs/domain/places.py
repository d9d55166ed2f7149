"""Places in the queue: how many jobs are begun before one, where accounts take turns."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate, pairwise
from math import ceil
from typing import NamedTuple

from flexura_kit.ids import AccountId, JobId

# Places in an account's line that are looked up: the first ones exactly, then so that none between two of them is told
# wrongly by more than an eighth. The longest line has a few dozen.
MARKED_PLACES = (*range(1, 9), *(quarter << octave for octave in range(1, 15) for quarter in (5, 6, 7, 8)))


class Mark(NamedTuple):
    """Which job has a place in the line of its account at a model, of those that wait for a hint; the first has 1."""

    model: str
    account_id: AccountId
    place: int
    created_at: datetime
    job_id: JobId

    @property
    def key(self) -> tuple[datetime, JobId]:
        """By which a line is ordered."""
        return self.created_at, self.job_id


class Turns:
    """Who goes before whom, where each account has one turn in every round.

    Whose turn comes first in a round only the leading dispatcher knows: everybody else is taken to go before half of
    the times.
    """

    def __init__(self, lengths: Iterable[int]) -> None:
        self._lengths = sorted(lengths)
        self._sums = [0, *accumulate(self._lengths)]

    def position(self, place: int) -> int:
        """The position among all that wait of the job that has this place in a line."""
        return 1 + ceil(self._begun_after(place - 0.5) - 0.5)

    def newcomers_position(self) -> int:
        """Of the first job of an account that has none in line."""
        return 1 + ceil(self._begun_after(0.5))

    def _begun_after(self, rounds: float) -> float:
        ended = bisect_right(self._lengths, rounds)
        return self._sums[ended] + (len(self._lengths) - ended) * rounds


def places_around(marked: Sequence[int]) -> Iterator[int]:
    """The likely place of a job before the first mark, at it or after it, and so on."""
    yield 1
    for place, following in pairwise(marked):
        yield (place + following - 1) // 2
    yield marked[-1]

"""What is likely of unfinished jobs: their positions in the queue, and how long they still take."""

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.jobs import Job, JobState
from flexura_jobs.domain.places import Mark, Turns, places_around
from flexura_jobs.domain.queue import WorkerPresence, slots_serving
from flexura_jobs.domain.work_units import Estimate, Units, Work, estimate_of, units_of
from flexura_kit.ids import AccountId, JobId

RUNS_REMEMBERED = 32  # Of each model: enough for a median, few enough to follow a change soon.
LEFT_MS_MIN = 250  # However late a job is, it is not said to end at once.
OVERTIME = 0.1  # What a job still takes that takes longer than is usual, as a part of what it has taken.

Prospect = tuple[int | None, int | None]
"""A position in the queue, 1 for the next, and the milliseconds to the end; None for what is not known."""

NOTHING_KNOWN: Prospect = (None, None)


class Run(NamedTuple):
    """A job that was completed at its first attempt, and what that took."""

    model: str
    took_ms: float
    units: Units | None = None


@dataclass(frozen=True, slots=True)
class QueueLook:
    """The queues at one moment, and what has ended since the look before."""

    at: datetime
    marks: Sequence[Mark] = ()
    hinted: Sequence[tuple[str, JobId]] = ()
    """Models and jobs, in the order in which hints reach workers."""
    running: Mapping[str, int] = field(default_factory=dict)
    runs: Sequence[Run] = ()
    """The oldest first."""
    ended_until: datetime | None = None


class RunTimes:
    """What the latest jobs of each model took."""

    def __init__(self) -> None:
        self._latest: defaultdict[str, deque[Run]] = defaultdict(lambda: deque(maxlen=RUNS_REMEMBERED))
        self._estimates: dict[str, Estimate] = {}
        self.ended_until: datetime | None = None
        """The latest end that was taken in."""

    def learn(self, look: QueueLook) -> None:
        self.ended_until = look.ended_until
        for run in look.runs:
            self._latest[run.model].append(run)
        for model in {run.model for run in look.runs}:
            works = [Work(run.units, run.took_ms) for run in self._latest[model] if run.units is not None]
            estimate = estimate_of(works)
            if estimate is not None:
                self._estimates[model] = estimate

    def typical_ms(self, model: str) -> float | None:
        """The median, because one odd job says nothing; None where none was completed yet."""
        return median(run.took_ms for run in self._latest[model]) if model in self._latest else None

    def estimate(self, model: str) -> Estimate | None:
        """How long a job of some size takes; None where nothing tells that."""
        return self._estimates.get(model)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many jobs of a model may run at once, and for how many of them a slot is free."""

    slots: float
    free: float


class Line(NamedTuple):
    """The jobs of an account that wait for a hint: some of them, in order, and what is likely of those around them."""

    keys: list[tuple[datetime, JobId]]
    prospects: list[Prospect]


@dataclass(frozen=True, slots=True)
class ModelOutlook:
    """What is likely of the jobs of one model."""

    typical_ms: float | None
    hinted: dict[JobId, Prospect]
    lines: dict[AccountId, Line]
    newcomer: Prospect
    """Of a job that was not in line: it has just come back, or is being sent."""
    estimate: Estimate | None = None

    def own_ms(self, job: Job) -> float | None:
        """How long this job is likely to take once it has begun."""
        if self.estimate is None:
            return self.typical_ms
        return self.estimate(units_of(job.media_type, job.options_json))

    def sized(self, prospect: Prospect, job: Job) -> Prospect:
        """Puts this job's own time in the place of a usual one; those before it are taken to be usual."""
        position, usual_ms = prospect
        own_ms = self.own_ms(job)
        if usual_ms is None or own_ms is None or self.typical_ms is None:
            return prospect
        return position, max(int(usual_ms - self.typical_ms + own_ms), LEFT_MS_MIN)


class Outlook:
    """Made for all jobs at once, now and then, so that reading a job costs no more than looking it up here."""

    __slots__ = ("_at", "_models")

    def __init__(self, at: datetime, models: Mapping[str, ModelOutlook]) -> None:
        self._at = at
        self._models = models

    def of(self, job: Job) -> Prospect:
        """Answers what is likely of a job that has not ended."""
        model = self._models.get(job.model)
        if model is None:
            return NOTHING_KNOWN
        if job.state is JobState.PROCESSING:
            # Updated last when the attempt began: what is renewed meanwhile is no change of its state.
            return None, left_ms(model.own_ms(job), (self._at - job.updated_at).total_seconds(), job.progress)
        if job.created_at > self._at:
            # How many others came with it is not known before the next look.
            return NOTHING_KNOWN
        hinted = model.hinted.get(job.job_id)
        if hinted is not None:
            return model.sized(hinted, job)
        line = model.lines.get(job.account_id)
        if line is None:
            return model.sized(model.newcomer, job)
        return model.sized(line.prospects[bisect_right(line.keys, (job.created_at, job.job_id))], job)


NO_OUTLOOK = Outlook(datetime(1970, 1, 1, tzinfo=UTC), {})


def left_ms(typical_ms: float | None, elapsed_s: float, progress: float) -> int | None:
    """How long an attempt still takes."""
    if typical_ms is None:
        return None
    # It may have begun after the look.
    elapsed_ms = elapsed_s * 1000 if elapsed_s > 0 else 0.0
    if progress:
        # What is usual, and what its own pace says the more the further it is, come to this together.
        left = (1 - progress) * max(typical_ms, elapsed_ms)
    else:
        left = max(typical_ms - elapsed_ms, elapsed_ms * OVERTIME)
    return int(left) if left > LEFT_MS_MIN else LEFT_MS_MIN


def eta_ms(position: int, capacity: Capacity, typical_ms: float | None) -> int | None:
    """How long a queued job takes: those before it, as far as no slot is free for them, and then itself."""
    if typical_ms is None or not capacity.slots:
        return None
    rounds = 1 + max(0.0, position - capacity.free) / capacity.slots
    return max(int(typical_ms * rounds), LEFT_MS_MIN)


def outlook_of(
    look: QueueLook, run_times: RunTimes, models: Sequence[Model], workers: Sequence[WorkerPresence]
) -> Outlook:
    hinted: defaultdict[str, list[JobId]] = defaultdict(list)
    for name, job_id in look.hinted:
        hinted[name].append(job_id)
    marks: defaultdict[str, defaultdict[AccountId, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for mark in look.marks:
        marks[mark.model][mark.account_id].append(mark)
    capacities = capacities_of(models, workers, look.running, {*hinted, *marks})

    def of(name: str) -> ModelOutlook:
        outlook = model_outlook(hinted[name], marks[name], capacities[name], run_times.typical_ms(name))
        return replace(outlook, estimate=run_times.estimate(name))

    return Outlook(look.at, {model.model: of(model.model) for model in models})


def capacities_of(
    models: Sequence[Model], workers: Sequence[WorkerPresence], running: Mapping[str, int], queued: Collection[str]
) -> dict[str, Capacity]:
    """Takes each provider's slots to be shared evenly by those of its models that have jobs in the queue."""
    busy: Counter[str] = Counter()
    sharing: Counter[str] = Counter()
    for model in models:
        busy[model.provider] += running.get(model.model, 0)
        sharing[model.provider] += model.model in queued

    def capacity(provider: str) -> Capacity:
        slots, share = slots_serving(provider, workers), max(1, sharing[provider])
        return Capacity(slots / share, max(0, slots - busy[provider]) / share)

    return {model.model: capacity(model.provider) for model in models}


def model_outlook(
    hinted: Sequence[JobId],
    marks: Mapping[AccountId, Sequence[Mark]],
    capacity: Capacity,
    typical_ms: float | None,
) -> ModelOutlook:
    def prospect(position: int) -> Prospect:
        return position, eta_ms(position, capacity, typical_ms)

    lines = {account_id: sorted(found, key=by_place) for account_id, found in marks.items()}
    turns = Turns(line[-1].place for line in lines.values())
    return ModelOutlook(
        typical_ms,
        {job_id: prospect(position) for position, job_id in enumerate(hinted, start=1)},
        {
            account_id: line_of(line, lambda place: prospect(len(hinted) + turns.position(place)))
            for account_id, line in lines.items()
        },
        prospect(len(hinted) + turns.newcomers_position()),
    )


def by_place(mark: Mark) -> int:
    return mark.place


def line_of(marks: Sequence[Mark], prospect: Callable[[int], Prospect]) -> Line:
    places = places_around([mark.place for mark in marks])
    return Line([mark.key for mark in marks], [prospect(place) for place in places])

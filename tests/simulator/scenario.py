"""What a seed is about: how many processes, which jobs when, who cancels, and what goes wrong."""

import random
from dataclasses import dataclass
from datetime import timedelta

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.jobs import JobRequest, MediaType
from flexura_kit.ids import AccountId, JobId
from simulator.faults import FaultPlan, draw_plan
from simulator.processes import PROVIDER
from simulator.workshop import Nature

ATTEMPT_S_MAX = 20.0
PLAIN_MODEL, BILLED_MODEL = "painter", "printer"

NATURES = [
    *[Nature.PLAIN] * 16, *[Nature.POISON] * 3, *[Nature.FLAKY] * 3, Nature.REFUSED, Nature.EMPTY, Nature.HANGING,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job, when it is submitted, and when it is cancelled, if it is."""

    request: JobRequest
    nature: Nature
    is_billed: bool
    take_s: float
    submit_at: float
    cancel_at: float | None
    delete_at: float | None
    copies: int
    """How often it is submitted again under its idempotency key once it was accepted; only where it has one."""

    @property
    def job_id(self) -> JobId:
        return self.request.job_id


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that a seed decides before it runs."""

    seed: int
    replicas: int
    workers: int
    slots: int
    jobs: tuple[PlannedJob, ...]
    faults: FaultPlan

    @property
    def work_s_max(self) -> float:
        """How long the work takes at most, one job after another, each as often as it may be tried."""
        return sum(3 * job.take_s + ATTEMPT_S_MAX * (job.nature is Nature.HANGING) for job in self.jobs)


def draw_scenario(seed: int) -> Scenario:
    dice = random.Random(f"scenario {seed}")
    return Scenario(
        seed=seed,
        replicas=dice.choice((1, 1, 2)),
        workers=dice.choice((1, 1, 2, 2, 3)),
        slots=dice.choice((1, 2)),
        jobs=tuple(draw_job(dice, seed, number) for number in range(dice.randint(3, 6))),
        faults=draw_plan(dice),
    )


def draw_job(dice: random.Random, seed: int, number: int) -> PlannedJob:
    is_billed = dice.random() < 0.35
    is_long = dice.random() < 0.1
    is_canceled = dice.random() < (0.4 if is_long else 0.12)
    is_deleted, is_keyed = dice.random() < 0.12, dice.random() < 0.15
    submit_at = dice.uniform(0.0, 4.0)
    request = JobRequest(
        job_id=JobId(f"{seed:08x}-0000-7000-8000-{number:012x}"),
        account_id=AccountId(f"account-{dice.randint(1, 2)}"),
        media_type=MediaType.IMAGE,
        model=BILLED_MODEL if is_billed else PLAIN_MODEL,
        prompt="a lighthouse",
        options_json="{}",
        traceparent="",
        timeout=timedelta(seconds=dice.uniform(1.0, 6.0)) if dice.random() < 0.05 else None,
        idempotency_key=f"key-{number}" if is_keyed else "",
    )
    return PlannedJob(
        request=request,
        nature=dice.choice(NATURES),
        is_billed=is_billed,
        take_s=dice.uniform(8.0, 18.0) if is_long else dice.uniform(0.1, 2.0),
        submit_at=submit_at,
        cancel_at=submit_at + dice.uniform(0.0, 4.0) if is_canceled else None,
        delete_at=submit_at + dice.uniform(0.0, 8.0) if is_deleted else None,
        copies=dice.randint(1, 2) if is_keyed else 0,
    )


def models() -> list[Model]:
    return [model(PLAIN_MODEL, is_billed=False), model(BILLED_MODEL, is_billed=True)]


def model(name: str, *, is_billed: bool) -> Model:
    return Model(
        model=name,
        media_type=MediaType.IMAGE,
        description="",
        provider=PROVIDER,
        upstream_model=name,
        options_schema={"properties": {}},
        timeout=timedelta(seconds=ATTEMPT_S_MAX),
        deadline=timedelta(hours=1),
        is_billed=is_billed,
        prompt_characters_max=1000,
        substitutes=(),
    )

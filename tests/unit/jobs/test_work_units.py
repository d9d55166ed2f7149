"""How long a job is said to take, by its size and by what others took."""

import random
from statistics import median

import pytest

from flexura_jobs.domain.jobs import MediaType
from flexura_jobs.domain.work_units import Units, Work, estimate_of, units_of

SIDES = (64, 256, 512, 768, 1024, 1536, 2048)
RATIO_MAX = 2.0


def picture(side: int, steps: int = 4) -> Units:
    return units_of(MediaType.IMAGE, f'{{"width": {side}, "height": {side}, "steps": {steps}}}')


def works(takes: object, count: int = 32, odd: float = 0.0) -> list[Work]:
    """What as many jobs of mixed sizes and steps took, with a tenth of noise and some odd ones."""
    dice = random.Random(7)  # noqa: S311 - no secret.
    made = []
    for _ in range(count):
        side, steps = dice.choice(SIDES), dice.choice((1, 4, 20, 50))
        took = takes(side, steps) * dice.uniform(0.9, 1.1)  # type: ignore[operator]
        made.append(Work(picture(side, steps), took * 20 if dice.random() < odd else took))
    return made


def by_size(side: int, _steps: int) -> float:
    return 150 + side * side * 2e-3


def by_size_and_steps(side: int, steps: int) -> float:
    return 300 + side * side * steps * 5e-4


@pytest.mark.parametrize("takes", [by_size, by_size_and_steps])
@pytest.mark.parametrize("odd", [0.0, 0.2])
def test_what_is_announced_follows_the_size(takes: object, odd: float) -> None:
    estimate = estimate_of(works(takes, odd=odd))
    assert estimate is not None
    for side in SIDES:
        for steps in (1, 4, 20, 50):
            ratio = estimate(picture(side, steps)) / takes(side, steps)  # type: ignore[operator]
            assert 1 / RATIO_MAX <= ratio <= RATIO_MAX, (side, steps, ratio)


def test_a_larger_film_than_any_before_is_announced_in_proportion() -> None:
    usual = units_of(MediaType.VIDEO, '{"width": 768, "height": 432, "duration_s": 4, "fps": 24}')
    large = units_of(MediaType.VIDEO, '{"width": 1280, "height": 1280, "duration_s": 10, "fps": 30}')
    estimate = estimate_of([Work(usual, 8_000.0)] * 5)
    assert estimate is not None
    assert estimate(usual) == pytest.approx(8_000)
    assert estimate(large) == pytest.approx(8_000 * large.plain / usual.plain)


def test_time_never_falls_with_size() -> None:
    estimate = estimate_of([Work(picture(512), 4_000.0), Work(picture(1024), 1_000.0)])
    assert estimate is not None
    assert estimate(picture(64)) <= estimate(picture(2048))


def test_one_odd_job_says_nothing() -> None:
    took = [100.0, 110.0, 90.0, 60_000.0, 105.0]
    estimate = estimate_of([Work(picture(512), one) for one in took])
    assert estimate is not None
    assert estimate(picture(512)) == pytest.approx(median(took))


def test_nothing_is_announced_before_anything_was_learnt() -> None:
    assert estimate_of([]) is None


@pytest.mark.parametrize("options", ["", "{}", '{"width": "x"}', "[]", '{"width": -1, "steps": 0}', "null"])
def test_odd_options_have_a_size_all_the_same(options: str) -> None:
    for media_type in MediaType:
        assert units_of(media_type, options).plain > 0

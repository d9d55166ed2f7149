"""The simulator over as many seeds as a minute allows; `make simulate SEED=1` replays one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.campaign import run_campaign
from simulator.faults import Fault

SEEDS = 10_000
STRIKES_MIN = 50  # Of each kind of fault, else it proves nothing about that kind.


@pytest.mark.timeout(400)
def test_whatever_goes_wrong_every_accepted_job_ends_once_and_as_it_should() -> None:
    campaign = run_campaign(0, SEEDS)
    print(campaign.summary())
    assert campaign.failures == {}, campaign.summary()
    assert campaign.seeds == SEEDS
    assert {kind: campaign.faults[kind] for kind in Fault if campaign.faults[kind] < STRIKES_MIN} == {}


@pytest.mark.parametrize("seed", [3, 20, 90])
def test_a_seed_is_the_same_run_again_in_another_process(seed: int) -> None:
    first, again = replayed(seed, hash_seed="1"), replayed(seed, hash_seed="2")
    assert "is completed: completed" in first
    assert first == again


def replayed(seed: int, hash_seed: str) -> str:
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [sys.executable, "-m", "simulator", "replay", str(seed)],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

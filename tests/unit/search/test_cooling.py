"""When an engine that failed is asked again."""

import pytest

from flexura_search.domain.cooling import REFUSED_S, REST_S, REST_S_MAX, SAID_S_MAX, Cooling
from flexura_search.domain.findings import EngineStatus


def test_one_failure_is_borne_and_the_next_one_brings_a_rest_that_grows() -> None:
    cooling, now, rests = Cooling(), 0.0, []
    cooling.learn(EngineStatus.UNREACHABLE, "", now, now)
    assert cooling.admits(now)
    for _ in range(2000):
        cooling.learn(EngineStatus.UNREACHABLE, "", now, now)
        rests.append(cooling.remaining_s(now))
        assert not cooling.admits(now)
        now = cooling.until
        assert cooling.admits(now)
    assert rests[:3] == [REST_S, 2 * REST_S, 4 * REST_S]
    assert rests[-1] == REST_S_MAX


def test_one_probe_goes_out_after_the_rest() -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.LIMITED, "", 0.0, 0.0, retry_after_s=20)
    assert not cooling.admits(19.9)
    assert cooling.admits(20.0)
    assert not cooling.admits(20.0)
    cooling.release(20.0)
    assert cooling.admits(20.0)
    cooling.learn(EngineStatus.EMPTY, "", 21.0, 20.0)
    assert cooling.admits(21.0)
    assert cooling.admits(21.0)


@pytest.mark.parametrize("status", [EngineStatus.LIMITED, EngineStatus.BLOCKED, EngineStatus.UNREACHABLE])
@pytest.mark.parametrize(("asked_s", "waits_s"), [(1e9, SAID_S_MAX), (0.001, 1.0), (45, 45)])
def test_a_retry_after_is_honoured_within_bounds(status: EngineStatus, asked_s: float, waits_s: float) -> None:
    cooling = Cooling()
    cooling.learn(status, "", 0.0, 0.0, retry_after_s=asked_s)
    assert cooling.remaining_s(0.0) == waits_s


def test_a_key_that_is_refused_is_not_tried_sooner_for_being_asked() -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.QUOTA_USED, "", 0.0, 0.0, retry_after_s=1)
    assert cooling.remaining_s(0.0) == REFUSED_S


def test_questions_that_were_under_way_together_fail_once() -> None:
    cooling = Cooling()
    for _ in range(10):
        cooling.learn(EngineStatus.UNREACHABLE, "", 5.0, 0.0)
    assert cooling.remaining_s(5.0) == REST_S


@pytest.mark.parametrize("status", EngineStatus)
def test_what_was_asked_before_a_rest_neither_ends_it_nor_makes_it_longer(status: EngineStatus) -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.LIMITED, "slow down", 1.0, 0.0, retry_after_s=60)
    cooling.learn(status, "", 2.0, 0.5)
    assert cooling.until == 61.0
    assert cooling.reason == "slow down"
    assert not cooling.admits(60.9)


def test_who_was_asked_before_a_rest_lets_no_second_one_try() -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.LIMITED, "", 1.0, 0.0, retry_after_s=5)
    assert cooling.admits(7.0)
    cooling.release(asked_at=0.5)
    assert not cooling.admits(7.0)
    cooling.release(asked_at=7.0)
    assert cooling.admits(7.0)

"""That bugs are found at all: a few of those that `make planted-bugs` plants, and that each still has its place."""

import pytest

from simulator.planted.bugs import BUGS, Bug, Detector
from simulator.planted.garden import look_for, planted

QUICK = ("a refused result is answered as taken", "a message id is used again", "a report may come under any token")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.name in QUICK], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    (finding,) = look_for([bug])
    assert finding.is_found, finding.line()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_still_has_its_place_in_the_sources(bug: Bug) -> None:
    with planted(bug) as sources:
        assert all(source.is_dir() for source in sources)


def test_each_detector_has_bugs_to_find() -> None:
    assert {bug.detector for bug in BUGS} == set(Detector)

"""The same seed gives the same faults, and a round leaves none out."""

from itertools import islice

from faults.schedule import HELD_S, QUIET_S, FaultKind, schedule

KINDS = list(FaultKind)


def test_the_same_seed_gives_the_same_faults_and_another_seed_others() -> None:
    first, again, other = (list(islice(schedule(seed, KINDS), 3)) for seed in (7, 7, 8))

    assert first == again
    assert first != other


def test_the_order_in_which_the_kinds_are_named_does_not_matter() -> None:
    assert next(schedule(7, KINDS)) == next(schedule(7, KINDS[::-1]))


def test_each_round_has_every_kind_once_within_its_bounds() -> None:
    for round_ in islice(schedule(7, KINDS), 5):
        assert {fault.kind for fault in round_} == set(KINDS)
        assert len(round_) == len(KINDS)
        for fault in round_:
            shortest, longest = HELD_S.get(fault.kind, (0.0, 0.0))
            assert QUIET_S[0] <= fault.quiet_s <= QUIET_S[1]
            assert shortest <= fault.held_s <= longest

"""A gap of the size that is stated to be detectable is found about as often as stated."""

import pytest

from callgap.proofs import power
from callgap.proofs.populations import MARGIN
from callgap.proofs.power import ACCEPTED, PLACES, Task, powered
from callgap.proofs.sampling_error import slack

FEW = 60


@pytest.mark.parametrize("place", [("even", 100, 100), ("calls", 100, 100)])
def test_planted_gaps_of_the_stated_size_are_found(place):
    found = powered(Task(*place, FEW, 3))
    # Decided before: what is accepted of many simulations, and three standard errors of so few.
    allowed = 1.5 * slack(0.80, FEW)
    assert ACCEPTED[0] - allowed <= found.power <= ACCEPTED[1] + allowed
    assert found.stated == 1
    assert MARGIN < found.size_low <= found.size <= found.size_high


def test_smaller_samples_state_larger_sizes():
    small, large = (powered(Task("even", *sizes, 20, 3)).size for sizes in ((30, 30), (100, 100)))
    assert small > 1.2 * large


def test_simulations_repeat():
    assert powered(Task("even", 20, 100, 10, 3)) == powered(Task("even", 20, 100, 10, 3))


@pytest.mark.slow
def test_power_is_the_stated_one_everywhere():
    assert len(PLACES) == 10
    assert [row for row in power.run(400, 2, 2) if not row.holds] == []

"""Permutation tests where variances, denominators or speakers are missing, and where rounding could decide."""

import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from callgap_kernels.resampling.permutation import Permutation, permute

PAIR = np.array([[1, 0]])
HALVES = np.repeat([0, 1], 4)


def test_separated_constant_groups_are_infinitely_far_apart() -> None:
    errors = np.repeat([0, 5], 4)[:, None]
    result = permute(errors, np.full((8, 1), 10), HALVES, PAIR, seed=1)
    assert result.difference.statistic.item() == np.inf
    assert result.omnibus.statistic.item() == np.inf
    # The sample and its mirror image.
    assert result.difference.p.item() == result.omnibus.p.item() == 2 / comb(8, 4)


def test_the_sign_of_an_infinite_statistic_is_that_of_the_estimate() -> None:
    errors = np.repeat([5, 0], 4)[:, None]
    result = permute(errors, np.full((8, 1), 10), HALVES, np.array([[1, 0], [0, 1]]), seed=1).difference
    assert result.statistic.ravel().tolist() == [-np.inf, np.inf]
    assert result.estimate.ravel().tolist() == [-0.5, 0.5]


@pytest.mark.parametrize("statistic", ["studentized", "difference"])
@pytest.mark.parametrize("rate", [0, 1 / 3, 0.1, 0.7])
def test_equal_rates_of_unequal_sizes_are_no_difference(rate: float, statistic: str) -> None:
    words = np.array([[3], [21], [30], [9], [12], [33], [27], [6]])
    result = permute(words * rate, words, HALVES, PAIR, seed=1, statistic=statistic)
    assert result.difference.statistic.item() == result.omnibus.statistic.item() == 0
    assert result.difference.p.item() == result.omnibus.p.item() == 1


@pytest.mark.parametrize("statistic", ["studentized", "difference"])
@pytest.mark.parametrize("seed", range(5))
def test_rounding_makes_no_difference_of_equal_rates(seed: int, statistic: str) -> None:
    # Sums of 40 tenths are off by a few units in the last place, and differently in each arrangement.
    words = np.random.default_rng(seed).integers(20, 900, (60, 1))
    group = np.repeat([0, 1, 2], 20)
    result = permute(words * 0.1, words, group, PAIR, seed=seed, resamples=99, statistic=statistic)
    assert result.difference.statistic.item() == result.omnibus.statistic.item() == 0
    assert result.difference.p.item() == result.omnibus.p.item() == 1


def test_a_group_without_a_denominator_has_no_p_value() -> None:
    words = np.array([[10, 0]] * 4 + [[10, 10]] * 4)
    errors = np.array([[1, 0], [2, 0], [4, 0], [3, 0], [4, 1], [5, 2], [2, 1], [7, 3]])
    result = permute(errors, words, HALVES, PAIR, seed=1)
    for tests in (result.difference, result.omnibus):
        assert np.isnan(tests.p.ravel()).tolist() == [False, True]
        assert np.isnan(tests.p_adjusted.ravel()).tolist() == [False, True]
        assert np.isnan(tests.statistic.ravel()).tolist() == [False, True]


def test_an_endpoint_that_nobody_has_changes_no_other() -> None:
    words, errors = np.full((8, 2), 10), np.arange(16).reshape(8, 2) % 7
    words[:, 1] = 0
    both = permute(errors, words, HALVES, PAIR, seed=1)
    alone = permute(errors[:, :1], words[:, :1], HALVES, PAIR, seed=1)
    for ours, theirs in ((both.difference, alone.difference), (both.omnibus, alone.omnibus)):
        assert ours.p.ravel()[0] == theirs.p.item()
        assert ours.p_adjusted.ravel()[0] == theirs.p_adjusted.item()


def test_an_undefined_arrangement_counts_as_extreme() -> None:
    # Only speakers 0, 1 and 4 have words; with all three on one side there is no rate on the other.
    words = np.array([4, 4, 0, 0, 4, 0, 0, 0])
    errors = np.array([1, 2, 0, 0, 1, 0, 0, 0])
    halves = itertools.combinations(range(8), 4)
    defined = []
    for half in halves:
        one, other = (words[list(side)].sum() for side in (half, set(range(8)) - set(half)))
        defined.append(bool(one and other))
    result = permute(errors[:, None], words[:, None], HALVES, PAIR, seed=1, statistic="difference").difference
    differences = {
        half: Fraction(int(errors[list(half)].sum()), int(words[list(half)].sum()))
        - Fraction(int(errors.sum() - errors[list(half)].sum()), int(words.sum() - words[list(half)].sum()))
        for half, usable in zip(itertools.combinations(range(8), 4), defined, strict=True)
        if usable
    }
    observed = abs(differences[4, 5, 6, 7])
    extreme = sum(abs(value) >= observed for value in differences.values()) + defined.count(False)
    assert 0 < defined.count(False) < 70
    assert result.p.item() == extreme / 70


def test_a_group_of_one_speaker_has_no_variance_but_a_difference() -> None:
    errors, words, group = np.array([[1], [2], [4], [3], [9]]), np.full((5, 1), 10), np.array([0, 0, 0, 0, 1])
    studentized = permute(errors, words, group, PAIR, seed=1).difference
    assert np.isnan(studentized.p).all()
    assert studentized.estimate.item() == pytest.approx(0.65)
    assert permute(errors, words, group, PAIR, seed=1, statistic="difference").difference.p.item() == 1 / 5


def test_groups_without_events_leave_the_omnibus_finite() -> None:
    errors = np.array([0, 0, 0, 0, 0, 0, 1, 2, 0])[:, None]
    words = np.array([7, 11, 13, 17, 19, 23, 29, 31, 37])[:, None]
    result = permute(errors, words, np.repeat([0, 1, 2], 3), PAIR, seed=1)
    assert 0 < result.omnibus.statistic.item() < np.inf
    assert result.difference.statistic.item() == 0
    assert result.difference.p.item() == 1


def test_one_group_alone_differs_from_nobody() -> None:
    none = np.empty((0, 2), dtype=np.int64)
    result = permute(np.array([[1], [2], [4]]), np.full((3, 1), 9), np.zeros(3, dtype=np.int64), none, seed=1)
    assert result.omnibus.p.item() == 1
    assert result.difference.p.shape == result.difference.p_adjusted.shape == (0, 1)


def test_a_drawn_p_value_is_never_0() -> None:
    rng = np.random.default_rng(1)
    errors = np.append(rng.integers(0, 3, 30), rng.integers(50, 60, 30))[:, None]
    result = permute(errors, np.full((60, 1), 100), np.repeat([0, 1], 30), PAIR, seed=1, resamples=199)
    for tests in (result.difference, result.omnibus):
        assert tests.p.item() == 1 / 200
        assert tests.p_adjusted.item() >= 1 / 200


@pytest.mark.parametrize("seed", range(5))
def test_rounding_decides_no_tie(seed: int) -> None:
    # Sums of tenths depend on the order of summation in floating point and not in fractions.
    tenths = np.random.default_rng(seed).integers(0, 6, 10)
    group = np.repeat([0, 1], 5)
    result = tied(tenths / 10, group)
    differences = [
        abs(Fraction(int(tenths[list(half)].sum()), 5) - Fraction(int(tenths.sum() - tenths[list(half)].sum()), 5))
        for half in itertools.combinations(range(10), 5)
    ]
    # The last combination is the second half.
    assert result.difference.p.item() == sum(value >= differences[-1] for value in differences) / 252


def tied(values: np.ndarray, group: np.ndarray) -> Permutation:
    return permute(values[:, None], np.ones((len(values), 1)), group, PAIR, seed=1, statistic="difference")


def test_a_large_common_rate_does_not_swamp_a_small_spread() -> None:
    below = np.array([0, 3, 1, 7, 9, 2, 8, 6])
    words = np.full((8, 1), 2.0**30)
    large = permute(words - below[:, None], words, HALVES, PAIR, seed=1)
    small = permute(below[:, None], words, HALVES, PAIR, seed=1)
    assert large.difference.p.item() == small.difference.p.item()
    assert large.difference.statistic.item() == pytest.approx(-small.difference.statistic.item(), rel=1e-6)

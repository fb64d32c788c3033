"""Exact permutation tests against scipy, enumeration by itertools, and arithmetic by hand."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import Permutation, permute
from callgap_kernels.resampling.permutation.families import MOST_ARRANGEMENTS, Family
from callgap_kernels.resampling.permutation.reference import enumerate_labels

Float = NDArray[np.float64]
Int = NDArray[np.int64]
PAIR = np.array([[1, 0]])
CLOSE = 1 - 1e-9


def speaker_sums(speakers: int, seed: int) -> tuple[Int, Int]:
    rng = np.random.default_rng(seed)
    words = rng.integers(20, 90, (speakers, 1))
    return rng.binomial(words, np.clip(0.2 * rng.lognormal(0, 0.5, (speakers, 1)), 0, 1)), words


def welch(one: Float, other: Float, axis: int) -> Float:
    difference = one.mean(axis=axis) - other.mean(axis=axis)
    variance = one.var(axis=axis, ddof=1) / one.shape[axis] + other.var(axis=axis, ddof=1) / other.shape[axis]
    magnitude: Float = np.abs(difference) / np.sqrt(variance)
    return magnitude


def distinct_orders(labels: list[int]) -> list[tuple[int, ...]]:
    return sorted(set(itertools.permutations(labels)))


def all_arrangements(group: list[int], strata: list[int]) -> list[list[int]]:
    """Every distinct arrangement of the labels within the strata, in the order of the speakers."""
    places = [[place for place, its in enumerate(strata) if its == stratum] for stratum in sorted(set(strata))]
    found = []
    for orders in itertools.product(*(distinct_orders([group[place] for place in within]) for within in places)):
        arrangement = [0] * len(group)
        for within, order in zip(places, orders, strict=True):
            for place, label in zip(within, order, strict=True):
                arrangement[place] = label
        found.append(arrangement)
    return found


def rate_and_variance(members: list[int], errors: list[float], words: list[float]) -> tuple[float, float]:
    n, total = len(members), sum(words[member] for member in members)
    rate = sum(errors[member] for member in members) / total
    squares = sum((errors[member] - rate * words[member]) ** 2 for member in members)
    return rate, n / (n - 1) * squares / total**2


def brute_force_t(arrangement: list[int], errors: list[float], words: list[float]) -> float:
    (r0, v0), (r1, v1) = (
        rate_and_variance([s for s, label in enumerate(arrangement) if label == group], errors, words)
        for group in (0, 1)
    )
    return (r1 - r0) / math.sqrt(v0 + v1)


def brute_force_q(arrangement: list[int], errors: list[float], words: list[float]) -> float:
    each = [
        rate_and_variance([s for s, label in enumerate(arrangement) if label == group], errors, words)
        for group in sorted(set(arrangement))
    ]
    mean = sum(rate / variance for rate, variance in each) / sum(1 / variance for _, variance in each)
    return sum((rate - mean) ** 2 / variance for rate, variance in each)


def share(statistics: list[float], observed: float) -> float:
    return sum(abs(value) >= abs(observed) * CLOSE for value in statistics) / len(statistics)


def test_studentized_means_equal_scipy() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.8, 1, 6), rng.normal(0, 2, 5)
    theirs = stats.permutation_test((one, other), welch, alternative="greater", n_resamples=np.inf, vectorized=True)
    values, group = np.append(one, other)[:, None], np.repeat([1, 0], (6, 5))
    ours = permute(values, np.ones((11, 1)), group, PAIR, seed=1).difference
    assert ours.exact.all()
    assert ours.arrangements.item() == math.comb(11, 5)
    assert abs(ours.statistic.item()) == pytest.approx(theirs.statistic, rel=1e-12)
    assert ours.p.item() == theirs.pvalue


def test_plain_differences_of_means_equal_scipy() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(0.8, 1, 6), rng.normal(0, 2, 5)
    theirs = stats.permutation_test(
        (one, other),
        lambda x, y, axis: np.abs(x.mean(axis=axis) - y.mean(axis=axis)),
        alternative="greater",
        n_resamples=np.inf,
    )
    values, group = np.append(one, other)[:, None], np.repeat([1, 0], (6, 5))
    ours = permute(values, np.ones((11, 1)), group, PAIR, seed=1, statistic="difference").difference
    assert ours.estimate.item() == pytest.approx(one.mean() - other.mean(), rel=1e-12)
    assert ours.p.item() == theirs.pvalue


def test_plain_omnibus_of_means_equals_the_permuted_f_test() -> None:
    rng = np.random.default_rng(3)
    samples = [rng.normal(mean, 1, size) for mean, size in ((0, 2), (1, 3), (0.5, 4))]
    theirs = stats.permutation_test(
        samples, lambda *each, axis: stats.f_oneway(*each, axis=axis).statistic, alternative="greater", n_resamples=9999
    )
    ours = permute(
        np.concatenate(samples)[:, None],
        np.ones((9, 1)),
        np.repeat([0, 1, 2], (2, 3, 4)),
        np.empty((0, 2), dtype=np.int64),
        seed=1,
        statistic="difference",
    ).omnibus
    assert ours.exact
    assert ours.arrangements == 1260
    assert ours.p.item() == theirs.pvalue


def test_strata_by_hand() -> None:
    # Differences of means in the four arrangements: 0.3, 0.1, -0.1, -0.3.
    values = np.array([[1], [3], [2], [6]])
    strata = np.array([0, 0, 1, 1])
    result = permute(
        values, np.full((4, 1), 10), np.array([0, 1, 0, 1]), PAIR, strata=strata, seed=1, statistic="difference"
    ).difference
    assert result.estimate.item() == pytest.approx(0.3)
    assert result.arrangements.item() == 4
    assert result.p.item() == 0.5


@pytest.mark.parametrize("seed", range(4))
def test_exact_p_equals_brute_force_within_strata(seed: int) -> None:
    errors, words = speaker_sums(9, seed)
    group, strata = [0, 1, 0, 1, 1, 0, 1, 0, 0], [2, 2, 0, 0, 0, 0, -1, -1, -1]
    ours = permute(errors, words, np.array(group), PAIR, strata=np.array(strata), seed=1).difference
    table = [column.ravel().astype(float).tolist() for column in (errors, words)]
    observed = brute_force_t(group, *table)
    every = [brute_force_t(arrangement, *table) for arrangement in all_arrangements(group, strata)]
    assert ours.arrangements.item() == len(every) == 2 * 6 * 3
    assert ours.statistic.item() == pytest.approx(observed, rel=1e-10)
    assert ours.p.item() == share(every, observed)


@pytest.mark.parametrize("seed", range(3))
def test_exact_omnibus_equals_brute_force(seed: int) -> None:
    errors, words = speaker_sums(8, seed + 10)
    group, strata = [0, 1, 2, 0, 1, 2, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1]
    ours = permute(errors, words, np.array(group), PAIR, strata=np.array(strata), seed=1).omnibus
    table = [column.ravel().astype(float).tolist() for column in (errors, words)]
    every = [brute_force_q(arrangement, *table) for arrangement in all_arrangements(group, strata)]
    assert ours.arrangements == len(every) == 12 * 12
    assert ours.statistic.item() == pytest.approx(brute_force_q(group, *table), rel=1e-10)
    assert ours.p.item() == share(every, brute_force_q(group, *table))


def test_every_distinct_arrangement_is_listed_once_whatever_the_tile() -> None:
    group, strata = [0, 1, 2, 0, 1, 2, 0], [0, 0, 0, 1, 1, 1, 1]
    sums = SpeakerSums.from_arrays(np.ones((7, 1)), np.ones((7, 1)), np.array(group), PAIR)
    family = Family.of_groups(sums, np.array(strata), [0, 1, 2])
    expected = sorted(all_arrangements(group, strata))
    assert family.arrangements == len(expected)
    whole = enumerate_labels(family, 0, len(expected))
    tiles = [enumerate_labels(family, start, start + 1) for start in range(len(expected))]
    assert whole.tolist() == expected
    assert np.concatenate(tiles).tolist() == expected


def test_a_pair_leaves_the_other_groups_alone() -> None:
    errors, words = speaker_sums(12, 4)
    group = np.repeat([0, 1, 2], 4)
    all_three = permute(errors, words, group, PAIR, seed=1).difference
    alone = permute(errors[:8], words[:8], group[:8], PAIR, seed=1).difference
    assert all_three.arrangements.item() == math.comb(8, 4)
    assert all_three.p.item() == alone.p.item()


def test_too_many_arrangements_to_count_are_capped() -> None:
    errors, words = speaker_sums(200, 5)
    result = permute(errors, words, np.repeat([0, 1], 100), PAIR, seed=1, resamples=9)
    assert result.difference.arrangements.item() == MOST_ARRANGEMENTS
    assert not result.difference.exact.any()
    assert not result.omnibus.exact


@pytest.mark.parametrize(("resamples", "exact"), [(70, True), (69, False)])
def test_arrangements_are_enumerated_when_no_more_than_the_resamples(resamples: int, exact: bool) -> None:
    errors, words = speaker_sums(8, 6)
    result = permute(errors, words, np.repeat([0, 1], 4), PAIR, seed=1, resamples=resamples)
    assert result.difference.exact.item() is exact


def test_the_seed_does_not_matter_to_an_exact_test() -> None:
    assert_same_p(exact_case(seed=1), exact_case(seed=2))


def test_the_order_of_speakers_does_not_matter_to_an_exact_test() -> None:
    shuffled = np.random.default_rng(1).permutation(10)
    assert_same_p(exact_case(), exact_case(order=shuffled))


def test_units_do_not_matter() -> None:
    assert_same_p(exact_case(), exact_case(scale=np.array([0.1, 3.0])))


def exact_case(seed: int = 1, order: Int | None = None, scale: Float | None = None) -> Permutation:
    order = np.arange(10) if order is None else order
    (errors, words), (others, calls) = speaker_sums(10, 7), speaker_sums(10, 8)
    numerator = np.concatenate([errors, others], axis=1) * (np.ones(2) if scale is None else scale)
    denominator = np.concatenate([words, calls], axis=1) * (np.ones(2) if scale is None else scale[::-1])
    group, strata = np.repeat([0, 1, 2], (3, 4, 3)), np.arange(10) % 2
    contrasts = np.array([[1, 0], [2, 0]])
    return permute(numerator[order], denominator[order], group[order], contrasts, strata=strata[order], seed=seed)


def assert_same_p(one: Permutation, other: Permutation) -> None:
    assert one.difference.exact.all()
    assert one.omnibus.exact
    for field in ("p", "p_adjusted"):
        assert np.array_equal(getattr(one.difference, field), getattr(other.difference, field))
        assert np.array_equal(getattr(one.omnibus, field), getattr(other.omnibus, field))

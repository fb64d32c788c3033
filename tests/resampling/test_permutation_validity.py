"""Size, simultaneous p-values and Monte Carlo error of the permutation tests."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import permute, reference
from callgap_kernels.resampling.permutation.families import Family

Float = NDArray[np.float64]
Int = NDArray[np.int64]
PAIR = np.array([[1, 0]])
THREE = np.array([[1, 0], [2, 0], [2, 1]])


def speaker_sums(speakers: int, endpoints: int, seed: int) -> tuple[Int, Int]:
    rng = np.random.default_rng(seed)
    words = rng.integers(200, 900, (speakers, endpoints))
    # One tendency per speaker makes the endpoints depend on each other.
    rate = np.clip(0.15 * rng.lognormal(0, 0.4, (speakers, 1)), 0, 1)
    return rng.binomial(words, rate), words


def test_drawn_p_values_are_close_to_exact_ones() -> None:
    errors, words = speaker_sums(16, 3, seed=1)
    group = np.repeat([0, 1], 8)
    exact = permute(errors, words, group, PAIR, seed=1, resamples=12_870).difference
    drawn = permute(errors, words, group, PAIR, seed=1, resamples=12_869).difference
    assert exact.exact.item()
    assert not drawn.exact.item()
    for field in ("p", "p_adjusted"):
        share = getattr(exact, field)
        error = np.sqrt(share * (1 - share) / 12_869)
        assert (np.abs(getattr(drawn, field) - share) < 4 * error + 1e-4).all()


def test_drawn_p_is_close_to_that_of_scipy() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.normal(0.5, 1, 25), rng.normal(0, 2, 30)
    theirs = stats.permutation_test(
        (one, other),
        lambda x, y, axis: np.abs(stats.ttest_ind(x, y, equal_var=False, axis=axis).statistic),
        alternative="greater",
        n_resamples=4_999,
        rng=np.random.default_rng(1),
    )
    values, group = np.append(one, other)[:, None], np.repeat([1, 0], (25, 30))
    ours = permute(values, np.ones((55, 1)), group, PAIR, seed=1, resamples=4_999).difference
    assert abs(ours.statistic.item()) == pytest.approx(theirs.statistic, rel=1e-12)
    # Two Monte Carlo errors of 0.007 at most.
    assert ours.p.item() == pytest.approx(theirs.pvalue, abs=0.03)


def test_two_groups_have_one_p_value() -> None:
    errors, words = speaker_sums(50, 4, seed=2)
    result = permute(errors, words, np.repeat([0, 1], 25), PAIR, seed=1, resamples=999)
    assert np.array_equal(result.omnibus.p, result.difference.p[0])
    assert result.omnibus.statistic == pytest.approx(result.difference.statistic[0] ** 2)


def rejected(scale: tuple[float, float], sizes: tuple[int, int], statistic: str, samples: int) -> float:
    """Share of samples with equal means in which p is at most 0.05."""
    group = np.repeat([0, 1], sizes)
    p = []
    for seed in range(samples):
        values = np.random.default_rng(seed).standard_normal((sum(sizes), 1)) * np.repeat(scale, sizes)[:, None]
        result = permute(values, np.ones_like(values), group, PAIR, seed=seed, resamples=199, statistic=statistic)
        p.append(result.difference.p.item())
    return float(np.mean(np.array(p) <= 0.05))


@pytest.mark.parametrize("statistic", ["studentized", "difference"])
def test_size_is_nominal_with_equal_variances(statistic: str) -> None:
    low, high = stats.binom.ppf([5e-4, 1 - 5e-4], 600, 0.05) / 600
    assert low <= rejected((1.0, 1.0), (20, 20), statistic, 600) <= high


def test_studentizing_keeps_the_size_where_the_smaller_group_varies_more() -> None:
    assert rejected((3.0, 1.0), (10, 40), "difference", 300) > 0.15
    assert rejected((3.0, 1.0), (10, 40), "studentized", 300) < 0.10


def test_the_family_wise_error_is_kept() -> None:
    group, false_alarms = np.repeat([0, 1, 2], 12), 0
    for seed in range(300):
        errors, words = speaker_sums(36, 2, seed)
        result = permute(errors, words, group, THREE, seed=seed, resamples=199).difference
        false_alarms += bool((result.p_adjusted <= 0.05).any())
    assert false_alarms <= stats.binom.ppf(1 - 5e-4, 300, 0.05)


def test_one_member_alone_needs_no_adjustment() -> None:
    errors, words = speaker_sums(30, 1, seed=3)
    result = permute(errors, words, np.repeat([0, 1], 15), PAIR, seed=1, resamples=999)
    assert result.difference.p_adjusted == pytest.approx(result.difference.p, rel=1e-12)
    assert result.omnibus.p_adjusted == pytest.approx(result.omnibus.p, rel=1e-12)


def test_adjusted_p_is_the_chance_that_any_independent_maximum_is_as_large() -> None:
    errors, words = speaker_sums(12, 2, seed=4)
    group = np.repeat([0, 1, 2], 4)
    sums = SpeakerSums.from_arrays(errors, words, group, THREE)
    result = permute(errors, words, group, THREE, seed=1).difference
    maxima = []
    for one, other in THREE:
        family = Family.of_groups(sums, np.zeros(12, dtype=np.int64), sorted((int(one), int(other))))
        labels = reference.enumerate_labels(family, 0, family.arrangements)
        maxima.append(np.abs(reference.group_rates(family, labels).difference(1e-14)).max(axis=1))
    for place in np.ndindex(3, 2):
        level = np.abs(result.statistic[place]) * (1 - 1e-9)
        # All triples of arrangements, one of each family.
        grid = np.maximum(np.maximum(maxima[0][:, None, None], maxima[1][:, None]), maxima[2])
        assert result.p_adjusted[place] == pytest.approx((grid >= level).mean(), rel=1e-9)


def test_more_endpoints_or_contrasts_never_lower_an_adjusted_p() -> None:
    errors, words = speaker_sums(36, 3, seed=6)
    group = np.repeat([0, 1, 2], 12)
    small = permute(errors[:, :1], words[:, :1], group, PAIR, seed=1, resamples=499).difference
    large = permute(errors, words, group, THREE, seed=1, resamples=499).difference
    assert small.p[0, 0] == large.p[0, 0]
    assert small.p_adjusted[0, 0] <= large.p_adjusted[0, 0]
    assert (large.p <= large.p_adjusted).all()
    assert (large.p_adjusted <= 1).all()


def test_one_contrast_twice_or_reversed_is_one_contrast() -> None:
    errors, words = speaker_sums(36, 2, seed=7)
    group = np.repeat([0, 1, 2], 12)
    once = permute(errors, words, group, PAIR, seed=1, resamples=499).difference
    thrice = permute(errors, words, group, np.array([[1, 0], [0, 1], [1, 0]]), seed=1, resamples=499).difference
    for row, sign in enumerate([1, -1, 1]):
        assert np.array_equal(once.p_adjusted[0], thrice.p_adjusted[row])
        assert np.array_equal(once.p[0], thrice.p[row])
        assert np.array_equal(once.statistic[0], sign * thrice.statistic[row])
        assert np.array_equal(once.estimate[0], sign * thrice.estimate[row])


def test_all_endpoints_see_the_same_permutations() -> None:
    errors, words = speaker_sums(40, 1, seed=8)
    result = permute(
        np.repeat(errors, 3, axis=1), np.repeat(words, 3, axis=1), np.repeat([0, 1], 20), PAIR, seed=1, resamples=499
    ).difference
    assert len(set(result.p.ravel().tolist())) == 1
    assert result.p_adjusted == pytest.approx(result.p, rel=1e-12)

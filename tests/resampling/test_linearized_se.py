"""Rates and standard errors against numpy, scipy and statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

from callgap_kernels import BootstrapT, bootstrap_t

Float = NDArray[np.float64]
NO_CONTRASTS = np.empty((0, 2), dtype=np.int64)


def speaker_sums(speakers: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    words = rng.integers(200, 900, speakers)
    errors = rng.binomial(words, np.clip(0.15 * rng.lognormal(0, 0.4, speakers), 0, 1))
    return errors, words


def one_group(errors: NDArray[np.int64] | Float, words: NDArray[np.int64] | Float, resamples: int = 99) -> BootstrapT:
    group = np.zeros(len(errors), dtype=np.int64)
    return bootstrap_t(errors[:, None], words[:, None], group, NO_CONTRASTS, seed=1, resamples=resamples)


def test_rate_and_se_equal_the_formula() -> None:
    errors, words = speaker_sums(40, seed=1)
    groups = one_group(errors, words).groups
    rate = errors.sum() / words.sum()
    se = np.sqrt(40 / 39 * ((errors - rate * words) ** 2).sum()) / words.sum()
    assert groups.rate.item() == rate
    assert groups.se.item() == pytest.approx(se, rel=1e-12)


def test_equal_denominators_give_the_mean_and_its_usual_standard_error() -> None:
    values = np.random.default_rng(2).gamma(2.0, size=25)
    groups = one_group(values, np.ones(25)).groups
    assert groups.rate.item() == pytest.approx(values.mean(), rel=1e-12)
    assert groups.se.item() == pytest.approx(stats.sem(values), rel=1e-12)


def test_se_equals_the_robust_error_of_weighted_least_squares() -> None:
    errors, words = speaker_sums(40, seed=3)
    fit = sm.WLS(errors / words, np.ones(40), weights=words).fit(cov_type="HC1")
    groups = one_group(errors, words).groups
    assert groups.rate.item() == pytest.approx(fit.params[0], rel=1e-10)
    assert groups.se.item() == pytest.approx(fit.bse[0], rel=1e-10)


def test_log_ratio_and_se_equal_robust_poisson_regression() -> None:
    (errors_a, words_a), (errors_b, words_b) = speaker_sums(30, seed=4), speaker_sums(30, seed=5)
    errors, words = np.append(errors_a, errors_b), np.append(words_a, words_b)
    group = np.repeat([0, 1], 30)
    poisson = sm.GLM(errors, sm.add_constant(group), family=sm.families.Poisson(), exposure=words)
    fit = poisson.fit(cov_type="HC0", tol=1e-14)
    ours = bootstrap_t(errors[:, None], words[:, None], group, np.array([[1, 0]]), seed=1, resamples=99).log_ratio
    assert ours.estimate.item() == pytest.approx(fit.params[1], abs=1e-9)
    # HC0 leaves out the factor n / (n - 1) of each group.
    assert ours.se.item() == pytest.approx(fit.bse[1] * np.sqrt(30 / 29), rel=1e-8)


def test_se_is_within_a_tenth_of_the_bootstrap_spread_of_scipy() -> None:
    errors, words = speaker_sums(60, seed=6)
    spread = stats.bootstrap(
        (errors, words),
        lambda e, n, axis: e.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        n_resamples=4_000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).standard_error
    assert one_group(errors, words).groups.se.item() == pytest.approx(spread, rel=0.1)


def test_a_large_common_rate_does_not_swamp_a_small_spread() -> None:
    words = np.full(10, 2.0**30)
    errors = words - np.arange(10)
    assert one_group(errors, words).groups.se.item() == pytest.approx(stats.sem(np.arange(10)) / 2.0**30, rel=1e-6)

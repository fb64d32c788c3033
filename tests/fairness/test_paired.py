"""Paired differences equal the kernel's where it can say them, plain recomputation elsewhere, and cover the truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from callgap.fairness.paired import Sums, paired_difference, resample_paired
from callgap.fairness.simultaneous import from_normal, to_normal, upper_quantile
from callgap_kernels import bootstrap_t
from callgap_kernels.resampling import resample_counts

SPEAKERS, GROUP = 60, np.repeat([0, 1, 2], 20)


def spoken(seed, rates=(0.3, 0.2)):
    """Errors under two systems and words, two columns each, for sixty speakers in three groups."""
    rng = np.random.default_rng(seed)
    words = rng.integers(10, 60, (SPEAKERS, 2))
    return *(rng.binomial(words, rate).astype(float) for rate in rates), words.astype(float)


def test_with_equal_words_it_is_the_kernels_bootstrap_of_the_difference():
    a, b, words = spoken(1)
    mine = paired_difference(Sums(a, words), Sums(b, words), GROUP, seed=5, resamples=2000)
    theirs = bootstrap_t(a - b, words, GROUP, np.empty((0, 2), int), seed=5, resamples=2000).groups
    np.testing.assert_allclose(mine.estimate, theirs.rate, atol=1e-14)
    np.testing.assert_allclose(mine.se, theirs.se, rtol=1e-12)
    np.testing.assert_allclose(mine.lower, theirs.lower, atol=1e-13)
    np.testing.assert_allclose(mine.upper, theirs.upper, atol=1e-13)


def test_with_unequal_words_every_resample_equals_a_plain_recomputation():
    a, b, words = spoken(2)
    other = np.random.default_rng(3).integers(5, 90, words.shape).astype(float)
    found = resample_paired(Sums(a, words), Sums(b, other), GROUP, seed=5, resamples=40)
    own, weights = GROUP == 1, resample_counts(5, 1, 0, 40, 20)
    errors, said, wrong, heard = (table[own][:, 0] for table in (a, words, b, other))
    one, two = weights @ errors / (weights @ said), weights @ wrong / (weights @ heard)
    np.testing.assert_allclose(found.draws.value[1, 0], one - two, atol=1e-14)
    residual = (errors - np.outer(one, said)) / (weights @ said)[:, None]
    residual -= (wrong - np.outer(two, heard)) / (weights @ heard)[:, None]
    np.testing.assert_allclose(found.draws.variance[1, 0], 20 / 19 * (weights * residual**2).sum(axis=1), rtol=1e-11)


def test_the_standard_error_is_the_cluster_robust_one_of_a_stacked_regression():
    a, b, words = (table[GROUP == 0][:, 0] for table in spoken(4))
    other = np.random.default_rng(5).integers(5, 90, len(words)).astype(float)
    rates, second = np.concatenate([a / words, b / other]), np.repeat([0.0, 1.0], len(words))
    fit = sm.WLS(rates, sm.add_constant(1 - second), weights=np.concatenate([words, other])).fit(
        cov_type="cluster",
        cov_kwds={"groups": np.tile(np.arange(len(words)), 2), "use_correction": False},
    )
    mine = paired_difference(
        *(Sums(e[:, None], n[:, None]) for e, n in ((a, words), (b, other))), np.zeros(20, int), seed=1, resamples=1000
    )
    assert mine.estimate[0, 0] == pytest.approx(fit.params[1], abs=1e-12)
    assert mine.se[0, 0] == pytest.approx(fit.bse[1] * np.sqrt(20 / 19), rel=1e-9)


def test_identical_systems_differ_by_exactly_0_and_have_no_limits():
    a, _, words = spoken(6)
    found = paired_difference(Sums(a, words), Sums(a, words), GROUP, seed=1, resamples=1000)
    assert not found.estimate.any()
    assert not found.se.any()
    assert np.isnan(found.lower).all()
    assert np.isnan(found.simultaneous_upper).all()


def test_a_constant_difference_has_no_variance_whatever_its_rounding():
    a, _, words = spoken(7)
    found = paired_difference(Sums(a + 0.1 * words, words), Sums(a, words), GROUP, seed=1, resamples=1000)
    np.testing.assert_allclose(found.estimate, 0.1, atol=1e-12)
    assert not found.se.any()


def test_what_both_find_hard_cancels():
    rng = np.random.default_rng(8)
    words = np.full((40, 1), 200.0)
    hard = rng.beta(2, 5, (40, 1))
    a, b = (rng.binomial(200, hard * share).astype(float) for share in (1.0, 0.9))
    paired = paired_difference(Sums(a, words), Sums(b, words), np.zeros(40, int), seed=1, resamples=1000)
    apart = bootstrap_t(
        np.concatenate([a, b]), np.concatenate([words, words]), np.repeat([0, 1], 40), np.array([[0, 1]]), seed=1
    )
    assert paired.se[0, 0] < 0.5 * apart.difference.se[0, 0]


def test_simultaneous_limits_cover_all_groups_at_once():
    # Ten, twenty and fifty speakers, log-normal speakers; nominal 0.90, so that 200 samples tell 0.85 from it.
    rng = np.random.default_rng(9)
    group = np.repeat([0, 1, 2], [10, 20, 50])
    covered = 0
    for trial in range(200):
        words = rng.integers(60, 200, (80, 1))
        hard = np.minimum(0.9, 0.2 * rng.lognormal(0, 0.4, (80, 1)) / np.exp(0.08))
        a, b = (rng.binomial(words, share * hard).astype(float) for share in (1.0, 0.8))
        found = paired_difference(Sums(a, words), Sums(b, words), group, seed=trial, resamples=599, alpha=0.1)
        # Speakers' words are drawn apart from their rates: the rate of the population is the mean of `hard`.
        truth = 0.2 * 0.2
        covered += bool(((found.simultaneous_lower <= truth) & (truth <= found.simultaneous_upper)).all())
    assert covered >= 0.85 * 200


def test_wallaces_map_keeps_the_order_is_undone_and_is_near_the_normal():
    stats = pytest.importorskip("scipy.stats")
    t = np.linspace(-30, 30, 301)
    for degrees in (4.0, 9.0, 500.0):
        z = to_normal(t, degrees)
        assert (np.diff(z) > 0).all()
        np.testing.assert_allclose(from_normal(z, degrees), t, rtol=1e-9, atol=1e-12)
        exact = stats.norm.isf(stats.t.sf(5.0, degrees))
        assert to_normal(np.array([5.0]), degrees)[0] == pytest.approx(exact, rel=0.02)
    assert np.isinf(to_normal(np.array([np.inf]), 9.0)).all()


def test_a_quantile_that_too_few_resamples_lie_beyond_is_refused():
    with pytest.raises(ValueError, match=r"found 98 resamples; accepted .* 0\.05: 99"):
        upper_quantile(np.zeros(98), 0.05)


def test_sums_that_do_not_fit_are_refused():
    a, b, words = spoken(1)
    with pytest.raises(ValueError, match="accepted is one shape"):
        paired_difference(Sums(a[:, :1], words), Sums(b, words), GROUP, seed=1)
    silent = words * (GROUP != 2)[:, None]
    with pytest.raises(ValueError, match="the second denominators of group 2 sum to 0"):
        paired_difference(Sums(a, words), Sums(b, silent), GROUP, seed=1)
    with pytest.raises(ValueError, match="group has the shape"):
        paired_difference(Sums(a, words), Sums(b, words), GROUP[1:], seed=1)


def test_one_speaker_has_a_difference_and_no_limits():
    frame = pd.DataFrame({"a": [3.0], "b": [1.0], "n": [10.0]})
    one, two = (Sums(frame[[name]].to_numpy(), frame[["n"]].to_numpy()) for name in ("a", "b"))
    found = paired_difference(one, two, np.zeros(1, int), seed=1, resamples=1000)
    assert found.estimate[0, 0] == pytest.approx(0.2)
    assert np.isnan(found.lower[0, 0])

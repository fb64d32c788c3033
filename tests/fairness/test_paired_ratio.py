"""Log ratios of two rates of the same speakers equal plain recomputation, and are exactly 0 where nothing changed."""

import numpy as np
import pytest
import statsmodels.api as sm

from callgap.fairness.paired import Sums, resample_paired
from callgap.fairness.paired_ratio import resample_log_ratio
from callgap.fairness.simultaneous import Family
from callgap_kernels import bootstrap_t
from callgap_kernels.resampling import resample_counts

GROUP = np.repeat([0, 1], [20, 30])


def spoken(seed, rates=(0.2, 0.3)):
    """Errors and words after and before, of fifty speakers in two groups, two columns."""
    rng = np.random.default_rng(seed)
    words = [rng.integers(10, 60, (50, 2)).astype(float) for _ in rates]
    return [Sums(rng.binomial(n.astype(int), rate).astype(float), n) for rate, n in zip(rates, words, strict=True)]


def column(sums, own, place=0):
    return sums.numerator[own][:, place], sums.denominator[own][:, place]


def test_every_resample_equals_a_plain_recomputation():
    after, before = spoken(1)
    found = resample_log_ratio(after, before, GROUP, seed=5, resamples=40)
    own = GROUP == 1
    (a, n), (b, m) = (column(sums, own) for sums in (after, before))
    start = np.log(a.sum() / n.sum()) - np.log(b.sum() / m.sum())
    assert found.sample.value[1, 0] == pytest.approx(start, abs=1e-14)
    for place, weight in enumerate(resample_counts(5, 1, 0, 40, 30)):
        sums = [(weight * values).sum() for values in (a, n, b, m)]
        value = np.log(sums[0] / sums[1]) - np.log(sums[2] / sums[3])
        residual = a / sums[0] - n / sums[1] - b / sums[2] + m / sums[3]
        assert found.draws.value[1, 0, place] == pytest.approx(value, abs=1e-12)
        assert found.draws.deviation[1, 0, place] == pytest.approx(value - start, abs=1e-12)
        assert found.draws.variance[1, 0, place] == pytest.approx(30 / 29 * (weight * residual**2).sum(), rel=1e-9)


def test_the_draws_are_those_of_the_difference():
    after, before = spoken(2)
    ratio = resample_log_ratio(after, before, GROUP, seed=5, resamples=40)
    nothing = Sums(np.zeros_like(before.numerator), before.denominator)
    late, early = (resample_paired(sums, nothing, GROUP, seed=5, resamples=40) for sums in (after, before))
    np.testing.assert_allclose(np.exp(ratio.draws.value), late.draws.value / early.draws.value, rtol=1e-12)


def test_the_standard_error_is_the_cluster_robust_one_of_a_poisson_regression():
    after, before = spoken(3)
    own = GROUP == 0
    (a, n), (b, m) = (column(sums, own) for sums in (after, before))
    fit = sm.GLM(
        np.concatenate([a, b]),
        sm.add_constant(np.repeat([1.0, 0.0], len(a))),
        family=sm.families.Poisson(),
        exposure=np.concatenate([n, m]),
    ).fit(cov_type="cluster", cov_kwds={"groups": np.tile(np.arange(len(a)), 2), "use_correction": False})
    found = resample_log_ratio(after, before, GROUP, seed=1, resamples=16).sample
    assert found.value[0, 0] == pytest.approx(fit.params[1], abs=1e-8)
    assert np.sqrt(found.variance[0, 0]) == pytest.approx(fit.bse[1] * np.sqrt(20 / 19), rel=1e-6)


def test_against_a_rate_that_everybody_shares_it_is_the_kernels_log_ratio():
    """Where all speakers are alike before, only what they said afterwards varies."""
    after, _ = spoken(4)
    before = Sums(0.25 * after.denominator, after.denominator)
    found = resample_log_ratio(after, before, GROUP, seed=9, resamples=500).sample
    alone = bootstrap_t(after.numerator, after.denominator, GROUP, np.empty((0, 2), int), seed=9, resamples=500).groups
    np.testing.assert_allclose(found.value, np.log(alone.rate / 0.25), atol=1e-12)
    np.testing.assert_allclose(np.sqrt(found.variance), alone.se / alone.rate, rtol=1e-10)


def test_nothing_changed_is_exactly_0_in_every_resample():
    _, before = spoken(5)
    found = resample_log_ratio(before, before, GROUP, seed=1, resamples=200)
    for part in (found.sample, found.draws):
        assert not part.value.any()
        assert not part.deviation.any()
        assert not part.variance.any()


def test_errors_that_are_halved_for_everybody_have_a_ratio_of_a_half_and_no_variance():
    _, before = spoken(6)
    found = resample_log_ratio(Sums(before.numerator / 2, before.denominator), before, GROUP, seed=1, resamples=200)
    np.testing.assert_allclose(np.exp(found.sample.value), 0.5, rtol=1e-15)
    assert not found.sample.variance.any()
    assert not found.draws.deviation.any()


def test_resamples_without_an_event_count_as_infinite_and_too_many_take_the_limits():
    words = np.full((12, 1), 50.0)
    errors = np.arange(1.0, 13.0)[:, None]
    rare = np.where(np.arange(12) < 1, 6.0, 0.0)[:, None]
    group = np.zeros(12, int)
    for before, has_limits in ((errors, True), (rare, False)):
        found = resample_log_ratio(Sums(errors[::-1], words), Sums(before, words), group, seed=1, resamples=999)
        undefined = np.isnan(found.draws.deviation).mean()
        assert (undefined == 0) == has_limits
        family = Family(0.05, 1, 999)
        limits = family.limits(found.join(family))
        assert np.isfinite(limits.lower[0, 0]) == has_limits


def test_a_side_without_any_event_has_neither_a_value_nor_limits_and_leaves_others_theirs():
    after, before = spoken(7)
    before.numerator[GROUP == 0] = 0.0
    found = resample_log_ratio(after, before, GROUP, seed=1, resamples=999)
    assert np.isnan(found.sample.value[0]).all()
    family = Family(0.05, 4, 999)
    limits = family.limits(found.join(family))
    assert np.isnan(limits.lower[0]).all()
    assert np.isfinite(limits.lower[1]).all()


def test_limits_cover_the_true_ratio():
    # Log-normal speakers; nominal 0.90, so that 200 samples tell 0.85 from it.
    rng = np.random.default_rng(8)
    group = np.repeat([0, 1], [15, 40])
    covered = 0
    for trial in range(200):
        words = rng.integers(60, 200, (55, 1))
        hard = np.minimum(0.9, 0.2 * rng.lognormal(0, 0.4, (55, 1)) / np.exp(0.08))
        after, before = (Sums(rng.binomial(words, s * hard).astype(float), words.astype(float)) for s in (0.7, 1.0))
        found = resample_log_ratio(after, before, group, seed=trial, resamples=599)
        family = Family(0.1, 2, 599)
        limits = family.limits(found.join(family))
        covered += bool(((limits.lower <= np.log(0.7)) & (np.log(0.7) <= limits.upper)).all())
    assert covered >= 0.85 * 200

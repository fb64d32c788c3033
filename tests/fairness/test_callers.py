"""Simulated callers are what was assumed of them, and a pilot shows it again."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm

from callgap.fairness.callers import Callers, spread_of
from callgap.fairness.rare import is_rare

WORDS = np.array([720.0])


@pytest.mark.parametrize(("pooled", "exposure"), [(True, [720.0]), (True, [200.0, 1400.0]), (False, [60.0])])
def test_callers_have_the_rate_and_the_spread_that_were_assumed(pooled, exposure):
    sample = Callers(0.4, np.array(exposure), pooled).simulated(0.2, (200, 100), (1,))
    rates = sample.rates(100)[0]
    assert rates.mean() == pytest.approx(0.2, abs=4 * rates.std() / np.sqrt(200))
    found = spread_of(sample.events.ravel(), sample.trials.ravel(), pooled=pooled)
    assert found == pytest.approx(0.4, abs=0.02)
    assert pooled or (sample.events <= sample.trials).all()


def test_without_a_spread_callers_differ_by_chance_alone():
    sample = Callers(0.0, WORDS, pooled=True).simulated(0.2, (1, 4000), (1,))
    assert sample.events.var() == pytest.approx(720 * 0.2, rel=0.1)
    sample = Callers(0.0, np.array([50.0]), pooled=False).simulated(0.2, (1, 4000), (1,))
    assert sample.events.var() == pytest.approx(50 * 0.2 * 0.8, rel=0.1)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("rate", [0.004, 0.2])
def test_many_samples_at_once_have_the_figures_of_a_side_each(pooled, rate):
    sample = Callers(0.4, np.array([20.0, 70.0]), pooled).simulated(rate, (40, 30), (2,))
    for speakers in (12, 30):
        sides = [sample.side(number, speakers) for number in range(40)]
        rates, variances = sample.rates(speakers)
        assert rates == pytest.approx([side.rate for side in sides], rel=1e-12)
        assert variances == pytest.approx([side.variance for side in sides], rel=1e-9, abs=1e-18)
        assert sample.rare(speakers).tolist() == [is_rare(side) for side in sides]
        assert rate > 0.1 or sample.rare(speakers).any()


def test_the_spread_of_a_pilot_is_that_of_a_negative_binomial_fit():
    sample = Callers(0.3, np.array([300.0, 700.0]), pooled=True).simulated(0.15, (1, 2000), (3,))
    events, trials = sample.events[0], sample.trials[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.NegativeBinomial(events, np.ones((2000, 1)), exposure=trials).fit(disp=False)
    assert spread_of(events, trials, pooled=True) == pytest.approx(np.sqrt(np.log1p(fit.params[1])), abs=0.02)


def test_of_a_small_pilot_the_spread_is_too_small_in_about_a_fifth_of_all():
    sample = Callers(0.4, WORDS, pooled=True).simulated(0.2, (500, 12), (4,))
    found = [spread_of(events, WORDS.repeat(12), pooled=True) for events in sample.events]
    assert np.mean(np.array(found) < 0.4) == pytest.approx(0.2, abs=0.1)


def test_a_pilot_that_shows_no_spread_says_so():
    assert spread_of(np.zeros(8), np.full(8, 50.0), pooled=True) is None
    assert spread_of(np.ones(1), np.full(1, 50.0), pooled=True) is None
    assert spread_of(np.array([0.0, 1, 1, 0]), np.ones(4), pooled=False) is None
    assert spread_of(np.full(8, 5.0), np.full(8, 50.0), pooled=True) == 0.0


def test_the_largest_spread_is_that_of_speakers_who_fail_always_or_never():
    callers = Callers(0.0, np.array([60.0]), pooled=False)
    # A share of 0.2 that is 1 in a fifth of the speakers and 0 in the others has a squared variation of 4.
    assert np.expm1(callers.largest_spread(0.2) ** 2) == pytest.approx(4.0)
    assert Callers(0.0, WORDS, pooled=True).largest_spread(0.2) == np.inf

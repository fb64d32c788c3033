"""Exact limits equal published values and statsmodels', and are never narrower than the speakers allow."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from callgap.fairness.rare import Interval, is_rare, korn_graubard, log_t, ratio_recovered, recovered, widest
from callgap.fairness.sides import Side


def shares(events, trials):
    """Speakers who weigh equally, of whom each had as many events in as many trials."""
    events, trials = np.broadcast_arrays(np.asarray(events, float), np.asarray(trials, float))
    frame = pd.DataFrame(
        {"numerator": events / trials, "denominator": 1.0, "events": events, "trials": trials},
        index=[f"s{place:03d}" for place in range(len(events))],
    )
    return Side.of(frame, list(frame.index), is_share=True)


@pytest.mark.parametrize(
    ("speakers", "upper"),
    # Clopper and Pearson (1934): none of n, limits of 95 %.
    [(10, 0.3085), (20, 0.1684), (30, 0.1157), (100, 0.0362)],
)
def test_no_event_has_the_published_limit_for_as_many_speakers_however_many_utterances(speakers, upper):
    for each in (1, 50):
        found = korn_graubard(shares(np.zeros(speakers), each), 0.05)
        assert found.lower == 0
        assert found.upper == pytest.approx(upper, abs=5e-5)
        every = korn_graubard(shares(np.full(speakers, each), each), 0.05)
        assert (every.lower, every.upper) == (pytest.approx(1 - upper, abs=5e-5), 1)


@given(st.lists(st.integers(0, 8), min_size=5, max_size=40), st.sampled_from([0.05, 0.01]))
def test_limits_equal_those_of_statsmodels_at_the_effective_number(events, alpha):
    side = shares(events, 8)
    rate = np.mean(events) / 8
    effective = len(events)
    if 0 < rate < 1 and len(set(events)) > 1:
        variance = np.var(np.array(events) / 8, ddof=1) / len(events)
        few, many = stats.t.ppf(alpha / 2, len(events) - 1), stats.t.ppf(alpha / 2, 8 * len(events) - 1)
        effective = min(effective, rate * (1 - rate) / variance * (many / few) ** 2)
    found = korn_graubard(side, alpha)
    lower, upper = proportion_confint(rate * effective, effective, alpha, method="beta")
    assert found.lower == pytest.approx(0 if rate == 0 else lower, abs=1e-12)
    assert found.upper == pytest.approx(1 if rate == 1 else upper, abs=1e-12)
    assert found.lower <= rate <= found.upper
    assert found.upper - found.lower > 0


def test_utterances_that_repeat_their_speaker_add_nothing():
    few, many = shares([1, 1, 1, *[0] * 27], 1), shares([40, 40, 40, *[0] * 27], 40)
    narrow, wide = korn_graubard(few, 0.05), korn_graubard(many, 0.05)
    assert wide.upper - wide.lower >= narrow.upper - narrow.lower


def test_differences_recovered_from_wilsons_limits_are_newcombes():
    for (x, n), (y, m) in [((15, 34), (3, 34)), ((56, 70), (48, 80)), ((9, 10), (3, 10)), ((0, 20), (0, 10))]:
        sides = [shares(np.arange(of) < events, 1) for events, of in ((x, n), (y, m))]
        limits = [Interval(*proportion_confint(*pair, method="wilson")) for pair in ((x, n), (y, m))]
        found = recovered(*sides, *limits)
        expected = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff", alpha=0.05)
        assert (found.lower, found.upper) == pytest.approx(expected, abs=1e-12)
    # Newcombe (1998, Statistics in Medicine 17, 873-890), method 10, table II (a): 56/70 - 48/80.
    sides = [shares(np.arange(of) < events, 1) for events, of in ((56, 70), (48, 80))]
    limits = [Interval(*proportion_confint(*pair, method="wilson")) for pair in ((56, 70), (48, 80))]
    found = recovered(*sides, *limits)
    assert (found.lower, found.upper) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_swapping_the_sides_mirrors_the_difference():
    one, other = shares([1, 0, 3, 2, 2, 0], 8), shares([4, 4, 0, 1, 2, 2, 3], 8)
    mine, theirs = korn_graubard(one, 0.05), korn_graubard(other, 0.05)
    there, back = recovered(one, other, mine, theirs), recovered(other, one, theirs, mine)
    assert (there.lower, there.upper) == pytest.approx((-back.upper, -back.lower))


def test_log_limits_are_students_and_contain_the_rate():
    side = shares([1, 2, 3, 1, 2], 8)
    found = log_t(side, 0.05)
    standard_error = np.sqrt(side.variance) / side.rate
    assert np.log([found.lower, found.upper]) == pytest.approx(
        stats.t.interval(0.95, 4, loc=np.log(side.rate), scale=standard_error)
    )
    assert 0 < found.lower < side.rate < found.upper


def test_log_limits_stay_numbers_where_two_speakers_are_all_there_is():
    found = log_t(shares([1, 0], 1000), 1e-6)
    assert 0 < found.lower < found.upper < np.inf


@pytest.mark.parametrize(
    ("events", "trials", "rare"),
    [
        ([4, *[0] * 9], 20, True),
        ([5, *[0] * 9], 20, False),
        ([20] * 9 + [16], 20, True),
        ([20] * 9 + [15], 20, False),
        ([7] * 10, 20, True),
        ([0] * 10, 20, True),
    ],
)
def test_rare_is_few_events_few_successes_or_no_variance(events, trials, rare):
    assert is_rare(shares(events, trials)) == rare


def test_ratios_are_the_outermost_quotients_and_unbounded_where_the_reference_may_be_zero():
    none, some = shares([0] * 10, 8), shares([1, 2, 0, 3, 1, 1, 0, 0, 2, 1], 8)
    mine, theirs = korn_graubard(some, 0.05), korn_graubard(none, 0.05)
    assert ratio_recovered(some, none, mine, theirs) == Interval(mine.lower / theirs.upper, np.inf)
    assert ratio_recovered(none, some, theirs, mine) == Interval(0.0, theirs.upper / mine.lower)
    assert widest(Interval(0, 2), Interval(1, 3)) == Interval(0, 3)

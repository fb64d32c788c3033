"""The smallest detectable gap is where the limits find it in four of five samples of the speakers at hand."""

import math

import numpy as np
import pytest
from counted import MARGINS, contrasts, counted, drawn
from scipy import stats

from callgap.fairness.detectable import POWER, smallest_detectable_gap
from callgap.fairness.gaps import Pair, Resampling, simultaneous
from callgap.fairness.sides import Side

MARGIN = 0.05
PLAN = Resampling(0.05, 1000, 5)


def drawn_side(rate, speakers, prefix, seed, spread=0.3):
    random = np.random.default_rng(seed)
    own = rate * np.exp(spread * random.standard_normal(speakers))
    words = random.integers(40, 160, speakers).astype(float)
    errors = random.poisson(own * words).astype(float)
    names = tuple(f"{prefix}{place:02d}" for place in range(speakers))
    return Side(names, errors, words, errors.sum(), words.sum(), is_share=False)


@pytest.fixture(scope="module")
def pair():
    return Pair(drawn_side(0.15, 14, "g", 1), drawn_side(0.1, 25, "r", 2))


def limits_of(pair):
    (gap,) = simultaneous({("g", "wer"): pair}, PLAN).values()
    return gap


def found_by_brute_force(pair, gap, size, samples=1500):
    """The share of samples of the speakers, the group's errors scaled, whose lower limit lies above the margin."""
    random = np.random.default_rng(9)
    factor = (pair.reference.rate + size) / pair.group.rate
    found = 0
    for _ in range(samples):
        rates, variances, logs = [], [], []
        for side, scale, sign in ((pair.group, factor, -1), (pair.reference, 1.0, 1)):
            place = random.integers(side.speakers, size=side.speakers)
            e, n = scale * side.numerator[place], side.denominator[place]
            rate = e.sum() / n.sum()
            residual = e - rate * n
            variance = side.speakers / (side.speakers - 1) * (residual**2).sum() / n.sum() ** 2
            t = stats.t.ppf(1 - gap.level / 2, side.speakers - 1)
            rates.append(rate)
            variances.append(variance)
            logs.append(rate * math.exp(sign * t * math.sqrt(variance) / rate) - rate)
        below = max(gap.critical * math.sqrt(sum(variances)), math.hypot(*logs))
        found += rates[0] - rates[1] - below > MARGIN
    return found / samples


@pytest.fixture(scope="module")
def few():
    """A reference of ten uneven speakers, of whom the limits on the log scale are the wider ones."""
    return Pair(drawn_side(0.15, 40, "g", 1), drawn_side(0.1, 10, "r", 2, spread=0.8))


@pytest.mark.parametrize("which", ["pair", "few"])
def test_a_gap_of_this_size_is_found_in_four_of_five_samples(which, request):
    pair = request.getfixturevalue(which)
    gap = limits_of(pair)
    size = smallest_detectable_gap(pair, gap, MARGIN, 3)
    # Two simulations of 1,000 and 1,500: three standard errors of their difference.
    assert found_by_brute_force(pair, gap, size) == pytest.approx(POWER, abs=0.05)
    assert found_by_brute_force(pair, gap, 0.8 * size, 500) < POWER - 0.1


def test_more_speakers_find_smaller_gaps_and_none_below_the_margin(pair):
    many = Pair(drawn_side(0.15, 140, "g", 1), drawn_side(0.1, 250, "r", 2))
    sizes = [smallest_detectable_gap(of, limits_of(of), MARGIN, 3) for of in (pair, many)]
    assert MARGIN < sizes[1] < sizes[0]


def test_it_does_not_depend_on_the_gap_that_was_found(pair):
    gap = limits_of(pair)
    factor = 2.0
    group = pair.group
    scaled = Side(group.names, factor * group.numerator, group.denominator, factor * group.events, group.trials, False)
    here, there = (smallest_detectable_gap(p, gap, MARGIN, 3) for p in (pair, Pair(scaled, pair.reference)))
    assert there == pytest.approx(here, abs=2e-4)


def test_where_limits_are_exact_or_nothing_would_be_found_there_is_none(pair):
    none = Side(pair.group.names, np.zeros(14), pair.group.denominator, 0.0, 1.0, is_share=False)
    rare = Pair(none, pair.reference)
    assert smallest_detectable_gap(rare, limits_of(rare), MARGIN, 3) is None
    hopeless = Pair(drawn_side(0.15, 14, "g", 1), drawn_side(0.97, 25, "r", 2))
    assert smallest_detectable_gap(hopeless, limits_of(hopeless), MARGIN, 3) is None


def test_only_what_may_be_judged_has_one_and_only_under_the_primary_normalizer():
    errors = drawn({"a": 0.1, "b": 0.3, "c": 0.3}, {"a": 12, "b": 12, "c": 9})
    rows = {(row["group"], row["normalizer"]): row for row in contrasts(counted(errors))}
    assert rows["b", "basic"]["smallest_detectable_gap"] > MARGINS["wer"]
    assert rows["c", "basic"]["smallest_detectable_gap"] is None
    assert "smallest_detectable_gap" not in rows["b", "none"]

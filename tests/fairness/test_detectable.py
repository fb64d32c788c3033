"""The smallest detectable gap is where the limits find it in four of five samples of the speakers at hand."""

import math

import numpy as np
import pytest
from counted import MARGINS, contrasts, counted, drawn

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


def is_found(pair):
    return limits_of(pair).difference.lower > MARGIN


def test_a_gap_of_this_size_is_found_in_about_four_of_five_samples_of_the_population():
    stated, found, smaller = [], [], []
    for pilot in range(24):
        pair = Pair(drawn_side(0.2, 40, "g", 1000 + pilot), drawn_side(0.1, 60, "r", 2000 + pilot))
        stated.append(smallest_detectable_gap(pair, limits_of(pair), MARGIN, 3))
        for sample in range(12):
            seed = 100 * pilot + sample
            reference = drawn_side(0.1, 60, "r", 50_000 + seed)
            # Rates are medians of log-normal speakers: their means are larger by half the squared spread.
            rate = 0.1 + stated[-1] / math.exp(0.3**2 / 2)
            found.append(is_found(Pair(drawn_side(rate, 40, "g", 90_000 + seed), reference)))
            rate = 0.1 + 0.8 * stated[-1] / math.exp(0.3**2 / 2)
            smaller.append(is_found(Pair(drawn_side(rate, 40, "g", 90_000 + seed), reference)))
    # 288 samples: three standard errors of the share are 0.07.
    assert np.mean(found) == pytest.approx(POWER, abs=0.08)
    assert np.mean(smaller) < POWER - 0.2


def test_more_speakers_find_smaller_gaps_and_none_below_the_margin(pair):
    many = Pair(drawn_side(0.15, 140, "g", 1), drawn_side(0.1, 250, "r", 2))
    sizes = [smallest_detectable_gap(of, limits_of(of), MARGIN, 3) for of in (pair, many)]
    assert MARGIN < sizes[1] < sizes[0]


def test_it_hardly_depends_on_the_gap_that_was_found():
    def stated(rate):
        pairs = [Pair(drawn_side(rate, 40, "g", seed), drawn_side(0.1, 60, "r", 500 + seed)) for seed in range(20)]
        return np.mean([smallest_detectable_gap(pair, limits_of(pair), MARGIN, 3) for pair in pairs])

    assert stated(0.1) == pytest.approx(stated(0.3), rel=0.1)


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

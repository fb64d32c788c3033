"""A side's rate, its variance and its worth in speakers equal plain formulas and outside implementations."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from callgap.fairness.sides import Side

COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=30)


def side_of(numerator, denominator, *, is_share=False):
    counts = {"numerator": numerator, "denominator": denominator, "events": numerator, "trials": denominator}
    names = [f"s{place:03d}" for place in range(len(numerator))]
    return Side.of(pd.DataFrame(counts, index=names, dtype="float64"), names, is_share=is_share)


def test_the_variance_is_the_cluster_robust_one_of_a_weighted_mean():
    random = np.random.default_rng(1)
    words = random.integers(5, 80, 25)
    errors = random.binomial(words, 0.3)
    side = side_of(errors, words)
    rows = np.repeat(np.arange(25), words)
    wrong = np.concatenate([np.arange(n) < e for n, e in zip(words, errors, strict=True)]).astype(float)
    fit = sm.OLS(wrong, np.ones_like(wrong)).fit(cov_type="cluster", cov_kwds={"groups": rows, "use_correction": False})
    assert side.rate == pytest.approx(fit.params[0])
    assert side.variance == pytest.approx(fit.bse[0] ** 2 * 25 / 24)


def test_of_equal_weights_it_is_the_variance_of_the_mean():
    shares = np.random.default_rng(2).random(12)
    side = side_of(shares, np.ones(12), is_share=True)
    assert side.variance == pytest.approx(np.var(shares, ddof=1) / 12)
    assert side.rate == side.speaker_mean == pytest.approx(shares.mean())


@given(COUNTS)
def test_effective_speakers_lie_between_one_and_all_and_are_all_where_weights_are_equal(counts):
    numerator, denominator = map(np.array, zip(*counts, strict=True))
    side = side_of(numerator, denominator)
    worth = side.effective_speakers
    assert 1 - 1e-9 <= worth <= side.speakers + 1e-9
    # Kish's design effect, 1 + the squared coefficient of variation of the weights.
    assert worth == pytest.approx(side.speakers / (1 + np.var(denominator) / np.mean(denominator) ** 2))
    assert side_of(numerator, np.full(len(counts), 7)).effective_speakers == pytest.approx(len(counts))


@given(COUNTS)
def test_without_one_equals_leaving_each_out(counts):
    numerator, denominator = map(np.array, zip(*counts, strict=True))
    side = side_of(numerator, denominator)
    for place, rate in enumerate(side.without_one):
        kept = np.arange(side.speakers) != place
        left = denominator[kept].sum()
        assert rate == pytest.approx(numerator[kept].sum() / left) if left else np.isnan(rate)


@pytest.mark.parametrize("rate", [0.0, 0.1, 1 / 3, 1.0, 1.6])
def test_equal_rates_have_exactly_no_variance_whatever_the_words(rate):
    words = np.array([3, 7, 11, 9792, 0.1])
    assert side_of(rate * words, words).variance == 0.0


def test_one_speaker_and_none_have_no_variance_and_raise_nothing():
    one, nobody = side_of([2], [10]), side_of([], [])
    assert (one.variance, one.rate, one.effective_speakers) == (0.0, 0.2, 1.0)
    assert np.isnan(one.without_one).all()
    assert (nobody.speakers, nobody.variance, nobody.effective_speakers, nobody.events) == (0, 0.0, 0.0, 0.0)
    assert np.isnan(nobody.rate)
    assert np.isnan(nobody.speaker_mean)


def test_a_speaker_without_a_row_is_on_no_side():
    frame = pd.DataFrame({name: [1.0, 2.0] for name in ("numerator", "denominator", "events", "trials")}, ["x", "y"])
    assert Side.of(frame, {"y", "z"}, is_share=False).names == ("y",)

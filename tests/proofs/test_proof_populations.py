"""The populations that the proofs draw from are what they say, and like real speakers."""

import numpy as np
import pytest
from scipy import stats

from callgap.proofs.coverage import GAPS, Task
from callgap.proofs.populations import MARGIN, SCENARIOS, draw_pairs, draw_sides, named

LARGE = 100_000


def one_side(name, speakers, gap=0.0):
    scenario = named(name)
    rng = np.random.default_rng(3)
    rate = scenario.base + gap
    return next(iter(draw_sides(scenario, speakers, rate, scenario.group_spread, 1, rng)))


@pytest.mark.parametrize("name", [one.name for one in SCENARIOS])
def test_the_true_rate_is_the_one_that_limits_are_held_against(name):
    side = one_side(name, 20_000, MARGIN)
    # Four standard errors.
    assert abs(side.rate - named(name).base - MARGIN) < 4 * np.sqrt(side.variance)


@pytest.mark.parametrize("name", [one.name for one in SCENARIOS])
def test_both_sides_have_their_gap_spread_and_size(name):
    scenario = named(name)
    sizes = (5000, 8000)
    pair = next(draw_pairs(scenario, sizes, MARGIN, 1, np.random.default_rng(3)))
    error = np.sqrt(pair.group.variance + pair.reference.variance)
    assert abs(pair.gap - MARGIN) < 4 * error
    worth = [pair.group.effective_speakers, pair.reference.effective_speakers]
    # A speaker more may be worth a little more than one is missing.
    assert all(size - 1e-6 <= found <= size + 1 for size, found in zip(sizes, worth, strict=True))
    assert set(pair.group.names).isdisjoint(pair.reference.names)


def test_speakers_vary_as_real_ones_do():
    side = one_side("even", LARGE)
    rates = side.numerator / side.denominator
    noise = side.rate / side.denominator.mean()
    assert 0.35 <= np.sqrt(rates.var() - noise) / side.rate <= 0.50
    assert 0.9 <= stats.skew(rates) <= 2.0


def test_one_speaker_in_twenty_has_three_times_the_errors():
    heavy, even = (one_side(name, LARGE) for name in ("heavy tails", "even"))
    assert stats.skew(heavy.numerator) > 1.5 * stats.skew(even.numerator)
    assert heavy.rate == pytest.approx(even.rate, rel=0.02)


def test_calls_have_the_spread_that_is_stated():
    side = one_side("calls", LARGE)
    noise = np.mean(side.numerator * (1 - side.numerator)) / (20 - 1)
    assert np.sqrt(side.numerator.var() - noise) / side.rate == pytest.approx(0.5, abs=0.02)


def test_unequal_words_need_more_speakers_than_they_are_worth():
    pairs = list(draw_pairs(named("unequal words"), (30, 30), 0.0, 20, np.random.default_rng(1)))
    assert np.mean([pair.group.speakers for pair in pairs]) > 40
    assert all(30 - 1e-6 <= pair.group.effective_speakers <= 31 for pair in pairs)


def test_chance_depends_on_the_cell_and_on_nothing_else():
    base = ("even", 10, 30, MARGIN, 5, 1)
    task = Task(*base)
    assert task.rng().random() == Task(*base).rng().random()
    others = [
        Task("heavy tails", *base[1:]),
        Task("even", 30, 10, *base[3:]),
        Task(*base[:3], 0.0, 5, 1),
        Task(*base[:5], 2),
    ]
    drawn = [one.rng().random() for one in [task, *others]]
    assert len(set(drawn)) == len(drawn)


def test_a_rate_that_would_not_be_positive_is_not_simulated():
    assert [one.name for one in SCENARIOS if not all(map(one.allows, GAPS))] == ["rare calls"]

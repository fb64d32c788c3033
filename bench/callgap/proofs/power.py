"""Is a gap of the size that is stated to be detectable found as often as stated?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from callgap.fairness.contrasts import left_out
from callgap.fairness.detectable import POWER, smallest_detectable_gap
from callgap.fairness.gaps import Pair, Resampling, simultaneous
from callgap.proofs.coverage import ALPHA, RESAMPLES
from callgap.proofs.populations import MARGIN, draw_pairs, named
from callgap.proofs.workers import spread
from callgap.verdict.words import DISADVANTAGED, by_limits

ACCEPTED = (0.72, 0.90)
"""Power that agrees with the stated 0.80. A stated size is itself estimated from the speakers of one sample, so that it
is now too small and now too large; both ends were decided before the first run."""

PLACES = (
    ("even", 20, 100),
    ("even", 30, 30),
    ("even", 30, 300),
    ("even", 100, 100),
    ("unequal words", 30, 100),
    ("group varies more", 30, 100),
    ("reference varies more", 30, 100),
    ("heavy tails", 100, 100),
    ("calls", 30, 100),
    ("calls", 100, 100),
)
"""Scenarios and speakers; a size is stated from a sample without a gap."""

_KEY = ("group", "endpoint")


@dataclass(frozen=True)
class Task:
    """Samples of one scenario and pairing."""

    scenario: str
    group: int
    reference: int
    simulations: int
    seed: int


@dataclass(frozen=True)
class Powered:
    """Simulations of one scenario and pairing.

    Attributes:
        scenario: from which speakers were drawn.
        group: speakers.
        reference: speakers.
        simulations: pairs of samples: of the first a size is stated, in the second a gap of that size planted.
        stated: share of the first samples for which a size was stated; the others are left out.
        size: median of the stated sizes.
        size_low: quantile 0.1 of them.
        size_high: quantile 0.9.
        power: share of the planted gaps that were found.
        least: smallest power that is accepted.
        most: largest.
        holds: whether it lies between them.
    """

    scenario: str
    group: int
    reference: int
    simulations: int
    stated: float
    size: float
    size_low: float
    size_high: float
    power: float
    least: float
    most: float
    holds: bool


def powered(task: Task) -> Powered:
    """Simulate one task."""
    scenario, sizes = named(task.scenario), (task.group, task.reference)
    places = [one[0] for one in PLACES].index(task.scenario)
    rng = np.random.default_rng([task.seed, places, *sizes])
    stated, found = [], 0
    for seed, pilot in enumerate(draw_pairs(scenario, sizes, 0.0, task.simulations, rng)):
        size = stated_size(pilot, seed)
        # A group of whom all is wrong cannot be planted.
        if size is not None and scenario.base + size < 1:
            stated.append(size)
            # The planted sample is drawn apart, with callers and words of its own.
            found += is_found(next(iter(draw_pairs(scenario, sizes, size, 1, rng))), seed)
    power = found / len(stated) if stated else 0.0
    low, middle, high = np.quantile(stated or [np.nan], [0.1, 0.5, 0.9]).round(6).tolist()
    share = len(stated) / task.simulations
    holds = ACCEPTED[0] <= power <= ACCEPTED[1]
    return Powered(task.scenario, *sizes, task.simulations, share, middle, low, high, round(power, 6), *ACCEPTED, holds)


def stated_size(pilot: Pair, seed: int) -> float | None:
    """What a report on this sample would call the smallest detectable gap."""
    gap = simultaneous({_KEY: pilot}, Resampling(ALPHA, RESAMPLES, seed))[_KEY]
    return smallest_detectable_gap(pilot, gap, MARGIN, seed)


def is_found(pair: Pair, seed: int) -> bool:
    """Whether the rule says `disadvantaged`: the limits, and the same without any one speaker."""
    limits = simultaneous({_KEY: pair}, Resampling(ALPHA, RESAMPLES, seed))[_KEY].difference
    alone = left_out(pair)
    return by_limits(limits.lower, limits.upper, MARGIN) == DISADVANTAGED and alone is not None and alone > MARGIN / 2


def run(simulations: int, seed: int, workers: int) -> list[Powered]:
    """Simulate every place."""
    tasks = [Task(*place, simulations, seed) for place in PLACES]
    return spread(powered, tasks, workers, f"power {POWER:.2f}")

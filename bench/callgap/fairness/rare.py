"""Limits where resampling has nothing to say: no variance between speakers, or hardly any event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from callgap.fairness.sides import Array, Side

FEWEST_EVENTS = 5
"""Below this many events a side's limits are exact ones."""


@dataclass(frozen=True)
class Interval:
    """Lower and upper limit of one rate or gap."""

    lower: float
    upper: float


def is_rare(side: Side) -> bool:
    """Tell whether a side has too few events, or too few failures of them, to be resampled.

    Args:
        side: of a comparison.

    Returns:
        True for fewer than five events, for rates that are the same for all speakers, and for shares of which fewer
        than five utterances have none.
    """
    scarce = side.events < FEWEST_EVENTS or (side.is_share and side.trials - side.events < FEWEST_EVENTS)
    return bool(scarce or side.variance <= 0.0)


def korn_graubard(side: Side, alpha: float) -> Interval:
    """Limits of a share from clustered observations (Korn and Graubard 1998, Survey Methodology 24, 193-201).

    Clopper-Pearson limits with the effective number of observations p (1 - p) / var(p), times the squared ratio of the
    t quantiles for the number of observations and of speakers; here it is at most the number of speakers, so that many
    utterances of few speakers never pass for many observations. A rate above 1 (word errors) is taken for 1.

    Args:
        side: of a comparison.
        alpha: two-sided error rate.

    Returns:
        Limits between 0 and 1.
    """
    rate, speakers = min(side.rate, 1.0), side.speakers
    effective = float(speakers)
    if side.variance > 0 and 0 < rate < 1:
        few, many = stats.t.ppf(1 - alpha / 2, [speakers - 1, max(side.trials - 1, speakers - 1)])
        effective = min(effective, rate * (1 - rate) / side.variance * float(many / few) ** 2)
    events = rate * effective
    lower = stats.beta.ppf(alpha / 2, events, effective - events + 1) if events > 0 else 0.0
    upper = stats.beta.ppf(1 - alpha / 2, events + 1, effective - events) if events < effective else 1.0
    return Interval(float(lower), float(upper))


def log_t(side: Side, alpha: float) -> Interval:
    """Limits of a positive rate from Student's t on the log scale, the standard error by the delta method.

    Args:
        side: of a comparison, its rate positive.
        alpha: two-sided error rate.

    Returns:
        Limits, both positive.
    """
    lower, upper = log_t_limits(np.array([side.rate]), np.array([side.variance]), side.speakers, alpha)
    return Interval(float(lower[0]), float(upper[0]))


def log_t_limits(rate: Array, variance: Array, speakers: int, alpha: float) -> tuple[Array, Array]:
    """Compute the limits of `log_t` for many samples of one size.

    Args:
        rate: positive [sample].
        variance: of the rate [sample].
        speakers: in each sample.
        alpha: two-sided error rate.

    Returns:
        Lower and upper limits [sample].
    """
    # Beyond this a limit is no longer a number of any use, and exp would overflow.
    half = np.minimum(stats.t.ppf(1 - alpha / 2, speakers - 1) * np.sqrt(variance) / rate, 50.0)
    return rate * np.exp(-half), rate * np.exp(half)


def recovered(group: Side, reference: Side, mine: Interval, theirs: Interval) -> Interval:
    """Limits of a difference recovered from the limits of its two rates (MOVER; Zou and Donner 2008).

    G. Y. Zou, A. Donner, Construction of confidence limits about effect measures: a general approach, Statistics in
    Medicine 27, 1693-1702, equations 5 and 6. It keeps the asymmetry of both.

    Args:
        group: the side whose rate is the minuend.
        reference: the other.
        mine: limits of the group's rate.
        theirs: limits of the reference's rate, at the same level.

    Returns:
        Limits of the difference.
    """
    gap = group.rate - reference.rate
    below = np.hypot(group.rate - mine.lower, theirs.upper - reference.rate)
    above = np.hypot(mine.upper - group.rate, reference.rate - theirs.lower)
    return Interval(float(gap - below), float(gap + above))


def ratio_recovered(group: Side, reference: Side, mine: Interval, theirs: Interval) -> Interval:
    """Limits of a ratio of two rates from exact limits of each: the outermost quotients.

    Args:
        group: the side whose rate is the numerator.
        reference: the other.
        mine: limits of the group's rate.
        theirs: limits of the reference's rate.

    Returns:
        Limits; the upper one is infinite where the reference's rate may be 0.
    """
    lower = mine.lower / theirs.upper if theirs.upper > 0 else 0.0
    upper = mine.upper / theirs.lower if theirs.lower > 0 else float("inf")
    return Interval(lower, upper)


def widest(one: Interval, other: Interval) -> Interval:
    """The smallest interval that holds both."""
    return Interval(min(one.lower, other.lower), max(one.upper, other.upper))

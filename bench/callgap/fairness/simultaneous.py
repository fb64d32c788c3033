"""Limits that hold together, from studentized resamples of groups of very different sizes.

Deviations t* of a group of ten speakers have far heavier tails than those of five hundred. In a maximum of |t*| they
would decide the critical value of everybody. So each t* first goes through Wallace's normal approximation of Student's
t with the degrees of freedom of its own group,

    z = sign(t) (8 v + 1) / (8 v + 3) sqrt(v log(1 + t**2 / v))

(Wallace 1959), the maximum is taken of z, and each member's critical value is found by the inverse. The map is monotone
and fixed, so the limits are calibrated by the resamples whether or not t* follows Student's t; it only shares the error
rate out more evenly. What is left, the skewness of a group's own t*, is evened out by dividing z by its own quantile at
a tail of 1 %: the family's critical value is then about as rare for every member (prepivoting, Beran 1988).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.limits import Limits, equal_tailed, upper_rank
from callgap_kernels.resampling.linearized import Estimates

Float = NDArray[np.float64]

_OWN_TAIL = 0.01
BEYOND = 5
"""Fewest resamples beyond an order statistic: the outermost ones say little of a quantile."""


@dataclass(frozen=True, eq=False)
class Members:
    """What limits of a family's members need; all arrays have the members' shape.

    Attributes:
        estimate: of the sample.
        se: standard error.
        degrees: of freedom, the speakers less 1.
        scale: the member's own quantile of z.
        usable: members with a standard error and, but for few resamples, finite deviations.
    """

    estimate: Float
    se: Float
    degrees: Float
    scale: Float
    usable: NDArray[np.bool_]

    def limit(self, critical: float) -> Float:
        """Place limits at a critical value, in quantiles of the members' own; NaN for those that are not usable."""
        limit: Float = self.estimate - from_normal(critical * self.scale, self.degrees) * self.se
        return np.where(self.usable, limit, np.nan)


class Family:
    """Estimates whose limits hold together (max-T, Westfall & Young 1993, section 2.3).

    A member with infinite deviations in more than `alpha / (2 * members)` of the resamples is left out, as
    `callgap_kernels` does, so that one rare event cannot take the limits from all others. Members that were drawn apart
    are treated as independent, which for two-sided limits of jointly normal estimates is never too narrow (Sidak 1967).

    Args:
        alpha: error rate of all limits together.
        members: how many will be admitted at most.
        resamples: of each.
    """

    def __init__(self, alpha: float, members: int, resamples: int) -> None:
        self._alpha = alpha
        self._most_infinite = alpha / (2 * max(1, members))
        self._largest = np.full(resamples, np.nan)

    def admit(self, sample: Estimates, draws: Estimates, degrees: Float, *, signed: bool = False) -> Members:
        """Take in some members.

        Args:
            sample: estimates of the sample [...].
            draws: of the resamples [..., resample].
            degrees: of freedom; broadcasts to the sample's shape.
            signed: deviations count upward only: for lower limits alone.

        Returns:
            The members, for `lower` and `upper`.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            t = draws.studentized()
        infinite = ~np.isfinite(t)
        usable = (sample.variance > 0) & (infinite.mean(axis=-1) <= self._most_infinite)
        degrees = np.broadcast_to(degrees, sample.value.shape).astype(np.float64)
        t[np.isnan(t)] = np.inf
        scale = np.ones_like(degrees)
        for place in map(tuple, np.argwhere(usable)):
            z = to_normal(t[place] if signed else np.abs(t[place]), degrees[place])
            own = upper_quantile(z, _OWN_TAIL)
            usable[place] &= 0 < own < np.inf
            if usable[place]:
                scale[place] = own
                np.fmax(self._largest, z / own, out=self._largest)
        return Members(sample.value, np.sqrt(sample.variance), degrees, scale, usable)

    def limits(self, members: Members) -> Limits:
        """Limits of some members, once all have been admitted; the upper one has no meaning if they were signed."""
        critical = upper_quantile(self._largest, self._alpha)
        return Limits(members.limit(critical), members.limit(-critical))


def to_normal(t: Float, degrees: Float | float) -> Float:
    """Make Student's t about normal (Wallace 1959); infinite stays infinite.

    Args:
        t: any numbers.
        degrees: of freedom, broadcasting.

    Returns:
        Numbers of the same order.
    """
    size = (8 * degrees + 1) / (8 * degrees + 3) * np.sqrt(degrees * np.log1p(t**2 / degrees))
    normal: Float = np.copysign(size, t)
    return normal


def from_normal(z: Float, degrees: Float | float) -> Float:
    """Undo `to_normal`."""
    size = np.abs(z) * (8 * degrees + 3) / (8 * degrees + 1)
    with np.errstate(over="ignore"):
        t: Float = np.copysign(np.sqrt(degrees * np.expm1(size**2 / degrees)), z)
    return t


def upper_quantile(values: Float, tail: float) -> float:
    """The order statistic above which a share of the resamples lies, rounded outward.

    Args:
        values: NaN for a family without members [resample].
        tail: the share.

    Returns:
        The quantile; NaN for a family without members.

    Raises:
        ValueError: there are too few resamples for it.
    """
    fewest = ceil(BEYOND / tail - 1e-9) - 1
    if len(values) < fewest:
        raise ValueError(f"found {len(values)} resamples; accepted for limits at an error rate of {tail:g}: {fewest}")
    place = upper_rank(len(values), tail) - 1
    return float(np.partition(values, place)[place])


def pointwise(sample: Estimates, draws: Estimates, alpha: float) -> Limits:
    """Equal-tailed bootstrap-t limits of each member alone (Efron & Tibshirani 1993, section 12.5).

    Args:
        sample: estimates of the sample [...].
        draws: of the resamples [..., resample].
        alpha: two-sided error rate.

    Returns:
        Limits; NaN where the standard error is 0 or unknown.
    """
    usable = sample.variance > 0
    return equal_tailed(sample.value, np.sqrt(sample.variance), draws.studentized(), alpha, usable)


def degrees(speakers: NDArray[np.int64]) -> Float:
    """Degrees of freedom of a standard error; a contrast has those of its smaller group."""
    result: Float = np.maximum(speakers - 1.0, 1.0)
    return result

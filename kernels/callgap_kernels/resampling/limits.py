"""Limits from resamples.

Quantiles are order statistics, number (B + 1) * p of B (Davison and Hinkley 1997, section 5.2), rounded outward where
that is no integer. Interpolation would mix infinite and finite values. An undefined resample counts as the worst value
on each side, so it never shortens an interval. Resamples are the last axis everywhere.
"""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Limits:
    """Two-sided limits of the same shape as the estimates."""

    lower: Float
    upper: Float


def percentile(values: Float, alpha: float, usable: Bool) -> Limits:
    """Compute percentile limits (Efron and Tibshirani 1993, section 13.3).

    Args:
        values: Values of the resamples, NaN where undefined [member, endpoint, resample].
        alpha: Error rate of both sides together.
        usable: Where limits are defined [member, endpoint].

    Returns:
        Limits, NaN where not usable.
    """
    resamples = values.shape[-1]
    low, high = floor((resamples + 1) * alpha / 2 + 1e-9) - 1, upper_rank(resamples, alpha / 2) - 1
    missing = np.isnan(values)
    undefined = missing.any(axis=-1) if missing.any() else None
    ordered = np.partition(values if undefined is None else np.where(missing, np.inf, values), [low, high], axis=-1)
    lower, upper = ordered[..., low], ordered[..., high]
    if undefined is not None:
        worst = np.where(missing[undefined], -np.inf, values[undefined])
        lower[undefined] = np.partition(worst, low, axis=-1)[..., low]
    return Limits(np.where(usable, lower, np.nan), np.where(usable, upper, np.nan))


def equal_tailed(estimate: Float, se: Float, t: Float, alpha: float, usable: Bool) -> Limits:
    """Compute bootstrap-t limits (Efron and Tibshirani 1993, section 12.5).

    Args:
        estimate: Estimates in the sample [member, endpoint].
        se: Their standard errors [member, endpoint].
        t: Studentized deviations of the resamples, NaN where undefined [member, endpoint, resample].
        alpha: Error rate of both sides together.
        usable: Where limits are defined [member, endpoint].

    Returns:
        Limits, NaN where not usable.
    """
    quantiles = percentile(t, alpha, usable)
    return Limits(estimate - quantiles.upper * se, estimate - quantiles.lower * se)


class Family:
    """Members that share one critical value, max-T (Westfall and Young 1993, section 2.3).

    A member whose share of infinite deviations exceeds alpha / (2 * candidates) is left out: the resamples in which any
    remaining member is infinite are then at most alpha / 2 of all, so one rare event cannot take the limits from every
    other member.

    Args:
        resamples: Number of resamples.
        alpha: Error rate of all limits together.
        candidates: Number of members for which limits are defined.
    """

    def __init__(self, resamples: int, alpha: float, candidates: int) -> None:
        self._largest = np.full(resamples, np.nan)
        self._rank = upper_rank(resamples, alpha)
        self._most_infinite = alpha / (2 * max(1, candidates))

    def admit(self, t: Float, usable: Bool) -> Bool:
        """Take in those members that a critical value can hold for.

        Args:
            t: Studentized deviations of the resamples, NaN where undefined [member, endpoint, resample].
            usable: Where limits are defined [member, endpoint].

        Returns:
            Which members were taken in [member, endpoint].
        """
        magnitude = np.abs(t)
        finite = np.isfinite(magnitude)
        admitted = usable
        if not finite.all():
            admitted = usable & ((~finite).mean(axis=-1) <= self._most_infinite)
            magnitude[~finite] = np.inf
        for each in magnitude[admitted]:
            np.fmax(self._largest, each, out=self._largest)
        return admitted

    def critical_value(self) -> float:
        """Select the quantile of the largest |t| of the members.

        Returns:
            Number of standard errors; NaN if there is no member.
        """
        return float(np.partition(self._largest, self._rank - 1)[self._rank - 1])


def symmetric(estimate: Float, se: Float, critical: float, family: Bool) -> Limits:
    """Place limits at a critical number of standard errors on either side.

    Args:
        estimate: Estimates in the sample [member, endpoint].
        se: Their standard errors [member, endpoint].
        critical: Number of standard errors.
        family: Where the number is valid [member, endpoint].

    Returns:
        Limits, NaN outside the family.
    """
    half = critical * np.where(family, se, np.nan)
    return Limits(estimate - half, estimate + half)


def upper_rank(resamples: int, tail: float) -> int:
    """Number the order statistic above which a share of the resamples lies, rounded outward.

    Args:
        resamples: Number of resamples.
        tail: The share.

    Returns:
        Rank, from 1.
    """
    return ceil((resamples + 1) * (1 - tail) - 1e-9)

"""Limits from studentized resamples.

Quantiles are order statistics, number (B + 1) * p of B (Davison and Hinkley 1997, section 5.2), rounded outward where
that is no integer. Interpolation would mix infinite and finite values. An undefined resample counts as the worst value
on each side, so it never shortens an interval.
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


def equal_tailed(estimate: Float, se: Float, t: Float, alpha: float, usable: Bool) -> Limits:
    """Compute bootstrap-t limits (Efron and Tibshirani 1993, section 12.5).

    Args:
        estimate: Estimates in the sample [member, endpoint].
        se: Their standard errors [member, endpoint].
        t: Studentized deviations of the resamples, NaN where undefined [resample, member, endpoint].
        alpha: Error rate of both sides together.
        usable: Where limits are defined [member, endpoint].

    Returns:
        Limits, NaN where not usable.
    """
    low = _order_statistic(np.where(np.isnan(t), -np.inf, t), floor((len(t) + 1) * alpha / 2 + 1e-9))
    high = _order_statistic(np.where(np.isnan(t), np.inf, t), _upper_rank(len(t), alpha / 2))
    se = np.where(usable, se, np.nan)
    return Limits(estimate - high * se, estimate - low * se)


def critical_value(t: Float, alpha: float, usable: Bool) -> tuple[float, Bool]:
    """Compute the max-T critical value (Westfall and Young 1993, section 2.3) over the members that have one.

    A member whose share of infinite deviations exceeds alpha / (2 * usable members) is left out: the resamples in which
    any remaining member is infinite are then at most alpha / 2 of all, so one rare event cannot take the limits from
    every other member.

    Args:
        t: Studentized deviations of the resamples, NaN where undefined [resample, member, endpoint].
        alpha: Error rate of all limits together.
        usable: Where limits are defined [member, endpoint].

    Returns:
        The quantile of the largest |t|, NaN if no member is left; and which members it is for [member, endpoint].
    """
    rank = _upper_rank(len(t), alpha)
    magnitude = np.where(np.isnan(t), np.inf, np.abs(t))
    family = usable & (np.isinf(magnitude).mean(axis=0) <= alpha / (2 * max(1, int(usable.sum()))))
    if not family.any():
        return float("nan"), family
    return float(_order_statistic(magnitude[:, family].max(axis=1), rank)), family


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


def _upper_rank(resamples: int, tail: float) -> int:
    return ceil((resamples + 1) * (1 - tail) - 1e-9)


def _order_statistic(values: Float, rank: int) -> Float:
    """Select the value of a rank, from 1, along the first axis."""
    selected: Float = np.partition(values, rank - 1, axis=0)[rank - 1]
    return selected

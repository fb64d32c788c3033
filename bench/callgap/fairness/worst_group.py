"""Limits of the highest rate of any group, and of the difference of two systems' highest rates.

The maximum is no smooth function of the rates: nothing here resamples it. Limits of the groups' rates and of their
differences are taken first, and then the same maxima and minima of the limits; `systems.py` says why that holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.paired import Resampled
from callgap.fairness.simultaneous import Family, degrees, pointwise
from callgap_kernels.resampling.limits import Limits
from callgap_kernels.resampling.linearized import Estimates

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def highest(alone: Resampled, alpha: float) -> Limits:
    """Limits of max_g R_g.

    Args:
        alone: rates of each system [group, system].
        alpha: two-sided error rate, of each system alone.

    Returns:
        Limits [system]; an upper one is NaN where some group has none, for that group may be the worst.
    """
    upper = pointwise(alone.sample, alone.draws, alpha).upper.max(axis=0)
    lower = np.full_like(upper, np.nan)
    for system in range(len(upper)):
        own = alone.column(system)
        family = Family(alpha / 2, own.sample.value.size, own.draws.value.shape[-1])
        lower[system] = np.fmax.reduce(family.limits(own.join(family, signed=True)).lower, axis=None)
    return Limits(lower, upper)


def worst_differences(alone: Resampled, paired: Resampled, pairs: Int, alpha: float) -> Limits:
    """Limits of max_g R_gA - max_h R_hB, for all pairs of systems together.

    Args:
        alone: rates of each system [group, system].
        paired: differences of the pairs' rates in each group, of the same draws [group, pair].
        pairs: places of the first and of the second system [pair, 2].
        alpha: two-sided error rate of all limits together.

    Returns:
        Limits [pair]: min_h max_g L_gh and max_g min_h U_gh.
    """
    groups = len(alone.speakers)
    family = Family(alpha, len(pairs) * groups**2, alone.draws.value.shape[-1])
    fewest = np.minimum.outer(alone.speakers, alone.speakers)
    members = [
        family.admit(*_crossed(alone, paired, place, first, second), degrees(fewest))
        for place, (first, second) in enumerate(pairs)
    ]
    lower, upper = np.empty(len(pairs)), np.empty(len(pairs))
    for place, own in enumerate(members):
        limits = family.limits(own)
        lower[place] = np.where(own.usable, limits.lower, -np.inf).max(axis=0).min()
        upper[place] = np.where(own.usable, limits.upper, np.inf).min(axis=1).max()
    return Limits(lower, upper)


def _crossed(alone: Resampled, paired: Resampled, pair: int, first: int, second: int) -> tuple[Estimates, Estimates]:
    """R_gA - R_hB of every two groups [group, group]; the same group's from its paired differences."""
    tables = []
    same = np.arange(len(alone.speakers))
    for rates, differences in ((alone.sample, paired.sample), (alone.draws, paired.draws)):
        value = rates.value[:, None, first] - rates.value[None, :, second]
        deviation = rates.deviation[:, None, first] - rates.deviation[None, :, second]
        variance = rates.variance[:, None, first] + rates.variance[None, :, second]
        # A group whose speakers are all alike says nothing of its own uncertainty, nor of a difference from it.
        lone = (rates.variance[:, None, first] == 0) | (rates.variance[None, :, second] == 0)
        variance = np.where(lone, 0.0, variance) if value.ndim == 2 else variance
        for table, name in ((value, "value"), (deviation, "deviation"), (variance, "variance")):
            table[same, same] = getattr(differences, name)[:, pair]
        tables.append(Estimates(value, deviation, variance))
    return tables[0], tables[1]

"""Ratios of sums and their linearized variances, in a sample and in its resamples.

The variance is that of Cochran (1977, section 6.3), at the level of speakers:
    var(R) = n / (n - 1) * sum_s w_s * (e_s - R * N_s)**2 / (sum_s w_s * N_s)**2
with `n` speakers, numerators `e`, denominators `N` and resample counts `w` (all 1 in the sample itself).

Sums over speakers are exact (limbs.py), so they are the same bits in any order, tile, library and device.
"""

from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.limbs import Limbs

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# e, N, u, u**2, u * N and N**2.
MOMENTS: Final = 6
# Residuals and sums of squares this small beside their terms are rounding errors of a true zero.
RESIDUAL_ROUNDING: Final = 16 * np.finfo(np.float64).eps
SQUARES_ROUNDING: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates with their variances; every array is float64 [member, endpoint], or with resamples along a third axis.

    Attributes:
        value: Estimate in the sample or in each resample; NaN where undefined.
        deviation: Value minus the value in the sample, free of cancellation.
        variance: Linearized variance of the value.
    """

    value: Float
    deviation: Float
    variance: Float

    def log(self, sample: Float) -> "Estimates":
        """Take natural logs, variances by the delta method.

        Args:
            sample: Values in the sample [member, endpoint].

        Returns:
            Logs; NaN where the value in the sample or in the resample is not positive.
        """
        start = sample.reshape(sample.shape + (1,) * (self.value.ndim - sample.ndim))
        value = np.where((self.value > 0) & (start > 0), self.value, np.nan)
        change = self.deviation / np.where(np.isnan(value), np.nan, start)
        return Estimates(np.log(value), np.log1p(change), self.variance / value**2)

    def members(self, part: slice) -> "Estimates":
        """Look at some members.

        Args:
            part: Which members.

        Returns:
            Views of their estimates.
        """
        return Estimates(self.value[part], self.deviation[part], self.variance[part])

    def contrast(self, pairs: Int) -> "Estimates":
        """Subtract independent members from each other.

        Args:
            pairs: (member, reference member) [contrast, 2].

        Returns:
            Differences of the same axes, contrasts for members.
        """
        one, other = pairs[:, 0], pairs[:, 1]
        return Estimates(
            self.value[one] - self.value[other],
            self.deviation[one] - self.deviation[other],
            self.variance[one] + self.variance[other],
        )

    def studentized(self) -> Float:
        """Divide deviations by standard errors.

        Returns:
            Studentized deviations of the same shape. A standard error of 0 gives 0 where the deviation is 0, else
            infinity with the sign of the deviation; what is undefined is NaN.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            t: Float = self.deviation / np.sqrt(self.variance)
        still = self.variance == 0
        if still.any():
            t[still & (self.deviation == 0)] = 0.0
        return t


@dataclass(frozen=True, eq=False)
class GroupMoments:
    """What one group's resamples are computed from.

    Attributes:
        rate: Ratio of sums in the sample; NaN where the denominator is 0 [endpoint].
        columns: e, N, u, u**2, u * N and N**2 of each speaker, u = e - rate * N [speaker, 6 * endpoint].
    """

    rate: Float
    columns: Float

    @classmethod
    def from_sums(cls, numerator: Float, denominator: Float) -> "GroupMoments":
        """Center the numerators and multiply out.

        Args:
            numerator: Sums of one group's speakers [speaker, endpoint].
            denominator: Likewise.

        Returns:
            Moments of the group.
        """
        rate = ratio(_totals(numerator), _totals(denominator))
        expected = rate * denominator
        residual = numerator - expected
        residual[np.abs(residual) <= RESIDUAL_ROUNDING * (np.abs(numerator) + np.abs(expected))] = 0.0
        terms = [numerator, denominator, residual, residual**2, residual * denominator, denominator**2]
        return cls(rate, np.concatenate(terms, axis=1))

    @cached_property
    def limbs(self) -> Limbs:
        """The columns, split for exact sums."""
        return Limbs.from_columns(self.columns)


def estimates(sums: Float, speakers: Float) -> Estimates:
    """Compute rates and variances from weighted sums of the moments.

    Args:
        sums: Sums of e, N, u, u**2, u * N and N**2 [group, 6, endpoint, resample].
        speakers: Number of speakers of each group [group].

    Returns:
        Rates [group, endpoint, resample]; NaN where the weighted denominator is 0.
    """
    e, n, u, uu, un, nn = np.moveaxis(sums, 1, 0)
    size = np.where(n == 0, np.nan, n)
    deviation = u / size
    terms = uu + deviation**2 * nn
    squares = terms - 2 * deviation * un
    squares[squares <= SQUARES_ROUNDING * terms] = 0.0
    scale = ratio(speakers, speakers - 1.0)[:, None, None]
    return Estimates(e / size, deviation, scale * (squares / size**2))


def sample_estimates(groups: list[GroupMoments]) -> Estimates:
    """Compute each group's rate and variance in the sample.

    Args:
        groups: Moments of the groups.

    Returns:
        Rates [group, endpoint], deviations 0.
    """
    rate = np.stack([group.rate for group in groups])
    sums = np.stack([group.limbs.total() for group in groups]).reshape(len(groups), MOMENTS, rate.shape[1], 1)
    speakers = np.array([float(len(group.columns)) for group in groups])
    return Estimates(rate, np.where(np.isnan(rate), np.nan, 0.0), estimates(sums, speakers).variance[..., 0])


def ratio(numerator: Float, denominator: Float) -> Float:
    """Divide, giving NaN where the denominator is 0.

    Args:
        numerator: Any shape.
        denominator: A shape that broadcasts to the numerator's.

    Returns:
        Quotients of the numerator's shape.
    """
    quotient: Float = numerator / np.where(denominator == 0, np.nan, denominator)
    return quotient


def _totals(values: Float) -> Float:
    return np.array([fsum(column) for column in values.T.tolist()])

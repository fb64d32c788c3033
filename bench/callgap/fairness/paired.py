"""The difference of two rates of the same speakers: two systems on the same audio, or two conditions within speakers.

With errors `a` and words `N` of a speaker under the first, `b` and `M` under the second,

    D = A - B,   A = sum a / sum N,   B = sum b / sum M

and, linearized at the level of speakers (Cochran 1977, section 6.3; n speakers),

    var(D) = n / (n - 1) * sum_s (u_s - v_s)**2,   u = (a - A N) / sum N,   v = (b - B M) / sum M

The residuals are subtracted speaker by speaker, before they are squared: what makes a speaker hard for both cancels.
With N = M this is the ratio (a - b) / N, and everything below equals `callgap_kernels.bootstrap_t` of that column; the
denominators may differ, as the words of one condition differ from those of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.simultaneous import Family, Members, degrees, pointwise
from callgap_kernels.resampling.cpu import choose_draw
from callgap_kernels.resampling.limbs import Limbs
from callgap_kernels.resampling.linearized import RESIDUAL_ROUNDING, SQUARES_ROUNDING, Estimates

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_UPPER = np.triu_indices(4)
# Float64 values of sums and of counts that are held at once.
_HELD = 2**18


@dataclass(frozen=True, eq=False)
class Sums:
    """What speakers contribute to a rate.

    Attributes:
        numerator: such as errors [speaker, column].
        denominator: such as words, not negative [speaker, column].
    """

    numerator: Float
    denominator: Float


@dataclass(frozen=True, eq=False)
class Resampled:
    """Estimates of the sample and of its resamples.

    Attributes:
        sample: [group, column]
        draws: [group, column, resample]
        speakers: of each group [group].
    """

    sample: Estimates
    draws: Estimates
    speakers: Int

    def contrast(self, pairs: Int) -> Resampled:
        """Subtract groups from each other, which have no speaker in common.

        Args:
            pairs: (group, reference group) [contrast, 2].

        Returns:
            Contrasts in place of groups; the number of speakers is the smaller group's.
        """
        fewest = self.speakers[pairs].min(axis=1)
        return Resampled(self.sample.contrast(pairs), self.draws.contrast(pairs), fewest)

    def column(self, place: int) -> Resampled:
        """One column by itself."""
        sample, draws = (
            Estimates(e.value[:, [place]], e.deviation[:, [place]], e.variance[:, [place]])
            for e in (self.sample, self.draws)
        )
        return Resampled(sample, draws, self.speakers)

    def join(self, family: Family, *, signed: bool = False) -> Members:
        """Let all groups and columns into a family of limits that hold together."""
        return family.admit(self.sample, self.draws, degrees(self.speakers)[:, None], signed=signed)


@dataclass(frozen=True, eq=False)
class PairedDifference:
    """First rate minus second, by group; every array is float64 [group, column].

    Attributes:
        estimate: A - B.
        se: linearized standard error.
        lower: lower equal-tailed bootstrap-t limit, for this group and column alone.
        upper: upper limit, likewise. Both are NaN where the standard error is 0.
        simultaneous_lower: lower limit that is valid for all groups and columns together.
        simultaneous_upper: upper limit, likewise.
    """

    estimate: Float
    se: Float
    lower: Float
    upper: Float
    simultaneous_lower: Float
    simultaneous_upper: Float


def paired_difference(
    first: Sums, second: Sums, group: Int, *, seed: int, resamples: int = 10_000, alpha: float = 0.05
) -> PairedDifference:
    """Estimate the difference of two rates of the same speakers, with bootstrap-t limits.

    Args:
        first: sums of each speaker under the first system or condition.
        second: sums of the same speakers under the second.
        group: number of each speaker's group, 0 to G - 1, none empty [speaker].
        seed: of the draws.
        resamples: of speakers, within groups.
        alpha: two-sided error rate of the limits.

    Returns:
        Differences with limits (Efron & Tibshirani 1993, section 12.5; Westfall & Young 1993, section 2.3).

    Raises:
        ValueError: the arrays do not fit together, or a group has nothing to divide by.

    Example:
        >>> words = np.full((4, 1), 10.0)
        >>> first, second = (Sums(np.array(e)[:, None], words) for e in ([3.0, 4, 5, 9], [1.0, 3, 5, 6]))
        >>> paired_difference(first, second, np.zeros(4, int), seed=1, resamples=499).estimate.round(3).tolist()
        [[0.15]]
    """
    resampled = resample_paired(first, second, group, seed=seed, resamples=resamples)
    sample = resampled.sample
    one = pointwise(sample, resampled.draws, alpha)
    family = Family(alpha, sample.value.size, resamples)
    all_ = family.limits(resampled.join(family))
    return PairedDifference(sample.value, np.sqrt(sample.variance), one.lower, one.upper, all_.lower, all_.upper)


def resample_paired(first: Sums, second: Sums, group: Int, *, seed: int, resamples: int) -> Resampled:
    """Draw speakers within their groups and estimate the differences anew.

    Args:
        first: sums of each speaker under the first.
        second: sums of the same speakers under the second; numerators of 0 leave the rate of the first.
        group: number of each speaker's group, 0 to G - 1, none empty [speaker].
        seed: of the draws: those of `callgap_kernels.bootstrap_t` with the same seed.
        resamples: of speakers.

    Returns:
        Differences with their deviations and variances.

    Raises:
        ValueError: the arrays do not fit together, or a group has nothing to divide by.
    """
    return resample_linearized(first, second, group, _columns, _estimates, seed=seed, resamples=resamples)


Columns = Callable[[Sums, Sums], tuple[Float, Float]]
"""From both sums of a group to its estimate [column] and four columns of each speaker [speaker, 4, column]."""

Linearized = Callable[[Float, Float, int], Estimates]
"""From the estimate, the weighted sums of the four columns and of their ten products [14, column, resample] and the
number of speakers to the estimates of the resamples."""


def resample_linearized(
    first: Sums, second: Sums, group: Int, columns: Columns, estimates: Linearized, *, seed: int, resamples: int
) -> Resampled:
    """Draw speakers within their groups and estimate anew whatever is linear in four columns of them.

    Args:
        first: sums of each speaker under the first.
        second: sums of the same speakers under the second.
        group: number of each speaker's group, 0 to G - 1, none empty [speaker].
        columns: what is summed over speakers.
        estimates: what the sums come to.
        seed: of the draws, which depend on nothing else but the numbers of groups and speakers.
        resamples: of speakers.

    Returns:
        Estimates with their deviations and variances.

    Raises:
        ValueError: the arrays do not fit together, or a group has nothing to divide by.
    """
    _check(first, second, group)
    members = [group == number for number in range(int(group.max()) + 1)]
    draw = choose_draw(resamples * len(group))
    parts = []
    for number, own in enumerate(members):
        value, found = columns(_of(first, own), _of(second, own))
        weighed = partial(draw, seed, number)
        parts.append(_group(value, found, estimates, weighed, resamples))
    sample, draws = (
        Estimates(*(np.stack([getattr(part[which], name) for part in parts]) for name in _FIELDS)) for which in (0, 1)
    )
    return Resampled(sample, draws, np.array([own.sum() for own in members]))


_FIELDS = ("value", "deviation", "variance")


def _check(first: Sums, second: Sums, group: Int) -> None:
    shapes = {array.shape for sums in (first, second) for array in (sums.numerator, sums.denominator)}
    if len(shapes) > 1 or len(next(iter(shapes))) != 2:
        raise ValueError(f"sums have the shapes {sorted(shapes)}; accepted is one shape [speaker, column] for all four")
    if group.shape != next(iter(shapes))[:1]:
        raise ValueError(f"group has the shape {group.shape}; accepted is one number for each of {shapes} speakers")
    for name, sums in (("first", first), ("second", second)):
        for number in range(int(group.max()) + 1):
            if not (sums.denominator[group == number].sum(axis=0) > 0).all():
                raise ValueError(f"the {name} denominators of group {number} sum to 0; leave the group out")


def _of(sums: Sums, own: NDArray[np.bool_]) -> Sums:
    return Sums(sums.numerator[own].astype(np.float64), sums.denominator[own].astype(np.float64))


def _group(
    value: Float, columns: Float, estimates: Linearized, draw: Callable[[int, int, int], Float], resamples: int
) -> tuple[Estimates, Estimates]:
    speakers, _, width = columns.shape
    products = [columns[:, i] * columns[:, j] for i, j in zip(*_UPPER, strict=True)]
    limbs = Limbs.from_columns(np.concatenate([columns.reshape(speakers, -1), *products], axis=1))
    total = limbs.total().reshape(14, width, 1)
    sample = estimates(value, total, speakers)
    kept = Estimates(*(np.empty((width, resamples)) for _ in _FIELDS))
    step = max(16, min(_HELD // speakers, _HELD // (14 * width)))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        sums = limbs.weigh(draw(start, rows, speakers)).reshape(14, width, rows)
        few = estimates(value, sums, speakers)
        for name in _FIELDS:
            getattr(kept, name)[:, start : start + rows] = getattr(few, name)
    return Estimates(value, np.zeros_like(value), sample.variance[:, 0]), kept


def _columns(first: Sums, second: Sums) -> tuple[Float, Float]:
    """The difference, and z = u - v, v, k and m of each speaker [speaker, 4, column].

    n = N / sum N and m = M / sum M are the speaker's shares of the denominators, k = n - m. Rounding errors of a true
    zero are put to zero, so that systems which agree on every speaker have no variance.
    """
    (n, u, scale, a), (m, v, other, b) = (_shares(sums) for sums in (first, second))
    z, k = u - v, n - m
    z[np.abs(z) <= RESIDUAL_ROUNDING * (scale + other)] = 0.0
    k[np.abs(k) <= RESIDUAL_ROUNDING * (n + m)] = 0.0
    same = ((first.numerator == second.numerator) & (first.denominator == second.denominator)).all(axis=0)
    return np.where(same, 0.0, a - b), np.stack([z, v, k, m], axis=1)


def _shares(sums: Sums) -> tuple[Float, Float, Float, Float]:
    total = sums.denominator.sum(axis=0)
    rate = sums.numerator.sum(axis=0) / total
    expected = rate * sums.denominator
    size = (np.abs(sums.numerator) + np.abs(expected)) / total
    return sums.denominator / total, (sums.numerator - expected) / total, size, rate


def _estimates(value: Float, sums: Float, speakers: int) -> Estimates:
    """Differences from weighted sums of z, v, k, m and of their ten products [14, column, resample].

    With W the sum over a resample and d the change of a rate, d_B = W_v / W_m, d = (W_z - d_B W_k) / W_n. The
    residuals of the resample, times W_n, are linear in the four columns with coefficients that the resample gives, so
    that their squares are a quadratic form in the products. Without k it is (z - d m)**2: nothing cancels.
    """
    z, v, k, m = sums[:4]
    second = np.where(m > 0, m, np.nan)
    first = np.where(m + k > 0, m + k, np.nan)
    change_b = v / second
    deviation = (z - change_b * k) / first
    excess = k / second
    weights = [np.ones_like(z), -excess, -(deviation + change_b), -(deviation - excess * change_b)]
    scale = speakers / (speakers - 1.0) if speakers > 1 else np.nan
    squares = quadratic(weights, sums[4:])
    return Estimates(value[:, None] + deviation, deviation, scale * squares / first**2)


def quadratic(weights: Sequence[Float], products: Float) -> Float:
    """The sum of the squares of a weighted sum of four columns, from the sums of their products.

    Args:
        weights: of the columns, each [column, resample].
        products: sums of the ten products of two columns [10, column, resample].

    Returns:
        Sums of squares, 0 where only rounding is left [column, resample].
    """
    squares, terms = np.zeros_like(products[0]), np.zeros_like(products[0])
    for product, i, j in zip(products, *_UPPER, strict=True):
        term = (1.0 if i == j else 2.0) * weights[i] * weights[j] * product
        squares += term
        terms += np.abs(term)
    squares[squares <= SQUARES_ROUNDING * terms] = 0.0
    return np.asarray(squares)

"""The ratio of two rates of the same speakers, on the log scale: after an alteration over before it.

With errors `a` and words `N` of a speaker under the first, `b` and `M` under the second,

    L = log(sum a / sum N) - log(sum b / sum M)

and, linearized at the level of speakers (n speakers, every sum over a resample),

    var(L) = n / (n - 1) * sum_s (a / sum a - N / sum N - b / sum b + M / sum M)**2

which is the delta method on each log rate, subtracted speaker by speaker before anything is squared, as in `paired.py`.
Both draw the same speakers for the same seed, so that both may stand in one family of limits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.paired import Resampled, Sums, quadratic, resample_linearized
from callgap_kernels.resampling.linearized import RESIDUAL_ROUNDING, Estimates

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def resample_log_ratio(first: Sums, second: Sums, group: Int, *, seed: int, resamples: int) -> Resampled:
    """Draw speakers within their groups and estimate the log ratios anew.

    A resample in which nobody has an event on one of the sides has no deviation, which a family of limits counts as an
    infinite one: it leaves a group out that has too many of them. Where the sample itself has no event on a side, the
    value is not a number and the variance 0.

    Args:
        first: sums of each speaker under the first, such as after an alteration; numerators not negative.
        second: sums of the same speakers under the second.
        group: number of each speaker's group, 0 to G - 1, none empty [speaker].
        seed: of the draws: those of `resample_paired` with the same seed.
        resamples: of speakers.

    Returns:
        Natural logs of the ratios with their deviations and variances.

    Raises:
        ValueError: the arrays do not fit together, or a group has nothing to divide by.

    Example:
        >>> words = np.full((4, 1), 10.0)
        >>> first, second = (Sums(np.array(e)[:, None], words) for e in ([3.0, 4, 5, 8], [6.0, 8, 10, 16]))
        >>> resampled = resample_log_ratio(first, second, np.zeros(4, int), seed=1, resamples=99)
        >>> np.exp(resampled.sample.value).round(3).tolist(), resampled.sample.variance.tolist()
        ([[0.5]], [[0.0]])
    """
    return resample_linearized(first, second, group, _columns, _estimates, seed=seed, resamples=resamples)


def _columns(first: Sums, second: Sums) -> tuple[Float, Float]:
    """The log ratio, and z = a - b, b, k = n - m and m of each speaker, all as shares [speaker, 4, column].

    Shares are of the sums over the sample. Where both rates are the same speaker by speaker z and k are exactly 0, so
    that the variance is.
    """
    (a, events), (b, others) = (_shares(sums.numerator) for sums in (first, second))
    (n, words), (m, said) = (_shares(sums.denominator) for sums in (first, second))
    z, k = a - b, n - m
    for difference, size in ((z, a + b), (k, n + m)):
        difference[np.abs(difference) <= RESIDUAL_ROUNDING * size] = 0.0
    same = ((first.numerator == second.numerator) & (first.denominator == second.denominator)).all(axis=0)
    known = (events > 0) & (others > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(same, 0.0, np.log(events / words) - np.log(others / said))
    columns = np.stack([z, b, k, m], axis=1)
    return np.where(known, value, np.nan), np.where(known, columns, 0.0)


def _shares(values: Float) -> tuple[Float, Float]:
    total = values.sum(axis=0)
    return values / np.where(total > 0, total, np.nan), total


def _estimates(value: Float, sums: Float, speakers: int) -> Estimates:
    """Log ratios from weighted sums of z, b, k, m and of their ten products [14, column, resample].

    With W the sum over a resample, the residual of a speaker is

        a / W_a - b / W_b - n / W_n + m / W_m = z / W_a - b W_z / (W_a W_b) - k / W_n + m W_k / (W_n W_m)

    in which nothing cancels where z and k are 0. Shares sum to 1 in the sample, so the deviation is
    log(W_a / W_b) - log(W_n / W_m).
    """
    z, b, k, m = sums[:4]
    first, second, words, said = (_positive(total) for total in (z + b, b, m + k, m))
    # Where a side has no event, neither of the two is any number.
    deviation = np.log1p(np.where(first > 0, z, np.nan) / second) - np.log1p(k / said)
    weights = [1 / first, -z / (first * second), -1 / words, k / (words * said)]
    # A share of a group without an event is 0, not unknown: it has no variance, and no value.
    squares = np.where(np.isnan(value)[:, None], 0.0, quadratic(weights, sums[4:]))
    scale = speakers / (speakers - 1.0) if speakers > 1 else np.nan
    return Estimates(value[:, None] + deviation, deviation, scale * squares)


def _positive(values: Float) -> Float:
    return np.where(values > 0, values, np.nan)

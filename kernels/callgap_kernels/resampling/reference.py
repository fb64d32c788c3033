"""Bootstrap-t and max-T in plain numpy: the definition that every faster path must equal."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.draws import DRAW_BLOCK, resample_counts
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.limits import critical_value, equal_tailed, symmetric
from callgap_kernels.resampling.linearized import Estimates, GroupMoments, sample_estimates
from callgap_kernels.resampling.results import BootstrapT, ContrastEstimates, GroupEstimates

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Replicates:
    """Studentized deviations of all resamples on one scale.

    Attributes:
        t: Studentized deviations, NaN where undefined [resample, member, endpoint].
        degenerate: Where `t` is undefined or its standard error 0 [resample, member, endpoint].
    """

    t: Float
    degenerate: Bool

    @classmethod
    def empty(cls, resamples: int, members: int, endpoints: int) -> "Replicates":
        """Make room, marked undefined."""
        shape = (resamples, members, endpoints)
        return cls(np.full(shape, np.nan), np.ones(shape, dtype=np.bool_))

    def fill(self, start: int, estimates: Estimates) -> None:
        """Write the resamples of one tile; what lies beyond the last resample is left out."""
        room = len(self.t[start:])
        t = estimates.studentized()[:room]
        self.t[start : start + len(t)] = t
        self.degenerate[start : start + len(t)] = np.isnan(t) | (estimates.variance[:room] == 0)


def bootstrap_t(sums: SpeakerSums, *, seed: int, resamples: int, alpha: float, tile: int) -> BootstrapT:
    """Estimate rates and gaps with limits; the arguments are those of the public function, checked.

    Args:
        sums: Sums per speaker and contrasts.
        seed: Key of the draws.
        resamples: Number of resamples.
        alpha: Two-sided error rate.
        tile: Resamples held at once, rounded up to whole blocks.

    Returns:
        Estimates per group and per contrast.
    """
    members = [sums.group == group for group in range(sums.groups)]
    moments = [GroupMoments.from_sums(sums.numerator[member], sums.denominator[member]) for member in members]
    rates = sample_estimates(moments)
    endpoints = sums.numerator.shape[1]
    group_t = Replicates.empty(resamples, sums.groups, endpoints)
    difference_t = Replicates.empty(resamples, len(sums.contrasts), endpoints)
    log_ratio_t = Replicates.empty(resamples, len(sums.contrasts), endpoints)
    for start, resampled in iterate_tiles(moments, seed=seed, resamples=resamples, tile=tile):
        group_t.fill(start, resampled)
        difference_t.fill(start, resampled.contrast(sums.contrasts))
        log_ratio_t.fill(start, resampled.log(rates.value).contrast(sums.contrasts))
    return BootstrapT(
        groups=_group_estimates(rates, group_t, alpha),
        difference=_contrast_estimates(rates, sums.contrasts, difference_t, alpha),
        log_ratio=_contrast_estimates(rates.log(rates.value), sums.contrasts, log_ratio_t, alpha),
        seed=seed,
        resamples=resamples,
        alpha=alpha,
    )


def iterate_tiles(
    moments: list[GroupMoments], *, seed: int, resamples: int, tile: int
) -> Iterator[tuple[int, Estimates]]:
    """Resample tile by tile; all groups of a resample come together.

    Args:
        moments: Moments of the groups.
        seed: Key of the draws.
        resamples: Number of resamples; the last block is yielded whole.
        tile: Resamples in a tile, rounded up to whole blocks.

    Yields:
        The number of the tile's first resample, and its rates [resample, group, endpoint].
    """
    blocks = -(-resamples // DRAW_BLOCK)
    step = -(-tile // DRAW_BLOCK)
    for first in range(0, blocks, step):
        each = [_block(moments, seed, block) for block in range(first, min(first + step, blocks))]
        value = np.concatenate([estimates.value for estimates in each])
        deviation = np.concatenate([estimates.deviation for estimates in each])
        variance = np.concatenate([estimates.variance for estimates in each])
        yield first * DRAW_BLOCK, Estimates(value, deviation, variance)


def _block(moments: list[GroupMoments], seed: int, block: int) -> Estimates:
    """Resample every group; a block's product has one shape, so that its rounding does not depend on the tile."""
    each = [
        group.estimates(resample_counts(seed, number, block, len(group.columns)))
        for number, group in enumerate(moments)
    ]
    return Estimates(
        np.stack([estimates.value for estimates in each], axis=1),
        np.stack([estimates.deviation for estimates in each], axis=1),
        np.stack([estimates.variance for estimates in each], axis=1),
    )


def _group_estimates(rates: Estimates, replicates: Replicates, alpha: float) -> GroupEstimates:
    se = np.sqrt(rates.variance)
    limits = equal_tailed(rates.value, se, replicates.t, alpha, usable=se > 0)
    return GroupEstimates(rates.value, se, limits.lower, limits.upper)


def _contrast_estimates(members: Estimates, pairs: Int, replicates: Replicates, alpha: float) -> ContrastEstimates:
    """Compare members on one scale; without variance on either side there are no limits."""
    contrast = members.contrast(pairs)
    se = np.sqrt(contrast.variance)
    usable = (members.variance[pairs[:, 0]] > 0) & (members.variance[pairs[:, 1]] > 0)
    pointwise = equal_tailed(contrast.value, se, replicates.t, alpha, usable)
    critical, family = critical_value(replicates.t, alpha, usable)
    simultaneous = symmetric(contrast.value, se, critical, family)
    return ContrastEstimates(
        estimate=contrast.value,
        se=se,
        lower=pointwise.lower,
        upper=pointwise.upper,
        simultaneous_lower=simultaneous.lower,
        simultaneous_upper=simultaneous.upper,
        degenerate=replicates.degenerate.mean(axis=0),
        critical=critical,
    )

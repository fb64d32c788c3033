"""Bootstrap-t and max-T in numpy, for draws of any make: everything but the draws is here, on every CPU path."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.draws import Draw, resample_counts
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.limbs import FEWEST_ROWS, Limbs
from callgap_kernels.resampling.limits import Family, Limits, equal_tailed, percentile, symmetric
from callgap_kernels.resampling.linearized import MOMENTS, Estimates, GroupMoments, estimates, sample_estimates
from callgap_kernels.resampling.results import BootstrapT, ContrastEstimates, GroupEstimates

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

# Float64 values held at once: counts of one group, moments of one tile, members whose limits are found together.
COUNTS: Final = 2**18
SUMS: Final = 2**17
SELECTED: Final = 2**18


def bootstrap_t(
    sums: SpeakerSums,
    *,
    seed: int,
    resamples: int,
    alpha: float,
    tile: int | None = None,
    threads: int = 1,
    draw: Draw = resample_counts,
) -> BootstrapT:
    """Estimate rates and gaps with limits; the arguments are those of the public function, checked.

    Args:
        sums: Sums per speaker and contrasts.
        seed: Key of the draws.
        resamples: Number of resamples.
        alpha: Two-sided error rate.
        tile: Most resamples whose sums are held at once; None leaves it to the memory that they take.
        threads: Threads that draw.
        draw: Draws the resamples; changes nothing but the time.

    Returns:
        Estimates per group and per contrast.
    """
    members = [sums.group == group for group in range(sums.groups)]
    moments = [GroupMoments.from_sums(sums.numerator[member], sums.denominator[member]) for member in members]
    rates = sample_estimates(moments)
    resampled = _Resampling(moments, seed, draw).run(resamples, tile, threads)
    groups = _group_estimates(rates, resampled, alpha)
    difference = _contrast_estimates(rates, sums.contrasts, resampled, alpha)
    logs = rates.log(rates.value)
    _take_logs(resampled, rates.value)
    log_ratio = _contrast_estimates(logs, sums.contrasts, resampled, alpha)
    return BootstrapT(groups, difference, log_ratio, seed=seed, resamples=resamples, alpha=alpha)


class _Resampling:
    """Draws speakers and computes the rates of every group, tile by tile."""

    def __init__(self, moments: list[GroupMoments], seed: int, draw: Draw) -> None:
        self.limbs = [group.limbs for group in moments]
        self.speakers = np.array([float(len(group.columns)) for group in moments])
        self.endpoints = len(moments[0].rate)
        self.seed, self.draw = seed, draw

    def run(self, resamples: int, tile: int | None, threads: int) -> Estimates:
        """Compute all resamples [group, endpoint, resample]."""
        shape = (len(self.limbs), self.endpoints, resamples)
        kept = Estimates(np.empty(shape), np.empty(shape), np.empty(shape))
        step = max(1, SUMS // (len(self.limbs) * MOMENTS * self.endpoints))
        step = min(step, tile or step)
        tiles = [range(first, min(first + step, resamples)) for first in range(0, resamples, step)]
        if threads == 1:
            for span in tiles:
                self._fill(kept, span)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(partial(self._fill, kept), tiles))
        return kept

    def _fill(self, kept: Estimates, span: range) -> None:
        sums = np.empty((len(self.limbs), MOMENTS * self.endpoints, len(span)))
        for group, limbs in enumerate(self.limbs):
            self._sum(group, limbs, span, sums[group])
        tile = estimates(sums.reshape(len(self.limbs), MOMENTS, self.endpoints, -1), self.speakers)
        kept.value[..., span.start : span.stop] = tile.value
        kept.deviation[..., span.start : span.stop] = tile.deviation
        kept.variance[..., span.start : span.stop] = tile.variance

    def _sum(self, group: int, limbs: Limbs, span: range, sums: Float) -> None:
        speakers = int(self.speakers[group])
        step = max(FEWEST_ROWS, COUNTS // speakers)
        for start in range(0, len(span), step):
            rows = span[start : start + step]
            sums[:, start : start + step] = limbs.weigh(self.draw(self.seed, group, rows[0], len(rows), speakers))


def _group_estimates(rates: Estimates, resampled: Estimates, alpha: float) -> GroupEstimates:
    se = np.sqrt(rates.variance)
    pointwise, percentiles = [], []
    for part in _parts(len(se), resampled):
        few = resampled.members(part)
        pointwise.append(equal_tailed(rates.value[part], se[part], few.studentized(), alpha, se[part] > 0))
        percentiles.append(percentile(few.value, alpha, se[part] > 0))
    return GroupEstimates(rates.value, se, *_joined(pointwise), *_joined(percentiles))


def _contrast_estimates(rates: Estimates, pairs: Int, resampled: Estimates, alpha: float) -> ContrastEstimates:
    """Compare groups on one scale; without variance on either side there are no limits."""
    contrast = rates.contrast(pairs)
    se = np.sqrt(contrast.variance)
    usable = (rates.variance[pairs[:, 0]] > 0) & (rates.variance[pairs[:, 1]] > 0)
    family = Family(resampled.value.shape[-1], alpha, candidates=int(usable.sum()))
    pointwise, percentiles, degenerate, admitted = [], [], [], []
    for part in _parts(len(pairs), resampled):
        few = resampled.contrast(pairs[part])
        t = few.studentized()
        pointwise.append(equal_tailed(contrast.value[part], se[part], t, alpha, usable[part]))
        percentiles.append(percentile(few.value, alpha, usable[part]))
        degenerate.append((np.isnan(t) | (few.variance == 0)).mean(axis=-1))
        admitted.append(family.admit(t, usable[part]))
    critical = family.critical_value()
    simultaneous = symmetric(contrast.value, se, critical, np.concatenate(admitted))
    return ContrastEstimates(
        contrast.value,
        se,
        *_joined(pointwise),
        *_joined([simultaneous]),
        *_joined(percentiles),
        degenerate=np.concatenate(degenerate),
        critical=critical,
    )


def _take_logs(resampled: Estimates, sample: Float) -> None:
    """Put resamples on the log scale in place: no second copy of the largest arrays."""
    for part in _parts(len(sample), resampled):
        few = resampled.members(part)
        logs = few.log(sample[part])
        few.value[:], few.deviation[:], few.variance[:] = logs.value, logs.deviation, logs.variance


def _parts(members: int, resampled: Estimates) -> list[slice]:
    """Split members into parts that are worked on at once; at least one, which may be empty."""
    step = max(1, SELECTED // resampled.value[0].size)
    return [slice(start, start + step) for start in range(0, max(1, members), step)]


def _joined(limits: list[Limits]) -> tuple[Float, Float]:
    if len(limits) == 1:
        return limits[0].lower, limits[0].upper
    return np.concatenate([one.lower for one in limits]), np.concatenate([one.upper for one in limits])

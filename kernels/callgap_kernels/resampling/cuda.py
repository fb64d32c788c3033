"""The bootstrap on a CUDA device: Triton draws and counts, torch does the rest, all in float64.

A tile of resamples is drawn group by group into a matrix of counts, which is multiplied with the moments of every
endpoint. Gathering moments draw by draw instead would read 48 bytes per draw and endpoint where a count is one atomic
addition. Counts are exact, and so are sums of moments split into limbs, in any order; what follows are additions,
products and quotients, which IEEE 754 rounds the same everywhere. So rates, differences and their percentile limits
equal the reference's to the bit. Logarithms agree to rounding, and so do square roots where torch is on the CPU.

Kept for all resamples are rates, deviations and variances, 24 bytes x B x endpoints x groups: on the device within half
of the memory it may take, else on the host. Contrasts are computed from them on the device, some endpoints at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor, inf, nan, prod
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callgap_kernels.resampling import linearized
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.limits import symmetric, upper_rank
from callgap_kernels.resampling.linearized import Estimates, GroupMoments
from callgap_kernels.resampling.results import BootstrapT, ContrastEstimates, GroupEstimates
from callgap_kernels.resampling.triton_kernel import MOST_CALLS, calls_per_resample, count_draws

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]
Empty = Callable[[int, torch.device], Tensor]

MEMORY_BUDGET: Final = 4 * 2**30
# Float64 values held at once: per resample and rate of a tile, per kept rate, per resample of a contrast.
TILE_VALUES: Final = 3 * linearized.MOMENTS + 8
RATE_VALUES: Final = 8
CONTRAST_VALUES: Final = 12


@dataclass(frozen=True)
class Plan:
    """What is held where, and how much at once.

    Attributes:
        device: Where everything is computed.
        keep: Where the rates of all resamples are kept.
        tile: Resamples drawn at once.
        endpoints: Endpoints whose limits are found at once.
        contrasts: Contrasts likewise.
    """

    device: torch.device
    keep: torch.device
    tile: int
    endpoints: int
    contrasts: int

    @classmethod
    def make(cls, sums: SpeakerSums, resamples: int, device: str | torch.device, memory: int) -> "Plan":
        """Give half of the memory to work and half to what is kept."""
        work, endpoints = memory // 2, sums.numerator.shape[1]
        speakers = int(np.bincount(sums.group).max())
        row = 8 * (speakers + TILE_VALUES * endpoints * sums.groups)
        at_once = max(1, min(endpoints, work // 2 // (8 * RATE_VALUES * resamples * sums.groups)))
        return cls(
            device=torch.device(device),
            keep=torch.device(device if 24 * resamples * endpoints * sums.groups <= work else "cpu"),
            tile=max(1, min(resamples, MOST_CALLS // calls_per_resample(speakers), work // row)),
            endpoints=at_once,
            contrasts=max(1, work // 2 // (8 * CONTRAST_VALUES * resamples * at_once)),
        )


@dataclass(frozen=True, eq=False)
class Resampled:
    """Rates, their logs or contrasts of all resamples; every tensor is float64 [member, endpoint, resample].

    Attributes:
        value: Estimate in each resample; NaN where undefined.
        deviation: Value minus the value in the sample, free of cancellation.
        variance: Linearized variance of the value.
    """

    value: Tensor
    deviation: Tensor
    variance: Tensor

    @classmethod
    def from_sums(cls, sums: Tensor, speakers: Tensor) -> "Resampled":
        """Compute rates and variances as `linearized.estimates` does.

        Args:
            sums: Weighted sums of the moments [group, 6, endpoint, resample].
            speakers: Number of speakers of each group, float64 [group].

        Returns:
            Rates.
        """
        e, n, u, uu, un, nn = sums.unbind(dim=1)
        size = torch.where(n == 0, nan, n)
        deviation = u / size
        terms = uu + deviation**2 * nn
        squares = terms - 2 * deviation * un
        squares = torch.where(squares <= linearized.SQUARES_ROUNDING * terms, 0.0, squares)
        scale = torch.where(speakers > 1, speakers / (speakers - 1), nan)
        return cls(e / size, deviation, scale[:, None, None] * (squares / size**2))

    def endpoints(self, part: slice, device: torch.device) -> "Resampled":
        """Bring some endpoints to a device."""
        return Resampled(*(each[:, part].to(device) for each in (self.value, self.deviation, self.variance)))

    def log(self, sample: Tensor) -> "Resampled":
        """Take natural logs; NaN where the value in the sample [member, endpoint, 1] or resample is not positive."""
        value = torch.where((self.value > 0) & (sample > 0), self.value, nan)
        change = self.deviation / torch.where(value.isnan(), nan, sample)
        return Resampled(value.log(), change.log1p(), self.variance / value**2)

    def contrast(self, pairs: Tensor) -> "Resampled":
        """Subtract reference members from members, given as pairs [contrast, 2]."""
        one, other = pairs.unbind(dim=1)
        return Resampled(
            self.value[one] - self.value[other],
            self.deviation[one] - self.deviation[other],
            self.variance[one] + self.variance[other],
        )

    def studentized(self) -> Tensor:
        """Divide deviations by standard errors; 0 where neither is anything, NaN where undefined."""
        still = (self.variance == 0) & (self.deviation == 0)
        return torch.where(still, 0.0, self.deviation / self.variance.sqrt())


class Family:
    """Members that share one critical value, as `limits.Family`, on a device."""

    def __init__(self, resamples: int, alpha: float, candidates: int, device: torch.device) -> None:
        self._largest = torch.full((resamples,), nan, dtype=torch.float64, device=device)
        self._rank = upper_rank(resamples, alpha)
        self._most_infinite = alpha / (2 * max(1, candidates))

    def admit(self, t: Tensor, usable: Bool) -> Bool:
        """Take in those members that a critical value can hold for, and tell which [member, endpoint]."""
        infinite = ~t.isfinite()
        admitted: Bool = usable & (_share(infinite) <= self._most_infinite)
        if admitted.any():
            magnitude = t.abs().masked_fill_(infinite, inf)[torch.from_numpy(admitted).to(t.device)]
            torch.fmax(self._largest, magnitude.amax(dim=0), out=self._largest)
        return admitted

    def critical_value(self) -> float:
        """Select the quantile of the largest |t|, NaN if there is no member."""
        return float(self._largest.kthvalue(self._rank).values)


def bootstrap_t(
    sums: SpeakerSums,
    *,
    seed: int,
    resamples: int,
    alpha: float,
    device: str | torch.device,
    memory: int = MEMORY_BUDGET,
    empty: Empty | None = None,
) -> BootstrapT:
    """Estimate rates and gaps with limits; the arguments are those of the public function, checked.

    Args:
        sums: Sums per speaker and contrasts.
        seed: Key of the draws.
        resamples: Number of resamples.
        alpha: Two-sided error rate.
        device: A CUDA device; "cpu" where Triton interprets its kernels.
        memory: Bytes of device memory beyond the moments, which take at most 96 x speakers x endpoints. Changes no
            result. One resample, and all resamples of one endpoint and one contrast, are always held.
        empty: Makes uninitialized float64 memory of a size on a device; tests give garbage.

    Returns:
        Estimates per group and per contrast.
    """
    members = [sums.group == group for group in range(sums.groups)]
    moments = [GroupMoments.from_sums(sums.numerator[member], sums.denominator[member]) for member in members]
    rates = linearized.sample_estimates(moments)
    plan = Plan.make(sums, resamples, device, memory)
    kept = resample(moments, seed=seed, resamples=resamples, plan=plan, empty=empty or _empty)
    groups = _group_estimates(rates, kept, plan, alpha)
    difference, log_ratio = (
        _contrast_estimates(rates, sums.contrasts, kept, plan, alpha, log=log) for log in (False, True)
    )
    return BootstrapT(groups, difference, log_ratio, seed=seed, resamples=resamples, alpha=alpha)


def resample(moments: list[GroupMoments], *, seed: int, resamples: int, plan: Plan, empty: Empty) -> Resampled:
    """Draw speakers and compute the rates of every group, tile by tile; arguments as above."""
    limbs = [group.limbs for group in moments]
    parts = [torch.tensor(each.parts, device=plan.device) for each in limbs]
    sizes = [part.shape[1] for part in parts]
    speakers = torch.tensor(sizes, dtype=torch.float64, device=plan.device)
    splits = [torch.tensor(each.split, device=plan.device) for each in limbs]
    columns = limbs[0].columns
    counts = empty(plan.tile * max(sizes), plan.device)
    sums = empty(plan.tile * len(limbs) * columns, plan.device)
    shape = (3, len(limbs), columns // linearized.MOMENTS, resamples)
    kept = empty(prod(shape), plan.keep).view(shape)
    for first in range(0, resamples, plan.tile):
        rows = min(plan.tile, resamples - first)
        tile = sums[: rows * len(limbs) * columns].view(len(limbs), -1, rows)
        for group, size in enumerate(sizes):
            drawn = counts[: rows * size].view(rows, size)
            count_draws(drawn, seed=seed, group=group, first=first)
            weighted = parts[group] @ drawn.T
            tile[group] = weighted[:columns]
            tile[group, splits[group]] += weighted[columns:]
        rates = Resampled.from_sums(tile.view(len(limbs), linearized.MOMENTS, -1, rows), speakers)
        for each, made in zip(kept, (rates.value, rates.deviation, rates.variance), strict=True):
            each[..., first : first + rows] = made
    return Resampled(*kept)


def _group_estimates(rates: Estimates, kept: Resampled, plan: Plan, alpha: float) -> GroupEstimates:
    se = np.sqrt(rates.variance)
    selected = np.empty((4, *se.shape))
    for part in _spans(se.shape[1], plan.endpoints):
        few = kept.endpoints(part, plan.device)
        selected[:, :, part] = _quantiles(few.studentized(), few.value, alpha)
    pointwise, percentiles = _limits(rates.value, se, selected, se > 0)
    return GroupEstimates(rates.value, se, *pointwise, *percentiles)


def _contrast_estimates(
    rates: Estimates, pairs: Int, kept: Resampled, plan: Plan, alpha: float, *, log: bool
) -> ContrastEstimates:
    """Compare groups on one scale; without variance on either side there are no limits."""
    members = rates.log(rates.value) if log else rates
    contrast = members.contrast(pairs)
    se = np.sqrt(contrast.variance)
    usable = (members.variance[pairs[:, 0]] > 0) & (members.variance[pairs[:, 1]] > 0)
    selected, degenerate, admitted = np.empty((4, *se.shape)), np.empty(se.shape), np.zeros_like(usable)
    family = Family(kept.value.shape[-1], alpha, int(usable.sum()), plan.device)
    for place, few in _contrasts(rates.value, pairs, kept, plan, log):
        t = few.studentized()
        selected[:, *place] = _quantiles(t, few.value, alpha)
        degenerate[place] = _share(t.isnan() | (few.variance == 0))
        admitted[place] = family.admit(t, usable[place])
    critical = family.critical_value()
    simultaneous = symmetric(contrast.value, se, critical, admitted)
    pointwise, percentiles = _limits(contrast.value, se, selected, usable)
    limits = (*pointwise, simultaneous.lower, simultaneous.upper, *percentiles)
    return ContrastEstimates(contrast.value, se, *limits, degenerate=degenerate, critical=critical)


def _contrasts(
    sample: Float, pairs: Int, kept: Resampled, plan: Plan, log: bool
) -> Iterator[tuple[tuple[slice, slice], Resampled]]:
    """Compute some contrasts of some endpoints at a time, with their place [contrast, endpoint]."""
    for part in _spans(sample.shape[1], plan.endpoints):
        few = kept.endpoints(part, plan.device)
        if log:
            few = few.log(torch.tensor(sample[:, part, None], device=plan.device))
        for chosen in _spans(len(pairs), plan.contrasts):
            yield (chosen, part), few.contrast(torch.tensor(pairs[chosen], device=plan.device))


def _quantiles(t: Tensor, value: Tensor, alpha: float) -> Float:
    """Select as `limits.percentile`: an undefined resample is the worst on each side [4, member, endpoint]."""
    ranks = floor((t.shape[-1] + 1) * alpha / 2 + 1e-9), upper_rank(t.shape[-1], alpha / 2)
    selected = [
        values.masked_fill(values.isnan(), worst).kthvalue(rank, dim=-1).values
        for values in (t, value)
        for rank, worst in zip(ranks, (-inf, inf), strict=True)
    ]
    found: Float = torch.stack(selected).cpu().numpy()
    return found


def _limits(
    estimate: Float, se: Float, selected: Float, usable: Bool
) -> tuple[tuple[Float, Float], tuple[Float, Float]]:
    """Turn quantiles into bootstrap-t and percentile limits, NaN where not usable."""
    low_t, high_t, low, high = np.where(usable, selected, nan)
    return (estimate - high_t * se, estimate - low_t * se), (low, high)


def _spans(length: int, step: int) -> list[slice]:
    return [slice(start, start + step) for start in range(0, length, step)]


def _share(where: Tensor) -> Float:
    share: Float = where.sum(dim=-1).cpu().numpy() / where.shape[-1]
    return share


def _empty(size: int, device: torch.device) -> Tensor:
    return torch.empty(size, dtype=torch.float64, device=device)

"""Random arrangements on a CUDA device: Triton permutes and sums, torch tells how extreme each is, all in float64.

Labels are those of `reference` to the bit. Rates and variances are summed speaker by speaker as the CPU does, from
residuals and not from moments, which would cancel where a group's rates are alike. Only counts leave the device.
Arrangements few enough to be enumerated stay with the CPU.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callgap_kernels.resampling.permutation import reference
from callgap_kernels.resampling.permutation.evaluation import Plan, Statistic, Tally
from callgap_kernels.resampling.permutation.families import Family
from callgap_kernels.resampling.permutation.rates import GroupRates
from callgap_kernels.resampling.permutation.triton_kernel import STEPS_PER_CALL, permute_labels, sum_rates

Int = NDArray[np.int64]
Empty = Callable[[int, torch.dtype, torch.device], Tensor]

MEMORY_BUDGET: Final = 4 * 2**30
# Float64 values held at once: per rate of a tile, per statistic, per arrangement.
RATE_VALUES: Final = 10
STATISTIC_VALUES: Final = 8
ARRANGEMENT_VALUES: Final = 8


@dataclass(frozen=True, eq=False)
class DeviceRates:
    """`GroupRates` on a device; both tensors are float64 [group, endpoint, arrangement].

    Attributes:
        rate: Ratio of sums; NaN where the denominator is 0.
        variance: Variance of the rate.
    """

    rate: Tensor
    variance: Tensor

    def difference(self, rounding: float) -> Tensor:
        """Studentize the second group's rate minus the first's, as `GroupRates` [endpoint, arrangement]."""
        reference_rate, rate = self.rate[0], self.rate[1]
        variance = self.variance[0] + self.variance[1]
        difference = rate - reference_rate
        still = (variance == 0) & (difference.abs() <= rounding * (rate.abs() + reference_rate.abs()))
        return _divide(difference, variance.sqrt(), still)

    def omnibus(self, rounding: float) -> Tensor:
        """Sum the squared deviations in units of the variances, as `GroupRates` [endpoint, arrangement]."""
        still = self.variance == 0
        weight = torch.where(still.any(dim=0), still.double(), 1 / self.variance)
        mean = (weight * self.rate).sum(dim=0) / weight.sum(dim=0)
        deviation = self.rate - mean
        still &= deviation.abs() <= rounding * (self.rate.abs() + mean.abs())
        return _divide(deviation**2, self.variance, still).sum(dim=0)


# What stands on a device for a statistic of the CPU.
STATISTICS: Final[dict[Statistic, Callable[[DeviceRates, float], Tensor]]] = {
    GroupRates.difference: DeviceRates.difference,
    GroupRates.omnibus: DeviceRates.omnibus,
}


class DeviceTally:
    """What a `Tally` counts, on a device."""

    def __init__(self, tally: Tally, device: torch.device) -> None:
        self._tally = tally
        self._levels = torch.tensor(tally.levels, device=device)[:, None]
        self._maximum_levels = torch.tensor(tally.maximum_levels, device=device)
        self._extreme = torch.zeros(len(self._levels), dtype=torch.int64, device=device)
        self._maximum_extreme = torch.zeros(len(self._maximum_levels), dtype=torch.int64, device=device)

    def add(self, rates: DeviceRates) -> None:
        """Count some arrangements, as `Tally.add`."""
        size = STATISTICS[self._tally.statistic](rates, self._tally.rounding).abs()
        self._extreme += (~(size < self._levels)).sum(dim=1)
        largest = size.masked_fill_(size.isnan(), -inf).amax(dim=0).sort().values
        self._maximum_extreme += len(largest) - torch.searchsorted(largest, self._maximum_levels)

    def hand_over(self) -> None:
        """Add the counts to the tally."""
        self._tally.extreme += self._extreme.cpu().numpy()
        self._tally.maximum_extreme += self._maximum_extreme.cpu().numpy()


@dataclass(frozen=True, eq=False)
class DeviceFamily:
    """What the kernels read of a family.

    Attributes:
        number: Word of the counter that separates the draws of families.
        labels: Labels in the sample, of the smallest type that holds them [speaker].
        steps: Int32 first speaker of the stratum and position in it, of each step [2, step].
        numerator: Float64 [endpoint, speaker].
        denominator: Likewise.
        factor: Float64 n / (n - 1) of a group of n speakers, NaN for one [group].
        bound: Float64 square of the relative size of residuals that are rounding errors [1].
    """

    number: int
    labels: Tensor
    steps: Tensor
    numerator: Tensor
    denominator: Tensor
    factor: Tensor
    bound: Tensor

    @classmethod
    def to_device(cls, family: Family, device: torch.device) -> "DeviceFamily":
        """Copy a family."""
        sizes = family.sizes
        label = np.int8 if len(sizes) <= 2**7 else np.int32
        factor = np.where(sizes > 1, sizes / np.maximum(sizes - 1.0, 1.0), nan)
        bound = np.array([(2 * family.rounding) ** 2])
        steps = _steps(family.bounds).astype(np.int32)
        arrays = family.labels.astype(label), steps, family.numerator.T, family.denominator.T, factor, bound
        return cls(family.number, *(torch.tensor(np.ascontiguousarray(array), device=device) for array in arrays))

    def row(self) -> int:
        """Bytes that one arrangement takes."""
        endpoints, groups = len(self.numerator), len(self.factor)
        values = RATE_VALUES * groups * endpoints + STATISTIC_VALUES * endpoints + ARRANGEMENT_VALUES
        return len(self.labels) * self.labels.element_size() + 8 * values


def _empty(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty(size, dtype=dtype, device=device)


@dataclass(frozen=True)
class Cuda:
    """Counts random arrangements on a device.

    Attributes:
        device: A CUDA device; the CPU where Triton interprets its kernels.
        memory: Bytes of device memory beyond the family's own sums; changes no result. One arrangement is always held.
        empty: Makes uninitialized memory of a size and type on a device; tests give garbage.
    """

    device: torch.device
    memory: int = MEMORY_BUDGET
    empty: Empty = _empty

    def count(self, family: Family, tallies: Sequence[Tally], plan: Plan) -> None:
        """Draw the arrangements of a family and add them to tallies of it.

        Args:
            family: The speakers.
            tallies: What is counted.
            plan: Seed, number of draws and statistic.
        """
        counts = [DeviceTally(tally, self.device) for tally in tallies]
        for rates in self.walk(family, plan):
            for count in counts:
                count.add(rates)
        for count in counts:
            count.hand_over()

    def walk(self, family: Family, plan: Plan) -> Iterator[DeviceRates]:
        """Draw the arrangements of a family, tile by tile; arguments as above.

        Yields:
            Rates of a tile of arrangements, in memory that the next tile overwrites.
        """
        here = DeviceFamily.to_device(family, self.device)
        shape = len(here.factor), len(here.numerator)
        tile = self.tile(here, plan.resamples)
        scratch = self.empty(len(here.labels) * tile, here.labels.dtype, self.device)
        made = self.empty((1 + plan.studentized) * shape[0] * shape[1] * tile, torch.float64, self.device)
        # No arrangement changes the pooled variance.
        pooled = None if plan.studentized else self._pooled(family, plan)
        for first in range(0, plan.resamples, tile):
            columns = min(tile, plan.resamples - first)
            labels = scratch[: len(here.labels) * columns].view(-1, columns)
            rate, *variance = made[: (1 + plan.studentized) * shape[0] * shape[1] * columns].view(-1, *shape, columns)
            draw_labels(here, labels, seed=plan.seed, first=first)
            sums = here.numerator, here.denominator, here.factor, here.bound
            sum_rates(labels, *sums, rate, variance[0] if variance else None)
            yield DeviceRates(rate, variance[0] if pooled is None else pooled.expand_as(rate))

    def tile(self, family: DeviceFamily, resamples: int) -> int:
        """Number of arrangements held at once."""
        return max(1, min(resamples, self.memory // family.row()))

    def _pooled(self, family: Family, plan: Plan) -> Tensor:
        sample = plan.rates(family, family.labels[None], reference)
        return torch.tensor(sample.variance[0], device=self.device)[:, :, None]


def draw_labels(family: DeviceFamily, labels: Tensor, *, seed: int, first: int) -> None:
    """Permute the labels within each stratum; see `reference.draw_labels`.

    Args:
        family: The speakers.
        labels: Labels, overwritten [speaker, resample].
        seed: Key, 0 to 2**64 - 1.
        first: First resample.
    """
    labels.copy_(family.labels[:, None].expand_as(labels))
    permute_labels(labels, family.steps, seed=seed, family=family.number, first=first)


def _steps(bounds: Int) -> Int:
    """Write down each step's stratum and position, and empty steps up to a whole call of Philox."""
    sizes = np.diff(bounds)
    starts = np.repeat(bounds[:-1], sizes - 1)
    positions = np.concatenate([np.arange(size - 1, 0, -1) for size in sizes.tolist()])
    return np.pad(np.stack([starts, positions]), ((0, 0), (0, -len(starts) % STEPS_PER_CALL)))


def _divide(deviation: Tensor, scale: Tensor, still: Tensor) -> Tensor:
    return torch.where(still, 0.0, deviation / scale)

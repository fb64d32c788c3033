"""From arrangements to p-values, tile by tile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.permutation import reference
from callgap_kernels.resampling.permutation.families import Family, Labels
from callgap_kernels.resampling.permutation.rates import GroupRates, with_pooled_variance

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Statistic = Callable[[GroupRates], Float]

# Statistics this close, relative to the observed one and at least to 1, are ties: rounding must not decide them.
TIE: Final = 1e-9


class Path(Protocol):
    """Module that draws and computes, as `reference` does."""

    def draw_labels(self, family: Family, seed: int, start: int, stop: int) -> Labels:
        """Permute the labels in some resamples [resample, speaker]."""

    def group_rates(self, family: Family, labels: Labels) -> GroupRates:
        """Compute the rates of some arrangements."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How the arrangements of a family are gone through.

    Attributes:
        path: Module that draws and computes.
        seed: Key of the draws.
        resamples: Number of draws; arrangements are enumerated where there are no more than that.
        studentized: Whether the variances are those of each arrangement.
        tile: Numbers held at once, in arrangements x speakers x endpoints; never changes a p-value.
    """

    path: Path
    seed: int
    resamples: int
    studentized: bool
    tile: int

    def is_exact(self, family: Family) -> bool:
        """Say whether the arrangements are enumerated."""
        return family.arrangements <= self.resamples

    def rates(self, family: Family, labels: Labels, path: Path) -> GroupRates:
        """Compute the rates of some arrangements, with the variances that the statistic takes."""
        rates = path.group_rates(family, labels)
        return rates if self.studentized else with_pooled_variance(family, rates)

    def walk(self, family: Family) -> Iterator[GroupRates]:
        """Go through the arrangements.

        Args:
            family: The speakers.

        Yields:
            Rates of a tile of arrangements.
        """
        exact = self.is_exact(family)
        total = family.arrangements if exact else self.resamples
        step = max(1, self.tile // family.numerator.size)
        for start in range(0, total, step):
            stop = min(start + step, total)
            if exact:
                labels = reference.enumerate_labels(family, start, stop)
            else:
                labels = self.path.draw_labels(family, self.seed, start, stop)
            yield self.rates(family, labels, self.path)

    def p_value(self, family: Family, extreme: Int) -> Float:
        """Turn numbers of arrangements at least as extreme as the sample into p-values.

        Args:
            family: The speakers.
            extreme: Number among the arrangements gone through, any shape.

        Returns:
            Share of the enumerated arrangements, or (1 + extreme) / (1 + draws) (Phipson and Smyth 2010).
        """
        if self.is_exact(family):
            return extreme / family.arrangements
        return (1 + extreme) / (1 + self.resamples)


class Tally:
    """Counts of extreme arrangements for one statistic of a family, from constant memory.

    Attributes:
        observed: Statistic of the sample [endpoint].
        extreme: Arrangements in which an endpoint's own statistic is as extreme as in the sample [endpoint].
        maximum_extreme: Arrangements in which the largest statistic of all endpoints reaches a level [level].
    """

    def __init__(self, statistic: Statistic, sample: GroupRates) -> None:
        self.observed = statistic(sample)[0]
        self.extreme = np.zeros(len(self.observed), dtype=np.int64)
        self.maximum_extreme = np.zeros(0, dtype=np.int64)
        self._statistic = statistic
        self._maximum_levels = np.zeros(0)

    @property
    def levels(self) -> Float:
        """Least magnitude that is as extreme as the sample's [endpoint]."""
        size = np.abs(self.observed)
        least: Float = size - TIE * np.where(np.isinf(size), 0.0, np.maximum(size, 1.0))
        return least

    def compare_maximum(self, levels: Float) -> None:
        """Set the levels that the maximum is compared with [level]."""
        self._maximum_levels = levels
        self.maximum_extreme = np.zeros(len(levels), dtype=np.int64)

    def add(self, rates: GroupRates) -> None:
        """Count some arrangements.

        An undefined statistic counts as extreme for its own endpoint. It adds nothing to the maximum, where an endpoint
        that few speakers have would otherwise decide for all.

        Args:
            rates: Rates of the arrangements.
        """
        size = np.abs(self._statistic(rates))
        self.extreme += (~(size < self.levels)).sum(axis=0)
        largest = np.sort(np.where(np.isnan(size), -np.inf, size).max(axis=1))
        self.maximum_extreme += len(largest) - np.searchsorted(largest, self._maximum_levels)

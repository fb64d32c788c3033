"""From arrangements to p-values, tile by tile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.permutation import reference
from callgap_kernels.resampling.permutation.families import Family, Labels
from callgap_kernels.resampling.permutation.rates import GroupRates, with_pooled_variance

Float = NDArray[np.float64]
Int = NDArray[np.int64]
# Takes the relative size of a rounding error.
Statistic = Callable[[GroupRates, float], Float]

# Statistics this close, relative to the observed one and at least to 1, are ties: rounding must not decide them.
TIE: Final = 1e-9


class Path(Protocol):
    """Module that draws and computes, as `reference` does."""

    def draw_labels(self, family: Family, seed: int, start: int, stop: int) -> Labels:
        """Permute the labels in some resamples [resample, speaker]."""

    def group_rates(self, family: Family, labels: Labels) -> GroupRates:
        """Compute the rates of some arrangements."""


class Accelerator(Protocol):
    """Counts random arrangements by itself: the same labels, rates equal up to rounding."""

    def count(self, family: Family, tallies: "Sequence[Tally]", plan: "Plan") -> None:
        """Draw the arrangements of a family and add them to tallies of it."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How the arrangements of a family are gone through.

    Attributes:
        path: Module that draws and computes, all that there is no accelerator for.
        seed: Key of the draws.
        resamples: Number of draws; arrangements are enumerated where there are no more than that.
        studentized: Whether the variances are those of each arrangement.
        tile: Numbers held at once, in arrangements x speakers x endpoints; never changes a p-value.
        accelerator: Who counts random arrangements; None leaves them to `path`, as the enumerated ones always are.
    """

    path: Path
    seed: int
    resamples: int
    studentized: bool
    tile: int
    accelerator: Accelerator | None = None

    def is_exact(self, family: Family) -> bool:
        """Say whether the arrangements are enumerated."""
        return family.arrangements <= self.resamples

    def rates(self, family: Family, labels: Labels, path: Path) -> GroupRates:
        """Compute the rates of some arrangements, with the variances that the statistic takes."""
        rates = path.group_rates(family, labels)
        return rates if self.studentized else with_pooled_variance(family, rates)

    def count(self, family: Family, tallies: "Sequence[Tally]") -> None:
        """Go through the arrangements of a family, once for all tallies of it."""
        if self.accelerator is not None and not self.is_exact(family):
            self.accelerator.count(family, tallies, self)
            return
        for rates in self.walk(family):
            for tally in tallies:
                tally.add(rates)

    def walk(self, family: Family) -> Iterator[GroupRates]:
        """Compute all arrangements.

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
        statistic: How much the groups' rates differ.
        rounding: Relative size of a rounding error, which the statistic takes.
        observed: Statistic of the sample [endpoint].
        extreme: Arrangements in which an endpoint's own statistic is as extreme as in the sample [endpoint].
        maximum_extreme: Arrangements in which the largest statistic of all endpoints reaches a level [level].
        maximum_levels: These levels [level].
    """

    def __init__(self, statistic: Statistic, rounding: float, sample: GroupRates) -> None:
        self.statistic = statistic
        self.rounding = rounding
        self.observed = statistic(sample, rounding)[0]
        self.extreme = np.zeros(len(self.observed), dtype=np.int64)
        self.maximum_extreme = np.zeros(0, dtype=np.int64)
        self.maximum_levels = np.zeros(0)

    @property
    def levels(self) -> Float:
        """Least magnitude that is as extreme as the sample's [endpoint]."""
        size = np.abs(self.observed)
        least: Float = size - TIE * np.where(np.isinf(size), 0.0, np.maximum(size, 1.0))
        return least

    def compare_maximum(self, levels: Float) -> None:
        """Set the levels that the maximum is compared with [level]."""
        self.maximum_levels = levels
        self.maximum_extreme = np.zeros(len(levels), dtype=np.int64)

    def add(self, rates: GroupRates) -> None:
        """Count some arrangements.

        An undefined statistic counts as extreme for its own endpoint. It adds nothing to the maximum, where an endpoint
        that few speakers have would otherwise decide for all.

        Args:
            rates: Rates of the arrangements.
        """
        size = np.abs(self.statistic(rates, self.rounding))
        self.extreme += (~(size < self.levels)).sum(axis=0)
        largest = np.sort(np.where(np.isnan(size), -np.inf, size).max(axis=1))
        self.maximum_extreme += len(largest) - np.searchsorted(largest, self.maximum_levels)

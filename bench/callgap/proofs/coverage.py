"""How often the limits of a gap miss the truth, and a verdict is false, by speakers on either side and scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from callgap.fairness.gaps import Gap, Method, Resampling, simultaneous
from callgap.proofs.populations import MARGIN, SCENARIOS, Scenario, draw_pairs, named
from callgap.proofs.workers import spread
from callgap.verdict.cells import SIZES
from callgap.verdict.words import WITHIN, by_limits

ALPHA = 0.05
RESAMPLES = 999
"""Of each sample; a run has 10,000, which makes limits steadier and no narrower."""

GAPS = (MARGIN, 0.0, -MARGIN)


@dataclass(frozen=True)
class Task:
    """Samples of one scenario, pairing and true gap."""

    scenario: str
    group: int
    reference: int
    gap: float
    simulations: int
    seed: int

    def rng(self) -> np.random.Generator:
        """A source of chance of this task alone."""
        names = [one.name for one in SCENARIOS]
        place = (names.index(self.scenario), self.group, self.reference, GAPS.index(self.gap))
        return np.random.default_rng([self.seed, *place])


@dataclass(frozen=True)
class Covered:
    """Shares of the simulations of a task.

    Attributes:
        scenario: from which both sides were drawn.
        group: speakers of the group, effective ones where they say unequally much.
        reference: likewise.
        gap: true gap.
        simulations: samples.
        coverage: of the limits.
        above_margin: lower limit above the margin.
        above_zero: lower limit above 0.
        below_margin: upper limit below the margin.
        above_minus_margin: lower limit above minus the margin.
        below_minus_margin: upper limit below minus the margin.
        within_margin: limits that give this verdict.
        exact: limits of rare events.
        half_width: mean of half the distance between the limits.
    """

    scenario: str
    group: int
    reference: int
    gap: float
    simulations: int
    coverage: float
    above_margin: float
    above_zero: float
    below_margin: float
    above_minus_margin: float
    below_minus_margin: float
    within_margin: float
    exact: float
    half_width: float


def tasks(
    simulations: int, seed: int, scenarios: Sequence[Scenario] = SCENARIOS, sizes: Sequence[int] = SIZES
) -> list[Task]:
    """Every scenario, pairing and true gap; none in which the group's rate would not be positive.

    Args:
        simulations: samples of each.
        seed: of all of them.
        scenarios: from which speakers are drawn.
        sizes: speakers of a side.

    Returns:
        The largest first, so that no core waits at the end.
    """
    found = [
        Task(scenario.name, group, reference, gap, simulations, seed)
        for scenario, group, reference, gap in product(scenarios, sizes, sizes, GAPS)
        if scenario.allows(gap)
    ]
    return sorted(found, key=lambda task: -(task.group + task.reference))


def covered(task: Task) -> Covered:
    """Simulate one task."""
    scenario, sizes = named(task.scenario), (task.group, task.reference)
    gaps = list(_limits(scenario, sizes, task))
    lower, upper = (np.array([getattr(gap.difference, side) for gap in gaps]) for side in ("lower", "upper"))
    shares = {
        "coverage": (lower <= task.gap) & (task.gap <= upper),
        "above_margin": lower > MARGIN,
        "above_zero": lower > 0,
        "below_margin": upper < MARGIN,
        "above_minus_margin": lower > -MARGIN,
        "below_minus_margin": upper < -MARGIN,
        "within_margin": [by_limits(low, high, MARGIN) == WITHIN for low, high in zip(lower, upper, strict=True)],
        "exact": [gap.method is Method.EXACT for gap in gaps],
        "half_width": (upper - lower) / 2,
    }
    means = {name: round(float(np.mean(values)), 6) for name, values in shares.items()}
    return Covered(task.scenario, *sizes, task.gap, task.simulations, *means.values())


def _limits(scenario: Scenario, sizes: tuple[int, int], task: Task) -> Iterator[Gap]:
    key = ("group", "endpoint")
    for seed, pair in enumerate(draw_pairs(scenario, sizes, task.gap, task.simulations, task.rng())):
        yield simultaneous({key: pair}, Resampling(ALPHA, RESAMPLES, seed))[key]


def run(
    simulations: int, seed: int, workers: int, sizes: Sequence[int] = SIZES, name: str = "coverage"
) -> list[Covered]:
    """Simulate every task.

    Args:
        simulations: of each.
        seed: of all of them.
        workers: processes.
        sizes: speakers of a side.
        name: under which progress is told.

    Returns:
        Rows by scenario, in the order of their declaration, then by speakers.
    """
    order = [one.name for one in SCENARIOS]
    rows = spread(covered, tasks(simulations, seed, sizes=sizes), workers, name)
    return sorted(rows, key=lambda row: (order.index(row.scenario), row.group, row.reference, -row.gap))

"""Many groups at once, none of them different: how often any is said to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from callgap.fairness.gaps import Pair, Resampling, simultaneous
from callgap.fairness.sides import Side
from callgap.proofs.coverage import ALPHA, RESAMPLES
from callgap.proofs.populations import Scenario, draw_sides, named
from callgap.proofs.sampling_error import slack
from callgap.proofs.workers import spread

GROUPS = (10, 10, 12, 15, 20, 20, 30, 30, 40, 60, 80, 100)
"""Speakers of twelve groups, as uneven as accents are."""

REFERENCE = 100
"""Speakers of a reference that they share."""

SHARED, ELSE = "one reference", "everyone else"
SCENARIOS = ("even", "heavy tails")
_CHUNK = 25


@dataclass(frozen=True)
class Task:
    """Some of the simulations of one design."""

    design: str
    scenario: str
    first: int
    simulations: int
    seed: int


@dataclass(frozen=True)
class Family:
    """Simulations of one design.

    Attributes:
        design: what each group is compared with.
        scenario: from which all speakers were drawn.
        groups: that are compared.
        simulations: samples.
        any_gap: share in which any lower limit lies above 0.
        accepted: largest share that is accepted: alpha and two standard errors of the simulation.
        holds: whether it is no larger.
    """

    design: str
    scenario: str
    groups: int
    simulations: int
    any_gap: float
    accepted: float
    holds: bool


def found(task: Task) -> int:
    """Number of simulations in which any gap was found."""
    designs = (SHARED, ELSE)
    chance = (task.seed, designs.index(task.design), SCENARIOS.index(task.scenario), task.first)
    samples = _samples(named(task.scenario), task.simulations, np.random.default_rng(chance))
    plans = (Resampling(ALPHA, RESAMPLES, task.first + number) for number in range(task.simulations))
    gaps = (simultaneous(_pairs(sides, task.design), plan) for sides, plan in zip(samples, plans, strict=True))
    return sum(any(gap.difference.lower > 0 for gap in of.values()) for of in gaps)


def _samples(scenario: Scenario, simulations: int, rng: np.random.Generator) -> Iterator[tuple[Side, ...]]:
    """All groups and the reference."""
    sizes = (*GROUPS, REFERENCE)
    drawn = [
        draw_sides(scenario, size, scenario.base, scenario.group_spread, simulations, rng, prefix=f"{number}-")
        for number, size in enumerate(sizes)
    ]
    return zip(*drawn, strict=True)


def _pairs(sides: tuple[Side, ...], design: str) -> dict[tuple[str, str], Pair]:
    *groups, reference = sides
    others = [
        reference if design == SHARED else _joined([*sides[:number], *sides[number + 1 :]])
        for number in range(len(groups))
    ]
    return {(str(number), "wer"): Pair(*pair) for number, pair in enumerate(zip(groups, others, strict=True))}


def _joined(sides: list[Side]) -> Side:
    return Side(
        tuple(name for side in sides for name in side.names),
        np.concatenate([side.numerator for side in sides]),
        np.concatenate([side.denominator for side in sides]),
        sum(side.events for side in sides),
        sum(side.trials for side in sides),
        sides[0].is_share,
    )


def run(simulations: int, seed: int, workers: int) -> list[Family]:
    """Simulate both designs.

    Args:
        simulations: of each design and scenario.
        seed: of all of them.
        workers: processes.

    Returns:
        One row per design and scenario.
    """
    tasks = [
        Task(design, scenario, first, min(_CHUNK, simulations - first), seed)
        for design in (SHARED, ELSE)
        for scenario in SCENARIOS
        for first in range(0, simulations, _CHUNK)
    ]
    counts: dict[tuple[str, str], int] = {}
    for task, count in zip(tasks, spread(found, tasks, workers, "families"), strict=True):
        counts[task.design, task.scenario] = counts.get((task.design, task.scenario), 0) + count
    return [_family(*key, simulations, count) for key, count in counts.items()]


def _family(design: str, scenario: str, simulations: int, count: int) -> Family:
    share, accepted = count / simulations, ALPHA + slack(ALPHA, simulations)
    return Family(design, scenario, len(GROUPS), simulations, round(share, 6), round(accepted, 6), share <= accepted)

"""Whether the table of cells may be read between its sizes: simulated there, and held against what was read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from callgap.fairness.standing import JUDGED
from callgap.proofs import coverage
from callgap.proofs.accepted import cells
from callgap.proofs.coverage import ALPHA, Covered
from callgap.proofs.sampling_error import slack
from callgap.verdict.cells import SIZES, Cell, expected

MIDDLES = tuple(round(math.sqrt(low * high)) for low, high in pairwise(SIZES) if low >= JUDGED)
"""Farthest from the sizes that the cells were simulated for, on the scale on which they are read."""


@dataclass(frozen=True)
class Between:
    """One verdict with so many speakers on either side, in the worst scenario.

    Attributes:
        verdict: in question.
        group: speakers of the group.
        reference: of the reference.
        simulations: samples of each scenario.
        read: how often false, as read from the cells around.
        error: how often false when simulated.
        scenario: in which that was.
        accepted: most that is accepted of what was simulated.
        offered: whether the verdict may be said.
        holds: whether it is rarely false, where it may be said.
    """

    verdict: str
    group: int
    reference: int
    simulations: int
    read: float
    error: float
    scenario: str
    accepted: float
    offered: str
    holds: str


def run(simulated: Sequence[Cell], simulations: int, seed: int, workers: int) -> list[Between]:
    """Simulate between the sizes.

    Args:
        simulated: the cells that are read.
        simulations: of each scenario, pairing and gap.
        seed: of all of them.
        workers: processes.

    Returns:
        One row per verdict and pairing.
    """
    return held_against(simulated, coverage.run(simulations, seed, workers, MIDDLES, "between the cells"))


def held_against(simulated: Sequence[Cell], rows: Sequence[Covered]) -> list[Between]:
    """Compare what was simulated between the sizes with what the cells say there.

    Args:
        simulated: the cells that are read.
        rows: simulations at other sizes.

    Returns:
        One row per verdict and pairing. Accepted is what the cells accept and two standard errors of these simulations:
        either is an estimate.
    """
    table = {(cell.verdict, cell.group, cell.reference): cell for cell in simulated}
    simulations = min(row.simulations for row in rows)
    found = []
    for cell in cells(rows):
        said = expected(table, cell.verdict, cell.group, cell.reference)
        if said is None:
            continue
        accepted = round(said.accepted + slack(ALPHA / 2, simulations), 6)
        found.append(
            Between(
                *(cell.verdict, cell.group, cell.reference, simulations, round(said.error, 6), cell.error),
                *(cell.scenario, accepted, "yes" if said.offered else "no"),
                "yes" if not said.offered or cell.error <= accepted else "no",
            )
        )
    return found

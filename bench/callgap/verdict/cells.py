"""In which numbers of speakers a verdict has been proven by simulation: the table of cells."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

SIZES = (5, 10, 30, 100, 300)
"""Speakers of a side for which a cell was simulated; a side of more is taken for the largest below it."""

MARGIN = 0.05
"""The margin at which `within margin` was simulated; of a wider one nothing is proven."""

CELLS = Path(__file__).with_name("cells.csv")
"""Written by `make evidence`; results/evidence/cells.csv is a copy."""


@dataclass(frozen=True)
class Cell:
    """What simulation found for one verdict with so many speakers on either side, in the worst scenario.

    Attributes:
        verdict: in question.
        group: speakers, or effective ones where they weigh differently.
        reference: likewise.
        error: largest share of simulations in which the verdict was false.
        accepted: largest that is accepted: the nominal rate and two standard errors of the simulation.
        coverage: smallest share of simulations whose limits held the true gap.
        scenario: in which the error was largest.
        offered: whether the verdict may be said.
    """

    verdict: str
    group: int
    reference: int
    error: float
    accepted: float
    coverage: float
    scenario: str
    offered: bool


def is_offered(verdict: str, group: float, reference: float) -> bool:
    """Tell whether a verdict may be said with so many speakers.

    Args:
        verdict: one that limits give.
        group: effective speakers of the group.
        reference: effective speakers of the reference.

    Returns:
        True where the cells of both sides' sizes, below and above, were simulated and passed: what lies between two
        sizes is held to both.
    """
    found = [read().get((verdict, *sizes)) for sizes in product(_sizes(group), _sizes(reference))]
    return all(cell is not None and cell.offered for cell in found)


@cache
def read() -> dict[tuple[str, int, int], Cell]:
    """The committed cells, by verdict and speakers on either side."""
    with CELLS.open(encoding="utf-8", newline="") as file:
        cells = [_cell(row) for row in csv.DictReader(file)]
    return {(cell.verdict, cell.group, cell.reference): cell for cell in cells}


def _sizes(speakers: float) -> list[int]:
    # Effective speakers of equal weight may miss their number by a rounding error.
    worth = round(speakers, 1)
    below = [size for size in SIZES if size <= worth]
    above = [size for size in SIZES if size >= worth]
    return sorted({below[-1], *above[:1]}) if below else [0]


def _cell(row: dict[str, str]) -> Cell:
    return Cell(
        row["verdict"],
        int(row["group"]),
        int(row["reference"]),
        float(row["error"]),
        float(row["accepted"]),
        float(row["coverage"]),
        row["scenario"],
        row["offered"] == "yes",
    )

"""In which numbers of speakers a verdict has been proven by simulation: the table of cells."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SIZES = (5, 10, 30, 100, 300)
"""Speakers of a side for which a cell was simulated; a side of more is taken for the largest below it."""

MARGIN = 0.05
"""The margin at which `within margin` was simulated; of a wider one nothing is proven."""

CELLS = Path(__file__).with_name("cells.csv")
"""Written by `make evidence`; results/evidence/cells.csv is a copy."""

BETWEEN = Path(__file__).with_name("between.csv")
"""What was simulated between the sizes; likewise."""


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
        sound: whether there are speakers enough, and the limits cover in at least 93 %.
        offered: whether the verdict may be said.
    """

    verdict: str
    group: int
    reference: int
    error: float
    accepted: float
    coverage: float
    scenario: str
    sound: bool
    offered: bool


Cells = Mapping[tuple[str, int, int], Cell]
"""By verdict and speakers on either side."""


Square = tuple[tuple[int, ...], tuple[int, ...]]
"""The sizes of either side between which something lies."""


@dataclass(frozen=True)
class Expected:
    """What the cells say of numbers of speakers that lie between theirs.

    Attributes:
        error: how often the verdict is expected to be false in the worst scenario.
        accepted: most that is accepted.
        offered: whether the verdict may be said.
    """

    error: float
    accepted: float
    offered: bool


def expected(cells: Cells, verdict: str, group: float, reference: float) -> Expected | None:
    """Read a table of cells between its sizes, linearly in the logarithm of the speakers of either side.

    Args:
        cells: by verdict and speakers on either side.
        verdict: one that limits give.
        group: effective speakers of the group.
        reference: effective speakers of the reference.

    Returns:
        The verdict is offered where the error so read is accepted, and all cells read are sound: speakers
        enough, limits that cover. None where a cell is missing.
    """
    error = accepted = 0.0
    sound = True
    for mine, my_weight in _sizes(group).items():
        for theirs, their_weight in _sizes(reference).items():
            cell = cells.get((verdict, mine, theirs))
            if cell is None:
                return None
            error += my_weight * their_weight * cell.error
            accepted += my_weight * their_weight * cell.accepted
            sound = sound and cell.sound
    return Expected(error, accepted, sound and error <= accepted)


def is_offered(verdict: str, group: float, reference: float) -> bool:
    """Tell whether a verdict may be said with so many speakers.

    Args:
        verdict: one that limits give.
        group: effective speakers of the group.
        reference: effective speakers of the reference.

    Returns:
        True where the committed cells around these sizes say so, as `expected` reads them, and simulations in the midst
        of those cells did not contradict.
    """
    found = expected(read(), verdict, group, reference)
    if found is None or not found.offered:
        return False
    place = tuple(_sizes(group)), tuple(_sizes(reference))
    return not any(
        set(place[0]) <= set(mine) and set(place[1]) <= set(theirs)
        for mine, theirs in contradicted(verdict)
        if not (len(place[0]) == len(place[1]) == 1)
    )


@cache
def contradicted(verdict: str) -> tuple[Square, ...]:
    """Between which sizes simulation found a verdict to be false more often than the cells around let expect."""
    with BETWEEN.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["verdict"] == verdict and row["holds"] == "no"]
    return tuple((tuple(_sizes(float(row["group"]))), tuple(_sizes(float(row["reference"])))) for row in rows)


@cache
def read() -> dict[tuple[str, int, int], Cell]:
    """The committed cells, by verdict and speakers on either side."""
    with CELLS.open(encoding="utf-8", newline="") as file:
        cells = [_cell(row) for row in csv.DictReader(file)]
    return {(cell.verdict, cell.group, cell.reference): cell for cell in cells}


def _sizes(speakers: float) -> dict[int, float]:
    """The simulated sizes on either side, each with its weight."""
    # Effective speakers of equal weight may miss their number by a rounding error.
    worth = min(round(speakers, 1), float(SIZES[-1]))
    if worth < SIZES[0]:
        return {0: 1.0}
    above = next(size for size in SIZES if size >= worth)
    if above == worth:
        return {above: 1.0}
    below = SIZES[SIZES.index(above) - 1]
    weight = math.log(worth / below) / math.log(above / below)
    return {below: 1 - weight, above: weight}


def _cell(row: dict[str, str]) -> Cell:
    return Cell(
        row["verdict"],
        int(row["group"]),
        int(row["reference"]),
        float(row["error"]),
        float(row["accepted"]),
        float(row["coverage"]),
        row["scenario"],
        row["sound"] == "yes",
        row["offered"] == "yes",
    )

"""From simulated errors to the table of cells: which verdict may be said with how many speakers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from callgap.fairness.standing import JUDGED, MARGIN
from callgap.proofs.coverage import ALPHA, Covered
from callgap.proofs.sampling_error import slack
from callgap.verdict.cells import Cell
from callgap.verdict.words import BETTER, DISADVANTAGED, UNCERTAIN, WITHIN

LEAST_COVERAGE = 0.93

FALSE: Mapping[str, Callable[[Covered], float]] = {
    DISADVANTAGED: lambda row: row.above_margin if row.gap > 0 else 0.0,
    UNCERTAIN: lambda row: row.above_zero if row.gap == 0 else 0.0,
    # Both limits must lie inside the margin: where they are far apart, the verdict is rare whatever the truth. A wider
    # margin than the simulated one is therefore not covered by this.
    WITHIN: lambda row: row.within_margin if row.gap else 0.0,
    BETTER: lambda row: row.below_minus_margin if row.gap < 0 else 0.0,
}
"""By verdict, how often it was false at the true gap at which it just is; 0 at the other gaps."""

FEWEST = {DISADVANTAGED: JUDGED, UNCERTAIN: JUDGED, BETTER: JUDGED, WITHIN: MARGIN}
"""Speakers on each side below which a verdict is not offered however it simulates."""


def cells(rows: Iterable[Covered]) -> list[Cell]:
    """Take the worst scenario of each pairing.

    Args:
        rows: what was simulated.

    Returns:
        One cell per verdict and pairing. A verdict is offered where it is false in at most alpha / 2 of the
        simulations, two standard errors allowed, and the limits cover in at least 93 %.
    """
    pairings: dict[tuple[int, int], list[Covered]] = defaultdict(list)
    for row in rows:
        pairings[row.group, row.reference].append(row)
    return [
        _cell(verdict, group, reference, found)
        for verdict in FALSE
        for (group, reference), found in sorted(pairings.items())
    ]


def _cell(verdict: str, group: int, reference: int, rows: list[Covered]) -> Cell:
    false = FALSE[verdict]
    worst = max(rows, key=false)
    accepted = round(ALPHA / 2 + slack(ALPHA / 2, worst.simulations), 6)
    coverage = min(row.coverage for row in rows)
    enough = min(group, reference) >= FEWEST[verdict]
    covers = coverage >= LEAST_COVERAGE
    error = false(worst)
    sound = enough and covers
    return Cell(
        verdict, group, reference, error, accepted, coverage, worst.scenario, sound, sound and error <= accepted
    )

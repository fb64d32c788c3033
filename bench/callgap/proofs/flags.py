"""Precision of the flags for invented words and other languages, counted on the labelled pairs."""

from __future__ import annotations

from dataclasses import dataclass

from callgap.scoring.flags import RulePrecision, measure_precision


@dataclass(frozen=True)
class Flagged:
    """Counts of one rule, or of one flag whatever the rule.

    Attributes:
        rule: a rule, `hallucinated` or `wrong_language`.
        pairs: labelled pairs in all.
        flagged: pairs in which it fired.
        right: of those, pairs in which the flag is right.
        precision: their share; None where nothing was flagged.
        lower: lower 95 % limit of the precision (Clopper and Pearson 1934).
        upper: upper limit.
        labelled: pairs in which it ought to fire.
        found: of those, pairs in which it did.
    """

    rule: str
    pairs: int
    flagged: int
    right: int
    precision: float | None
    lower: float | None
    upper: float | None
    labelled: int
    found: int


def run() -> list[Flagged]:
    """Count on the pairs that callgap ships."""
    return [_counted(row) for row in measure_precision()]


def _counted(row: RulePrecision) -> Flagged:
    lower, upper = row.precision_limits or (None, None)
    return Flagged(
        row.rule,
        row.pairs,
        row.flagged,
        row.true_positives,
        row.precision,
        lower,
        upper,
        row.labelled,
        row.found,
    )

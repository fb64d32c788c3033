"""The table `odds`: of each destination, who should reach it and does not, and who should not and does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from callgap.fairness.calls import Told
from callgap.fairness.contrasts import Row
from callgap.fairness.endpoint import fraction
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Resampling

MISSED, TAKEN_FOR_IT = "missed", "taken_for_it"
"""The two errors: a call for the destination ends elsewhere; a call for something else ends there."""

# Both are shares of calls, as these endpoints are.
_COUNTED_AS = {"not_completed": MISSED, "misrouted": TAKEN_FOR_IT}


def odds_rows(evidence: Evidence, references: Mapping[str, str | None], plan: Resampling) -> list[Row]:
    """Tell the two errors of each destination by group.

    A service treats groups alike in the sense of equalized odds (Hardt, Price and Srebro, 2016) where neither error of
    any destination depends on the group, whatever its callers call for.

    Args:
        evidence: of one run.
        references: by attribute of persons, the reference group, or `everyone else`; None compares nothing.
        plan: how limits are resampled.

    Returns:
        Rows of the table `odds`. Limits of differences hold for all groups of an attribute and both errors of one
        destination at once; no verdict is drawn from them.
    """
    calls = evidence.outcomes.to_pandas()
    calls = calls[calls["outcome"] != "lost"]
    found = []
    for destination in sorted(calls["expected"].dropna().unique()):
        told = Told(evidence, plan, tuple(_COUNTED_AS), _errors(calls, destination))
        rows = told.of_everyone()
        for attribute, reference in references.items():
            rows += told.of_persons(attribute, reference)
        found += [row | {"destination": destination, "error": _COUNTED_AS[str(row.pop("endpoint"))]} for row in rows]
    return found


def _errors(calls: pd.DataFrame, destination: str) -> dict[str, pd.DataFrame]:
    meant, reached = calls["expected"] == destination, calls["reached"] == destination
    return dict(_observed(calls, meant, reached))


def _observed(calls: pd.DataFrame, meant: pd.Series, reached: pd.Series) -> Iterator[tuple[str, pd.DataFrame]]:
    for name, rows, wrong in (("not_completed", meant, ~reached), ("misrouted", ~meant, reached)):
        if rows.any():
            yield name, fraction(calls[rows], wrong[rows])

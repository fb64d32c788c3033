"""The table `waterfall`: of all that is asked, how much is understood, sent the right way, and done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from callgap.fairness.call_endpoints import not_completed
from callgap.fairness.contrasts import Row
from callgap.fairness.endpoint import fraction
from callgap.fairness.endpoints import per_speaker
from callgap.fairness.evidence import Evidence
from callgap.fairness.groups import EVERYONE
from callgap.fairness.sides import Side
from callgap.fairness.standing import DESCRIBED

STAGES = ("understood", "routed", "reached")
"""Each holds the next. `understood`: not lost because all attempts at a question were used up. `routed`: ended where it
should. `reached`: and no wrong number was taken on the way."""


def waterfall_rows(evidence: Evidence, attributes: Mapping[str, object]) -> list[Row]:
    """Tell at which stage the calls of each group are lost.

    Args:
        evidence: of one run whose calls were walked through a graph.
        attributes: of persons, by name.

    Returns:
        Rows of the table `waterfall`; shares are means of the speakers' own, from two speakers on.
    """
    calls = evidence.outcomes.to_pandas()
    calls = calls[calls["outcome"] != "lost"]
    by_stage = {name: per_speaker(fraction(calls, kept), pooled=False) for name, kept in _stages(calls)}
    rows = [_row(evidence, EVERYONE, EVERYONE, set(evidence.speakers.values()), by_stage)]
    for attribute in attributes:
        groups = sorted(set(evidence.membership[attribute].values()))
        rows += [_row(evidence, attribute, group, evidence.members(attribute, group), by_stage) for group in groups]
    return rows


def _stages(calls: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    routed = calls["reached"] == calls["expected"]
    yield "understood", routed | ~calls["gave_up"].fillna(False).astype(bool)
    yield "routed", routed
    yield "reached", ~not_completed(calls)


def _row(
    evidence: Evidence, attribute: str, group: str, members: set[str], by_stage: Mapping[str, pd.DataFrame]
) -> Row:
    sides = {name: Side.of(frame, members, is_share=True) for name, frame in by_stage.items()}
    whole = sides[STAGES[0]]
    row: Row = {
        "attribute": attribute,
        "group": group,
        "system": evidence.system,
        "condition": evidence.condition,
        "speakers": whole.speakers,
        "calls": int(whole.trials),
    }
    if whole.speakers < DESCRIBED:
        return row
    return row | {"asked": 1.0} | {name: side.rate for name, side in sides.items()}

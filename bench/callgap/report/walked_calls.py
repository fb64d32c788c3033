"""Calls that were walked through a graph, arranged for reading: where they are lost, and whose doing it is."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callgap.fairness.odds import MISSED, TAKEN_FOR_IT
from callgap.report.comparisons import Row
from callgap.report.figures import number, percent
from callgap.report.logged_calls import MEANS, caller_name, difference, heading, signed

_SPLIT = ("not_completed", "misrouted", "critical_missed", "seconds_per_call")
"""Endpoints whose gaps are split on the page; the table has the others."""


@dataclass(frozen=True)
class Step:
    """One group of the waterfall.

    Attributes:
        name: of the callers.
        speakers: of them.
        calls: of them.
        stages: percent of the calls that were asked, understood, routed and reached; None below two speakers.
        parts: of the bar, its class and its width in percent: reached, and what was lost at each stage.
    """

    name: str
    speakers: int
    calls: int
    stages: tuple[str, ...] | None
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Walked:
    """Tables of walked calls.

    Attributes:
        steps: the waterfall.
        split: endpoints whose gaps are split.
        shares: of each group and endpoint its gap, and what of it is understanding and recognition.
        odds: of each destination and error everyone's rate, and the group farthest above its reference.
        confidence: a sentence on the recognizer's confidence; empty where it gives none.
        curve: of each bin of confidence: its limits, and per row of `curve_rows` the share that was right.
        curve_rows: names of the callers of the curve.
    """

    steps: tuple[Step, ...]
    split: tuple[str, ...]
    shares: tuple[tuple[str, tuple[tuple[str, str, str] | None, ...]], ...]
    odds: tuple[tuple[str, str, str, str, str], ...]
    confidence: str
    curve: tuple[tuple[str, tuple[str, ...]], ...]
    curve_rows: tuple[str, ...]


def walked_view(report: Mapping[str, Any]) -> Walked | None:
    """Arrange what a report says of walked calls.

    Args:
        report: as `summarize` made it.

    Returns:
        The tables; None where no call was walked through a graph.
    """
    if not report.get("waterfall"):
        return None
    names, curve = _curve(report.get("calibration", ()))
    split = [name for name in _SPLIT if any(_is_split(row) for row in report["shares"] if row["endpoint"] == name)]
    return Walked(
        steps=tuple(_step(row) for row in report["waterfall"]),
        split=tuple(heading(name) for name in split),
        shares=_shares([row for row in report["shares"] if row["difference"] is not None], split),
        odds=_odds(report["odds"]),
        confidence=_confidence(report.get("confidence")),
        curve=curve,
        curve_rows=names,
    )


def _step(row: Row) -> Step:
    counts = caller_name(row), int(row["speakers"]), int(row["calls"])
    if row["asked"] is None:
        return Step(*counts, None, ())
    shares = [float(row[name]) for name in ("asked", "understood", "routed", "reached")]
    lost = [before - after for before, after in itertools.pairwise(shares)]
    names = ("reached", "wrong-number", "wrong-place", "not-understood")
    parts = zip(names, [shares[-1], *reversed(lost)], strict=True)
    return Step(*counts, tuple(map(percent, shares)), tuple((name, round(100 * width, 2)) for name, width in parts))


def _is_split(row: Row) -> bool:
    return row["difference"] is not None and bool(row["rate"] or row["difference"])


def _shares(
    rows: Sequence[Row], endpoints: Sequence[str]
) -> tuple[tuple[str, tuple[tuple[str, str, str] | None, ...]], ...]:
    groups: dict[str, dict[str, Row]] = {}
    for row in rows:
        groups.setdefault(f"{caller_name(row)} than {row['reference']}", {})[row["endpoint"]] = row
    return tuple(
        (name, tuple(_parts(found[endpoint]) if endpoint in found else None for endpoint in endpoints))
        for name, found in groups.items()
    )


def _parts(row: Row) -> tuple[str, str, str]:
    factor, digits = (1.0, MEANS[row["endpoint"]][1]) if row["endpoint"] in MEANS else (100.0, 1)
    gap, understanding, recognition = (
        signed(factor * float(row[name]), digits) for name in ("difference", "understanding", "recognition")
    )
    return gap, understanding, recognition


def _odds(rows: Sequence[Row]) -> tuple[tuple[str, str, str, str, str], ...]:
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(row["destination"], {}).setdefault(row["error"], []).append(row)
    return tuple(
        (destination, *_error(errors.get(MISSED, [])), *_error(errors.get(TAKEN_FOR_IT, [])))
        for destination, errors in found.items()
    )


def _error(rows: Sequence[Row]) -> tuple[str, str]:
    if not rows:
        return percent(None), ""
    compared = [row for row in rows if row["difference"] is not None and row["difference"] > 0]
    if not compared:
        return percent(rows[0]["rate"]), "no group above its reference"
    worst = max(compared, key=lambda row: float(row["difference"]))
    return percent(rows[0]["rate"]), f"{caller_name(worst)}: {difference(worst, 100.0, 1)}"


def _confidence(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    if found["area"] is None:
        return "The recognizer gives confidences, but nothing was taken wrongly, or nothing rightly."
    area, asked = number(found["area"], 2), number(found["asked"], 2)
    if found["separates"]:
        return (
            f"The recognizer's confidence separates right from wrong: area under the curve {area}, asked is {asked}. "
            "A calibrated one is right as often as it says."
        )
    return (
        f"The recognizer's confidence does not separate right from wrong: area under the curve {area}, asked is "
        f"{asked}. Neither confident errors nor a calibration curve are told of it."
    )


def _curve(rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    names = tuple(dict.fromkeys(caller_name(row) for row in rows))
    bins: dict[tuple[float, float], dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: float(row["confidence_from"])):
        right = f"{percent(row['right'] / row['answers'])} of {number(row['answers'])}"
        bins.setdefault((row["confidence_from"], row["confidence_to"]), {})[caller_name(row)] = right
    curve = (
        (f"{number(begin, 1)} to {number(end, 1)}", tuple(cells.get(name, percent(None)) for name in names))
        for (begin, end), cells in bins.items()
    )
    return names, tuple(curve)

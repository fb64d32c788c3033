"""The table `effects` on a terminal: a table per alteration, attribute and measure, and what it comes to in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from callgap.fairness.effect_findings import (
    CLOSES,
    HARMED,
    HARMS_REFERENCE,
    HELPED,
    HIGHER,
    LOWER,
    MOVES,
    NARROWS,
    OPEN,
    REVERSES,
    STAYS,
    WIDENS,
)
from callgap.report.figures import ABSENT, number, percent, points, span

Row = Mapping[str, Any]

_KEY = ("system", "condition", "before", "after", "attribute", "measure")

_GAPS = {
    REVERSES: "the gap between {group} and {reference} reverses",
    HARMS_REFERENCE: "the gap between {group} and {reference} narrows because {reference} is harmed",
    CLOSES: "the gap between {group} and {reference} closes",
    NARROWS: "the gap between {group} and {reference} narrows",
    MOVES: "{reference} falls behind {group} by more than before",
    WIDENS: "the gap between {group} and {reference} widens",
    STAYS: "the gap between {group} and {reference} stays",
    HIGHER: "{group} rises against {reference}",
    LOWER: "{group} falls against {reference}",
}
_CHANGES = {
    HELPED: "errors fall",
    HARMED: "errors rise",
    HIGHER: "it rises",
    LOWER: "it falls",
}
_SMALLER, _LARGER = (CLOSES, NARROWS, HARMS_REFERENCE), (WIDENS, MOVES)


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """One table for every pair of runs, attribute and measure.

    Args:
        rows: of the table `effects`.
    """
    for _, group in _together(rows):
        yield _table(list(group))


def sentences(rows: Sequence[Row]) -> Iterator[str]:
    """Whose errors fell or rose, and what became of the gaps.

    Args:
        rows: of the table `effects`.

    Yields:
        One line for every finding, and one for every attribute of which nothing can be told.
    """
    yield from _left_out(rows)
    for _, group in _together(rows):
        yield from _told(list(group))


def _together(rows: Sequence[Row]) -> Iterator[tuple[object, Iterator[Row]]]:
    return groupby(rows, key=lambda row: tuple(row[name] for name in _KEY))


def _title(row: Row) -> str:
    where = ", ".join(row[name] for name in ("system", "condition") if row[name])
    return (
        f"{row['after']} against {row['before']}{f' ({where})' if where else ''}: {row['attribute']}, {row['measure']}"
    )


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title_justify="left", title_style="bold")
    table.title = Text(_title(rows[0]))
    for name in ("group", "speakers", "before", "after", "change", "gap change", "finding"):
        table.add_column(name, justify="left" if name in ("group", "finding") else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, _cells(row)))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    is_rate = row["kind"] == "rate"
    value, moved = (percent, points) if is_rate else (_level, _difference)
    factor, digits = (100.0, 1) if is_rate else (1.0, 3)
    changes = []
    for name in ("change", "gap_change"):
        limits = span(row[f"{name}_lower"], row[f"{name}_upper"], factor, digits)
        changes.append("\n".join(filter(None, (moved(row[name]), limits))))
    finding = row["finding"] or (row["change_finding"] if row["change_finding"] != OPEN else ABSENT)
    return (
        row["group"],
        number(row["speakers"]),
        value(row["value_before"]),
        value(row["value_after"]),
        *changes,
        finding,
    )


def _level(value: float | None) -> str:
    return number(value, 3)


def _difference(value: float | None) -> str:
    return ABSENT if value is None else f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _told(rows: Sequence[Row]) -> Iterator[str]:
    title = _title(rows[0])
    for row in rows:
        if row["change_finding"] in _CHANGES:
            yield f"{title}: {_CHANGES[row['change_finding']]} for {row['group']}{_by(row)}"
    for row in rows:
        if row["finding"] in _GAPS:
            told = _GAPS[row["finding"]].format(group=row["group"], reference=row["reference"])
            why = f" ({row['reason']})" if row["reason"] else ""
            yield f"{title}: {told}{why}"
    yield from _moved(title, rows)
    if all(row["finding"] in (None, OPEN) and row["change_finding"] == OPEN for row in rows):
        reasons = dict.fromkeys(row["reason"] for row in rows if row["reason"])
        yield f"{title}: nothing can be told ({'; '.join(reasons)})"


def _left_out(rows: Sequence[Row]) -> Iterator[str]:
    """How many utterances have no pair, once for each pair of runs."""
    everyone = [row for row in rows if row["attribute"] == "all"]
    for _, of in groupby(everyone, key=lambda row: tuple(row[name] for name in _KEY[:4])):
        row = next(of)
        if row["left_out"]:
            whole = row["left_out"] + row["utterances"]
            why = f" ({_counted(row['left_out_reasons'])})" if row["left_out_reasons"] else ""
            yield f"{_title(row)}: {row['left_out']} of {whole} utterances are left out{why}"


def _counted(reasons: str) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in json.loads(reasons).items())


def _by(row: Row) -> str:
    if row["kind"] != "rate":
        return f" by {_difference(abs(row['change'])).lstrip('+')}"
    return f" by {points(abs(row['change'])).lstrip('+')} points"


def _moved(title: str, rows: Sequence[Row]) -> Iterator[str]:
    """A gap that becomes smaller for one group while another's becomes larger has moved."""
    smaller, larger = ([row["group"] for row in rows if row["finding"] in of] for of in (_SMALLER, _LARGER))
    if smaller and larger:
        yield f"{title}: the gap moves from {' and '.join(smaller)} to {' and '.join(larger)}"

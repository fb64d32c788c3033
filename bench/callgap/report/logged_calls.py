"""Calls that were logged, arranged for reading: one row per group or value of a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callgap.fairness.groups import EVERYONE
from callgap.report.comparisons import Row
from callgap.report.figures import number, percent, span
from callgap.report.wording import ENDPOINTS

_MEANS = {"reprompts_per_call": ("Reprompts per call", 2), "seconds_per_call": ("Seconds per call", 1)}


@dataclass(frozen=True)
class CallsView:
    """The table of calls of one run.

    Attributes:
        headings: of the endpoints.
        rows: of each group its name, the speakers, the calls, and per endpoint a figure with its limits and, where the
            group is compared, the difference with its limits.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, int, int, tuple[tuple[str, str], ...]], ...]


def calls_view(rows: Sequence[Row]) -> CallsView | None:
    """Arrange the rows of `calls`.

    Args:
        rows: as `summarize` made them.

    Returns:
        The view; None where no call was logged.
    """
    if not rows:
        return None
    endpoints = list(dict.fromkeys(row["endpoint"] for row in rows))
    groups: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        groups.setdefault((row["attribute"], row["group"]), {})[row["endpoint"]] = row
    return CallsView(
        tuple(_heading(name) for name in endpoints),
        tuple(_row(attribute, group, found, endpoints) for (attribute, group), found in groups.items()),
    )


def _heading(endpoint: str) -> str:
    return _MEANS[endpoint][0] if endpoint in _MEANS else ENDPOINTS[endpoint].name


def _row(
    attribute: str, group: str, found: dict[str, Row], endpoints: Sequence[str]
) -> tuple[str, int, int, tuple[tuple[str, str], ...]]:
    name = group if attribute == EVERYONE else f"{attribute.replace('_', ' ')} {group}"
    speakers, calls = (max(int(row[key]) for row in found.values()) for key in ("speakers", "calls"))
    return name, speakers, calls, tuple(_cell(endpoint, found.get(endpoint)) for endpoint in endpoints)


def _cell(endpoint: str, row: Row | None) -> tuple[str, str]:
    if row is None:
        return percent(None), ""
    digits = _MEANS[endpoint][1] if endpoint in _MEANS else 1
    factor = 1.0 if endpoint in _MEANS else 100.0
    written = number(row["rate"], digits) if endpoint in _MEANS else percent(row["rate"])
    limits = span(row["rate_lower"], row["rate_upper"], factor, digits)
    return f"{written} ({limits})" if limits else written, _difference(row, factor, digits)


def _difference(row: Row, factor: float, digits: int) -> str:
    if row["difference"] is None:
        return ""
    limits = span(row["difference_lower"], row["difference_upper"], factor, digits)
    sign = "+" if row["difference"] > 0 else ""
    gap = f"{sign}{number(factor * row['difference'], digits)}"
    return f"{gap} than {row['reference']}" + (f" ({limits})" if limits else "")

"""What became of calls, arranged for reading: one row per group or value of a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callgap.fairness.groups import EVERYONE
from callgap.report.comparisons import Row
from callgap.report.figures import number, percent, span
from callgap.report.wording import ENDPOINTS

MEANS = {
    "reprompts_per_call": ("Reprompts per call", 2),
    "seconds_per_call": ("Seconds per call", 1),
    "human_turns": ("Turns until a person answers", 2),
    "human_seconds": ("Seconds until a person answers", 1),
}
"""By endpoint that is no share, its heading and digits."""

_THEMES = (
    ("Where calls end", ("not_completed", "misrouted", "not_understood", "wrong_priority", "critical_missed")),
    ("On the way", ("no_match", "gave_up", "reprompts_per_call", "seconds_per_call", "confident_error")),
    ("A person", ("human_not_reached", "human_turns", "human_seconds", "contained")),
    ("Numbers", ("digits_wrong_1", "digits_wrong_2", "digits_wrong_3", "wrong_number")),
)


@dataclass(frozen=True)
class CallsView:
    """A table of the calls of one run.

    Attributes:
        title: what it is about; empty where there is one table only.
        headings: of the endpoints.
        rows: of each group its name, the speakers, the calls, and per endpoint a figure with its limits and, where the
            group is compared, the difference with its limits.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, int, int, tuple[tuple[str, str], ...]], ...]


def calls_views(rows: Sequence[Row], *, walked: bool) -> tuple[CallsView, ...]:
    """Arrange the rows of `calls`.

    Args:
        rows: as `summarize` made them.
        walked: whether the calls were walked through a graph: then there are too many endpoints for one table.

    Returns:
        The tables; none where no call was logged or walked.
    """
    found = list(dict.fromkeys(row["endpoint"] for row in rows))
    if not walked:
        return (_view("", rows, found),) if found else ()
    themes = [(title, [name for name in names if name in found]) for title, names in _THEMES]
    return tuple(_view(title, rows, endpoints) for title, endpoints in themes if endpoints)


def caller_name(row: Row) -> str:
    """Name a row's callers: the group, and of what."""
    attribute, group = str(row["attribute"]), str(row["group"])
    return group if attribute == EVERYONE else f"{attribute.replace('_', ' ')} {group}"


def _view(title: str, rows: Sequence[Row], endpoints: Sequence[str]) -> CallsView:
    groups: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["endpoint"] in endpoints:
            groups.setdefault(caller_name(row), {})[row["endpoint"]] = row
    return CallsView(
        title,
        tuple(heading(name) for name in endpoints),
        tuple(_row(name, found, endpoints) for name, found in groups.items()),
    )


def heading(endpoint: str) -> str:
    """Name an endpoint, mean or share, for a column."""
    return MEANS[endpoint][0] if endpoint in MEANS else ENDPOINTS[endpoint].name


def _row(
    name: str, found: dict[str, Row], endpoints: Sequence[str]
) -> tuple[str, int, int, tuple[tuple[str, str], ...]]:
    speakers, calls = (max(int(row[key]) for row in found.values()) for key in ("speakers", "calls"))
    return name, speakers, calls, tuple(_cell(endpoint, found.get(endpoint)) for endpoint in endpoints)


def _cell(endpoint: str, row: Row | None) -> tuple[str, str]:
    if row is None:
        return percent(None), ""
    digits = MEANS[endpoint][1] if endpoint in MEANS else 1
    factor = 1.0 if endpoint in MEANS else 100.0
    written = number(row["rate"], digits) if endpoint in MEANS else percent(row["rate"])
    limits = span(row["rate_lower"], row["rate_upper"], factor, digits)
    return f"{written} ({limits})" if limits else written, difference(row, factor, digits)


def difference(row: Row, factor: float, digits: int) -> str:
    """Write a difference with its limits and what it is to; empty where there is none."""
    if row["difference"] is None:
        return ""
    limits = span(row["difference_lower"], row["difference_upper"], factor, digits)
    gap = signed(factor * row["difference"], digits)
    return f"{gap} than {row['reference']}" + (f" ({limits})" if limits else "")


def signed(value: float, digits: int) -> str:
    """Write a difference; one that is none but for rounding has no sign."""
    rounded = round(value, digits) + 0.0
    return f"{'+' if rounded > 0 else ''}{number(rounded, digits)}"

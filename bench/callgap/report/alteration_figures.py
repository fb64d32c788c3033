"""Drawings of what became of the rate of every group, one small panel per alteration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from callgap.report.arrows import Arrow, ArrowPanel, arrow_plot
from callgap.report.comparisons import UNJUDGED, Row, distinct
from callgap.report.effect_words import ALL
from callgap.report.endpoint_words import ENDPOINTS
from callgap.report.plots import NARROW, WIDE


@dataclass(frozen=True)
class RateFigure:
    """One endpoint, attribute, recognizer and line.

    Attributes:
        title: what it shows.
        reference: group that the others are compared with.
        wide: drawing for wide screens.
        narrow: drawing for narrow screens.
    """

    title: str
    reference: str
    wide: str
    narrow: str


def rate_figures(
    rates: Sequence[Row],
    measures: Sequence[str],
    place_name: Callable[[tuple[str, str]], str],
    titles: Mapping[tuple[str, str], str],
) -> Iterator[RateFigure]:
    """Draw every endpoint, attribute, recognizer and line.

    Args:
        rates: rows of `EFFECTS` of kind `rate`.
        measures: endpoints to draw.
        place_name: names a recognizer and line.
        titles: of the alterations, by what they are called before and after.
    """
    attributes = distinct(row["attribute"] for row in rates if row["attribute"] != ALL)
    places = distinct((row["system"], row["condition"]) for row in rates)
    wanted = ((m, a, place) for m in measures for a in attributes for place in places)
    for number, (measure, attribute, place) in enumerate(wanted):
        rows = [
            row
            for row in rates
            if (row["measure"], row["attribute"], (row["system"], row["condition"])) == (measure, attribute, place)
            and row["group"] not in UNJUDGED
            and row["value_before"] is not None
            and row["value_after"] is not None
        ]
        if rows:
            title = f"{ENDPOINTS[measure].name} by {attribute.replace('_', ' ')}: {place_name(place)}"
            yield _figure(rows, title, ENDPOINTS[measure].name.lower(), f"e{number}", titles)


def _figure(
    rows: Sequence[Row], title: str, axis: str, prefix: str, titles: Mapping[tuple[str, str], str]
) -> RateFigure:
    reference = str(next((row["reference"] for row in rows if row["reference"]), ""))
    first = {row["group"]: row["value_before"] for row in reversed(rows)}
    # The reference above the others, and of these the group served worst before above.
    groups = sorted(first, key=lambda group: (group != reference, -first[group]))
    panels = tuple(
        ArrowPanel(name, reference, tuple(_arrow(row) for row in rows if (row["before"], row["after"]) == pair))
        for pair, name in titles.items()
        if any((row["before"], row["after"]) == pair for row in rows)
    )
    wide, narrow = (
        arrow_plot(panels, groups, axis, layout, f"{prefix}{end}-") for layout, end in ((WIDE, "w"), (NARROW, "n"))
    )
    return RateFigure(title, reference, wide, narrow)


def _arrow(row: Row) -> Arrow:
    return Arrow(str(row["group"]), float(row["value_before"]), float(row["value_after"]), row["change_finding"])

"""A report arranged for reading: attribute by attribute, endpoint by endpoint, the gravest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callgap.fairness.groups import EVERYONE
from callgap.report.comparisons import (
    UNJUDGED,
    Row,
    by_supported_harm,
    distinct,
    groups_by_harm,
    has_limits,
    under_primary_normalizer,
)
from callgap.report.plots import NARROW, WIDE, Mark, Panel, forest
from callgap.report.wording import ENDPOINTS, Endpoint, gravity, verdict_mark


@dataclass(frozen=True)
class EndpointView:
    """One endpoint and its contrasts.

    Attributes:
        key: name in the tables.
        words: name and definition.
        primary: whether the policy judges it.
        leads: whether the first line rests on it.
        rows: under the primary normalizer, the gravest first.
        tally: how often each verdict fell, as words.
    """

    key: str
    words: Endpoint
    primary: bool
    leads: bool
    rows: tuple[Row, ...]
    tally: str


@dataclass(frozen=True)
class AttributeView:
    """One group attribute.

    Attributes:
        name: in words.
        about: label source, reference, description.
        endpoints: those compared, in the order of reports.
        matrix: one row per compared group: its name, then its contrast in each primary endpoint (None where there is
            none).
        wide: plot for wide screens; empty where no difference has limits.
        narrow: plot for narrow screens.
        plot_text: what the plots show, for those who do not see them.
        marks: of the verdicts that the plots show.
        groups: rows of `groups`: everyone, the reference, then the gravest.
        elsewhere: contrasts under other normalizers than the primary one.
        worst: group and its worst utterances.
        exclusions: rows of `exclusions`.
    """

    name: str
    about: Row | None
    endpoints: tuple[EndpointView, ...]
    matrix: tuple[tuple[str, tuple[Row | None, ...]], ...]
    wide: str
    narrow: str
    plot_text: str
    marks: frozenset[str]
    groups: tuple[Row, ...]
    elsewhere: tuple[Row, ...]
    worst: tuple[tuple[str, tuple[Row, ...]], ...]
    exclusions: tuple[Row, ...]


@dataclass(frozen=True)
class CellView:
    """One run on the page: its id, its report and its attributes."""

    anchor: str
    report: Row
    attributes: tuple[AttributeView, ...]

    @property
    def everyone(self) -> Row:
        """The row of `groups` for all speakers; empty where there is none."""
        return next((row for row in self.report["groups"] if row["attribute"] == EVERYONE), {})


@dataclass(frozen=True)
class Lead:
    """The first line of a page and the notes that stand right under it."""

    text: str
    notes: tuple[str, ...]


def cell_view(report: Row, place: int, *, plots: bool) -> CellView:
    """Arrange one report.

    Args:
        report: as `summarize` made it.
        place: of the cell on the page, for ids.
        plots: whether to draw.

    Returns:
        Its view.
    """
    anchor = f"c{place}"
    found = distinct([*report["attributes"], *(row["attribute"] for row in report["groups"])])
    names = [name for name in found if name != EVERYONE]
    views = [_attribute(report, name, f"{anchor}a{nr}", plots=plots) for nr, name in enumerate(names)]
    return CellView(anchor, report, tuple(views))


def lead(reports: Sequence[Row]) -> Lead:
    """Say the first line for one run or many.

    Args:
        reports: one per cell.

    Returns:
        The headline of the only run, or of the one with the gravest verdict; the caveat that it cannot stand without.
    """
    gravest = min(reports, key=_harm)
    caveat = tuple(gravest["headline_notes"][:1])
    if len(reports) == 1:
        return Lead(gravest["headline"], caveat)
    if gravest["headline_verdict"] is None:
        return Lead(f"None of {len(reports)} runs could compare groups. {gravest['headline']}", caveat)
    return Lead(f"Gravest of {len(reports)} runs: {gravest['headline']}", (*caveat, f"In the run {gravest['name']}."))


def _harm(report: Row) -> tuple[int, float]:
    decided = (report["headline_endpoint"], report["headline_verdict"])
    rows = under_primary_normalizer(report["contrasts"], report["policy"])
    lowers = [
        row["difference_lower"] for row in rows if (row["endpoint"], row["verdict"]) == decided and has_limits(row)
    ]
    return gravity(report["headline_verdict"]), -max(lowers, default=0.0)


def _attribute(report: Row, name: str, prefix: str, *, plots: bool) -> AttributeView:
    every = [row for row in report["contrasts"] if row["attribute"] == name]
    rows = under_primary_normalizer(every, report["policy"])
    endpoints = _endpoints(report, rows)
    leading = [row for view in endpoints if view.leads for row in view.rows]
    order = distinct([*groups_by_harm(leading), *groups_by_harm(rows)])
    panels = [panel for view in endpoints if view.primary and (panel := _panel(view)).marks] if plots else []
    drawn = [group for group in order if any(mark.group == group for panel in panels for mark in panel.marks)]
    return AttributeView(
        name=name.replace("_", " "),
        about=report["attributes"].get(name),
        endpoints=endpoints,
        matrix=_matrix(endpoints, order),
        wide=forest(panels, drawn, WIDE, f"{prefix}w-") if panels else "",
        narrow=forest(panels, drawn, NARROW, f"{prefix}n-") if panels else "",
        plot_text=_plot_text(panels),
        marks=frozenset(mark.mark for panel in panels for mark in panel.marks),
        groups=_ordered_groups(report, name, order),
        elsewhere=tuple(by_supported_harm(row for row in every if row not in rows)),
        worst=_worst(report, name, order),
        exclusions=tuple(row for row in report["exclusions"] if row["attribute"] == name),
    )


def _endpoints(report: Row, rows: Sequence[Row]) -> tuple[EndpointView, ...]:
    views = []
    for key in sorted({row["endpoint"] for row in rows}, key=list(ENDPOINTS).index):
        own = tuple(by_supported_harm(row for row in rows if row["endpoint"] == key))
        counts = Counter(row["verdict"] for row in own)
        tally = " · ".join(f"{counts[verdict]} {verdict or 'not judged'}" for verdict in sorted(counts, key=gravity))
        leads = key == report["headline_endpoint"]
        views.append(EndpointView(key, ENDPOINTS[key], key in report["endpoints"], leads, own, tally))
    return tuple(sorted(views, key=lambda view: (not view.leads, not view.primary)))


def _matrix(endpoints: Sequence[EndpointView], order: Sequence[str]) -> tuple[tuple[str, tuple[Row | None, ...]], ...]:
    columns = [{row["group"]: row for row in view.rows} for view in endpoints if view.primary]
    return tuple((group, tuple(column.get(group) for column in columns)) for group in order)


def _panel(view: EndpointView) -> Panel:
    rows = [row for row in view.rows if has_limits(row)]
    marks = tuple(
        Mark(
            row["group"],
            100 * row["difference"],
            100 * row["difference_lower"],
            100 * row["difference_upper"],
            verdict_mark(row["verdict"]),
        )
        for row in rows
    )
    first = next(iter(view.rows))
    margin = None if first["margin"] is None else 100 * first["margin"]
    return Panel(view.words.name, first["reference"], margin, marks)


def _plot_text(panels: Sequence[Panel]) -> str:
    told = []
    for panel in panels:
        marks = "; ".join(
            f"{mark.group} {mark.difference:+.1f} ({mark.lower:.1f} to {mark.upper:.1f})" for mark in panel.marks
        )
        told.append(f"{panel.title}, points from {panel.reference}: {marks}.")
    return " ".join(["Differences from the reference with their limits.", *told])


def _ordered_groups(report: Row, name: str, order: Sequence[str]) -> tuple[Row, ...]:
    def key(row: Row) -> tuple[bool, bool, int]:
        place = order.index(row["group"]) + 1 if row["group"] in order else 0
        return row["attribute"] != EVERYONE, row["group"] in UNJUDGED, place

    return tuple(sorted((row for row in report["groups"] if row["attribute"] in (EVERYONE, name)), key=key))


def _worst(report: Row, name: str, order: Sequence[str]) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    rows: list[dict[str, Any]] = [row for row in report["worst"] if row["attribute"] == name]
    present = {row["group"] for row in rows}
    named = distinct([*order, *sorted(present)])
    return tuple((group, tuple(row for row in rows if row["group"] == group)) for group in named if group in present)

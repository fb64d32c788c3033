"""Reports arranged for reading: one run, and the page that holds one run or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callgap.fairness.groups import EVERYONE
from callgap.report.alterations import AlterationsView, alterations_view
from callgap.report.altered_rows import Alterations
from callgap.report.attribute_view import AttributeView, attribute_view
from callgap.report.comparisons import Row, distinct, has_limits, under_primary_normalizer
from callgap.report.conclusions import Conclusions, conclusions
from callgap.report.data_faults import FaultsView, faults_view
from callgap.report.logged_calls import CallsView, calls_views
from callgap.report.overview import Overview, overviews, run_names
from callgap.report.reversals import reversals
from callgap.report.routers import RoutersView, routers_view
from callgap.report.walked_calls import Walked, walked_view
from callgap.report.wording import gravity


@dataclass(frozen=True)
class CellView:
    """One run on the page.

    Attributes:
        anchor: id.
        report: as `summarize` made it.
        faults: of the data, the gravest first.
        conclusions: what may be concluded and what not.
        attributes: one view each.
        calls: what became of calls that were logged or walked through a graph.
        walked: where calls through a graph are lost; None where none was.
        routers: how often those of the service are right on clean text; None where it has none.
    """

    anchor: str
    report: Row
    faults: tuple[FaultsView, ...]
    conclusions: Conclusions
    attributes: tuple[AttributeView, ...]
    calls: tuple[CallsView, ...] = ()
    walked: Walked | None = None
    routers: RoutersView | None = None

    @property
    def everyone(self) -> Row:
        """The row of `groups` for all speakers; empty where there is none."""
        return next((row for row in self.report["groups"] if row["attribute"] == EVERYONE), {})


@dataclass(frozen=True)
class Lead:
    """The first line of a page and the notes that stand right under it."""

    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PageView:
    """Everything on a page.

    Attributes:
        lead: its first line.
        cells: one per run.
        told: those that are told in full: of runs that are told by what an alteration changed, the unaltered ones.
        names: of the runs, for tables.
        faults: of the data of all runs, each sentence once, the gravest first.
        overviews: tables of systems beside groups; none where there is one run.
        reversals: sentences on what changes with the choice of system.
        alterations: what they changed; None where nothing was altered.
    """

    lead: Lead
    cells: tuple[CellView, ...]
    told: tuple[CellView, ...]
    names: tuple[str, ...]
    faults: tuple[FaultsView, ...]
    overviews: tuple[Overview, ...]
    reversals: tuple[str, ...]
    alterations: AlterationsView | None = None


def page_view(reports: Sequence[Row], *, plots: bool, altered: Alterations | None = None) -> PageView:
    """Arrange the reports of a page.

    Args:
        reports: as `summarize` made them, one per run.
        plots: whether to draw.
        altered: what alterations changed among these runs.

    Returns:
        The view.
    """
    in_full = [_is_told(report, altered) for report in reports]
    cells = tuple(cell_view(r, place, plots=plots and in_full[place]) for place, r in enumerate(reports))
    faults = {
        (fault["detail"], fault["consequence"]): fault for report in reports for fault in report.get("faults", ())
    }
    several = len(reports) > 1
    return PageView(
        lead=lead(reports),
        cells=cells,
        told=tuple(cell for cell, full in zip(cells, in_full, strict=True) if full),
        names=tuple(run_names(reports)),
        faults=faults_view(list(faults.values())),
        overviews=overviews([(c.anchor if full else "", c.report) for c, full in zip(cells, in_full, strict=True)])
        if several
        else (),
        reversals=reversals(reports) if several else (),
        # How long computing took stands with the drawings only: without them, the same results give the same text.
        alterations=alterations_view(altered, reports, plots=plots, computing=plots),
    )


def _is_told(report: Row, altered: Alterations | None) -> bool:
    """Whether a run is told in full: all are, unless most of them are told by what an alteration changed."""
    pairs = altered.effects if altered else ()
    chosen = report["provenance"].get("choices", {}).get("alteration")
    return not pairs or chosen is None or chosen in {row["before"] for row in pairs}


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
    views = [attribute_view(report, name, f"{anchor}a{nr}", plots=plots) for nr, name in enumerate(names)]
    faults, walked = faults_view(report.get("faults", ())), walked_view(report)
    calls = calls_views(report.get("calls", ()), walked=walked is not None)
    routers = routers_view(report["service"])
    return CellView(anchor, report, faults, conclusions(report), tuple(views), calls, walked, routers)


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

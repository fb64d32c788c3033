"""The verdicts of a run as a table for the terminal, narrow enough for 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callgap.report.attribute_view import AttributeView
from callgap.report.comparisons import UNJUDGED, Row, distinct
from callgap.report.data_faults import FaultsView, faults_view
from callgap.report.figures import ABSENT, number, percent, points, span
from callgap.report.logged_calls import MEANS, caller_name, heading
from callgap.report.views import cell_view
from callgap.report.wording import NOT_JUDGED, verdict_mark

_STYLES = {"unfit": "bold magenta", "disadvantaged": "bold red", "gap": "yellow", "within": "green", "better": "cyan"}

_OF_CALLS = ("not_completed", "misrouted", "reprompts_per_call", "seconds_per_call")
"""What is shown of calls without a text."""

_FAULTS = 3
"""Shown of each kind; all of what may not be published."""


def verdict_table(report: Row) -> Table:
    """Tabulate the endpoint that the first line rests on, the gravest verdict first.

    Args:
        report: as `summarize` made it.

    Returns:
        A table; groups that are too small to be judged are counted under it, with how the verdicts on the other primary
        endpoints fell. Where nothing was compared, the groups' rates.
    """
    views = cell_view(report, 0, plots=False).attributes
    if not report["contrasts"]:
        wordless = all(row["wer"] is None for row in report["groups"])
        return _calls_table(report["calls"]) if wordless and report.get("calls") else _rate_table(views)
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
    )
    leading = next((view.endpoints[0].words.name for view in views if view.endpoints), "Nothing was compared")
    references = distinct(row["reference"] for view in views for end in view.endpoints for row in end.rows)
    table.title = Text(f"{leading}: points more than {' or '.join(references) or 'a reference'}")
    table.caption = Text("\n".join([*report["headline_notes"][:1], *_small(views), *_others(views)]))
    for name in ("group", "points", "limits", "speakers", "verdict", "grade"):
        table.add_column(
            name,
            overflow="fold",
            justify="right" if name == "points" else "left",
            no_wrap=name in ("points", "limits", "verdict"),
        )
    for view in views:
        for row in view.endpoints[0].rows if view.endpoints else ():
            table.add_row(*_cells(row))
        table.add_section()
    return table


def _rate_table(views: tuple[AttributeView, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", title_style="bold")
    table.title = Text("Words wrong by group: described, not compared")
    for name in ("group", "speakers", "utterances", "words wrong", "unusable", "empty"):
        table.add_column(name, overflow="fold", justify="left" if name == "group" else "right")
    for view in views:
        for row in view.groups:
            # Speakers are in several values of a condition: these stand below.
            if view.conditions and row["group"] in UNJUDGED:
                continue
            rates = (percent(row[name]) for name in ("wer", "unusable", "empty"))
            table.add_row(*map(Text, (row["group"], number(row["speakers"]), number(row["utterances"]), *rates)))
        for row in view.conditions:
            if row["endpoint"] == "wer":
                beside = (
                    f"{row['value']} (against {row['reference']}, the same speakers: {percent(row['reference_rate'])})"
                )
                table.add_row(
                    *map(Text, (beside, number(row["speakers"]), ABSENT, percent(row["rate"]), ABSENT, ABSENT))
                )
        table.add_section()
    return table


def _calls_table(rows: Sequence[Row]) -> Table:
    """Of calls that were logged without a text, what became of them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", title_style="bold")
    table.title = Text("What became of the calls: described, not compared")
    shown = [name for name in _OF_CALLS if any(row["endpoint"] == name for row in rows)]
    for name in ("callers", "speakers", "calls", *(heading(name).lower() for name in shown)):
        table.add_column(name, overflow="fold", justify="left" if name == "callers" else "right")
    groups: dict[str, dict[str, Row]] = {}
    for row in rows:
        groups.setdefault(caller_name(row), {})[row["endpoint"]] = row
    for name, found in groups.items():
        counts = (max(int(row[key]) for row in found.values()) for key in ("speakers", "calls"))
        rates = (_rate(endpoint, found.get(endpoint)) for endpoint in shown)
        table.add_row(*map(Text, (name, *map(number, counts), *rates)))
    return table


def _rate(endpoint: str, row: Row | None) -> str:
    rate = None if row is None else row["rate"]
    return number(rate, MEANS[endpoint][1]) if endpoint in MEANS else percent(rate)


def _small(views: tuple[AttributeView, ...]) -> Iterator[str]:
    for view in views:
        if view.small:
            yield f"{view.name}: and {view.small_text}"


def _others(views: tuple[AttributeView, ...]) -> Iterator[str]:
    for view in views:
        for end in view.endpoints[1:]:
            if end.primary:
                yield f"{end.words.name}: {end.tally}"
    for view in views:
        for end in view.endpoints:
            if end.primary and end.omnibus:
                yield f"{view.name}, {end.words.name.lower()}: {end.omnibus}"


def _faults(views: tuple[FaultsView, ...]) -> Iterator[Text]:
    if views:
        yield Text("Before any number: faults of the data", style="bold")
    for view in views:
        shown = view.details if view.forbids else view.details[:_FAULTS]
        for detail in shown:
            yield Text(f"{view.title}: {detail}", style="bold red" if view.forbids else "")
        if rest := len(view.details) - len(shown):
            yield Text(f"{view.title}: {rest} more of this kind stand in the report")


def _cells(row: Row) -> list[Text]:
    verdict = row["verdict"] or NOT_JUDGED
    return [
        Text(row["group"]),
        Text(points(row["difference"])),
        Text(span(row["difference_lower"], row["difference_upper"]) or ABSENT),
        Text(f"{row['group_speakers']} / {row['reference_speakers']}"),
        Text(verdict, style=_STYLES.get(verdict_mark(verdict), "")),
        Text(row["evidence_grade"] or ABSENT),
    ]


def announce(report: Row, path: Path, console: Console) -> None:
    """Print the faults of a run's data, its verdict table and where its report is."""
    console.print()
    for line in _faults(faults_view(report.get("faults", ()))):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(verdict_table(report))
    console.print(report["headline"], highlight=False)
    console.print(f"report: {path / 'report.html'}", highlight=False, soft_wrap=True)

"""The verdicts of a run as a table for the terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from callgap.report.comparisons import Row
from callgap.report.figures import ABSENT, points, span
from callgap.report.views import AttributeView, cell_view
from callgap.report.wording import ENDPOINTS, verdict_mark

_STYLES = {"unfit": "bold magenta", "disadvantaged": "bold red", "gap": "yellow", "within": "green", "better": "cyan"}


def verdict_table(report: Row) -> Table:
    """Tabulate the primary endpoints, one row per compared group, the gravest verdict first.

    Args:
        report: as `summarize` made it.

    Returns:
        A table under the first line of the report.
    """
    table = Table(title=Text(report["headline"]), title_justify="left", title_style="bold", caption_justify="left")
    table.caption = Text("Points from the reference (limits). " + " ".join(report["headline_notes"][:1]))
    views = cell_view(report, 0, plots=False).attributes
    for name in ("group", "speakers", *(ENDPOINTS[key].name for key in _columns(report))):
        table.add_column(name)
    for view in views:
        for group, _ in view.matrix:
            table.add_row(*_cells(view, group, _columns(report)))
        table.add_section()
    return table


def _columns(report: Row) -> list[str]:
    leading = report["headline_endpoint"]
    return sorted(report["endpoints"], key=lambda endpoint: bool(endpoint != leading))


def _cells(view: AttributeView, group: str, endpoints: list[str]) -> list[Text]:
    found: dict[str, Any] = {end.key: row for end in view.endpoints for row in end.rows if row["group"] == group}
    any_row = next(iter(found.values()))
    speakers = Text(f"{any_row['group_speakers']} / {any_row['reference_speakers']}")
    return [Text(f"{group} vs {any_row['reference']}"), speakers, *(_cell(found.get(key)) for key in endpoints)]


def _cell(row: Row | None) -> Text:
    if row is None:
        return Text(ABSENT)
    limits = span(row["difference_lower"], row["difference_upper"])
    told = points(row["difference"]) + (f" ({limits})" if limits else "")
    verdict = row["verdict"] or "not judged"
    return Text(f"{told}\n").append(verdict, style=_STYLES.get(verdict_mark(verdict), ""))

"""Several runs at a glance: one row per run, one column per group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callgap.report.comparisons import Row, groups_by_harm, is_too_small, under_primary_normalizer
from callgap.report.wording import ENDPOINTS, Endpoint, callers

_COLUMNS = 8


@dataclass(frozen=True)
class Overview:
    """The gaps of several runs for one attribute and endpoint.

    Attributes:
        attribute: in words.
        words: of the endpoint.
        reference: in words.
        groups: names of the columns, those with the most speakers first and of these the gravest verdicts, and how
            many speakers those are at most.
        left_out: groups that could be judged and are not shown.
        rows: of each run its anchor, its name, and its contrast with each group (None where there is none).
    """

    attribute: str
    words: Endpoint
    reference: str
    groups: tuple[tuple[str, int], ...]
    left_out: int
    rows: tuple[tuple[str, str, tuple[Row | None, ...]], ...]


def overviews(runs: Sequence[tuple[str, Row]]) -> tuple[Overview, ...]:
    """Put the runs of one corpus side by side.

    Args:
        runs: of each its anchor and its report; a run is named by its system where no other has the same.

    Returns:
        One table per attribute, primary endpoint and reference that two runs or more have in common.
    """
    asked: dict[tuple[str, str, str, str], dict[tuple[str, str], dict[str, Row]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    names = run_names([report for _, report in runs])
    for (anchor, report), name in zip(runs, names, strict=True):
        for row in under_primary_normalizer(report["contrasts"], report["policy"]):
            if row["endpoint"] in report["endpoints"] and not is_too_small(row, report["policy"]):
                key = (report["card"]["title"], row["attribute"], row["endpoint"], row["reference"])
                asked[key][anchor, name][row["group"]] = row
    return tuple(_overview(key, found) for key, found in asked.items() if len(found) > 1)


def _overview(key: tuple[str, str, str, str], runs: dict[tuple[str, str], dict[str, Row]]) -> Overview:
    _, attribute, endpoint, reference = key
    sizes = _sizes(row for groups in runs.values() for row in groups.values())
    # Where many groups are as large, the one that fares worst in any run must not fall off the table.
    harmed = groups_by_harm(row for groups in runs.values() for row in groups.values())
    shown = sorted(sizes, key=lambda group: (-sizes[group], harmed.index(group)))[:_COLUMNS]
    return Overview(
        attribute.replace("_", " "),
        ENDPOINTS[endpoint],
        callers(reference),
        tuple((group, sizes[group]) for group in shown),
        len(sizes) - len(shown),
        tuple((*run, tuple(groups.get(group) for group in shown)) for run, groups in runs.items()),
    )


def run_names(reports: Sequence[Row]) -> list[str]:
    """Name runs as briefly as tells them apart.

    Args:
        reports: as `summarize` made them.

    Returns:
        Of each the id of its recognizer where no other run has the same, else the name of the run.
    """
    recognizers = [report["provenance"].get("recognizer") for report in reports]
    ids = [str(one["id"]) if isinstance(one, dict) and one.get("id") else "" for one in recognizers]
    return [
        name if name and ids.count(name) == 1 else str(report["name"])
        for name, report in zip(ids, reports, strict=True)
    ]


def _sizes(rows: Iterable[Row]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["group"]] = max(row["group_speakers"], sizes.get(row["group"], 0))
    return sizes

"""One group attribute arranged for reading: endpoint by endpoint, the gravest first, what cannot be judged last."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callgap.fairness.groups import EVERYONE
from callgap.report.comparisons import (
    UNJUDGED,
    Row,
    by_supported_harm,
    distinct,
    folded,
    groups_by_harm,
    has_limits,
    speakers_to_judge,
    under_primary_normalizer,
)
from callgap.report.data_faults import is_withheld
from callgap.report.details import Line, contrast_details, p_value
from callgap.report.figures import number
from callgap.report.plots import NARROW, WIDE, Mark, Panel, forest
from callgap.report.what_if import WhatIfView, what_if_view
from callgap.report.wording import ENDPOINTS, NOT_JUDGED, Endpoint, gravity, verdict_mark

_LOST_WORDS = 8

GroupRows = tuple[tuple[str, tuple[Row, ...]], ...]


@dataclass(frozen=True)
class EndpointView:
    """One endpoint and its contrasts.

    Attributes:
        key: name in the tables.
        words: name and definition.
        primary: whether the policy judges it.
        leads: whether the first line rests on it.
        rows: under the primary normalizer, the gravest first.
        small: those of groups that are folded away.
        tally: how often each verdict fell, as words.
        omnibus: whether the groups differ at all, as a sentence; empty where that was not tested.
        details: by group, what stands behind its verdict.
    """

    key: str
    words: Endpoint
    primary: bool
    leads: bool
    rows: tuple[Row, ...]
    small: tuple[Row, ...]
    tally: str
    omnibus: str
    details: Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True)
class AttributeView:
    """One group attribute.

    Attributes:
        name: in words.
        about: label source, reference, description.
        endpoints: those compared, in the order of reports.
        matrix: one row per compared group that is not folded away: its name, then its contrast in each primary
            endpoint (None where there is none).
        small: groups that are folded away, with their speakers.
        needed: speakers that a verdict needs.
        wide: plot for wide screens; empty where no difference has limits.
        narrow: plot for narrow screens.
        plot_text: what the plots show, for those who do not see them.
        marks: of the verdicts that the plots show.
        groups: rows of `groups`: everyone, the reference, then the gravest.
        small_groups: those of groups that are folded away.
        withheld: groups whose figures may not be published.
        conditions: rows of `conditions`.
        lost_words: by group, rows of `confusions`, the most certain first.
        worst: group and its worst utterances.
        small_worst: those of groups that are folded away.
        exclusions: rows of `exclusions`.
        what_if: what would become of the calls if the service were another; None where nothing was walked again.
    """

    name: str
    about: Row | None
    endpoints: tuple[EndpointView, ...]
    matrix: tuple[tuple[str, tuple[Row | None, ...]], ...]
    small: tuple[tuple[str, int], ...]
    needed: int
    wide: str
    narrow: str
    plot_text: str
    marks: frozenset[str]
    groups: tuple[Row, ...]
    small_groups: tuple[Row, ...]
    withheld: frozenset[str]
    conditions: tuple[Row, ...]
    lost_words: GroupRows
    worst: GroupRows
    small_worst: GroupRows
    exclusions: tuple[Row, ...]
    what_if: WhatIfView | None = None

    @property
    def small_text(self) -> str:
        """The groups that are folded away, in one line; empty where none is."""
        if not self.small:
            return ""
        one = len(self.small) == 1
        groups = f"{number(len(self.small))} {'group' if one else 'groups'}"
        if all(speakers < self.needed for _, speakers in self.small):
            return f"{groups} with fewer than {self.needed} speakers"
        return f"{groups} without {self.needed} speakers on each side"


def attribute_view(report: Row, name: str, prefix: str, *, plots: bool) -> AttributeView:
    """Arrange what a report says of one attribute.

    Args:
        report: as `summarize` made it.
        name: of the attribute.
        prefix: of the ids in its drawings.
        plots: whether to draw.

    Returns:
        Its view.
    """
    every = [row for row in report["contrasts"] if row["attribute"] == name]
    rows = under_primary_normalizer(every, report["policy"])
    small = folded(rows, report["policy"])
    endpoints = _endpoints(report, name, every, small)
    leading = [row for view in endpoints if view.leads for row in view.rows]
    order = distinct([*groups_by_harm(leading), *groups_by_harm(rows)])
    large = [group for group in order if group not in small]
    panels = [panel for view in endpoints if view.primary and (panel := _panel(view)).marks] if plots else []
    drawn = [group for group in order if any(mark.group == group for panel in panels for mark in panel.marks)]
    groups, worst = _ordered_groups(report, name, order), _by_group(report["worst"], name, order)
    return AttributeView(
        name=name.replace("_", " "),
        about=report["attributes"].get(name),
        endpoints=endpoints,
        matrix=_matrix(endpoints, large),
        small=_sizes(rows, small),
        needed=speakers_to_judge(report["policy"]),
        wide=forest(panels, drawn, WIDE, f"{prefix}w-") if panels else "",
        narrow=forest(panels, drawn, NARROW, f"{prefix}n-") if panels else "",
        plot_text=_plot_text(panels),
        marks=frozenset(mark.mark for panel in panels for mark in panel.marks),
        groups=tuple(row for row in groups if row["group"] not in small),
        small_groups=tuple(row for row in groups if row["group"] in small),
        withheld=frozenset(row["group"] for row in groups if is_withheld(report.get("faults", ()), name, row["group"])),
        conditions=tuple(row for row in report.get("conditions", ()) if row["attribute"] == name),
        lost_words=tuple((group, found[:_LOST_WORDS]) for group, found in _lost_words(report, name, order)),
        worst=tuple(pair for pair in worst if pair[0] not in small),
        small_worst=tuple(pair for pair in worst if pair[0] in small),
        exclusions=tuple(row for row in report["exclusions"] if row["attribute"] == name),
        what_if=what_if_view(report, name, prefix, plots=plots),
    )


def _endpoints(report: Row, name: str, every: Sequence[Row], small: Sequence[str]) -> tuple[EndpointView, ...]:
    rows = under_primary_normalizer(every, report["policy"])
    views = []
    for key in sorted({row["endpoint"] for row in rows}, key=list(ENDPOINTS).index):
        own = by_supported_harm(row for row in rows if row["endpoint"] == key)
        same: dict[str, list[Row]] = defaultdict(list)
        for row in every:
            if row["endpoint"] == key:
                same[row["group"]].append(row)
        views.append(
            EndpointView(
                key,
                ENDPOINTS[key],
                primary=key in report["endpoints"],
                leads=key == report["headline_endpoint"],
                rows=tuple(row for row in own if row["group"] not in small),
                small=tuple(row for row in own if row["group"] in small),
                tally=_tally(own),
                omnibus=_omnibus(report, name, key),
                details={
                    row["group"]: contrast_details(row, [one for one in same[row["group"]] if one is not row])
                    for row in own
                    if row["group"] not in small
                },
            )
        )
    return tuple(sorted(views, key=lambda view: (not view.leads, not view.primary)))


def _tally(rows: Sequence[Row]) -> str:
    counts = Counter(row["verdict"] for row in rows)
    return " · ".join(f"{counts[verdict]} {verdict or NOT_JUDGED}" for verdict in sorted(counts, key=gravity))


def _omnibus(report: Row, name: str, endpoint: str) -> str:
    row = next(
        (row for row in report.get("omnibus", ()) if (row["attribute"], row["endpoint"]) == (name, endpoint)), None
    )
    if row is None or row["p"] is None:
        return ""
    sizes = f"{number(row['groups'])} groups, {number(row['speakers'])} speakers"
    return f"Any difference between the groups at all? {p_value(row['p'])} ({sizes})."


def _matrix(endpoints: Sequence[EndpointView], order: Sequence[str]) -> tuple[tuple[str, tuple[Row | None, ...]], ...]:
    columns = [{row["group"]: row for row in view.rows} for view in endpoints if view.primary]
    return tuple((group, tuple(column.get(group) for column in columns)) for group in order)


def _sizes(rows: Sequence[Row], groups: Sequence[str]) -> tuple[tuple[str, int], ...]:
    speakers = {row["group"]: row["group_speakers"] for row in rows}
    return tuple(sorted(((group, speakers[group]) for group in groups), key=lambda pair: (-pair[1], pair[0])))


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
    first = next(iter((*view.rows, *view.small)))
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


def _ordered_groups(report: Row, name: str, order: Sequence[str]) -> list[Row]:
    def key(row: Row) -> tuple[bool, bool, int]:
        place = order.index(row["group"]) + 1 if row["group"] in order else 0
        return row["attribute"] != EVERYONE, row["group"] in UNJUDGED, place

    return sorted((row for row in report["groups"] if row["attribute"] in (EVERYONE, name)), key=key)


def _lost_words(report: Row, name: str, order: Sequence[str]) -> GroupRows:
    return _by_group(sorted(report.get("confusions", ()), key=lambda row: -row["z"]), name, order)


def _by_group(rows: Sequence[Row], name: str, order: Sequence[str]) -> GroupRows:
    own: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["attribute"] == name:
            own[row["group"]].append(row)
    named = distinct([*order, *sorted(own)])
    return tuple((group, tuple(own[group])) for group in named if group in own)

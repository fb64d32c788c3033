"""Arrows from the rate before an alteration to the rate after it, one row per group, as SVG in the page's colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from callgap.report.plots import INCH, SENTINELS, Grid, Layout, as_svg, own_style

COLORS = {"helped": "within", "harmed": "disadvantaged"}
"""By finding the color of an arrow; anything else is drawn thin."""

_OPEN = "few"


@dataclass(frozen=True)
class Arrow:
    """One group; rates from 0 to 1, `finding` as in the column `change_finding`."""

    group: str
    before: float
    after: float
    finding: str | None


@dataclass(frozen=True)
class ArrowPanel:
    """One alteration.

    Attributes:
        title: its name.
        reference: the group that the others are compared with.
        arrows: one per group.
    """

    title: str
    reference: str
    arrows: tuple[Arrow, ...]


def arrow_plot(panels: Sequence[ArrowPanel], groups: Sequence[str], axis: str, layout: Layout, prefix: str) -> str:
    """Draw what became of the rate of every group, all panels on one scale.

    Args:
        panels: one per alteration.
        groups: down the side, the same in every panel.
        axis: what the rate is.
        layout: as of the other drawings.
        prefix: makes the ids of this drawing differ from those of the others on the page.

    Returns:
        An `svg` element without size.
    """
    grid = Grid(layout, len(panels), tuple(groups))
    rates = [100 * rate for panel in panels for arrow in panel.arrows for rate in (arrow.before, arrow.after)]
    room = 0.06 * (max(rates) - min(rates)) or 1.0
    reach = (max(min(rates) - room, 0.0) if min(rates) < room else min(rates) - room, max(rates) + room)
    with own_style():
        width, height = grid.size
        figure = Figure(figsize=(width / INCH, height / INCH))
        for place, panel in enumerate(panels):
            axes = figure.add_axes(grid.box(place))
            _frame(axes, reach, grid)
            _words(axes, panel, axis, grid, labelled=place % grid.columns == 0)
            _arrows(axes, panel, grid)
        return as_svg(figure, prefix)


def _frame(axes: Axes, reach: tuple[float, float], grid: Grid) -> None:
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.set_ylim(len(grid.groups) - 0.5, -0.5)
    axes.set_xlim(*reach)
    axes.hlines(range(len(grid.groups)), *reach, colors=SENTINELS["rule"], linewidth=0.7, zorder=0)


def _words(axes: Axes, panel: ArrowPanel, axis: str, grid: Grid, *, labelled: bool) -> None:
    text, muted = grid.layout.text, SENTINELS["muted"]
    axes.set_yticks(range(len(grid.names)), grid.names if labelled else [""] * len(grid.names))
    low, high = axes.get_xlim()
    # A number at the right edge would run into the next panel's first.
    last = high - 0.08 * (high - low)
    axes.set_xticks(
        [tick for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= last]
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
    axes.tick_params(axis="x", length=0, labelsize=text, labelcolor=muted)
    axes.tick_params(axis="y", length=0, labelsize=text, labelcolor=SENTINELS["ink"])
    if panel.reference in grid.groups and labelled:
        axes.get_yticklabels()[grid.groups.index(panel.reference)].set_fontweight("bold")
    left = -grid.label / grid.panel if grid.columns == 1 else 0.0
    axes.set_title(
        panel.title, x=left, loc="left", fontsize=text, fontweight="bold", color=SENTINELS["ink"], pad=0.6 * text
    )
    axes.set_xlabel(axis, fontsize=text, color=muted, loc="left")


def _arrows(axes: Axes, panel: ArrowPanel, grid: Grid) -> None:
    place, text = {group: row for row, group in enumerate(grid.groups)}, grid.layout.text
    for arrow in panel.arrows:
        row, color = place[arrow.group], SENTINELS[COLORS.get(arrow.finding or "", _OPEN)]
        before, after = 100 * arrow.before, 100 * arrow.after
        told = arrow.finding in COLORS
        if arrow.group == panel.reference:
            axes.axvline(before, color=SENTINELS["muted"], linewidth=0.9, dashes=(1, 2), zorder=1)
            axes.axvline(after, color=SENTINELS["ink"], linewidth=1.1, dashes=(4, 3), zorder=1)
        axes.plot(before, row, "o", color=color, markerfacecolor="none", markersize=0.5 * text, clip_on=False, zorder=3)
        if before != after:
            style = {"arrowstyle": "-|>", "color": color, "linewidth": 2.2 if told else 1.2, "shrinkA": 0, "shrinkB": 0}
            style |= {"mutation_scale": (1.2 if told else 0.9) * text}
            axes.annotate("", (after, row), (before, row), arrowprops=style, zorder=4)

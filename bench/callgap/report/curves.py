"""Small curves of one rate per group, one panel per thing that was changed, as SVG in the colors of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from callgap.report.plots import INCH, SENTINELS, Layout, as_svg, own_style

WORST, REFERENCE, OTHER = "worst", "reference", "other"

_STYLES: dict[str, dict[str, Any]] = {
    OTHER: {"color": SENTINELS["few"], "linewidth": 0.7, "alpha": 0.55, "zorder": 2},
    REFERENCE: {"color": SENTINELS["ink"], "linewidth": 1.8, "linestyle": (0, (4, 2)), "zorder": 3},
    WORST: {"color": SENTINELS["disadvantaged"], "linewidth": 2.2, "zorder": 4},
}
_MOST_LABELS = 6


@dataclass(frozen=True)
class Curve:
    """One group: its rate at each value, and whether it is the `worst`, the `reference` or an `other` one."""

    rates: tuple[float | None, ...]
    role: str


@dataclass(frozen=True)
class CurvePanel:
    """One thing that was changed.

    Attributes:
        title: what.
        axis: what its values are.
        values: in order, as written below the axis.
        base: place of the service as it is.
        curves: one per group; rates from 0 to 1.
    """

    title: str
    axis: str
    values: tuple[str, ...]
    base: int
    curves: tuple[Curve, ...]


def tradeoffs(panels: Sequence[CurvePanel], layout: Layout, prefix: str) -> str:
    """Draw the rate of every group over the values of each change, all on one scale.

    Args:
        panels: one per change.
        layout: as of the other drawings.
        prefix: of the ids in it.

    Returns:
        An `svg` element without size.
    """
    text = layout.text
    columns = min(layout.columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    left, gap, body, above, below = 3.4 * text, 1.6 * text, 11 * text, 2.4 * text, 4.4 * text
    panel = (layout.width - left - columns * gap) / columns
    height = rows * (above + body + below)
    top = max((rate or 0.0 for one in panels for curve in one.curves for rate in curve.rates), default=0.0)
    with own_style():
        figure = Figure(figsize=(layout.width / INCH, height / INCH))
        for place, one in enumerate(panels):
            row, column = divmod(place, columns)
            box = (left + column * (panel + gap), height - row * (above + body + below) - above - body)
            axes = figure.add_axes((box[0] / layout.width, box[1] / height, panel / layout.width, body / height))
            _frame(axes, one, text, top, labelled=column == 0)
            _curves(axes, one, text)
        return as_svg(figure, prefix)


def _frame(axes: Axes, panel: CurvePanel, text: float, top: float, *, labelled: bool) -> None:
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.set_ylim(0, 105 * top or 1.0)
    axes.set_xlim(-0.3, len(panel.values) - 0.7)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
    axes.yaxis.grid(visible=True, color=SENTINELS["rule"], linewidth=0.7)
    axes.set_axisbelow(True)
    step = math.ceil(len(panel.values) / _MOST_LABELS)
    places = range(0, len(panel.values), step)
    axes.set_xticks(list(places), [panel.values[place] for place in places])
    axes.tick_params(axis="x", length=0, labelsize=text, labelcolor=SENTINELS["muted"])
    axes.tick_params(axis="y", length=0, labelsize=text, labelcolor=SENTINELS["muted"], labelleft=labelled)
    axes.set_title(panel.title, loc="left", fontsize=text, fontweight="bold", color=SENTINELS["ink"], pad=0.6 * text)
    axes.set_xlabel(panel.axis, fontsize=text, color=SENTINELS["muted"], loc="left")


def _curves(axes: Axes, panel: CurvePanel, text: float) -> None:
    axes.axvline(panel.base, color=SENTINELS["muted"], linewidth=1.1, dashes=(1, 2), zorder=1)
    for curve in panel.curves:
        rates = [math.nan if rate is None else 100 * rate for rate in curve.rates]
        shape = "" if curve.role == OTHER else "o"
        axes.plot(range(len(rates)), rates, marker=shape, markersize=0.35 * text, clip_on=False, **_STYLES[curve.role])

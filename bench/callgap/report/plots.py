"""Forest plots as SVG that takes its colors from the page, once for wide screens and once for narrow ones."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Each stands in the drawing for a variable of the page's style sheet, so that one drawing serves light and dark.
_SENTINELS = {
    "ink": "#010203",
    "muted": "#020304",
    "rule": "#030405",
    "band": "#040506",
    "unfit": "#050607",
    "disadvantaged": "#060708",
    "gap": "#070809",
    "open": "#08090a",
    "within": "#090a0b",
    "better": "#0a0b0c",
    "few": "#0b0c0d",
}
_SHAPES = {"unfit": "X", "disadvantaged": "D", "gap": "^", "open": "o", "within": "s", "better": "v", "few": "o"}
_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_INCH = 72.0


@dataclass(frozen=True)
class Mark:
    """One group in one panel; differences in points.

    Attributes:
        group: its name.
        difference: from the reference.
        lower: limit.
        upper: limit.
        mark: of the verdict, as in `wording.VERDICTS`.
    """

    group: str
    difference: float
    lower: float
    upper: float
    mark: str


@dataclass(frozen=True)
class Panel:
    """One endpoint; its margin in points, None where the policy names none."""

    title: str
    reference: str
    margin: float | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Layout:
    """Measures of a drawing in points of 1/72 inch, and how many panels stand side by side."""

    width: float
    columns: int
    text: float
    row: float
    label_letters: int


WIDE = Layout(width=800, columns=3, text=10, row=19, label_letters=22)
NARROW = Layout(width=360, columns=1, text=12, row=23, label_letters=18)


def forest(panels: Sequence[Panel], groups: Sequence[str], layout: Layout, prefix: str) -> str:
    """Draw the differences of every group with their limits.

    Args:
        panels: one per endpoint.
        groups: down the side, the same in every panel.
        layout: `WIDE` or `NARROW`.
        prefix: makes the ids of this drawing differ from those of the others on the page.

    Returns:
        An `svg` element without size: the page gives it its width.
    """
    rows = math.ceil(len(panels) / layout.columns)
    columns = math.ceil(len(panels) / rows)
    label = (min(max(map(len, groups)), layout.label_letters) + 1) * layout.text * 0.64
    head, foot = 2.6 * layout.text, 3.6 * layout.text
    body = layout.row * len(groups)
    height = rows * (head + body + foot)
    with mpl.rc_context():
        # Neither a matplotlibrc of the user nor a dollar sign in a name may change the drawing.
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "callgap", "text.parse_math": False})
        figure = Figure(figsize=(layout.width / _INCH, height / _INCH))
        gap = 1.4 * layout.text
        panel_width = (layout.width - label - gap * columns) / columns
        for place, panel in enumerate(panels):
            row, column = divmod(place, columns)
            left, bottom = label + column * (panel_width + gap), height - (row + 1) * (head + body + foot) + foot
            box = (left / layout.width, bottom / height, panel_width / layout.width, body / height)
            _panel(figure.add_axes(box), panel, groups, layout, labelled=column == 0)
        return _svg(figure, prefix)


def _panel(axes: Axes, panel: Panel, groups: Sequence[str], layout: Layout, *, labelled: bool) -> None:
    place = {group: row for row, group in enumerate(groups)}
    _frame(axes, panel, groups, layout, labelled=labelled)
    for mark in panel.marks:
        color, row = _SENTINELS[mark.mark], place[mark.group]
        axes.hlines(row, mark.lower, mark.upper, colors=color, linewidth=2.2, zorder=3)
        axes.plot(mark.difference, row, _SHAPES[mark.mark], color=color, markersize=layout.text * 0.7, zorder=4)


def _frame(axes: Axes, panel: Panel, groups: Sequence[str], layout: Layout, *, labelled: bool) -> None:
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(*_range(panel))
    axes.set_yticks(
        range(len(groups)),
        [_short(group, layout.label_letters) for group in groups] if labelled else [""] * len(groups),
    )
    axes.tick_params(length=0, labelsize=layout.text, labelcolor=_SENTINELS["muted"])
    axes.tick_params(axis="y", labelcolor=_SENTINELS["ink"])
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=3))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:+.0f}".replace("-", "\N{MINUS SIGN}") if value else "0")
    )
    axes.hlines(range(len(groups)), *axes.get_xlim(), colors=_SENTINELS["rule"], linewidth=0.7, zorder=0)
    axes.axvline(0, color=_SENTINELS["ink"], linewidth=1.1, zorder=2)
    if panel.margin:
        axes.axvspan(-panel.margin, panel.margin, color=_SENTINELS["band"], linewidth=0, zorder=-1)
        axes.axvline(panel.margin, color=_SENTINELS["muted"], linewidth=1.1, dashes=(4, 3), zorder=2)
    axes.set_title(
        panel.title, fontsize=layout.text, fontweight="bold", color=_SENTINELS["ink"], loc="left", pad=layout.text * 0.6
    )
    axes.set_xlabel(f"points more than {panel.reference}", fontsize=layout.text, color=_SENTINELS["muted"], loc="left")


def _range(panel: Panel) -> tuple[float, float]:
    margin = panel.margin or 0.0
    low = min([-margin, *(mark.lower for mark in panel.marks)])
    high = max([margin, *(mark.upper for mark in panel.marks)])
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _short(group: str, letters: int) -> str:
    return group if len(group) <= letters else f"{group[: letters - 1]}…"


def _svg(figure: Figure, prefix: str) -> str:
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata=_METADATA)
    drawing = written.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>\s*", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'\bid="', f'id="{prefix}', drawing)
    drawing = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", drawing)
    for name, color in _SENTINELS.items():
        drawing = drawing.replace(color, f"var(--{name})")
    return drawing.strip()

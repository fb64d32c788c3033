"""Forest plots as SVG that takes its colors from the page, once for wide screens and once for narrow ones."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Each stands in the drawing for a variable of the page's style sheet, so that one drawing serves light and dark.
SENTINELS = {
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
"""By variable of the style sheet, the color that stands for it."""

_SHAPES = {"unfit": "X", "disadvantaged": "D", "gap": "^", "open": "o", "within": "s", "better": "v", "few": "o"}
_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
INCH = 72.0


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


@dataclass(frozen=True)
class Grid:
    """Where panels stand that share the groups down their side; every measure in points of 1/72 inch.

    Attributes:
        layout: of the drawing.
        panels: how many.
        groups: down the side.
    """

    layout: Layout
    panels: int
    groups: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Of panels."""
        return math.ceil(self.panels / self.layout.columns)

    @property
    def columns(self) -> int:
        """Of panels."""
        return math.ceil(self.panels / self.rows)

    @property
    def label(self) -> float:
        """Width of the names."""
        return (max(map(len, self.names)) + 1) * self.layout.text * 0.64

    @property
    def names(self) -> tuple[str, ...]:
        """Of the groups, long ones cut."""
        letters = self.layout.label_letters
        return tuple(name if len(name) <= letters else f"{name[: letters - 1]}…" for name in self.groups)

    @property
    def body(self) -> float:
        """Height of the rows of a panel."""
        return self.layout.row * len(self.groups)

    @property
    def row(self) -> float:
        """Height of a panel with its words."""
        return self.body + 6.2 * self.layout.text

    @property
    def panel(self) -> float:
        """Width of a panel."""
        return (self.layout.width - self.label) / self.columns - self._gap

    @property
    def _gap(self) -> float:
        return 1.4 * self.layout.text

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        return self.layout.width, self.rows * self.row

    def box(self, place: int) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of a panel as shares of the drawing."""
        row, column = divmod(place, self.columns)
        width, height = self.size
        left = self.label + column * (self.panel + self._gap)
        bottom = height - (row + 1) * self.row + 3.6 * self.layout.text
        return left / width, bottom / height, self.panel / width, self.body / height


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
    grid = Grid(layout, len(panels), tuple(groups))
    with own_style():
        width, height = grid.size
        figure = Figure(figsize=(width / INCH, height / INCH))
        for place, panel in enumerate(panels):
            axes = figure.add_axes(grid.box(place))
            _lines(axes, panel, grid)
            _words(axes, panel, grid, labelled=place % grid.columns == 0)
            _marks(axes, panel, grid)
        return as_svg(figure, prefix)


@contextmanager
def own_style() -> Iterator[None]:
    """While a drawing is made, neither a matplotlibrc of the user nor a dollar sign in a name may change it."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "callgap", "text.parse_math": False})
        yield


def _lines(axes: Axes, panel: Panel, grid: Grid) -> None:
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.set_ylim(len(grid.groups) - 0.5, -0.5)
    axes.set_xlim(*_range(panel))
    axes.hlines(range(len(grid.groups)), *axes.get_xlim(), colors=SENTINELS["rule"], linewidth=0.7, zorder=0)
    axes.axvline(0, color=SENTINELS["ink"], linewidth=1.1, zorder=2)
    if panel.margin:
        axes.axvspan(-panel.margin, panel.margin, color=SENTINELS["band"], linewidth=0, zorder=-1)
        axes.axvline(panel.margin, color=SENTINELS["muted"], linewidth=1.1, dashes=(4, 3), zorder=2)


def _words(axes: Axes, panel: Panel, grid: Grid, *, labelled: bool) -> None:
    text, ink, muted = grid.layout.text, SENTINELS["ink"], SENTINELS["muted"]
    axes.set_yticks(range(len(grid.names)), grid.names if labelled else [""] * len(grid.names))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _signed(value)))
    axes.tick_params(axis="x", length=0, labelsize=text, labelcolor=muted)
    axes.tick_params(axis="y", length=0, labelsize=text, labelcolor=ink)
    # Where panels stand below each other a long title may begin above the labels.
    left = -grid.label / grid.panel if grid.columns == 1 else 0.0
    axes.set_title(panel.title, x=left, loc="left", fontsize=text, fontweight="bold", color=ink, pad=0.6 * text)
    axes.set_xlabel(f"points more than {panel.reference}", fontsize=text, color=muted, loc="left")


def _marks(axes: Axes, panel: Panel, grid: Grid) -> None:
    place = {group: row for row, group in enumerate(grid.groups)}
    left, right = axes.get_xlim()
    inset = 0.008 * (right - left)
    for mark in panel.marks:
        color, row = SENTINELS[mark.mark], place[mark.group]
        axes.hlines(row, max(mark.lower, left), min(mark.upper, right), colors=color, linewidth=2.2, zorder=3)
        for cut, end, arrow in (
            (mark.lower < left, left + inset, "<"),
            (mark.upper > right, right - inset, ">"),
        ):
            if cut:
                size = 0.6 * grid.layout.text
                axes.plot(end, row, arrow, color=color, markersize=size, clip_on=False, zorder=3)
        axes.plot(mark.difference, row, _SHAPES[mark.mark], color=color, markersize=0.7 * grid.layout.text, zorder=4)


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _range(panel: Panel) -> tuple[float, float]:
    # The limits of a handful of speakers may be so far apart that those of the others would shrink to a point.
    shown = [mark for mark in panel.marks if mark.mark != "few"] or panel.marks
    margin = panel.margin or 0.0
    differences = [mark.difference for mark in panel.marks]
    low = min([-margin, *differences, *(mark.lower for mark in shown)])
    high = max([margin, *differences, *(mark.upper for mark in shown)])
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def as_svg(figure: Figure, prefix: str) -> str:
    """Write a figure so that the page gives it its width and its colors.

    Args:
        figure: drawn with `SENTINELS`.
        prefix: makes its ids differ from those of the other drawings on the page.

    Returns:
        An `svg` element without size.
    """
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
    for name, color in SENTINELS.items():
        drawing = drawing.replace(color, f"var(--{name})")
    return drawing.strip()

"""The table of cells as a picture: what is offered, and how often it was false."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from callgap.verdict.cells import SIZES, Cell

_INK, _EDGE = "#1f2933", "#ffffff"
_OFFERED, _NOT, _FEW = "#8fc1e3", "#eab08f", "#e4e7eb"


def draw(cells: Sequence[Cell], fewest: dict[str, int], path: Path) -> None:
    """Draw one square of pairings per verdict.

    Args:
        cells: all of them.
        fewest: by verdict, speakers on each side below which it is never offered.
        path: of the picture.
    """
    verdicts = list(dict.fromkeys(cell.verdict for cell in cells))
    figure = Figure(figsize=(3.1 * len(verdicts), 3.9), layout="constrained")
    for axes, verdict in zip(figure.subplots(1, len(verdicts), squeeze=False)[0], verdicts, strict=True):
        _square(axes, [cell for cell in cells if cell.verdict == verdict], fewest[verdict])
        axes.set_title(verdict, loc="left", color=_INK, fontsize=10)
    figure.supxlabel("speakers of the reference", color=_INK, fontsize=9)
    figure.supylabel("speakers of the group", color=_INK, fontsize=9)
    meanings = ((_OFFERED, "offered"), (_NOT, "not offered: fails"), (_FEW, "not offered: too few speakers"))
    handles = [Patch(facecolor=color, label=label) for color, label in meanings]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _square(axes: Axes, cells: Sequence[Cell], fewest: int) -> None:
    for cell in cells:
        few = min(cell.group, cell.reference) < fewest
        color = _OFFERED if cell.offered else _FEW if few else _NOT
        x, y = SIZES.index(cell.reference), SIZES.index(cell.group)
        axes.bar(x, 1, 1, bottom=y - 0.5, color=color, edgecolor=_EDGE)
        label = f"{100 * cell.error:.1f}%\n{100 * cell.coverage:.0f}"
        axes.text(x, y, label, ha="center", va="center", fontsize=7.5, color=_INK)
    places = range(len(SIZES))
    axes.set_xticks(places, list(map(str, SIZES)), fontsize=8)
    axes.set_yticks(places, list(map(str, SIZES)), fontsize=8)
    axes.set_xlim(-0.5, len(SIZES) - 0.5)
    axes.set_ylim(-0.5, len(SIZES) - 0.5)
    axes.set_aspect("equal")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)

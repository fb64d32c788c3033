"""Tables of times: CSV for programs, Markdown and a picture for people."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from callgap_kernels.speed.measure import Timed

_INK, _GRID = "#1f2933", "#d5dae0"
_COLORS = ("#0b5cad", "#b3541e", "#3d7a3a", "#7a4fa3", "#8a6d00", "#a8325a", "#4a5560")


def write(
    name: str,
    title: str,
    unit: str,
    rows: Sequence[Timed],
    facts: Mapping[str, str],
    folder: Path,
    note: str = "",
) -> Path:
    """Write a table of times under one name: `.csv`, `.md` and `.png`.

    Args:
        name: Of the files.
        title: Of the table.
        unit: What a row's microseconds are per, such as "pair".
        rows: Times.
        facts: What they were measured with.
        folder: Where to write; made if absent.
        note: A sentence below the table.

    Returns:
        Path of the Markdown file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    against = list(dict.fromkeys(other for row in rows for other in row.ratio if not other.startswith("callgap")))
    _write_csv(folder / f"{name}.csv", rows, against)
    page = folder / f"{name}.md"
    page.write_text(_markdown(name, title, unit, rows, against, facts, note), encoding="utf-8")
    _plot(title, unit, rows).savefig(folder / f"{name}.png", dpi=120)
    return page


def _write_csv(path: Path, rows: Sequence[Timed], against: Sequence[str]) -> None:
    head = ["case", "contender", "device", "items", "us_per_item_q10", "us_per_item_median", "us_per_item_q90"]
    for other in against:
        head += [f"times_{other}_q10", f"times_{other}_median", f"times_{other}_q90"]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(head)
        for row in rows:
            ratios = [number for other in against for number in row.ratio.get(other, ("", "", ""))]
            table.writerow([row.case, row.contender, row.device, row.pairs, *map(_number, [*row.us, *ratios])])


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _markdown(
    name: str, title: str, unit: str, rows: Sequence[Timed], against: Sequence[str], facts: Mapping[str, str], note: str
) -> str:
    head = ["case", "contender", "device", f"{unit}s", f"µs per {unit}", *(f"times {other}" for other in against)]
    lines = [f"# {title}", "", _row(head), _row(["---"] * len(head))]
    for row in rows:
        ratios = [readable(row.ratio[other][1]) if other in row.ratio else "" for other in against]
        low, middle, high = row.us
        cost = f"{readable(middle)} ({readable(low)}-{readable(high)})"
        lines.append(_row([row.case, row.contender, row.device, f"{row.pairs:,}", cost, *ratios]))
    lines += [
        "",
        f"Medians over the rounds, in brackets the quantiles 0.1 and 0.9. `times NAME`: how many times faster than it, "
        f"per {unit}, the median of the ratios within a round. Every result was compared with the others' first.",
        *([note] if note else []),
        "",
        f"![{title}]({name}.png)",
        "",
        *(_row(pair) for pair in [("measured with", ""), ("---", "---"), *facts.items()]),
    ]
    return "\n".join(lines) + "\n"


def readable(value: float) -> str:
    """Write a number with three digits that say something, without powers of ten.

    Args:
        value: Any number.

    Returns:
        Its three leading digits, zeros behind them, thousands apart.
    """
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plot(title: str, unit: str, rows: Sequence[Timed]) -> Figure:
    labels = [f"{row.case} · {row.contender} · {row.pairs:,}" for row in rows]
    names = list(dict.fromkeys(row.contender for row in rows))
    figure = Figure(figsize=(10, 1.2 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    low, middle, high = zip(*(row.us for row in rows), strict=True)
    places = range(len(rows))
    axes.barh(places, middle, color=[_COLORS[names.index(row.contender) % len(_COLORS)] for row in rows], height=0.7)
    spread = [[m - q for m, q in zip(middle, low, strict=True)], [q - m for m, q in zip(middle, high, strict=True)]]
    axes.errorbar(middle, places, xerr=spread, fmt="none", ecolor=_INK, elinewidth=1)
    for place, value, end in zip(places, middle, high, strict=True):
        axes.text(end * 1.12, place, readable(value), va="center", color=_INK, fontsize=8)
    axes.set_yticks(places, labels, fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.02)
    axes.invert_yaxis()
    axes.set_xlabel(f"microseconds per {unit} (logarithmic)")
    axes.set_title(title, loc="left", color=_INK)
    axes.grid(axis="x", color=_GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure

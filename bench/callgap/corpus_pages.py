"""What `callgap corpus stats` shows: a table for a terminal, Markdown, and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callgap.describing import CorpusFacts, GroupFacts, write_csv
from callgap.provenance import provenance

_HEAD = ("attribute", "group", "speakers", "utterances", "minutes", "SNR dB", "bandwidth Hz", "prompts shared")
_SHOWN_LABELS = 20
_MOST_BARS = 40
_INK, _GRID, _BAR = "#1f2933", "#d5dae0", "#0b5cad"


def shown(facts: CorpusFacts) -> RenderableType:
    """The facts for a terminal."""
    table = Table(*_HEAD, box=None, header_style="bold")
    for group in facts.groups:
        table.add_row(*map(Text, _row(group)))
    return Group(*map(Text, _summary(facts)), table, *map(Text, notes(facts)))


def write(facts: CorpusFacts, folder: Path) -> Path:
    """Write `stats.csv`, `stats.md` and, of recordings that were heard, `stats.png`.

    Args:
        facts: of a corpus.
        folder: made if absent.

    Returns:
        Path of the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(facts, folder / "stats.csv")
    if facts.is_heard:
        picture(facts).savefig(folder / "stats.png", dpi=120)
    page = folder / "stats.md"
    page.write_text(f"{markdown(facts)}\n{_measured_with(provenance())}\n", encoding="utf-8")
    return page


def _measured_with(found: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {found['versions'][name]}" for name in ("numpy", "torchaudio", "soundfile"))
    commit = found["commit"] or "outside a checkout"
    return f"Measured on {found['started'][:10]} with callgap {found['callgap']} ({commit}), {versions}."


def markdown(facts: CorpusFacts) -> str:
    """The facts as a page, with a line feed at the end; `stats.png` is its picture."""
    rows = [_line(_HEAD), _line(["---", "---", *["---:"] * 6]), *(_line(_row(group)) for group in facts.groups)]
    image = ["", f"![{facts.title}](stats.png)"] if facts.is_heard else []
    lines = [f"# {facts.title}", "", *_summary(facts), "", *rows, "", *notes(facts), *image]
    return "\n".join(lines) + "\n"


def notes(facts: CorpusFacts) -> Iterator[str]:
    """What a reader has to know of the columns, a line each."""
    if facts.is_heard:
        yield (
            "SNR and bandwidth are medians over utterances, in brackets the quantiles 0.1 and 0.9. The signal-to-noise "
            "ratio is a rank within this corpus, not an absolute figure; 99 % of the energy lies below the bandwidth."
        )
    else:
        yield "There is no audio here: minutes are those that its table states."
    yield "Prompts shared: the part of a group's utterances whose prompt, or text, another group says too."
    if facts.unknown_labels:
        named = ", ".join(facts.unknown_labels[:_SHOWN_LABELS])
        more = len(facts.unknown_labels) - _SHOWN_LABELS
        yield f"Labels that datasets/accents.yaml does not know: {named}{f', and {more} more' if more > 0 else ''}."


def picture(facts: CorpusFacts) -> Figure:
    """Speakers, minutes, signal-to-noise ratio and bandwidth, group by group of every attribute."""
    groups = facts.groups[:_MOST_BARS]
    figure = Figure(figsize=(12, 1.6 + 0.28 * len(groups)), layout="constrained")
    panels = figure.subplots(1, 4, sharey=True)
    _bars(panels[0], "speakers", [g.speakers for g in groups])
    _bars(panels[1], "minutes", [g.minutes or 0 for g in groups])
    _spans(panels[2], "SNR, dB (median, 10 to 90 %)", [(g.snr_db_q10, g.snr_db, g.snr_db_q90) for g in groups])
    widths = [(g.bandwidth_hz_q10, g.bandwidth_hz, g.bandwidth_hz_q90) for g in groups]
    _spans(panels[3], "bandwidth, Hz (likewise)", widths)
    panels[0].set_yticks(list(range(len(groups))), [f"{g.attribute}: {g.group}" for g in groups])
    panels[0].invert_yaxis()
    left_out = len(facts.groups) - len(groups)
    figure.suptitle(f"{facts.title}{f' (the first {len(groups)} groups)' if left_out else ''}", x=0.01, ha="left")
    return figure


def _bars(panel: Axes, title: str, widths: Sequence[float]) -> None:
    panel.barh(range(len(widths)), widths, color=_BAR, height=0.62)
    _framed(panel, title)


def _spans(panel: Axes, title: str, spans: Sequence[tuple[float | None, float | None, float | None]]) -> None:
    for place, (low, middle, high) in enumerate(spans):
        if low is not None and middle is not None and high is not None:
            panel.plot([low, high], [place, place], color=_BAR, linewidth=2)
            panel.plot([middle], [place], "o", color=_BAR, markersize=5)
    panel.set_xlim(left=0)
    _framed(panel, title)


def _framed(panel: Axes, title: str) -> None:
    panel.set_xlabel(title)
    panel.grid(axis="x", color=_GRID)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=8, colors=_INK)


def _summary(facts: CorpusFacts) -> Iterator[str]:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in facts.excluded.items())
    excluded = f" (excluded: {reasons})" if reasons else ""
    left = facts.utterances - sum(facts.excluded.values())
    yield f"{facts.utterances:,} utterances, {left:,} of which can be used{excluded}; revision: {facts.revision}."
    if facts.read_as:
        yield f"Read as {facts.read_as}."


def _row(group: GroupFacts) -> list[str]:
    return [
        group.attribute,
        group.group,
        f"{group.speakers:,}",
        f"{group.utterances:,}",
        _number(group.minutes, 1),
        _span(group.snr_db_q10, group.snr_db, group.snr_db_q90, 1),
        _span(group.bandwidth_hz_q10, group.bandwidth_hz, group.bandwidth_hz_q90, 0),
        "" if group.shared_prompts is None else f"{100 * group.shared_prompts:.0f} %",
    ]


def _span(low: float | None, middle: float | None, high: float | None, digits: int) -> str:
    return "" if middle is None else f"{_number(middle, digits)} ({_number(low, digits)}-{_number(high, digits)})"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

"""Writes datasets/README.md from the cards and what was measured: `python -m callgap.corpus_index`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from callgap.corpus import Card, load_card
from callgap.resources import datasets_dir

_HEAD = """\
# Corpora

A folder for each corpus that callgap knows: `card.yaml` says who speaks, who is missing, what is wrong with it and what
may be concluded; `README.md` says how to get it. No recording is kept here. `callgap list corpus` lists what can be
chosen, `callgap corpus card NAME` shows a card, and `callgap corpus check PATH` holds a folder on your disk against it.

`accents.yaml` says what labels of accents state by themselves: a language, a country, a first language. The labels stay
as their corpora write them; `corpus.taxonomy=COLUMN` puts what they state beside them. A label that names several
countries, or none, states none.
"""
_CARDS = """\
## The cards

Speakers are those of the whole corpus where the card states them. What can be heard has recordings; the others are
texts and labels; in `banking77` and `clinc150` nobody speaks, their questions train a router. Those of which nothing
was measured below were not at hand: their readers were tested on small folders in the published layout.
"""
_MEASURED = """\
## What was measured

The corpora that were at hand. Signal-to-noise ratio (SNR) and bandwidth are medians over utterances, in brackets the
quantiles 0.1 and 0.9; the ratio is a rank within a corpus, not an absolute figure. Prompts shared: the part of a
group's utterances whose prompt, or text, another group of the same attribute says too. Groups that differ in any of
these differ in more than their voices.
"""
_COLUMNS = ("attribute", "group", "speakers", "utterances", "minutes", "SNR, dB", "bandwidth, Hz", "prompts shared")
_MOST_GROUPS = 6


def page() -> str:
    """The content of datasets/README.md."""
    names = sorted(path.parent.name for path in datasets_dir().glob("*/card.yaml"))
    cards = {name: load_card(name) for name in names}
    measured = [name for name in names if (datasets_dir() / name / "stats.csv").is_file()]
    rows = [_card_row(name, card) for name, card in cards.items()]
    lines = [_HEAD, _CARDS, *_table(("corpus", "speakers", "language", "license", "for a procurement"), rows), ""]
    lines.append(_MEASURED)
    for name in measured:
        lines += [*_measured(name, cards[name]), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _card_row(name: str, card: Card) -> Sequence[str]:
    speakers = "" if card.speakers is None else f"{card.speakers:,}"
    return f"[{name}]({name}/README.md)", speakers, card.language, card.license, card.commercial_use


def _measured(name: str, card: Card) -> Iterator[str]:
    with (datasets_dir() / name / "stats.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    yield f"### {card.title}"
    yield ""
    shown = [row for attribute in card.attributes for row in _largest(found, attribute)]
    yield from _table(_COLUMNS, [_group_row(row) for row in shown])
    yield ""
    if len(shown) < len(found):
        yield f"The largest groups of each attribute; all {len(found)} stand in [stats.md]({name}/stats.md)."
    else:
        yield f"Measured as [stats.md]({name}/stats.md) says."
    if any(row["snr_db"] for row in found):
        yield ""
        yield f"![Speakers, minutes, noise and bandwidth of {card.title} by group]({name}/stats.png)"


def _largest(found: Sequence[dict[str, str]], attribute: str) -> list[dict[str, str]]:
    own = [row for row in found if row["attribute"] == attribute]
    return sorted(own, key=lambda row: (-int(row["speakers"]), row["group"]))[:_MOST_GROUPS]


def _group_row(row: dict[str, str]) -> Sequence[str]:
    return (
        row["attribute"],
        row["group"],
        f"{int(row['speakers']):,}",
        f"{int(row['utterances']):,}",
        _number(row["minutes"], 1),
        _span(row, "snr_db", 1),
        _span(row, "bandwidth_hz", 0),
        f"{100 * float(row['shared_prompts']):.0f} %" if row["shared_prompts"] else "",
    )


def _span(row: dict[str, str], name: str, digits: int) -> str:
    if not row[name]:
        return ""
    low, high = (_number(row[f"{name}_{quantile}"], digits) for quantile in ("q10", "q90"))
    return f"{_number(row[name], digits)} ({low}-{high})"


def _number(cell: str, digits: int) -> str:
    return f"{float(cell):,.{digits}f}" if cell else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _line(head)
    yield _line(["---"] * len(head))
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else datasets_dir() / "README.md"
    target.write_text(page(), encoding="utf-8")

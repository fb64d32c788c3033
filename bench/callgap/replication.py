"""What Koenecke et al. (PNAS 117:7684, 2020) computed, from a table in their columns; no verdict rests on it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from callgap.fairness.matching import SYSTEMS, match, snippet_means, unusable

_COLUMNS = {"basefile", "black_flag", "age", "female_flag", "source", "duration", "wordcount"}
_SIDES = {0: "black_flag 0", 1: "black_flag 1"}


def replication(path: Path) -> str | None:
    """Their figures from a table of error rates.

    Args:
        path: of a CSV file.

    Returns:
        Markdown: means of snippets, shares of unusable snippets by their rule and ours, and the same means of snippets
        matched by age, gender and duration; None where the file does not have their columns, or one side alone.
    """
    if path.suffix.lower() != ".csv":
        return None
    names = set(pd.read_csv(path, nrows=0).columns)
    rates = [f"clean_{system}_wer" for system in SYSTEMS if f"clean_{system}_wer" in names]
    if not rates or not names >= _COLUMNS:
        return None
    table = pd.read_csv(path, usecols=[*sorted(_COLUMNS), *rates])
    for name in (*rates, "age", "female_flag", "duration", "wordcount", "black_flag"):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    if set(table["black_flag"].dropna()) != {0, 1}:
        return None
    matched = match(table)
    parts = [
        "# As Koenecke et al. (2020) computed it",
        "For replication only: a snippet counts as much as a speaker, and nothing is said of chance.",
        "## Mean error rate of the snippets",
        _lines(snippet_means(table)),
        "## Share of unusable snippets",
        "`average_of_systems` is their rule: the systems' error rates are above 0.5 on average. The others are a "
        "system's own rate above 0.5, of at least five words, every speaker weighing the same.",
        _lines(unusable(table)),
        "## Mean error rate of matched snippets",
        matched.line,
        _lines(snippet_means(pd.concat([matched.group, matched.reference]))) if len(matched.group) else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(rates: pd.DataFrame) -> str:
    head = f"| group | {' | '.join(map(str, rates.columns))} |"
    rows = [
        f"| {_SIDES[int(side)]} | {' | '.join(_told(name, value) for name, value in row.items())} |"
        for side, row in rates.iterrows()
    ]
    return "\n".join([head, f"|---|{'---:|' * len(rates.columns)}", *rows])


def _told(name: object, value: float) -> str:
    if pd.isna(value):
        return "\N{EN DASH}"
    return f"{int(value):,}" if name == "snippets" else f"{value:.4f}"

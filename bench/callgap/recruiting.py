"""The command `plan`: a table of how many speakers to recruit."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from callgap.designing import Plan, Wanted, planned
from callgap.fairness.endpoints import ENDPOINTS
from callgap.fairness.standing import JUDGED
from callgap.planning import FEWEST, Recruits, recruits
from callgap.report.figures import ABSENT, percent, points
from callgap.report.wording import ENDPOINTS as WORDS
from callgap.verdict.words import DISADVANTAGED

_COLUMNS = ("group", "true gap", "verdict", "speakers", "of the reference", "power")


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    group: str
    gap: float
    verdict: str
    found: Recruits


def plan_command(wanted: Wanted, target: Path | None, console: Console) -> None:
    """Print, and write where asked, how many speakers to recruit.

    Args:
        wanted: what was asked for.
        target: CSV file to write; None writes none.
        console: for the table; without a terminal, one line per row.

    Raises:
        InputError: something that was asked for makes no plan.
    """
    plan = planned(wanted)
    rows = _searched(plan)
    console.print(Text(_headline(plan), style="bold"), soft_wrap=True)
    cells = [_cells(row, wanted.reference_speakers) for row in rows]
    if console.is_terminal:
        console.print(_table(cells))
    else:
        widths = [max(map(len, column)) for column in zip(_COLUMNS, *cells, strict=True)]
        for line in (_COLUMNS, *cells):
            told = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            console.print(told, highlight=False, markup=False, soft_wrap=True)
    for note in _notes(plan, rows):
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    if target is not None:
        _write(target, plan, rows)


def _searched(plan: Plan) -> list[Row]:
    wanted, console = plan.wanted, Console(stderr=True)
    questions = list(plan.questions())
    rows = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for name, question in progress.track(questions, description="simulating"):
            found = recruits(question, limit=wanted.limit, simulations=wanted.simulations, seed=wanted.seed)
            rows.append(Row(name, question.gap, question.verdict, found))
    return rows


def _headline(plan: Plan) -> str:
    wanted, others = plan.wanted, [name for name in plan.callers if name != plan.reference]
    told = f"limits hold for {plan.comparisons} comparisons at once" if plan.comparisons > 1 else "one comparison"
    return (
        f"{WORDS[wanted.endpoint].name}, {', '.join(others)} against {plan.reference}: speakers for a power of "
        f"{wanted.power:.2f} with a margin of {100 * wanted.margin:g} points ({told}, alpha {plan.level:.2g} each)"
    )


def _cells(row: Row, reference_speakers: int | None) -> tuple[str, ...]:
    found = row.found
    if found.speakers is None:
        number = f"not with {found.tried:,}" if found.tried else "not offered"
        theirs = ABSENT
    else:
        number, theirs = f"{found.speakers:,}", f"{reference_speakers or found.speakers:,}"
    power = f"{found.power.value:.2f} \N{PLUS-MINUS SIGN} {2 * found.power.error:.2f}" if found.power else ABSENT
    return row.group, f"{points(row.gap)} points" if row.gap else "none", row.verdict, number, theirs, power


def _table(cells: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name in _COLUMNS[3:] else "left", overflow="fold")
    for line in cells:
        table.add_row(*map(Text, line))
    return table


def _notes(plan: Plan, rows: Sequence[Row]) -> Iterator[str]:
    wanted = plan.wanted
    yield from _totals(plan, rows)
    if any(row.found.tried for row in rows):
        yield "Not with so many: that is the largest number that was tried, and the power with it."
    for verdict in dict.fromkeys(row.verdict for row in rows if row.found.power is None):
        fewest = wanted.reference_speakers if wanted.reference_speakers is not None else wanted.limit
        why = (
            f"it needs {FEWEST[verdict]} speakers on each side"
            if min(fewest, wanted.limit) < FEWEST[verdict]
            else "its error rate is not proven for any of these numbers (results/evidence/cells.csv)"
        )
        yield f"{verdict} is not offered: {why}."
    yield _assumed(plan)
    yield (
        "Where that is uncertain, plan again with a spread half as large again and half the utterances, and recruit "
        f"the larger number; better, record {JUDGED} speakers of each group first and plan with --from RUN."
    )
    yield (
        f"A true gap of {100 * wanted.margin:g} points or less is never found {DISADVANTAGED} with a power of "
        f"{wanted.power:.2f}, however many speakers there are: the verdict is for gaps above the margin."
    )
    yield (
        f"Power is that of the whole rule, simulated {wanted.simulations:,} times for each number of speakers; behind "
        "\N{PLUS-MINUS SIGN} stand two standard errors of the simulation."
    )


def _totals(plan: Plan, rows: Sequence[Row]) -> Iterator[str]:
    """How many speakers that makes, the reference recruited for the group that needs most."""
    groups = len(plan.callers) - 1
    for gap, verdict in dict.fromkeys((row.gap, row.verdict) for row in rows):
        numbers = [row.found.speakers for row in rows if (row.gap, row.verdict) == (gap, verdict)]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            mine = sum(known) * (1 if plan.wanted.pilot else groups)
            theirs = plan.wanted.reference_speakers or max(known)
            where = f"at a true gap of {points(gap)} points" if gap else "where groups are alike"
            yield f"In all {mine + theirs:,} speakers for {verdict} {where}, {theirs:,} of them {plan.reference}."


def _assumed(plan: Plan) -> str:
    pooled = ENDPOINTS[plan.wanted.endpoint].pooled
    spreads = sorted({round(callers.spread, 2) for callers in plan.callers.values()})
    said = sorted({round(float(callers.exposure.mean())) for callers in plan.callers.values()})
    source = " (upper limits of 80% from the run)" if plan.wanted.pilot and plan.wanted.spread is None else ""
    return (
        f"Assumed: a rate of {percent(plan.rate)} in {plan.reference}; rates of speakers that differ by a log-SD of "
        f"{_range(spreads)}{source}; {_range(said)} {'words' if pooled else 'utterances'} of each speaker; no text "
        "lost; every normalizer shows the same gap."
    )


def _range(values: Sequence[float]) -> str:
    low, high = f"{values[0]:,g}", f"{values[-1]:,g}"
    return low if low == high else f"{low} to {high}"


def _write(target: Path, plan: Plan, rows: Sequence[Row]) -> None:
    names = ("group", "reference", "endpoint", "margin", "true_gap", "verdict", "wanted_power", "level", "speakers")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "reference_speakers", "power", "power_error", "largest_tried"])
        for row in rows:
            found, power = row.found, row.found.power
            theirs = (plan.wanted.reference_speakers or found.speakers) if found.speakers is not None else None
            figures = [None, None] if power is None else [round(power.value, 4), round(power.error, 4)]
            keys = [row.group, plan.reference, plan.wanted.endpoint, plan.wanted.margin, row.gap, row.verdict]
            level = float(f"{plan.level:.6g}")
            writer.writerow([*keys, plan.wanted.power, level, found.speakers, theirs, *figures, found.tried])

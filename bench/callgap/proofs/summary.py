"""The evidence in a few lines, each from a written table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from callgap.fairness.standing import JUDGED
from callgap.proofs.accepted import LEAST_COVERAGE
from callgap.proofs.coverage import ALPHA
from callgap.proofs.sampling_error import slack
from callgap.proofs.writing import markdown, read

_Rows = Sequence[dict[str, str]]
FOLDER = "results/evidence"


@dataclass(frozen=True)
class Summary:
    """One proof.

    Attributes:
        proof: what was to be shown.
        figure: what was found.
        bound: within which it is accepted.
        holds: whether it is within.
        table: name of the file with all of it.
    """

    proof: str
    figure: str
    bound: str
    holds: str
    table: str


def _verdicts(rows: _Rows) -> list[Summary]:
    found = []
    for verdict in dict.fromkeys(row["verdict"] for row in rows):
        cells = [row for row in rows if row["verdict"] == verdict]
        offered = [row for row in cells if row["offered"] == "yes"]
        if not offered:
            found.append(
                Summary(f"`{verdict}` is rarely false", "fails in every cell", "2.5 %", "not offered", "cells")
            )
            continue
        worst = max(offered, key=lambda row: float(row["error"]))
        figure = f"false in at most {_percent(worst['error'])} where offered: {len(offered)} of {len(cells)} cells"
        bound = f"at most {_percent(worst['accepted'])} (2.5 % and two standard errors)"
        found.append(Summary(f"`{verdict}` is rarely false", figure, bound, "offered in these only", "cells"))
    return found


def _between(rows: _Rows) -> list[Summary]:
    offered = [row for row in rows if row["offered"] == "yes"]
    if not offered:
        return [Summary("verdicts between the cells", "none is offered there", "none", "not offered", "between")]
    held = [row for row in offered if row["holds"] == "yes"]
    worst = max(offered, key=lambda row: float(row["error"]))
    figure = f"false in at most {_percent(worst['error'])} where offered: {len(offered)} of {len(rows)} places"
    bound = f"at most {_percent(worst['accepted'])} (2.5 % and four standard errors: two of either simulation)"
    holds = "yes" if held == offered else f"not in {len(offered) - len(held)}: not offered around it"
    return [Summary("verdicts between the cells are as rarely false", figure, bound, holds, "between")]


def _coverage(rows: _Rows) -> list[Summary]:
    judged = [row for row in rows if min(int(row["group"]), int(row["reference"])) >= JUDGED]
    worst = min(judged, key=lambda row: float(row["coverage"]))
    place = f"`{worst['scenario']}`, {worst['group']} and {worst['reference']} speakers"
    figure = f"{_percent(_mean(judged))} on average, {_percent(worst['coverage'])} at worst ({place})"
    below = sum(float(row["coverage"]) < LEAST_COVERAGE for row in judged)
    bound = f"at least {_percent(LEAST_COVERAGE)}"
    holds = "yes" if not below else f"not in {below} of {len(judged)}: no verdict there"
    return [Summary("limits of 95 % cover the truth", figure, bound, holds, "coverage")]


def _mean(rows: _Rows) -> float:
    return sum(float(row["coverage"]) for row in rows) / len(rows)


def _families(rows: _Rows) -> list[Summary]:
    worst = max(rows, key=lambda row: float(row["any_gap"]))
    figure = f"any gap found in at most {_percent(worst['any_gap'])} of the simulations"
    return [_one("twelve groups that do not differ", figure, worst["accepted"], rows, "families")]


def _alterations(rows: _Rows) -> list[Summary]:
    found = {name: min(float(row[name]) for row in rows) for name in ("differences", "ratios")}
    figure = (
        f"those of differences hold in {_percent(found['differences'])} of the simulations and more, those of ratios "
        f"in {_percent(found['ratios'])}, {len(rows)} designs"
    )
    bound = f"at least {_percent(rows[0]['accepted'])} (95 % less two standard errors)"
    return [Summary("what an alteration changes, all limits together", figure, bound, _all(rows), "alterations")]


def _null(rows: _Rows) -> list[Summary]:
    worst = max(rows, key=lambda row: int(row["any_gap"]) / int(row["arrangements"]))
    share = int(worst["any_gap"]) / int(worst["arrangements"])
    figure = f"any gap found in at most {_percent(share)} of the arrangements, {len(rows)} recognizers"
    return [_one("shuffled labels of real speakers", figure, worst["accepted"], rows, "null")]


def _one(proof: str, figure: str, accepted: str, rows: _Rows, table: str) -> Summary:
    bound = f"at most {_percent(accepted)} (5 % and two standard errors)"
    return Summary(proof, figure, bound, _all(rows), table)


def _power(rows: _Rows) -> list[Summary]:
    found = [float(row["power"]) for row in rows]
    figure = f"{_percent(min(found))} to {_percent(max(found))} of the planted gaps found, {len(rows)} settings"
    bound = f"80 % stated; {_percent(rows[0]['least'])} to {_percent(rows[0]['most'])}"
    return [Summary("gaps of the stated detectable size are found", figure, bound, _all(rows), "power")]


def _oracles(rows: _Rows) -> list[Summary]:
    differ = sum(int(row["differ"]) for row in rows)
    names = dict.fromkeys(row["oracle"].split()[0].split(".")[0].strip(",") for row in rows)
    others = ", ".join(name for name in names if name not in ("plain", "own", "the"))
    figure = f"{differ} of {sum(int(row['cases']) for row in rows):,} cases differ ({others})"
    return [Summary("results equal outside implementations'", figure, "none", _all(rows), "oracles")]


def _naive(rows: _Rows) -> list[Summary]:
    found = []
    for method in dict.fromkeys(row["method"] for row in rows if row["method"] != "callgap"):
        theirs = [row for row in rows if row["method"] == method]
        worst = min(theirs, key=lambda row: float(row["coverage"]))
        place = f"`{worst['scenario']}`, {worst['group']} and {worst['reference']} speakers"
        most = max(float(row["below_margin"]) for row in theirs)
        figure = (
            f"covers {_percent(worst['coverage'])} ({place}); a gap of the margin passes for less in {_percent(most)}"
        )
        simulations = int(worst["simulations"])
        least = LEAST_COVERAGE - slack(LEAST_COVERAGE, simulations)
        share = ALPHA / 2 + slack(ALPHA / 2, simulations)
        holds = "yes" if float(worst["coverage"]) >= least and most <= share else "no"
        bound = f"at least {_percent(least)}; at most {_percent(share)}"
        found.append(Summary(f"why not: {method}", figure, bound, holds, "naive"))
    return found


def _flags(rows: _Rows) -> list[Summary]:
    return [
        Summary(
            f"`{row['rule']}` is right",
            f"{row['right']} of {row['flagged']} flagged; finds {row['found']} of {row['labelled']} labelled pairs",
            "no bound",
            f"95 % limits {_percent(row['lower'])} to {_percent(row['upper'])}",
            "flags",
        )
        for row in rows
        if row["rule"] in ("hallucinated", "wrong_language")
    ]


TABLES: dict[str, Callable[[_Rows], list[Summary]]] = {
    "coverage": _coverage,
    "cells": _verdicts,
    "between": _between,
    "families": _families,
    "alterations": _alterations,
    "null": _null,
    "power": _power,
    "oracles": _oracles,
    "flags": _flags,
    "naive": _naive,
}
"""By name of a written table, what is said of it."""


def summarize(folder: Path) -> list[Summary]:
    """Read the written tables.

    Args:
        folder: in which they stand; a table that is not there is not spoken of.

    Returns:
        One line per proof.
    """
    present = {name: folder / f"{name}.csv" for name in TABLES if (folder / f"{name}.csv").is_file()}
    return [line for name, path in present.items() for line in TABLES[name](read(path))]


def readme_lines(folder: Path) -> list[str]:
    """The table that README.md shows.

    Args:
        folder: with the written tables.

    Returns:
        Lines of Markdown.
    """
    rows = [
        [f"[{line.proof}]({FOLDER}/{line.table}.md)", line.figure, line.bound, line.holds] for line in summarize(folder)
    ]
    return markdown(["proof", "found", "accepted", "holds"], rows)


def _all(rows: _Rows) -> str:
    return "yes" if all(row["holds"] == "yes" for row in rows) else "no"


def _percent(share: str | float) -> str:
    return f"{100 * float(share):.1f} %"

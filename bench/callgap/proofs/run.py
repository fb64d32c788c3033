"""Simulates, compares and writes the evidence: `python -m callgap.proofs.run --help`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callgap.errors import InputError
from callgap.proofs import (
    accepted,
    alterations,
    between,
    coverage,
    families,
    flags,
    naive,
    null,
    picture,
    power,
    recomputed,
    summary,
    texts,
)
from callgap.proofs.populations import SCENARIOS
from callgap.proofs.workers import cores
from callgap.proofs.writing import Page, write
from callgap.verdict.cells import BETWEEN, CELLS
from callgap_kernels.options import require_whole
from callgap_kernels.speed.machine import provenance
from callgap_kernels.tier import compile_at_once

PACKAGES = ("numba", "numpy", "scipy", "statsmodels", "jiwer", "kaldialign", "whisper-normalizer", "torch")
SIMULATIONS = 1000


@dataclass(frozen=True)
class Plan:
    """What a proof is made with.

    Attributes:
        out: folder.
        simulations: of each cell; other proofs take a share of it.
        seed: of all simulations.
        workers: processes.
        facts: versions and commit.
    """

    out: Path
    simulations: int
    seed: int
    workers: int
    facts: dict[str, str]

    def page(self, name: str, title: str, text: str, simulations: int | None = None, *, picture: bool = False) -> Page:
        """A page with its provenance."""
        counted = {} if simulations is None else {"simulations": f"{simulations:,}", "seed": str(self.seed)}
        return Page(name, title, text, counted | self.facts, picture)


def _coverage(plan: Plan) -> None:
    rows = coverage.run(plan.simulations, plan.seed, plan.workers)
    about = "\n".join(f"- `{one.name}`: {one.reason}" for one in SCENARIOS)
    absent = ", ".join(f"{one.name} at {gap:+g}" for one in SCENARIOS for gap in coverage.GAPS if not one.allows(gap))
    text = (
        f"Shares of simulations by true gap, limits at {coverage.RESAMPLES} resamples, alpha {coverage.ALPHA}.\n\n"
        f"{about}\n\n"
        f"Left out, because the rate would not be positive: {absent}."
    )
    shown = ("scenario", "group", "reference", "gap", "coverage", "above_margin", "above_zero", "below_margin",
             "above_minus_margin", "below_minus_margin", "within_margin", "exact", "half_width")  # fmt: skip
    write(plan.page("coverage", "Limits and the truth", text, plan.simulations), rows, plan.out, shown)
    cells = accepted.cells(rows)
    text = (
        "A verdict is offered with so many speakers (effective ones, where they say unequally much) if, in every "
        "scenario, it is false in at most 2.5 % of the simulations at the true gap at which it just is (two standard "
        "errors of the simulation are allowed), and the limits cover in at least 93 %. `disadvantaged`, `gap, size "
        "uncertain` and `does better` need 10 speakers on each side, `within margin` 30. In the picture: how often "
        "false, below it the coverage in percent, both of the worst scenario."
    )
    write(plan.page("cells", "Which verdict may be said", text, plan.simulations, picture=True), cells, plan.out)
    picture.draw(cells, dict(accepted.FEWEST), plan.out / "cells.png")
    text = (
        "Between two sizes a cell is read linearly in the logarithm of the speakers. Simulated at the sizes that lie "
        "farthest from those of the cells: how often a verdict is false, beside what was read; two standard errors of "
        "these simulations are allowed beyond what the cells accept. Where that does not hold, the verdict is not "
        "offered between those cells."
    )
    rows_between = between.run(cells, plan.simulations, plan.seed, plan.workers)
    write(plan.page("between", "Between the cells", text, plan.simulations), rows_between, plan.out)


def _families(plan: Plan) -> None:
    simulations = max(plan.simulations // 4, 20)
    text = (
        f"Groups of {', '.join(map(str, families.GROUPS))} speakers and one of {families.REFERENCE}, none different: "
        "share of simulations in which any is said to be `disadvantaged` or to have a `gap, size uncertain`."
    )
    rows = families.run(simulations, plan.seed, plan.workers)
    write(plan.page("families", "Many groups that do not differ", text, simulations), rows, plan.out)


def _alterations(plan: Plan) -> None:
    simulations = max(plan.simulations // 5, 20)
    measures = ", ".join(f"`{name}`" for name in alterations.MEASURES)
    text = (
        f"Groups of {', '.join(map(str, alterations.GROUPS))} speakers and one of {alterations.REFERENCE}, before and "
        f"after an alteration, in {measures}: share of simulations in which all limits of changes and of changes of "
        "gaps hold together (`differences`), and all of ratios and of ratios of gaps (`ratios`). Whether a change is "
        "said to be there rests on the same limits. Where speakers say unequally much, so many are drawn that they are "
        "worth the number. `given`: share of them that have limits; `found`: share of the changes of a rate that were "
        "there and were found; `half_width`: of a change of WER of 12 speakers, whose WER is 0.20 before. The share of "
        "the error rate at which limits are placed was chosen with designs like these in sight: a half, after three "
        "quarters had fallen short in some."
    )
    rows = alterations.run(simulations, plan.seed, plan.workers)
    write(plan.page("alterations", "What an alteration changes", text, simulations), rows, plan.out)


def _null(plan: Plan) -> None:
    arrangements = max(null.FEWEST, plan.simulations // 10)
    rows, absent = null.run(arrangements, plan.seed, plan.workers)
    for sentence in absent:
        print(sentence, file=sys.stderr)
    if not rows:
        return
    text = (
        "Accents of real speakers, exchanged among them: arrangements in which any group is said to be `disadvantaged` "
        f"or to have a `gap, size uncertain` in {' or '.join(null.ENDPOINTS)}, by the simultaneous limits. Counts only."
    )
    write(plan.page("null", "Shuffled labels of real speakers", text, arrangements), rows, plan.out)


def _power(plan: Plan) -> None:
    simulations = max(plan.simulations // 2, 20)
    text = (
        "A size is stated from a sample without a gap, and a gap of that size planted in another sample of the same "
        "population: how often it is found to be `disadvantaged`, by the limits and with any one speaker left out. "
        "Bounds were set before the first run; the caution with which sizes are stated was chosen with these ten "
        "settings in sight, 0.28 after 0.25 and 0.30 had failed a test or this proof."
    )
    rows = power.run(simulations, plan.seed, plan.workers)
    write(plan.page("power", "Gaps of the stated detectable size", text, simulations), rows, plan.out)


def _oracles(plan: Plan) -> None:
    found, differences, absent = texts.run()
    for sentence in absent:
        print(sentence, file=sys.stderr)
    text = "Cases in which a result differs from another implementation's, and the tolerance, which was decided before."
    write(plan.page("oracles", "Outside implementations", text), [*found, *recomputed.run()], plan.out)
    text = (
        "sclite charges 4 for a substitution and 3 for an insertion or deletion, so its cheapest alignment may have "
        "more errors than the fewest. Drawn texts in which it has; of real texts oracles.csv has the number."
    )
    write(plan.page("sclite", "Where sclite counts more errors", text), differences, plan.out)


def _flags(plan: Plan) -> None:
    text = (
        "Counted on invented pairs of texts that were labelled by hand: they show what a rule confuses, not how often."
    )
    write(plan.page("flags", "Precision of the flags", text), flags.run(), plan.out)


def _naive(plan: Plan) -> None:
    simulations = max(plan.simulations // 4, 20)
    text = (
        "Simpler methods and callgap's on the same samples, the true gap equal to the margin: nominally 95 % coverage "
        "and 2.5 % on either side."
    )
    rows = naive.run(simulations, plan.seed, plan.workers)
    write(plan.page("naive", "Why not a simpler method", text, simulations), rows, plan.out)


PROOFS: dict[str, Callable[[Plan], None]] = {
    "coverage": _coverage,
    "families": _families,
    "alterations": _alterations,
    "null": _null,
    "power": _power,
    "oracles": _oracles,
    "flags": _flags,
    "naive": _naive,
}
"""By name, each writes its tables."""


def main(arguments: list[str] | None = None) -> int:
    """Make the proofs and write their tables.

    Args:
        arguments: of the command line; None takes the process's.

    Returns:
        Exit status: 0, or 2 for an option that cannot be. A proof that fails is written like any other.
    """
    options = _parser().parse_args(arguments)
    try:
        chosen = _chosen(options.only)
        require_whole("--simulations", options.simulations, 20)
        require_whole("--workers", options.workers, 1)
        require_whole("--seed", options.seed, 0)
        options.out.mkdir(parents=True, exist_ok=True)
    except (InputError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"--out {options.out}: {error.strerror}", file=sys.stderr)
        return 2
    compile_at_once()
    facts = provenance(PACKAGES, "cpu")
    plan = Plan(options.out, options.simulations, options.seed, options.workers, facts)
    for name in chosen:
        PROOFS[name](plan)
    _conclude(plan, offer=options.offer and "coverage" in chosen)
    return 0


def _conclude(plan: Plan, *, offer: bool) -> None:
    lines = "\n".join(summary.readme_lines(plan.out)).replace(f"({summary.FOLDER}/", "(")
    (plan.out / "README.md").write_text(f"# The suite proves its own statistics\n\n{lines}\n", encoding="utf-8")
    print(lines)
    if offer:
        shutil.copyfile(plan.out / "cells.csv", CELLS)
        shutil.copyfile(plan.out / "between.csv", BETWEEN)


def _chosen(only: str | None) -> list[str]:
    if only is None:
        return list(PROOFS)
    names = only.split(",")
    for name in names:
        if name not in PROOFS:
            raise InputError(f"--only: found {name!r}; accepted: {', '.join(PROOFS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m callgap.proofs.run", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("outputs/evidence"), help="folder (default: %(default)s)")
    parser.add_argument("--only", help=f"some of {','.join(PROOFS)} (default: all)")
    parser.add_argument(
        "--simulations",
        type=int,
        default=SIMULATIONS,
        help="of each cell; other proofs take a share (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of all simulations (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=cores(), help="processes (default: the cores, %(default)s)")
    parser.add_argument("--offer", action="store_true", help="let verdicts follow these cells from now on")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""A verdict is rarely false where it is offered, and the committed cells are what was simulated.

The fast bounds were set before the first run: nominal rates and three standard errors of so few simulations.
"""

import csv
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from callgap.proofs.accepted import FALSE, FEWEST, LEAST_COVERAGE, cells
from callgap.proofs.between import MIDDLES, held_against
from callgap.proofs.coverage import ALPHA, GAPS, Covered, Task, covered, tasks
from callgap.proofs.populations import MARGIN, SCENARIOS
from callgap.proofs.workers import spread
from callgap.proofs.writing import Page, read, write
from callgap.verdict.cells import BETWEEN, CELLS, SIZES, expected
from callgap.verdict.cells import read as read_cells
from callgap.verdict.words import BETTER, DISADVANTAGED, UNCERTAIN, WITHIN

EVIDENCE = Path(__file__).resolve().parents[2] / "results" / "evidence"
FEW = 150
KINDS = {"int": int, "float": float, "str": str}


def most(probability, simulations, errors=3.0):
    return probability + errors * np.sqrt(probability * (1 - probability) / simulations)


def least_coverage(simulations, errors=3.0):
    return LEAST_COVERAGE - errors * np.sqrt(LEAST_COVERAGE * (1 - LEAST_COVERAGE) / simulations)


def row(group=30, reference=30, gap=MARGIN, scenario="even", simulations=2000, **shares):
    right = {"coverage": 0.95, "above_margin": 0.02, "above_zero": 0.02, "below_margin": 0.02}
    right |= {"above_minus_margin": 0.02, "below_minus_margin": 0.02, "within_margin": 0.0}
    return Covered(scenario, group, reference, gap, simulations, **(right | shares), exact=0.0, half_width=0.03)


def offered(rows):
    return {cell.verdict for cell in cells(rows) if cell.offered}


def stored(path):
    kinds = {field.name: KINDS[field.type] for field in fields(Covered)}
    return [Covered(**{name: kinds[name](value) for name, value in line.items()}) for line in read(path)]


@pytest.mark.parametrize("scenario", ["even", "unequal words", "calls"])
@pytest.mark.parametrize(("group", "reference"), [(10, 30), (30, 30)])
def test_verdicts_are_rarely_false_and_limits_cover(scenario, group, reference):
    up, level, down = (covered(Task(scenario, group, reference, gap, FEW, 11)) for gap in GAPS)
    bound = most(ALPHA / 2, FEW)
    assert up.above_margin <= bound
    assert level.above_zero <= bound
    assert down.below_minus_margin <= bound
    assert up.within_margin <= bound
    assert down.within_margin <= bound
    assert min(one.coverage for one in (up, level, down)) >= least_coverage(FEW)


def test_rare_failures_have_exact_limits_that_cover():
    found = covered(Task("rare calls", 5, 5, 0.0, FEW, 11))
    assert found.exact > 0.5
    assert found.coverage >= least_coverage(FEW)


def test_a_gap_of_three_margins_is_found_so_that_the_rule_is_not_merely_silent():
    found = covered(Task("even", 100, 100, MARGIN, FEW, 11))
    assert found.above_zero > 0.9
    level = covered(Task("even", 300, 300, 0.0, FEW, 11))
    assert level.within_margin > 0.9


def test_shares_are_the_same_however_the_work_is_spread():
    few = [Task(name, 5, 10, gap, 20, 3) for name in ("even", "unequal words") for gap in GAPS]
    alone = [covered(task) for task in few]
    assert spread(covered, few, 1) == alone


@pytest.mark.slow
def test_shares_are_the_same_in_processes_of_their_own():
    few = [Task(name, 5, 10, gap, 20, 3) for name in ("even", "unequal words") for gap in GAPS]
    assert spread(covered, few, 2) == [covered(task) for task in few]


def test_every_scenario_and_pairing_is_simulated_at_every_gap_that_can_be():
    found = tasks(20, 1)
    keys = {(task.scenario, task.group, task.reference, task.gap) for task in found}
    assert len(keys) == len(found) == len(SIZES) ** 2 * (len(SCENARIOS) * len(GAPS) - 1)


def test_a_verdict_is_offered_where_all_scenarios_pass():
    rows = [row(gap=gap, scenario=name) for gap in GAPS for name in ("even", "calls")]
    assert offered(rows) == {DISADVANTAGED, UNCERTAIN, WITHIN, BETTER}


@pytest.mark.parametrize(
    ("gap", "share", "verdict"),
    [
        (MARGIN, "above_margin", DISADVANTAGED),
        (0.0, "above_zero", UNCERTAIN),
        (MARGIN, "within_margin", WITHIN),
        (-MARGIN, "within_margin", WITHIN),
        (-MARGIN, "below_minus_margin", BETTER),
    ],
)
def test_one_scenario_in_which_a_verdict_is_false_too_often_withholds_it_and_no_other(gap, share, verdict):
    fine = [row(gap=one) for one in GAPS]
    bad = row(gap=gap, scenario="heavy tails", **{share: 0.04})
    assert offered([*fine, bad]) == set(FALSE) - {verdict}
    cell = next(cell for cell in cells([*fine, bad]) if cell.verdict == verdict)
    assert (cell.error, cell.scenario) == (0.04, "heavy tails")
    # At the other true gaps the same share says nothing against the verdict.
    elsewhere = [row(gap=one, scenario="calls", **{share: 0.9}) for one in GAPS if abs(one - gap) > 0.01]
    if verdict != WITHIN:
        assert verdict in offered([*fine, *elsewhere])


def test_limits_that_cover_too_seldom_withhold_every_verdict():
    assert offered([row(gap=gap, coverage=0.90 if gap == 0 else 0.95) for gap in GAPS]) == set()


def test_what_is_accepted_shrinks_with_the_number_of_simulations():
    few, many = (cells([row(simulations=number)])[0].accepted for number in (200, 20_000))
    assert few == pytest.approx(0.025 + 2 * np.sqrt(0.025 * 0.975 / 200), abs=1e-6)
    assert 0.025 < many < few


def test_too_few_speakers_withhold_a_verdict_however_it_simulates():
    assert offered([row(group=5, gap=gap) for gap in GAPS]) == set()
    assert offered([row(reference=10, gap=gap) for gap in GAPS]) == set(FALSE) - {WITHIN}
    assert FEWEST == {DISADVANTAGED: 10, UNCERTAIN: 10, BETTER: 10, WITHIN: 30}


def test_rows_come_back_from_their_file(tmp_path):
    rows = [row(gap=gap, scenario="calls", coverage=0.9485) for gap in GAPS]
    write(Page("coverage", "Limits", "Text.", {"commit": "none"}), rows, tmp_path)
    assert stored(tmp_path / "coverage.csv") == rows


def test_what_is_read_between_the_cells_is_held_against_simulations_there():
    simulated = cells([row(n, m, gap) for n in SIZES for m in SIZES for gap in GAPS])
    even, bad = ([row(55, 173, gap, above_zero=share) for gap in GAPS] for share in (0.02, 0.08))
    assert {(one.read, one.offered, one.holds) for one in held_against(simulated, even)} >= {(0.02, "yes", "yes")}
    found = {one.verdict: one for one in held_against(simulated, bad)}
    assert (found[UNCERTAIN].read, found[UNCERTAIN].error, found[UNCERTAIN].holds) == (0.02, 0.08, "no")
    assert {one.holds for verdict, one in found.items() if verdict != UNCERTAIN} == {"yes"}


def test_between_the_sizes_was_simulated_and_published_as_it_is_read():
    found = read(EVIDENCE / "between.csv")
    assert {(int(one["group"]), int(one["reference"])) for one in found} == {(g, r) for g in MIDDLES for r in MIDDLES}
    for one in found:
        said = expected(read_cells(), one["verdict"], float(one["group"]), float(one["reference"]))
        assert (f"{round(said.error, 6):g}", "yes" if said.offered else "no") == (one["read"], one["offered"])


def test_the_committed_cells_are_the_published_ones():
    assert (EVIDENCE / "cells.csv").read_bytes() == CELLS.read_bytes()
    assert (EVIDENCE / "between.csv").read_bytes() == BETWEEN.read_bytes()


def test_the_committed_cells_follow_from_the_published_simulations():
    derived = cells(stored(EVIDENCE / "coverage.csv"))
    assert {(cell.verdict, cell.group, cell.reference): cell for cell in derived} == read_cells()
    with CELLS.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(FALSE) * len(SIZES) ** 2


@pytest.mark.slow
def test_offered_verdicts_are_rarely_false_under_another_seed():
    simulations = 400
    found = [cell for cell in read_cells().values() if cell.offered and cell.group + cell.reference <= 130]
    assert found
    for cell in found:
        gap = {DISADVANTAGED: MARGIN, UNCERTAIN: 0.0, WITHIN: MARGIN, BETTER: -MARGIN}[cell.verdict]
        scenario = cell.scenario if cell.scenario != "rare calls" or gap >= 0 else "calls"
        again = covered(Task(scenario, cell.group, cell.reference, gap, simulations, 99))
        # Four standard errors: there are dozens of cells.
        assert FALSE[cell.verdict](again) <= most(cell.accepted, simulations, 4), cell

"""A verdict is offered where the cells of both neighboring sizes were simulated and passed."""

import csv
import sys
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.verdict.cells import CELLS, SIZES, is_offered, read
from callgap.verdict.words import BETTER, DISADVANTAGED, UNCERTAIN, WITHIN

COLUMNS = ("verdict", "group", "reference", "error", "accepted", "coverage", "scenario", "offered")
FORBIDDEN = {(DISADVANTAGED, 10, 100), (WITHIN, 30, 30)}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """All cells from ten speakers on pass but for two; below ten none was simulated."""
    path = tmp_path_factory.mktemp("cells") / "cells.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for verdict, group, reference in product((DISADVANTAGED, WITHIN), SIZES[1:], SIZES[1:]):
            offered = "no" if (verdict, group, reference) in FORBIDDEN else "yes"
            writer.writerow([verdict, group, reference, 0.02, 0.03, 0.95, "heavy tails", offered])
    patch = pytest.MonkeyPatch()
    patch.setattr(sys.modules["callgap.verdict.cells"], "CELLS", path)
    read.cache_clear()
    yield path
    patch.undo()
    read.cache_clear()


@pytest.mark.parametrize(
    ("verdict", "group", "reference", "offered"),
    [
        (DISADVANTAGED, 10, 10, True),
        (DISADVANTAGED, 9.9, 10, False),
        (DISADVANTAGED, 9.96, 10, True),
        (DISADVANTAGED, 10, 100, False),
        (DISADVANTAGED, 100, 10, True),
        (DISADVANTAGED, 20, 60, False),
        (DISADVANTAGED, 31, 99, True),
        (DISADVANTAGED, 10, 30, True),
        (DISADVANTAGED, 10, 30.1, False),
        (WITHIN, 30, 30, False),
        (WITHIN, 30.1, 99, False),
        (WITHIN, 100, 5000, True),
        (WITHIN, 4, 300, False),
        (WITHIN, 0.0, 0.0, False),
        (BETTER, 300, 300, False),
    ],
)
def test_what_lies_between_two_sizes_is_held_to_both(cells, verdict, group, reference, offered):
    assert is_offered(verdict, group, reference) == offered


@given(st.floats(0, 9.94), st.floats(0, 1000))
def test_what_was_never_simulated_is_never_offered(cells, few, many):
    assert not is_offered(DISADVANTAGED, few, many)
    assert not is_offered(DISADVANTAGED, many, few)


def test_cells_are_read_as_they_were_written(cells):
    cell = read()[WITHIN, 30, 30]
    assert (cell.error, cell.accepted, cell.coverage, cell.scenario, cell.offered) == (
        0.02,
        0.03,
        0.95,
        "heavy tails",
        False,
    )


def test_the_committed_cells_offer_nothing_that_their_own_figures_forbid():
    with CELLS.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames) == COLUMNS
        rows = list(reader)
    assert all(row["offered"] in ("yes", "no") for row in rows)
    assert all(row["verdict"] in (DISADVANTAGED, UNCERTAIN, WITHIN, BETTER) for row in rows)
    assert all(int(row["group"]) in SIZES and int(row["reference"]) in SIZES for row in rows)
    assert all(float(row["error"]) <= float(row["accepted"]) for row in rows if row["offered"] == "yes")
    assert all(
        min(int(row["group"]), int(row["reference"])) >= 30
        for row in rows
        if (row["verdict"], row["offered"]) == (WITHIN, "yes")
    )

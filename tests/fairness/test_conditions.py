"""Conditions are compared on the speakers who are in both, with equal weights in both."""

import numpy as np
import pytest
from counted import counted

from callgap.fairness.conditions import conditions
from callgap.fairness.gaps import Resampling
from callgap.group_records import CONDITIONS
from callgap.records import table

PLAN = Resampling(0.05, 1000, 7)


def rows_of(errors, line, reference=None, **options):
    rows = conditions(
        counted({"a": errors}, columns={"prompt_id": line}, **options),
        "prompt_id",
        reference,
        ["wer", "unusable"],
        PLAN,
    )
    assert table(rows, CONDITIONS).num_rows == len(rows)
    return rows


def halves(g, s, u):
    return "x" if u < 5 else "y"


@pytest.fixture(scope="module")
def noisy():
    """Twelve speakers with two errors of ten under x and about four under y."""
    errors = np.random.default_rng(1).integers(0, 5, (12, 10))
    errors[:, 5:] += 2
    return errors


def test_equal_numbers_of_words_give_the_plain_difference(noisy):
    (wer, unusable) = rows_of(noisy, halves, "x")
    assert (wer["value"], wer["reference"], wer["speakers"], wer["left_out"]) == ("y", "x", 12, 0)
    assert wer["difference"] == pytest.approx((noisy[:, 5:].mean() - noisy[:, :5].mean()) / 10)
    assert wer["difference_lower"] < wer["difference"] < wer["difference_upper"]
    assert wer["difference_lower"] > 0
    assert unusable["difference"] == pytest.approx((noisy[:, 5:] > 5).mean() - (noisy[:, :5] > 5).mean())


def test_weights_are_those_of_mantel_and_haenszel(noisy):
    def line(g, s, u):
        return "x" if u <= s % 8 else "y"

    (wer, _) = rows_of(noisy, line, "x")
    top = bottom = 0.0
    for s, row in enumerate(noisy):
        split = s % 8 + 1
        x, y = row[:split], row[split:]
        weight = 100 * len(x) * len(y) / (10 * len(row))
        top += weight * (y.mean() - x.mean()) / 10
        bottom += weight
    assert wer["difference"] == pytest.approx(top / bottom)


def test_speakers_of_one_condition_alone_are_left_out_and_counted(noisy):
    def line(g, s, u):
        return "x" if s < 4 else halves(g, s, u)

    (wer, _) = rows_of(noisy, line, "x")
    assert (wer["speakers"], wer["left_out"]) == (8, 4)


@pytest.mark.parametrize(("speakers", "has_rate", "has_limits"), [(1, False, False), (4, True, False), (5, True, True)])
def test_the_number_of_speakers_decides_what_is_shown(noisy, speakers, has_rate, has_limits):
    row = rows_of(noisy[:speakers], halves, "x")[0]
    assert ("difference" in row) == has_rate
    assert ("difference_lower" in row) == has_limits


def test_utterances_of_no_condition_are_in_none_and_the_commonest_is_the_reference(noisy):
    def line(g, s, u):
        return [None, "x", "y", "y"][min(u, 3)]

    (wer, _) = rows_of(noisy, line)
    assert (wer["value"], wer["reference"]) == ("x", "y")
    assert wer["rate"] == pytest.approx(noisy[:, 1].mean() / 10)


def test_one_condition_is_compared_with_nothing(noisy):
    assert rows_of(noisy, lambda g, s, u: "x") == []


def test_no_difference_for_anyone_has_no_limits_made_up():
    (wer, _) = rows_of(np.full((12, 10), 3), halves)
    assert wer["difference"] == pytest.approx(0, abs=1e-12)
    assert wer["difference_lower"] is wer["difference_upper"] is None

"""The precision of the flags is counted on labelled pairs, and stays what was published."""

from collections import Counter

import pytest
from statsmodels.stats.proportion import proportion_confint

from callgap.scoring.flags import Rule, labelled_pairs, measure_precision
from callgap.scoring.flags.finding import HALLUCINATION
from callgap.scoring.flags.precision import LabelledPair, RulePrecision

FLAGS = ("hallucinated", "wrong_language")
# Decided from the counts when the pairs were written: what is below has become worse.
LEAST = {
    Rule.SILENCE: (14 / 16, 1.0),
    Rule.LOOP: (28 / 29, 27 / 29),
    Rule.BURST: (19 / 23, 19 / 22),
    Rule.SCRIPT: (1.0, 1.0),
    Rule.LANGUAGE: (1.0, 23 / 24),
}


def pair(hypothesis, hallucinated, *findings, reference="yes please"):
    return LabelledPair("made up", "en", reference, hypothesis, hallucinated, False, findings)


def test_counts_are_those_of_four_pairs_counted_by_hand():
    loop, short, long = "no " * 9, "go " * 4, "so " * 6
    pairs = [
        pair(loop, True, Rule.LOOP),
        pair(long, False),
        pair(short, True, Rule.LOOP),
        pair("yes please " + "and then she went to the river with her own brother", False),
    ]
    rows = {row.rule: row for row in measure_precision(pairs)}
    assert rows[Rule.LOOP] == RulePrecision(
        Rule.LOOP, 4, labelled=2, found=1, flagged=2, true_positives=1, undetermined=1
    )
    assert (rows[Rule.LOOP].precision, rows[Rule.LOOP].recall) == (0.5, 0.5)
    assert rows["hallucinated"] == RulePrecision("hallucinated", 4, 2, 1, 2, 1, 1)


def test_a_rule_without_cases_has_no_precision_and_no_limits():
    row = measure_precision([])[0]
    assert (row.precision, row.recall, row.precision_limits, row.recall_limits) == (None, None, None, None)


@pytest.mark.parametrize("row", measure_precision(), ids=lambda row: row.rule)
def test_limits_equal_those_of_statsmodels(row):
    expected = proportion_confint(row.true_positives, row.flagged, method="beta")
    assert row.precision_limits == pytest.approx(expected, abs=1e-9)
    assert row.recall_limits == pytest.approx(proportion_confint(row.found, row.labelled, method="beta"), abs=1e-9)


def test_no_rule_has_become_less_precise_or_finds_less():
    for row in measure_precision():
        if row.rule not in FLAGS:
            precision, recall = LEAST[Rule(row.rule)]
            assert row.precision >= precision, row
            assert row.recall >= recall, row


def test_the_labelled_pairs_are_distinct_consistent_and_mostly_hard_negatives():
    pairs = labelled_pairs()
    assert max(Counter((p.reference, p.hypothesis, p.language) for p in pairs).values()) == 1
    assert sum(not p.hallucinated and not p.wrong_language for p in pairs) > len(pairs) / 2 > 75
    assert {p.language[:2] for p in pairs} >= {"en", "fr"}
    for p in pairs:
        assert not HALLUCINATION & set(p.findings) or p.hallucinated, p
        assert not set(p.findings) - HALLUCINATION or p.wrong_language, p


def test_some_labelled_pairs_are_beyond_every_rule():
    # A set on which nothing fails would have been written to the rules.
    rows = {row.rule: row for row in measure_precision()}
    assert rows["hallucinated"].true_positives < rows["hallucinated"].flagged
    assert rows["hallucinated"].found < rows["hallucinated"].labelled

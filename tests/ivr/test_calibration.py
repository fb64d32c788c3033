"""A confidence is judged by what it separates."""

import numpy as np
import pytest
from calling import heard, small, spoken
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from callgap.ivr.calibration import Understood, understood


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), st.booleans()), max_size=40))
def test_the_separation_is_the_statistic_of_mann_and_whitney(pairs):
    confidence, right = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], bool)
    found = Understood(("s",) * len(pairs), confidence, right).separation()
    if right.all() or not right.any():
        assert found is None
        return
    statistic = mannwhitneyu(confidence[right], confidence[~right]).statistic
    assert found == pytest.approx(statistic / (right.sum() * (~right).sum()))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40), st.integers(1, 20))
def test_the_curve_loses_nothing(pairs, bins):
    confidence, right = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], bool)
    curve = Understood(("s",) * len(pairs), confidence, right).curve(bins)
    assert sum(bin.answers for bin in curve) == len(pairs)
    assert sum(bin.right for bin in curve) == right.sum()
    assert sum(bin.mean_confidence * bin.answers for bin in curve) == pytest.approx(confidence.sum())


def test_each_recording_that_was_taken_for_something_counts_once():
    graph = small()
    rows = spoken({"a": 1}, takes=1)

    def hear(row, grammar):
        if row["intent"] == "bill":
            return "lost card", 0.2
        return ("", 0.9) if row["intent"] == "digit-3" else (row["text"], None if row["intent"] == "yes" else 0.7)

    found = understood(graph, rows, heard(graph, rows, hear))
    # Fifteen recordings, of which one was taken for nothing and one has no confidence.
    assert sorted(found.confidence) == [0.2, *[0.7] * 12]
    assert found.right.sum() == 12
    assert found.separation() == 1.0

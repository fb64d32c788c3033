"""A router's accuracy is counted as by hand, and its threshold is the best one there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.errors import InputError
from callgap.ivr.routers import Accuracy, Checked, Routed, Text
from callgap.ivr.routers.accuracy import measured
from callgap.ivr.routers.threshold import chosen

TEXTS = [Text("a1", "a"), Text("a2", "a"), Text("a3", "a"), Text("b1", "b"), Text("n1", None), Text("n2", None)]
ANSWERS = {
    "a1": Routed("a", 0.9),
    "a2": Routed("b", 0.9),
    "a3": Routed(None, 0.1, "a"),
    "b1": Routed(None, None, fault="timeout"),
    "n1": Routed(None, 0.0),
    "n2": Routed("a", 0.8),
}


def checked(test=TEXTS, seen=()):
    return measured(lambda texts: [ANSWERS[text] for text in texts], "mine", test, seen)


def test_each_text_is_counted_once_as_what_it_is():
    found = checked()
    assert found.by_intent == (Checked("a", 3, 1, 1, 0), Checked("b", 1, 0, 0, 1))
    assert found.out_of_scope == Checked(None, 2, 1, 1, 0)
    assert found.in_scope == Checked(None, 4, 1, 1, 1)
    assert (found.in_scope_accuracy, found.out_of_scope_recall) == (0.25, 0.5)
    assert found.worst.intent == "b"
    assert found.plain()["by_intent"]["a"] == {"texts": 3, "correct": 1, "refused": 1, "owed": 0, "share": 1 / 3}
    assert found.sentence() == (
        "clean text (mine): 1 of 4 texts routed right (25.0%), 1 of 2 out of scope refused (50.0%)"
    )


def test_a_text_that_training_holds_is_left_out_and_counted():
    found = checked(seen=[Text("A1!", "b")])
    assert (found.known, found.by_intent[0].texts, found.in_scope.correct) == (1, 2, 0)


def test_without_a_text_out_of_scope_there_is_no_recall_rather_than_none_recalled():
    found = checked(TEXTS[:4])
    assert found.out_of_scope_recall is None
    assert found.sentence().endswith("no text out of scope was tried")


def test_without_a_fresh_text_there_is_no_accuracy():
    with pytest.raises(InputError, match=r"ivr\.router: mine holds no test text with an intent"):
        checked(seen=TEXTS)
    with pytest.raises(InputError, match="holds no test text with an intent"):
        checked(TEXTS[4:])


ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans(), st.booleans()), min_size=2, max_size=12
).filter(lambda rows: len({row[2] for row in rows}) == 2)


@given(ROWS, st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_no_other_threshold_does_better_and_no_lower_one_as_well(rows, weight):
    confidence, correct, inside = (np.array(column) for column in zip(*rows, strict=True))

    def worth(least):
        accepted = [right and sure >= least for sure, right, within in rows if within]
        refused = [sure < least for sure, _, within in rows if not within]
        return (1 - weight) * (sum(accepted) / len(accepted)) + weight * (sum(refused) / len(refused))

    found = chosen(confidence, correct, inside, weight)
    tried = [0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0, 1.1]
    assert worth(found) == pytest.approx(max(map(worth, tried)))
    assert all(worth(least) < worth(found) for least in (0.0, *confidence) if least < found)


@pytest.mark.parametrize(("inside", "lacking"), [(True, "text out of scope"), (False, "text with an intent")])
def test_a_threshold_needs_texts_of_both_kinds(inside, lacking):
    with pytest.raises(InputError, match=rf"validation holds no {lacking}.*ivr\.router\.threshold=NUMBER"):
        chosen(np.array([0.5]), np.array([inside]), np.array([inside]), 0.5)


def test_an_accuracy_is_counts_first():
    found = Accuracy("x", (Checked("a", 3, 2, 0), Checked("b", 1, 1, 0)), Checked(None, 0, 0, 0), 0)
    assert found.in_scope_accuracy == 0.75

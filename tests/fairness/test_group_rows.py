"""Group rates equal plain recomputation, and what is not heard is counted beside them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from called import by_group, evidence

from callgap.fairness import CONTRADICTORY, UNKNOWN, membership
from callgap.fairness.evidence import Evidence
from callgap.fairness.groups import group_rows, rejection_counts
from callgap.records import HYPOTHESES, table


def test_pooled_wer_and_speaker_mean_equal_a_plain_recomputation():
    made = evidence({"a": 3, "b": 4})
    words = made.scores.to_pandas().query("unit == 'word'")
    words["speaker"] = words["utterance_id"].str.split("-").str[0]
    mine = words[words["speaker"].str.startswith("b")]
    row = by_group(group_rows(made))["accent", "b"]
    assert row["wer"] == pytest.approx(mine["substitutions"].sum() / mine["reference_tokens"].sum(), abs=1e-12)
    sums = mine.groupby("speaker")[["substitutions", "reference_tokens"]].sum()
    assert row["wer_speaker_mean"] == pytest.approx(
        (sums["substitutions"] / sums["reference_tokens"]).mean(), abs=1e-12
    )
    assert row["words"] == mine["reference_tokens"].sum()


def test_call_outcomes_weigh_speakers_equally():
    # Speaker 0 fails every call; the other three none, whatever number of calls each made.
    made = evidence({"a": 4}, errors=lambda group, speaker, call: 9 * (speaker == 0))
    assert by_group(group_rows(made))["accent", "a"]["not_completed"] == pytest.approx(0.25)


def test_lost_texts_are_counted_shown_both_ways_and_never_folded_into_errors():
    lost = {f"a0-{call}": status for call, status in enumerate(["failed", "refused", "missing"])}
    made, whole = evidence({"a": 2}, statuses=lost), evidence({"a": 2})
    row = by_group(group_rows(made))["accent", "a"]
    assert (row["ok"], row["failed"], row["refused"], row["missing"], row["excluded"]) == (13, 1, 1, 1, 0)
    words = made.scores.to_pandas().query("unit == 'word'")
    errors, tokens = words["substitutions"].sum(), words["reference_tokens"].sum()
    assert row["wer"] == pytest.approx(errors / (tokens - 30))
    assert row["wer_lost_deleted"] == pytest.approx((errors + 30) / tokens)
    assert row["calls"] == 13
    assert (
        by_group(group_rows(whole))["accent", "a"]["wer_lost_deleted"]
        == by_group(group_rows(whole))["accent", "a"]["wer"]
    )


def test_excluded_input_is_counted_with_its_reason_and_touches_no_rate():
    made = evidence({"a": 2}, statuses={"a0-0": "excluded", "a1-0": "excluded"})
    row = by_group(group_rows(made))["accent", "a"]
    assert row["excluded"] == 2
    assert row["excluded_reasons"] == '{"silent": 2}'
    assert row["words"] == 14 * 10


def test_membership_finds_unknown_and_contradictory_speakers():
    rows = [("s1", "x"), ("s1", "x"), ("s2", None), ("s3", "x"), ("s3", "y"), ("s4", None), ("s4", "y")]
    speakers = pa.table({"speaker_id": [s for s, _ in rows], "accent": [a for _, a in rows]})
    assert membership(speakers, "accent") == {"s1": "x", "s2": UNKNOWN, "s3": CONTRADICTORY, "s4": "y"}


def test_rejection_counts_only_texts_that_came():
    made = evidence({"a": 2}, calls=3, statuses={"a0-0": "failed"})
    heard = made.heard.to_pandas()
    heard.loc[heard["utterance_id"] == "a0-1", "text"] = ""
    probes = table(
        [{"utterance_id": "a0-2", "grammar_id": "p", "text": "", "status": "ok", "n_best": []},
         {"utterance_id": "a1-2", "grammar_id": "p", "text": "one", "status": "ok", "n_best": []}],
        HYPOTHESES,
    )  # fmt: skip
    changed = Evidence(**{**made.__dict__, "heard": pa.Table.from_pandas(heard, HYPOTHESES), "probes": probes,
                          "phrases": {"g": frozenset(["x"]), "p": frozenset(["one"])}})  # fmt: skip
    assert rejection_counts(changed) == {"in_grammar": 5, "rejected": 1, "out_of_grammar": 2, "accepted": 1}
    assert rejection_counts(changed, {"a1"}) == {"in_grammar": 3, "rejected": 0, "out_of_grammar": 1, "accepted": 1}


def test_unusable_needs_five_words_and_shorter_references_are_exact_commands():
    long = evidence({"a": 2}, words=5, errors=lambda group, speaker, call: 3 if call == 0 else 2)
    row = by_group(group_rows(long))["accent", "a"]
    assert row["unusable"] == pytest.approx(1 / 8)
    assert row["command_error"] is None
    short = evidence({"a": 2}, words=4, errors=lambda group, speaker, call: int(call == 0))
    row = by_group(group_rows(short))["accent", "a"]
    assert row["command_error"] == pytest.approx(1 / 8)
    assert row["unusable"] is None


def test_evidence_counts_stay_integers():
    frame = evidence({"a": 2}).observations["wer"]
    assert frame[["numerator", "denominator"]].dtypes.tolist() == [np.dtype("int64")] * 2
    assert isinstance(frame, pd.DataFrame)

"""Pitfalls that real audits fell into: each test fails where its remedy is taken away.

Those that stand elsewhere: texts of batches of one and of many (`test_texts_do_not_depend_on_order_or_batch`),
misaligned references (`test_a_word_error_rate_of_1_6_must_refuse_to_be_published`), one channel of a stereo call
(`test_a_channel_is_heard_alone`), the largest rate minus the smallest
(`test_the_largest_rate_minus_the_smallest_is_far_from_zero_where_nothing_differs_and_the_omnibus_p_is_uniform`).
"""

import dataclasses
import sys

import numpy as np
import pandas as pd
import pytest
from counted import MARGINS, PRIMARY, SECOND, comparison, contrasts, counted, drawn, policy, verdicts

from callgap.analyses import with_reasons
from callgap.fairness import CONTRADICTORY, UNKNOWN, membership, observe
from callgap.fairness.contrasts import Compared, figures
from callgap.fairness.gaps import Resampling
from callgap.fairness.groups import group_rows
from callgap.fairness.treatment import Treatment
from callgap.group_records import CONTRASTS, GROUPS
from callgap.records import OUTCOMES
from callgap.scoring import Basic, Scorer
from callgap.verdict import decide

PLAN = Resampling(0.05, 1000, 7)


@pytest.fixture(autouse=True)
def proven(monkeypatch):
    """Every verdict counts as proven from five effective speakers on: other remedies are looked at."""
    monkeypatch.setattr(sys.modules["callgap.verdict.doubts"], "is_offered", lambda verdict, *n: min(n) >= 5)


@pytest.fixture(scope="module")
def wide():
    """A gap of about 20 points between 40 speakers each."""
    return drawn({"a": 0.1, "b": 0.3}, 40)


@pytest.fixture(scope="module")
def rows(wide):
    """The contrasts of that gap, under the primary normalizer and the second one."""
    return contrasts(counted(wide))


@pytest.fixture(scope="module")
def alike():
    """No gap between 40 speakers each."""
    return drawn({"a": 0.1, "b": 0.1}, 40)


def test_the_examples_are_judged_where_nothing_shakes_them(wide, alike):
    assert verdicts(counted(wide))["b"]["verdict"] == "disadvantaged"
    assert verdicts(counted(alike))["b"]["verdict"] == "within margin"
    assert verdicts(counted(wide), reference="b")["a"]["verdict"] == "does better"


def test_the_same_words_are_scored_the_same_whoever_says_them():
    said, heard = "I ax'd Mary TWICE.", "i asked mary twice"
    scorer = Scorer("basic", {"basic": Basic()}, ("word",))
    ids = ["a-0", "b-0", "b-1"]
    texts = {u: {"status": "ok", "text": heard} for u in ids}
    languages = {"a-0": "en-US", "b-0": "en-US", "b-1": "en-IN"}
    found = scorer.score([(u, said) for u in ids], texts, languages=languages).to_pandas()
    assert len(found.drop(columns="utterance_id").drop_duplicates()) == 1
    assert found["errors"].tolist() == [1, 1, 1]


def test_a_failure_of_the_interface_is_no_empty_transcript():
    scorer = Scorer("basic", {"basic": Basic()}, ("word",))
    texts = {
        "failed": {"status": "failed", "text": None},
        "empty": {"status": "ok", "text": ""},
        "right": {"status": "ok", "text": "one two"},
    }
    scores = scorer.score([(u, "one two") for u in texts], texts)
    seen = observe(scores, OUTCOMES.empty_table(), dict.fromkeys(texts, "s"), "")
    assert seen["wer"][["utterance_id", "numerator", "denominator"]].values.tolist() == [
        ["empty", 2, 2],
        ["right", 0, 2],
    ]
    assert seen["empty"]["numerator"].tolist() == [1, 0]
    charged = observe(scores, OUTCOMES.empty_table(), dict.fromkeys(texts, "s"), "", charged=True)
    assert charged["wer"]["numerator"].tolist() == [2, 2, 0]
    assert "empty" not in charged


def test_a_verdict_must_hold_when_missing_utterances_are_charged(alike):
    lost = {("b", speaker, take) for speaker in range(40) for take in range(4)}
    row = verdicts(counted(alike, lost=lost))["b"]
    assert row["verdict"] == "cannot tell"
    assert "lost texts" in row["reason"]
    assert row["difference_lost_charged"] == pytest.approx(0.2 * 0.9, abs=0.02)
    assert abs(row["difference"]) < 0.02


def test_a_gap_that_lost_texts_would_close_is_no_disadvantage(wide):
    lost = {("a", speaker, take) for speaker in range(40) for take in range(8)}
    row = verdicts(counted(wide, lost=lost))["b"]
    assert row["difference_lower"] > 0.05
    assert row["verdict"] == "cannot tell"


def test_a_group_whose_texts_were_all_lost_is_shown_and_not_judged(wide):
    for group in "ab":
        lost = {(group, speaker, take) for speaker in range(40) for take in range(20)}
        row = verdicts(counted(wide, lost=lost))["b"]
        assert row["verdict"] == "insufficient data"
        assert sorted([row["group_speakers"], row["reference_speakers"]]) == [0, 40]
    everything = {(g, speaker, take) for g in "ab" for speaker in range(40) for take in range(20)}
    compared = comparison().compare(counted(wide, lost=everything), {"accent": "a"}, MARGINS)
    assert compared.contrasts == compared.omnibus == []
    assert {row["failed"] for row in compared.groups} == {800, 1600}


def clips(numbers, rates):
    """One row per speaker: clips of ten words, and errors."""
    words = 10 * np.array(numbers)
    return pd.DataFrame(
        {"speaker_id": [f"s{k:02d}" for k in range(len(words))], "utterance_id": [f"u{k}" for k in range(len(words))],
         "numerator": np.round(words * np.array(rates)).astype(int), "denominator": words}
    )  # fmt: skip


@pytest.fixture(scope="module")
def talker():
    """Forty speakers, of whom the last says 9,792 clips and has three times the errors of the others."""
    random = np.random.default_rng(4)
    rates = 0.1 * np.exp(0.1 * random.standard_normal(40))
    return clips([20] * 39 + [9792], [*rates[:39], 0.3])


def compared_talker(frame, cap):
    groups = {name: "a" if place < 20 else "b" for place, name in enumerate(frame["speaker_id"])}
    of = Compared(Treatment({"wer": frame}, groups, "a", cap, None), ["wer"], PLAN)
    keys = {"reference": "a", "endpoint": "wer", "normalizer": PRIMARY}
    return figures(of, ("b", "wer")) | keys


def judgment(row, **changes):
    row = row | changes
    return decide(row, {"wer": row["reference_rate"]}, policy(), [row | {"normalizer": SECOND}])


def test_a_speaker_with_9792_clips_weighs_no_more_than_the_declared_cap(talker):
    free, held = compared_talker(talker, None), compared_talker(talker, 5.0)
    assert free["group_rate"] == pytest.approx(0.29, abs=0.01)
    # 19 speakers at 10 % and one at 30 % who counts five times.
    assert held["group_rate"] == pytest.approx((19 * 0.1 + 5 * 0.3) / 24, abs=0.01)


def test_speakers_who_weigh_unequally_are_worth_fewer(talker):
    row = compared_talker(talker, None)
    assert row["group_effective_speakers"] == pytest.approx(1.1, abs=0.1)
    certain = {"difference_lower": 0.1, "difference_upper": 0.2, "difference_leave_one_out": 0.1}
    found = judgment(row | certain, difference_speaker_mean=row["difference"])
    assert found.verdict == "cannot tell"
    assert "speakers worth 1 and 20" in found.reason


@pytest.mark.parametrize(
    ("alone", "verdict"), [(0.026, "disadvantaged"), (0.025, "gap, size uncertain"), (-0.01, "cannot tell")]
)
def test_a_gap_must_hold_without_any_one_speaker(rows, alone, verdict):
    assert judgment(rows[0], difference_leave_one_out=alone).verdict == verdict


def test_leaving_one_speaker_out_finds_the_one_who_makes_the_gap(talker):
    row = compared_talker(talker, None)
    assert row["difference"] == pytest.approx(0.19, abs=0.01)
    assert row["difference_leave_one_out"] == pytest.approx(0, abs=0.01)


def test_limits_are_of_speakers_and_not_of_utterances(wide, rows):
    once = rows[0]
    again = contrasts(counted({group: np.tile(errors, 4) for group, errors in wide.items()}))[0]
    # Four times the utterances of the same speakers, alike to the last: nothing more is known of the groups.
    for column in ("difference", "difference_lower", "difference_upper", "ratio_lower", "ratio_upper"):
        assert again[column] == pytest.approx(once[column], rel=1e-9)


@pytest.mark.parametrize(
    ("mean", "verdict"), [(0.15, "disadvantaged"), (0.03, "gap, size uncertain"), (-0.01, "cannot tell")]
)
def test_disagreeing_weights_of_speakers_hold_a_verdict_back(rows, mean, verdict):
    found = judgment(rows[0], difference_speaker_mean=mean)
    assert found.verdict == verdict
    assert ("how speakers are weighted" in found.reason) == (verdict != "disadvantaged")


def test_the_speaker_mean_is_of_speakers_and_the_pooled_rate_of_words():
    words = {"a": np.full((12, 4), 10), "b": np.array([[90] * 4, [10] * 4] * 6)}
    errors = {"a": np.ones((12, 4), int), "b": np.array([[9] * 4, [9] * 4] * 6)}
    (row, _) = contrasts(counted(errors, words=words))
    assert row["difference"] == pytest.approx(18 / 100 - 0.1)
    assert row["difference_speaker_mean"] == pytest.approx((0.1 + 0.9) / 2 - 0.1)


def test_speakers_with_contradictory_attributes_count_on_neither_side(wide):
    clean = counted(wide)
    spoilt = clean.utterances.to_pandas()
    spoilt.loc[spoilt["utterance_id"].isin(["b-0-0", "a-3-1"]), "accent"] = "c"
    found = membership(clean.utterances.from_pandas(spoilt), "accent")
    assert found["b-0"] == found["a-3"] == CONTRADICTORY
    changed = dataclasses.replace(clean, membership={"accent": found})
    for reference in ("a", "everyone else"):
        rows = [row for row in contrasts(changed, reference) if row["group"] == "b"]
        assert {(row["group_speakers"], row["reference_speakers"]) for row in rows} == {(39, 39)}
        assert {row["group"] for row in contrasts(changed, reference)} <= {"a", "b"}
    assert {row["group"]: row["speakers"] for row in group_rows(changed)}[CONTRADICTORY] == 2


def test_speakers_of_unknown_group_are_shown_and_never_judged(wide):
    errors = wide | {"d": wide["b"]}
    clean = counted(errors)
    groups = {s: UNKNOWN if group == "d" else group for s, group in clean.membership["accent"].items()}
    changed = dataclasses.replace(clean, membership={"accent": groups})
    for reference in ("a", "everyone else"):
        rows = verdicts(changed, reference)
        assert set(rows) == ({"b"} if reference == "a" else {"a", "b"})
        assert rows["b"]["reference_speakers"] == 40
    assert {row["group"]: row["wer"] for row in group_rows(changed)}[UNKNOWN] == pytest.approx(np.mean(wide["b"]) / 10)


@pytest.mark.parametrize("place", [(None, None), ("accent", None), ("accent", "b"), ("accent", "a")])
def test_a_group_that_is_a_corpus_of_its_own_is_described_and_never_judged(rows, place):
    rows = [dict(row) for row in rows]
    with_reasons(rows, {place: "group and corpus are one"})
    found = decide(rows[0], {"wer": 0.1}, policy(), rows[1:])
    assert (found.verdict, found.reason) == (None, "group and corpus are one")
    assert rows[0]["difference_lower"] > 0.05


def test_another_group_s_fault_forbids_nothing(rows):
    rows = [dict(row) for row in rows]
    with_reasons(rows, {("accent", "c"): "no", ("gender", None): "no"})
    assert decide(rows[0], {"wer": 0.1}, policy(), rows[1:]).verdict == "disadvantaged"


def test_the_reference_stays_whoever_does_best(wide):
    worst = {"a": wide["b"], "b": wide["a"], "c": wide["a"]}
    rows = verdicts(counted(worst))
    assert {row["reference"] for row in rows.values()} == {"a"}
    assert {row["verdict"] for row in rows.values()} == {"does better"}


def test_a_gap_has_a_sign_and_is_about_zero_on_average_where_nothing_differs():
    gaps, largest = [], []
    for seed in range(40):
        errors = drawn(dict.fromkeys("abcdef", 0.2), 4, utterances=5, spread=0.4, seed=seed)
        names = [f"{group}{k}" for group in errors for k in range(4)]
        frame = clips([5] * 24, np.concatenate(list(errors.values())).mean(axis=1) / 10).assign(speaker_id=names)
        of = Compared(Treatment({"wer": frame}, {name: name[0] for name in names}, "a", None, None), ["wer"], PLAN)
        rates = [0, *(figures(of, (group, "wer"))["difference"] for group in "bcdef")]
        gaps += rates[1:]
        largest.append(max(rates) - min(rates))
    assert abs(np.mean(gaps)) < 0.02
    # What the largest rate minus the smallest would have said of the same samples.
    assert np.mean(largest) > 0.06
    assert not {name for name in (*CONTRASTS.names, *GROUPS.names) if "max" in name or "spread" in name}

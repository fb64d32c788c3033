"""Group rates and gaps equal plain recomputation, and the number of speakers decides what is shown."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.fairness import CONTRADICTORY, UNKNOWN, Comparison, Standing, membership
from callgap.fairness.evidence import Evidence
from callgap.fairness.groups import group_rows, rejection_counts
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, SCORES, table, utterances_schema

PLAN = Comparison(
    attributes=None, references={}, endpoints=("not_completed", "wer"), alpha=0.05, resamples=2000, seed=7
)
MARGINS = {"not_completed": 0.05, "wer": 0.05}


def evidence(speakers_by_group, *, calls=8, words=10, statuses=None, errors=None):
    """Evidence in which speaker k makes `errors(group, k, call)` word errors and fails as many calls as it says."""
    statuses = statuses or {}
    errors = errors or (lambda group, speaker, call: (speaker + call) % 3 + (group == "b"))
    utterances, heard, scores, outcomes = [], [], [], []
    for group, count in speakers_by_group.items():
        for speaker in range(count):
            for call in range(calls):
                name = f"{group}{speaker}-{call}"
                status = statuses.get(name, "ok")
                utterances.append(
                    {"utterance_id": name, "speaker_id": f"{group}{speaker}", "text": "x", "slots": [], "accent": group}
                )
                reason = "silent" if status == "excluded" else None
                text = "x" if status == "ok" else None
                heard.append(
                    {
                        "utterance_id": name,
                        "grammar_id": "g",
                        "text": text,
                        "status": status,
                        "n_best": [],
                        "reason": reason,
                    }
                )
                if status == "excluded":
                    continue
                wrong = errors(group, speaker, call)
                for unit in ("word", "character"):
                    row = {"utterance_id": name, "normalizer": "none", "unit": unit, "reference_tokens": words}
                    if status == "ok":
                        row |= {
                            "hits": words - wrong,
                            "substitutions": wrong,
                            "deletions": 0,
                            "insertions": 0,
                            "errors": wrong,
                            "empty": False,
                        }
                    scores.append(row)
                end = "lost" if status != "ok" else "misrouted" if wrong > 1 else "routed"
                outcomes.append(
                    {"call_id": name, "speaker_id": f"{group}{speaker}", "nodes": [], "outcome": end, "expected": "x",
                     "reached": "y" if wrong > 1 else "x", "turns": 1, "reprompts": 0}
                )  # fmt: skip
    spoken = table(utterances, utterances_schema(["accent"]))
    return Evidence(
        utterances=spoken,
        heard=table(heard, HYPOTHESES),
        probes=HYPOTHESES.empty_table(),
        scores=table(scores, SCORES),
        outcomes=table(outcomes, OUTCOMES),
        covariates=table([{"utterance_id": u["utterance_id"], "duration_s": 1.0} for u in utterances], COVARIATES),
        normalizer="none",
        human="agent",
        phrases={"g": frozenset(["x"])},
        system="s",
        condition="c",
        membership={"accent": membership(spoken, "accent")},
    )


def by_group(rows):
    return {(row["attribute"], row["group"]): row for row in rows}


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


@pytest.mark.parametrize(
    ("speakers", "standing", "has_rate", "has_limits"),
    [(1, "counts only", False, False), (2, "described", True, False), (4, "described", True, False),
     (5, "exploratory", True, True), (9, "exploratory", True, True), (10, "judged", True, True)],
)  # fmt: skip
def test_the_number_of_speakers_decides_what_is_shown(speakers, standing, has_rate, has_limits):
    assert Standing.of(speakers) == standing
    compared = PLAN.compare(evidence({"a": 12, "b": speakers}), {"accent": "a"}, MARGINS)
    row = by_group(compared.groups)["accent", "b"]
    assert (row.get("wer") is not None) == has_rate
    assert (row.get("wer_lower") is not None) == has_limits
    contrast = next(c for c in compared.contrasts if c["endpoint"] == "wer")
    assert (contrast.get("difference") is not None) == has_rate
    assert (contrast.get("difference_lower") is not None) == has_limits
    assert contrast.get("limits") == (None if not has_limits else "simultaneous" if speakers >= 10 else "pointwise")


def test_difference_and_ratio_lie_within_their_limits_and_point_the_same_way():
    compared = PLAN.compare(evidence({"a": 15, "b": 12}), {"accent": "a"}, MARGINS)
    for row in compared.contrasts:
        assert row["difference_lower"] < row["difference"] < row["difference_upper"]
        assert row["ratio_lower"] < row["ratio"] < row["ratio_upper"]
        assert row["difference"] == pytest.approx(row["group_rate"] - row["reference_rate"])
        assert row["ratio"] == pytest.approx(row["group_rate"] / row["reference_rate"])


def test_limits_are_of_speakers_not_of_utterances():
    def by_speaker(group, speaker, call):
        return speaker % 5 + (group == "b")

    few_long = PLAN.compare(evidence({"a": 10, "b": 10}, calls=40, errors=by_speaker), {"accent": "a"}).contrasts[1]
    more_short = PLAN.compare(evidence({"a": 40, "b": 40}, calls=5, errors=by_speaker), {"accent": "a"}).contrasts[1]
    width = [row["difference_upper"] - row["difference_lower"] for row in (few_long, more_short)]
    assert width[1] < width[0]


def test_the_reference_unknown_and_contradictory_are_never_contrasted():
    made = evidence({"a": 10, "b": 10})
    groups = {
        s: UNKNOWN if s == "b0" else CONTRADICTORY if s == "b1" else g for s, g in made.membership["accent"].items()
    }
    changed = Evidence(**{**made.__dict__, "membership": {"accent": groups}})
    compared = PLAN.compare(changed, {"accent": "a"}, MARGINS)
    assert {row["group"] for row in compared.contrasts} == {"b"}
    assert {("accent", UNKNOWN), ("accent", CONTRADICTORY)} <= by_group(compared.groups).keys()


def test_an_absent_reference_gives_no_contrast():
    assert PLAN.compare(evidence({"b": 10}), {"accent": "a"}, MARGINS).contrasts == []


def test_the_same_seed_gives_the_same_limits_and_another_seed_others():
    def limits(seed):
        plan = Comparison(None, {}, ("wer",), 0.05, 2000, seed)
        return [r["difference_lower"] for r in plan.compare(evidence({"a": 10, "b": 10}), {"accent": "a"}, MARGINS).contrasts]

    assert limits(1) == limits(1) != limits(2)


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("fairness.endpoints=[charm]", "fairness.endpoints: found"),
        ("fairness.endpoints=[]", "fairness.endpoints"),
        ("fairness.resamples=10", "fairness.resamples: found 10"),
        ("fairness.alpha=0.9", "fairness.alpha: found 0.9"),
    ],
)
def test_a_faulty_plan_is_one_sentence(change, message):
    with pytest.raises(InputError, match=message):
        units(plain(composed([change])))


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

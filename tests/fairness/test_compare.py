"""Gaps have limits of speakers, and the number of speakers decides what is shown."""

import numpy as np
import pyarrow as pa
import pytest
from called import by_group, evidence

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.fairness import CONTRADICTORY, UNKNOWN, Comparison, Standing
from callgap.fairness.evidence import Evidence
from callgap.group_records import CONTRASTS, GROUPS
from callgap.records import SCORES, table

PLAN = Comparison(
    attributes=None, references={}, endpoints=("not_completed", "wer"), alpha=0.05, resamples=2000, seed=7
)
MARGINS = {"not_completed": 0.05, "wer": 0.05}


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

    few_long = PLAN.compare(evidence({"a": 10, "b": 10}, calls=40, errors=by_speaker), {"accent": "a"}, MARGINS)
    more_short = PLAN.compare(evidence({"a": 40, "b": 40}, calls=10, errors=by_speaker), {"accent": "a"}, MARGINS)
    width = [
        row["difference_upper"] - row["difference_lower"] for row in (few_long.contrasts[1], more_short.contrasts[1])
    ]
    # Four times the speakers, and the same number of utterances: half the width, and less for Student's t.
    assert 0.3 < width[1] / width[0] < 0.5


def test_calls_are_counted_once_and_words_under_every_normalizer():
    made = evidence({"a": 10, "b": 10})
    second = made.scores.to_pandas().assign(normalizer="basic")
    both = pa.concat_tables([made.scores, pa.Table.from_pandas(second, SCORES)])
    compared = PLAN.compare(Evidence(**{**made.__dict__, "scores": both}), {"accent": "a"}, MARGINS)
    found = [(row["endpoint"], row["normalizer"]) for row in compared.contrasts]
    assert found == [("not_completed", None), ("wer", "none"), ("wer", "basic")]
    wer, again = compared.contrasts[1:]
    assert wer["difference_lower"] != again["difference_lower"] or wer["difference"] == again["difference"]
    assert {"p", "smallest_detectable_gap"} <= wer.keys()
    assert not {"p", "smallest_detectable_gap"} & again.keys()


def test_everything_wrong_or_nothing_wrong_gives_rows_that_fit_the_tables():
    for wrong in (0, 10, 13):
        made = evidence({"a": 12, "b": 12}, errors=lambda group, speaker, call, wrong=wrong: wrong)
        compared = PLAN.compare(made, {"accent": "a"}, MARGINS)
        contrasts = table(compared.contrasts, CONTRASTS).to_pandas()
        table(compared.groups, GROUPS)
        assert np.isfinite(contrasts[["difference", "difference_lower", "difference_upper"]].to_numpy()).all()
        assert (contrasts["difference_upper"] - contrasts["difference_lower"] > 0.1).all()
        assert not np.isinf(contrasts.select_dtypes("float").to_numpy()).any()


def test_group_limits_of_shares_end_at_none_and_all():
    made = evidence({"a": 12}, errors=lambda group, speaker, call: 2 if speaker % 12 or call % 2 else 0)
    row = by_group(PLAN.compare(made, {"accent": None}, MARGINS).groups)["accent", "a"]
    assert 0 <= row["misrouted_lower"] < row["misrouted"] < row["misrouted_upper"] <= 1


def test_an_attribute_is_standardized_by_the_declared_column():
    made = evidence({"a": 12, "b": 12})
    prompts = pa.array([name.split("-")[1] for name in made.utterances["utterance_id"].to_pylist()])
    place = made.utterances.schema.get_field_index("prompt_id")
    spoken = made.utterances.set_column(place, "prompt_id", prompts)
    plan = Comparison(
        attributes=None, references={}, endpoints=("wer",), alpha=0.05, resamples=1000, seed=7,
        standardize={"accent": "prompt_id"},
    )  # fmt: skip
    (row,) = plan.compare(Evidence(**{**made.__dict__, "utterances": spoken}), {"accent": "a"}, MARGINS).contrasts
    (plain_row, _) = PLAN.compare(made, {"accent": "a"}, MARGINS).contrasts[::-1]
    assert row["standardized_by"] == "prompt_id"
    # Everyone says the same prompts: nothing to standardize.
    assert row["difference"] == pytest.approx(plain_row["difference"])
    assert row["difference_lower"] < row["difference"] < row["difference_upper"]


def test_the_reference_unknown_and_contradictory_are_never_contrasted():
    made = evidence({"a": 10, "b": 10})
    groups = {
        s: UNKNOWN if s == "b0" else CONTRADICTORY if s == "b1" else g for s, g in made.membership["accent"].items()
    }
    changed = Evidence(**{**made.__dict__, "membership": {"accent": groups}})
    compared = PLAN.compare(changed, {"accent": "a"}, MARGINS)
    assert {row["group"] for row in compared.contrasts} == {"b"}
    assert {("accent", UNKNOWN), ("accent", CONTRADICTORY)} <= by_group(compared.groups).keys()


def test_an_absent_reference_gives_counts_and_no_gap():
    rows = PLAN.compare(evidence({"b": 10}), {"accent": "a"}, MARGINS).contrasts
    assert [(row["group_speakers"], row["reference_speakers"]) for row in rows] == [(10, 0)] * 2
    assert not any("difference" in row for row in rows)


def test_no_reference_describes_and_compares_nothing():
    compared = PLAN.compare(evidence({"a": 10, "b": 10}), {"accent": None}, MARGINS)
    assert compared.contrasts == compared.omnibus == []
    assert by_group(compared.groups)["accent", "b"]["wer_lower"] is not None


def test_the_same_seed_gives_the_same_limits_and_another_seed_others():
    def limits(seed):
        plan = Comparison(attributes=None, references={}, endpoints=("wer",), alpha=0.05, resamples=2000, seed=seed)
        return [
            r["ratio_lower"] for r in plan.compare(evidence({"a": 10, "b": 10}), {"accent": "a"}, MARGINS).contrasts
        ]

    assert limits(1) == limits(1) != limits(2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("fairness.endpoints=[charm]", "fairness.endpoints: found"),
        ("fairness.endpoints=[]", "fairness.endpoints"),
        ("fairness.resamples=10", "fairness.resamples: found 10"),
        ("fairness.alpha=0.9", "fairness.alpha: found 0.9; accepted: a number from 0.001 to 0.5"),
        ("fairness.alpha=1e-9", "fairness.alpha: found 1e-09; accepted: a number from 0.001 to 0.5"),
        ("fairness.alpha=nan", "fairness.alpha: found nan; accepted"),
    ],
)
def test_a_faulty_plan_is_one_sentence(change, message):
    with pytest.raises(InputError, match=message):
        units(plain(composed([change])))
